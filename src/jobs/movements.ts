import { sleep } from '../clock.ts'
import { MOVEMENT_MS, movementOf } from '../domain/aggregates.ts'
import { HOUR, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { listHourlyBases, takeUnmoved, writeMovements } from '../store/basis-movement.ts'
import { findBuiltTo } from '../store/bucket-building.ts'
import type { WorkerDeps } from './station.ts'

type MovementDeps = Pick<WorkerDeps, 'db' | 'clock'>

const BATCH = 50
const LOOK_EVERY_MS = 30 * SECOND

/** Keeps up to date, hour by hour, how the basis of each contract moves. Ends when `signal` aborts. */
export async function runMovements({ log, ...deps }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const moved = await moveDue(deps).catch((error: unknown) => {
      log.error({ message: messageOf(error) }, 'movements.failed')
      return 0
    })
    if (moved === 0) await sleep(LOOK_EVERY_MS, signal)
  }
}

/** Looks at some of those for which an hour more has been rolled up; answers how many. */
export async function moveDue({ db, clock }: MovementDeps): Promise<number> {
  return await db.transaction(async (client) => {
    const toMs = await findBuiltTo(client)
    const due = await takeUnmoved(client, { toMs, limit: BATCH })
    if (due.length === 0) return 0
    const bases = await listHourlyBases(client, due, { fromMs: toMs - MOVEMENT_MS, toMs })
    const movements = due.map((pair) => {
      const history = bases.get(pair.instrumentId) ?? []
      return { ...pair, movement: { ...movementOf(history, HOUR), hours: history.length } }
    })
    await writeMovements(client, movements, { toMs, nowMs: clock.now() })
    return due.length
  })
}
