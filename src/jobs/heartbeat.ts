import { sleep } from '../clock.ts'
import { heartbeatView } from '../contract/happenings.ts'
import { floorTo, MINUTE } from '../domain/time.ts'
import { insertEvents } from '../store/events.ts'
import { isAnyoneTold } from '../store/subscriptions.ts'
import { reportFailure } from './failures.ts'
import type { WorkerDeps } from './station.ts'

/** On the grid, so that everybody who delivers means the same beat. */
const EVERY_MS = 5 * MINUTE

type Deps = Pick<WorkerDeps, 'db' | 'clock' | 'log'>

/** Tells whoever wants to know that the line to them works, as long as it does. Ends when `signal` aborts. */
export async function runHeartbeat(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await beat(deps).catch((error: unknown) => reportFailure(deps, error, 'heartbeat.failed'))
    const now = deps.clock.now()
    await sleep(floorTo(now, EVERY_MS) + EVERY_MS - now, signal)
  }
}

/** Stores the beat of now, once, however many find it; none where nobody asked for it. */
export async function beat({ db, clock }: Pick<Deps, 'db' | 'clock'>): Promise<void> {
  if (!(await isAnyoneTold(db, 'system.heartbeat'))) return
  const at = floorTo(clock.now(), EVERY_MS)
  const data = heartbeatView({ next: at + EVERY_MS })
  await db.transaction((client) =>
    insertEvents(client, [{ id: `evt_heartbeat_${at}`, type: 'system.heartbeat', at, about: null, data }])
  )
}
