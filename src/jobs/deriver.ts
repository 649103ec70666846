import { sleep } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import type { Database } from '../store/database.ts'
import { listSpotVenues } from '../store/spot-legs.ts'
import { cutOffRuns } from '../store/tick-runs.ts'
import { listTickStates, listUnderivedTicks } from '../store/ticks.ts'
import { createBell, listenForHints } from './bell.ts'
import { derive } from './derive.ts'
import { reportFailure } from './failures.ts'
import type { WorkerDeps } from './station.ts'

/** How long a venue's basis waits for another venue that its spot legs trade on. */
const LEG_PATIENCE_MS = 2 * SECOND
/** Polling is the guarantee; a notification only makes it sooner. */
const LOOK_EVERY_MS = SECOND / 2

/** Derives every collected tick as soon as both legs' venues have been collected. Ends when `signal` aborts. */
export async function runDeriver(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const bell = createBell()
  const hear = (payload: string) => {
    if (payload.startsWith('collected:')) bell.ring()
  }
  const ear = listenForHints(deps, hear, 'derive.deaf', signal)
  while (!signal.aborted) {
    try {
      await deriveDue(deps)
    } catch (error) {
      reportFailure(deps, error, 'derive.failed')
      await sleep(SECOND, signal)
    }
    await bell.wait(LOOK_EVERY_MS, signal)
  }
  await ear
}

async function deriveDue(deps: WorkerDeps): Promise<void> {
  const { db, clock, config } = deps
  const { pollMs, storeMs, openInterestMs } = config
  const due = await listUnderivedTicks(db, cutOffRuns('derive'))
  // The newest tick of a venue overtakes older ones: their quotes are gone. But patience began with the oldest.
  const newest = new Map(due.map((tick) => [tick.venue, tick]))
  const oldest = new Map(due.toReversed().map((tick) => [tick.venue, tick]))
  for (const { venue, tickAt } of newest.values()) {
    const waitedMs = clock.now() - oldest.get(venue)!.finishedAt
    const isPatient = waitedMs < Math.min(LEG_PATIENCE_MS, pollMs / 2)
    if (isPatient && !(await areLegsCollected(db, venue, tickAt))) continue
    await derive({ ...deps, pollMs, storeMs, openInterestMs, leaseMs: 15 * SECOND }, venue, tickAt)
  }
}

/** Whether the venues of a venue's spot legs have ended their collection of this tick, or do not collect it at all. */
async function areLegsCollected(db: Database, venue: string, tickAt: number): Promise<boolean> {
  const states = await listTickStates(db, 'collect', tickAt)
  const legs = await listSpotVenues(db, venue)
  return legs.every((leg) => leg === venue || ['done', 'failed', 'missed'].includes(states.get(leg) ?? ''))
}
