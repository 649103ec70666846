import { sleep } from '../clock.ts'
import { fundingStandingOf } from '../domain/funding-standing.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { takeDueStandings, writeStandings } from '../store/funding-standing.ts'
import type { WorkerDeps } from './station.ts'

type StandingDeps = Pick<WorkerDeps, 'db' | 'clock'>

/** A batch of hourly settlements is some 180,000 rows, and its marks wait for it. */
const BATCH = 20
const LOOK_EVERY_MS = 2 * SECOND

/** Keeps up to date where each perpetual's newest settlement stands. Ends when `signal` aborts. */
export async function runStandings({ log, ...deps }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const ranked = await rankDue(deps).catch((error: unknown) => {
      log.error({ message: messageOf(error) }, 'standings.failed')
      return 0
    })
    if (ranked === 0) await sleep(LOOK_EVERY_MS, signal)
  }
}

/** Ranks some of those whose settlements have changed; answers how many. */
export async function rankDue({ db, clock }: StandingDeps): Promise<number> {
  const nowMs = clock.now()
  return await db.transaction(async (client) => {
    const due = await takeDueStandings(client, { nowMs, limit: BATCH })
    const standings = due.map(({ instrumentId, settled, listedAt }) => ({
      instrumentId,
      standing: fundingStandingOf(settled, listedAt)
    }))
    if (due.length > 0) await writeStandings(client, standings, nowMs)
    return due.length
  })
}
