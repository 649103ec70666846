import { keptFrom } from '../domain/retention.ts'
import { DAY, floorTo, MINUTE } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import {
  buildNextHour,
  closeHours,
  findBuiltTo,
  findOldestDue,
  forgetDue,
  rebuildNextDay
} from '../store/bucket-building.ts'
import { dropOlder, listPartitionsOf } from '../store/partitions.ts'
import { FACTS } from '../store/sealed/facts.ts'
import { type Sealed, type SealProgress, sealFact } from '../store/sealed/seal.ts'
import { runTick } from '../store/tick-runs.ts'
import { finishTick } from '../store/ticks.ts'
import { everyTick } from './grid.ts'
import type { WorkerDeps } from './station.ts'

const STEP_MS = 5 * MINUTE
/** Work is taken in pieces until then; the claim lasts longer, and what is left belongs to the next run. */
const WORK_MS = 4 * MINUTE
/** A basis of the hour's last tick is committed by then. */
const GRACE_MS = 2 * MINUTE
/** A long list of days to roll up anew leaves time for sealing. */
const REBUILD_MS = 2 * MINUTE

type KeeperDeps = Pick<WorkerDeps, 'db' | 'clock' | 'log' | 'holder' | 'config'>

/** What one run did. */
export type KeptHistory = {
  readonly hours: number
  readonly days: number
  readonly sealed: readonly Sealed[]
  readonly dropped: readonly string[]
}

/**
 * Every five minutes, once over all instances: closed hours are rolled up, days whose bases have changed are rolled up anew, days that are over
 * are sealed, what is older than it is kept goes. Ends when `signal` aborts.
 */
export async function runKeeper(deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  const { db, clock, log, holder } = deps
  const progress: SealProgress = new Map()
  await everyTick(
    { clock, stepMs: STEP_MS, signal },
    async (tickAt) => {
      const wanted = { job: 'keeping', scope: '', tickAt, holder, leaseMs: STEP_MS }
      await runTick(db, wanted, async (claim) => {
        const until = clock.now() + WORK_MS
        const kept = await keepHistory(deps, () => !signal.aborted && clock.now() < until, progress)
        const rows = kept.sealed.reduce((sum, { rows: sealed }) => sum + sealed, 0)
        await db.transaction((client) => finishTick(client, claim, { state: 'done', rows, skipped: 0, detail: kept }))
        log.info(kept, 'keeping.finished')
      })
    },
    (error) => log.error({ message: messageOf(error) }, 'keeping.failed')
  )
}

/** One run, in pieces that are each a transaction: killed anywhere, the next run goes on. */
export async function keepHistory(
  { db, clock, config }: Pick<KeeperDeps, 'db' | 'clock' | 'config'>,
  mayGoOn: () => boolean,
  progress: SealProgress = new Map()
): Promise<KeptHistory> {
  const nowMs = clock.now()
  await closeHours(db, nowMs - GRACE_MS)
  const hours = await countRuns(mayGoOn, () => buildNextHour(db, nowMs))
  const goneBefore = config.rawDays === null ? 0 : await findGoneBefore(db, keptFrom(nowMs, config.rawDays))
  if (goneBefore > 0) await forgetDue(db, goneBefore)
  const rebuildUntil = clock.now() + REBUILD_MS
  const mayRebuild = () => mayGoOn() && clock.now() < rebuildUntil
  const days = await countRuns(mayRebuild, () => rebuildNextDay(db, nowMs, goneBefore))
  // What is not rolled up yet is read hot, hour by hour.
  const beforeMs = Math.min(floorTo(nowMs, DAY) - config.hotDays * DAY, floorTo(await findBuiltTo(db), DAY))
  const sealed: Sealed[] = []
  const options = { beforeMs, nowMs, knownBeforeMs: nowMs - config.hotDays * DAY, mayGoOn, progress }
  for (const fact of Object.values(FACTS)) sealed.push(...(await sealFact(db, fact, options)))
  const dropped = config.rawDays === null ? [] : await dropUnkept(db, keptFrom(nowMs, config.rawDays))
  return { hours, days, sealed, dropped }
}

/** Before then nothing is sealed any more, and what is rolled up cannot be made anew. */
async function findGoneBefore(db: WorkerDeps['db'], keptFromMs: number): Promise<number> {
  const [oldest] = await listPartitionsOf(db, 'sealed_day')
  return Math.min(keptFromMs, oldest?.fromMs ?? keptFromMs)
}

async function dropUnkept(db: WorkerDeps['db'], beforeMs: number): Promise<string[]> {
  // A month of which days are still to be rolled up stays until they are.
  const dueFrom = await findOldestDue(db)
  const sealed = await dropOlder(db, 'sealed_day', Math.min(beforeMs, dueFrom ?? beforeMs))
  return [...sealed, ...(await dropOlder(db, 'liquidation_look', beforeMs))]
}

async function countRuns(mayGoOn: () => boolean, work: () => Promise<boolean>): Promise<number> {
  let count = 0
  while (mayGoOn() && (await work())) count += 1
  return count
}
