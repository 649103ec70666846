import { sleep } from '../clock.ts'
import { DAY, floorTo, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { reopenBackfill, reopenForGaps, requestBackfill } from '../store/backfill.ts'
import { judgeGaps } from '../store/gap-judging.ts'
import type { VenueAdapter } from '../venues/venue.ts'
import { fetchPast } from './history.ts'
import { openPastStation, PAST_LEASE_MS, type PastStation } from './past-station.ts'
import { type WantedPast, wishesFor } from './past-wishes.ts'
import type { WorkerDeps } from './station.ts'
import { backOffMs } from './venue-health.ts'

const WISHES_EVERY_MS = 10 * SECOND
const IDLE_MS = SECOND
const JUDGED_EVERY_MS = HOUR
/** In passes: once a day. */
const QUIET_EVERY = 24
/** A gap that may still be growing is left until it has ended. */
const ENDED_MS = 10 * MINUTE
/** An hourly series that was brought up to date this recently continues in the live observations. */
const RECENT_MS = 2 * 60 * MINUTE

/** Brings in the past of every followed instrument, on clients and a budget of its own. Ends when `signal` aborts. */
export async function runHistorian(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const doneBefore = deps.clock.now() - RECENT_MS
  await reopenBackfill(deps.db, { facts: ['price_1h', 'open_interest_1h'], doneBefore })
  await Promise.all([
    runWishes(deps, signal),
    runJudging(deps, signal),
    ...deps.adapters.map((adapter) => runVenue(deps, adapter, signal))
  ])
}

async function runWishes(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await requestBackfill(deps.db, await wishesFor(deps, followedWishes(deps)))
      await reopenForGaps(deps.db, deps.clock.now())
    } catch (error) {
      deps.log.error({ message: messageOf(error) }, 'history.wishes_failed')
    }
    await sleep(WISHES_EVERY_MS, signal)
  }
}

/** Gaps that no piece comes over again are judged from what is stored. */
async function runJudging({ db, clock, log }: WorkerDeps, signal: AbortSignal): Promise<void> {
  for (let pass = 0; !signal.aborted; pass += 1) {
    try {
      await judgeGaps(db, {
        endedBefore: clock.now() - ENDED_MS,
        hasQuiet: pass % QUIET_EVERY === 0,
        mayGoOn: () => !signal.aborted,
        onFailure: (gap, error) => log.error({ ...gap, message: messageOf(error) }, 'history.gap_failed')
      })
    } catch (error) {
      log.error({ message: messageOf(error) }, 'history.gaps_failed')
    }
    await sleep(JUDGED_EVERY_MS, signal)
  }
}

/** What is wanted of everything that is followed: so many days of settlements, and of hourly prices and open interest. */
function followedWishes({ config, clock }: WorkerDeps): WantedPast {
  const { settlementDays, basisDays } = config.history
  const today = floorTo(clock.now(), DAY)
  const from = (days: number) => (days === 0 ? null : today - days * DAY)
  return {
    isWanted: ({ tracked }) => tracked,
    from: { settlement: from(settlementDays), price_1h: from(basisDays), open_interest_1h: from(basisDays) }
  }
}

async function runVenue(deps: WorkerDeps, adapter: VenueAdapter, signal: AbortSignal): Promise<void> {
  const station = await openPastStation(deps, adapter, ({ tracked }) => tracked, signal)
  for (let failures = 0; !signal.aborted; ) {
    try {
      const isBusy = !(await deps.disk.isFull()) && (await drain(deps, station, signal))
      failures = 0
      if (!isBusy) await sleep(IDLE_MS, signal)
    } catch (error) {
      failures += 1
      deps.log.warn({ venue: adapter.id, message: messageOf(error) }, 'history.failed')
      await sleep(Math.max(IDLE_MS, backOffMs(failures + 1, 5 * SECOND, deps.jitter())), signal)
    }
  }
  await station.client.close()
}

/** Works off what is due now. */
async function drain(deps: WorkerDeps, station: PastStation, signal: AbortSignal): Promise<boolean> {
  const { adapter, client, takeTurn } = station
  const target = { adapter, client, instruments: await station.readInstruments() }
  const until = deps.clock.now() + WISHES_EVERY_MS
  const isGoingOn = () => !signal.aborted && deps.clock.now() < until
  let isBusy = false
  while (isGoingOn() && (await fetchPast({ ...deps, leaseMs: PAST_LEASE_MS, takeTurn }, target, signal))) isBusy = true
  return isBusy
}
