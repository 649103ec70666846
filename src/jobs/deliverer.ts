import { sleep } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { AttemptResult } from '../store/attempts.ts'
import {
  claimDeliveries,
  type DeliveryClaim,
  listDueSubscriptions,
  releaseDeliveries,
  renewDeliveries
} from '../store/delivery-claims.ts'
import { createPlaces, type Places } from '../webhooks/places.ts'
import { judgeTry } from '../webhooks/retry-policy.ts'
import type { Sender } from '../webhooks/send.ts'
import { secretsAt } from '../webhooks/signature.ts'
import type { Try } from '../webhooks/try.ts'
import { type AttemptRecorder, createAttemptRecorder } from './attempt-recorder.ts'
import type { Bell } from './bell.ts'
import { reportFailure } from './failures.ts'
import type { WorkerDeps } from './station.ts'

/** A delivery whose holder died is taken up again after this long. */
export const LEASE_MS = 15 * SECOND
/** Polling is the guarantee; a notification only makes it sooner. */
const LOOK_EVERY_MS = SECOND
/** How long a stop waits for tries under way before it gives them back; the thread has 6 s. */
const STOP_PATIENCE_MS = 4 * SECOND

export type DelivererDeps = Pick<WorkerDeps, 'db' | 'clock' | 'log' | 'holder' | 'jitter'> & { readonly sender: Sender }

type Courier = DelivererDeps & {
  readonly recorder: AttemptRecorder
  readonly underWay: Map<string, { readonly claim: DeliveryClaim; readonly ended: Promise<void> }>
  readonly places: Places
  readonly bell: Bell
  /** Ends tries that a stop cannot wait for. */
  readonly cut: AbortController
}

/** Sends what is due, to each subscription at its own pace. Ends when `signal` aborts. */
export async function runDeliverer(deps: DelivererDeps, bell: Bell, signal: AbortSignal): Promise<void> {
  const recorder = createAttemptRecorder(deps, signal)
  const courier: Courier = {
    ...deps,
    recorder,
    bell,
    underWay: new Map(),
    places: createPlaces(deps.clock),
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

/** Takes as many of the due deliveries as their subscriptions have places for. */
async function startDue(courier: Courier, signal: AbortSignal): Promise<void> {
  const { db, clock, holder, underWay, places } = courier
  const shares = places.share(await listDueSubscriptions(db, clock.now()))
  if (shares.size === 0 || signal.aborted) return
  const claims = await claimDeliveries(db, {
    shares,
    nowMs: clock.now(),
    holder,
    leaseMs: LEASE_MS,
    except: [...underWay.keys()]
  })
  for (const claim of claims) underWay.set(claim.id, { claim, ended: deliver(courier, claim) })
}

/** One try of one delivery, to its end. Never rejects. */
async function deliver(courier: Courier, claim: DeliveryClaim): Promise<void> {
  const { clock, log, sender, recorder, underWay, places, bell, cut } = courier
  const { id, url, body, subscriptionId } = claim
  const leave = places.take(subscriptionId)
  let tried: Try | null = null
  try {
    const message = { id, url, body, secrets: secretsAt(claim, clock.now()) }
    tried = await sender.send(message, cut.signal)
    await recorder.add(resultOf(courier, claim, tried))
    const { outcome, status, durationMs: ms } = tried
    log.info(
      { delivery: id, subscription: subscriptionId, host: hostOf(url), try: claim.triesDone + 1, outcome, status, ms },
      'delivery.attempted'
    )
  } catch (error) {
    log.warn({ delivery: id, message: messageOf(error) }, 'delivery.interrupted')
    await releaseDeliveries(courier.db, [claim]).catch(() => {})
  } finally {
    leave(tried)
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
    url: claim.url,
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

/** For the log: the rest of a URL may be a secret. What is no URL is refused when it is tried. */
const hostOf = (url: string): string => URL.parse(url)?.host ?? ''
