import { sleep } from '../clock.ts'
import { TRAILING_DAYS, trailingOf } from '../contract/trailing.ts'
import { floorTo, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { type DueRealised, takeDueRealised, writeRealised } from '../store/realised.ts'
import type { WorkerDeps } from './station.ts'

type RealisedDeps = Pick<WorkerDeps, 'db' | 'clock'>

/** Settlements stand on whole hours and come within this: a window does not roll over one that is still on its way. */
const SETTLED_WITHIN_MS = 10 * MINUTE
const DAYS = Math.max(...TRAILING_DAYS)
/** A batch of hourly settlements is some 100,000 rows, and its marks wait for it. */
const BATCH = 50
const LOOK_EVERY_MS = 2 * SECOND

/** Keeps what perpetuals have paid over the trailing windows up to date. Ends when `signal` aborts. */
export async function runRealised({ log, ...deps }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const summed = await sumDue(deps).catch((error: unknown) => {
      log.error({ message: messageOf(error) }, 'realised.failed')
      return 0
    })
    if (summed === 0) await sleep(LOOK_EVERY_MS, signal)
  }
}

/** Sums some of what got settlements or whose windows have moved on by an hour; answers how many. */
export async function sumDue({ db, clock }: RealisedDeps): Promise<number> {
  const nowMs = clock.now()
  const rolledTo = floorTo(nowMs - SETTLED_WITHIN_MS, HOUR)
  return await db.transaction(async (client) => {
    const due = await takeDueRealised(client, { nowMs, rolledTo, days: DAYS + 1, limit: BATCH })
    if (due.length > 0)
      await writeRealised(
        client,
        due.map((each) => sumsOf(each, rolledTo))
      )
    return due.length
  })
}

function sumsOf({ instrumentId, paid, ...life }: DueRealised, rolledTo: number) {
  const toMs = Math.max(rolledTo, paid.at(-1)?.settledAt ?? rolledTo)
  return { instrumentId, toMs, windows: trailingOf(paid, toMs, life) }
}
