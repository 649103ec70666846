import { DAY, HOUR, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { ensureLivePartitions } from '../store/partitions.ts'
import { runTick } from '../store/tick-runs.ts'
import { closeDeadTicks, deleteOldTicks, finishTick } from '../store/ticks.ts'
import { deleteOldDeliveries, deleteOldIdempotencyKeys } from '../store/webhook-retention.ts'
import { everyTick } from './grid.ts'
import type { WorkerDeps } from './station.ts'

const TICKS_KEPT_MS = 7 * DAY
/** Whoever repeats a request does so within this. */
const IDEMPOTENCY_KEPT_MS = DAY

/** Every hour, once over all instances: partitions a week ahead; old ticks, deliveries and events away. Ends when `signal` aborts. */
export async function runHousekeeper(
  { db, clock, log, holder, config }: Pick<WorkerDeps, 'db' | 'clock' | 'log' | 'holder' | 'config'>,
  signal: AbortSignal
): Promise<void> {
  await everyTick(
    { clock, stepMs: HOUR, signal },
    async (tickAt) => {
      const wanted = { job: 'housekeeping', scope: '', tickAt, holder, leaseMs: 60 * SECOND }
      await runTick(db, wanted, async (claim) => {
        await ensureLivePartitions(db, clock.now())
        // These end their own, with the gap that belongs to it.
        const dead = await closeDeadTicks(db, ['collect', 'derive'])
        const deleted = await deleteOldTicks(db, clock.now() - TICKS_KEPT_MS)
        const told = await deleteOldDeliveries(db, clock.now() - config.webhookRetentionMs)
        await deleteOldIdempotencyKeys(db, clock.now() - IDEMPOTENCY_KEPT_MS)
        await db.transaction((client) => finishTick(client, claim, { state: 'done', rows: deleted, skipped: 0 }))
        log.info({ deletedTicks: deleted, deadTicks: dead, deleted: told }, 'housekeeping.finished')
      })
    },
    (error) => log.error({ message: messageOf(error) }, 'housekeeping.failed')
  )
}
