import { randomUUID } from 'node:crypto'
import type { Database } from './database.ts'
import { isDatabaseUnavailable } from './database-errors.ts'
import { type Claim, claimTick, type WantedTick } from './ticks.ts'

/** Runs of this thread that the database cut off, of the last such tick of each job and scope: what they hold, nobody works on. */
const cutOff = new Map<string, { readonly job: string; readonly tickAt: number; readonly runs: readonly string[] }>()

/**
 * Runs `work` with the claim of a tick; undefined when another has it, or had it. A run that lost its database, be it before it knew that it
 * had the claim, holds nothing up: the next run of that tick in this thread takes the claim with a higher epoch, and what of the first
 * is still on its way is refused. Everybody else waits for the lease, for they cannot know; so does whoever failed otherwise, for it would again.
 */
export async function runTick<T>(
  db: Database,
  tick: WantedTick,
  work: (claim: Claim) => Promise<T>
): Promise<T | undefined> {
  const { job, tickAt } = tick
  const key = `${job} ${tick.scope}`
  const before = cutOff.get(key)
  const earlier = before?.tickAt === tickAt ? before.runs : []
  const run = randomUUID()
  try {
    const claim = await claimTick(db, tick, { run, cutOff: earlier })
    return claim && (await work(claim))
  } catch (error) {
    if (isDatabaseUnavailable(error)) cutOff.set(key, { job, tickAt, runs: [...earlier, run] })
    throw error
  }
}

/** The runs of a job that this thread knows to be cut off. */
export const cutOffRuns = (job: string): readonly string[] =>
  [...cutOff.values()].flatMap((entry) => (entry.job === job ? entry.runs : []))
