import { sleep } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { AttemptResult } from '../store/attempts.ts'
import {
  claimDeliveries,
  type DeliveryClaim,
  listDueTargets,
  releaseDeliveries,
  renewDeliveries
} from '../store/delivery-claims.ts'
import { judgeTry } from '../webhooks/retry-policy.ts'
import type { Sender } from '../webhooks/send.ts'
import { secretsAt } from '../webhooks/signature.ts'
import type { Try } from '../webhooks/try.ts'
import { type AttemptRecorder, createAttemptRecorder } from './attempt-recorder.ts'
import type { Bell } from './bell.ts'
import { reportFailure, type WorkerDeps } from './station.ts'

/** Tries under way at one host: a slow receiver holds up only its own. */
export const PER_HOST_MAX = 16
/** Tries under way altogether. */
const AT_ONCE_MAX = 256
/** A delivery whose holder died is taken up again after this long. */
export const LEASE_MS = 15 * SECOND
/** Polling is the guarantee; a notification only makes it sooner. */
const LOOK_EVERY_MS = SECOND
/** How long a stop waits for tries under way before it gives them back; the thread has 6 s. */
const STOP_PATIENCE_MS = 4 * SECOND

export type DelivererDeps = Pick<WorkerDeps, 'db' | 'clock' | 'log' | 'holder' | 'jitter'> & { readonly sender: Sender }

type Courier = DelivererDeps & {
  readonly recorder: AttemptRecorder
  readonly underWay: Map<
    string,
    { readonly claim: DeliveryClaim; readonly host: string; readonly ended: Promise<void> }
  >
  /** Hosts whose last try had no answer: one try at a time until one has. */
  readonly silent: Set<string>
  readonly bell: Bell
  /** Ends tries that a stop cannot wait for. */
  readonly cut: AbortController
}

/** Sends what is due, to each host at its own pace. Ends when `signal` aborts. */
export async function runDeliverer(deps: DelivererDeps, bell: Bell, signal: AbortSignal): Promise<void> {
  const recorder = createAttemptRecorder(deps, signal)
  const courier: Courier = {
    ...deps,
    recorder,
    bell,
    underWay: new Map(),
    silent: new Set(),
    cut: new AbortController()
  }
  const leases = keepLeases(courier)
  while (!signal.aborted) {
    try {
      await startDue(courier, signal)
    } catch (error) {
      reportFailure(deps, error, 'deliver.failed')
      await sleep(SECOND, signal)
    }
    await bell.wait(LOOK_EVERY_MS, signal)
  }
  const ended = Promise.all([...courier.underWay.values()].map((entry) => entry.ended))
  const late = new AbortController()
  await Promise.race([ended, sleep(STOP_PATIENCE_MS, late.signal)])
  late.abort()
  courier.cut.abort()
  await ended
  await leases
}

/** Takes as many of the due deliveries as their hosts have room for. */
async function startDue(courier: Courier, signal: AbortSignal): Promise<void> {
  const { db, clock, holder, underWay, silent } = courier
  const targets = await listDueTargets(db, clock.now())
  for (const [host, theirs] of Map.groupBy(targets, ({ url }) => hostOf(url))) {
    if (signal.aborted) return
    const busy = [...underWay.values()].filter((entry) => entry.host === host).length
    const limit = Math.min((silent.has(host) ? 1 : PER_HOST_MAX) - busy, AT_ONCE_MAX - underWay.size)
    if (limit <= 0) continue
    const subscriptionIds = theirs.map(({ id }) => id)
    const wanted = {
      subscriptionIds,
      limit,
      nowMs: clock.now(),
      holder,
      leaseMs: LEASE_MS,
      except: [...underWay.keys()]
    }
    const claims = await claimDeliveries(db, wanted)
    for (const claim of claims) underWay.set(claim.id, { claim, host, ended: deliver(courier, claim, host) })
  }
}

/** One try of one delivery, to its end. Never rejects. */
async function deliver(courier: Courier, claim: DeliveryClaim, host: string): Promise<void> {
  const { clock, log, sender, recorder, underWay, silent, bell, cut } = courier
  const { id, url, body, subscriptionId } = claim
  try {
    const message = { id, url, body, secrets: secretsAt(claim, clock.now()) }
    const tried = await sender.send(message, cut.signal)
    if (tried.outcome === 'timeout' || tried.outcome === 'unreachable') silent.add(host)
    else silent.delete(host)
    await recorder.add(resultOf(courier, claim, tried))
    const { outcome, status, durationMs: ms } = tried
    log.info(
      { delivery: id, subscription: subscriptionId, host, try: claim.triesDone + 1, outcome, status, ms },
      'delivery.attempted'
    )
  } catch (error) {
    log.warn({ delivery: id, message: messageOf(error) }, 'delivery.interrupted')
    await releaseDeliveries(courier.db, [claim]).catch(() => {})
  } finally {
    underWay.delete(id)
    bell.ring()
  }
}

function resultOf({ clock, jitter }: Courier, claim: DeliveryClaim, tried: Try): AttemptResult {
  const { startedAt, durationMs, outcome, status, message, answer } = tried
  const verdict = judgeTry(tried, { triesDone: claim.triesDone + 1, atMs: clock.now(), jitter: jitter() })
  return {
    deliveryId: claim.id,
    subscriptionId: claim.subscriptionId,
    epoch: claim.epoch,
    startedAt,
    durationMs,
    outcome,
    status,
    message,
    answer,
    state: verdict.state,
    nextAttemptAt: verdict.state === 'pending' ? verdict.nextAttemptAt : null,
    isGone: verdict.state === 'failed' && verdict.isGone
  }
}

/** Holds what is under way until the last of it has ended. */
async function keepLeases({ db, log, underWay, cut }: Courier): Promise<void> {
  while (!cut.signal.aborted) {
    await sleep(LEASE_MS / 3, cut.signal)
    const held = [...underWay.values()].map(({ claim }) => claim)
    if (held.length === 0) continue
    await renewDeliveries(db, held, LEASE_MS).catch((error: unknown) => {
      log.warn({ message: messageOf(error) }, 'leases.failed')
    })
  }
}

/** Where a subscription's tries go; what is no URL is refused when it is tried. */
const hostOf = (url: string): string => URL.parse(url)?.host ?? ''
