import type { Clock } from '../clock.ts'
import { formulaVersionAt } from '../domain/funding-formulas.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Facts } from '../domain/latest.ts'
import { floorTo } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { CHANNEL } from '../store/board.ts'
import type { Database, Transaction } from '../store/database.ts'
import type { DiskGuard } from '../store/disk.ts'
import { recordGaps } from '../store/gaps.ts'
import { listLatest, upsertLatest } from '../store/latest.ts'
import { insertEstimates, insertSnapshots } from '../store/observations.ts'
import { runTick } from '../store/tick-runs.ts'
import { type Claim, finishTick, hasKeptTick, StaleClaimError } from '../store/ticks.ts'
import { findVenueHealth, saveVenueStatus, type VenueState } from '../store/venues.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import type { VenueAdapter } from '../venues/venue.ts'
import { believedSweep, restOf } from './asking.ts'
import { factsOf, snapshotsOf } from './collected-facts.ts'
import { tellIntervals } from './declared-intervals.ts'
import { doubtOf } from './plausibility.ts'
import { findUncovered, lastingFailure, type Sweep, type SweepMemory } from './sweep.ts'
import { diskGaps, gapsOf, missedTicks, spanOf } from './tick-gaps.ts'
import { tellVenueChange } from './venue-events.ts'
import { judgeVenue, type Verdict } from './venue-health.ts'

export type CollectDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly pollMs: number
  readonly storeMs: number
  readonly leaseMs: number
  readonly disk: DiskGuard
}

/** One venue in the hands of one collector. */
export type CollectedVenue = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  readonly memory: SweepMemory
  /** The followed instruments of this venue, by symbol. */
  readonly instruments: ReadonlyMap<string, Instrument>
  /** After failures in a row, until when it is left alone; 0 when it is well. */
  readonly restUntil: number
  /** Why it cannot be asked at all: its markets could not be loaded. Null when they are. */
  readonly unready: string | null
}

export type CollectOutcome = { readonly isSuccess: boolean }

/** Asks one venue once and stores what it said, and what it did not say, as one transaction. Undefined: another has this tick. */
export async function collect(
  deps: CollectDeps,
  venue: CollectedVenue,
  tickAt: number
): Promise<CollectOutcome | undefined> {
  const { db, holder, leaseMs } = deps
  const wanted = { job: 'collect', scope: venue.adapter.id, tickAt, holder, leaseMs }
  return await runTick(db, wanted, (claim) => collectClaimed(deps, venue, claim))
}

async function collectClaimed(
  deps: CollectDeps,
  venue: CollectedVenue,
  claim: Claim
): Promise<CollectOutcome | undefined> {
  const { db, clock, log } = deps
  const { scope: id, tickAt } = claim
  const startedAt = clock.now()
  const health = await findVenueHealth(db, id)
  const rest = restOf(health, venue, startedAt)
  const sweep = rest ? undefined : await believedSweep(db, venue, tickAt, deps.pollMs)
  const isKept = await isFirstOfInterval(deps, id, tickAt)
  const isFull = await deps.disk.isFull()
  try {
    const result = await db.transaction((client) =>
      commit(client, deps, venue, claim, sweep, {
        rest,
        startedAt,
        isKept,
        isFull,
        listDoubt: health.listDoubt,
        before: health.state
      })
    )
    log.info(
      { venue: id, tick: new Date(tickAt).toISOString(), ms: clock.now() - startedAt, ...result.event },
      'collect.finished'
    )
    return { isSuccess: result.isSuccess }
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ venue: id, tick: new Date(tickAt).toISOString() }, 'collect.stale')
    return undefined
  }
}

type Circumstances = {
  readonly rest: Verdict | undefined
  readonly startedAt: number
  /** Whether this tick's observations become history … */
  readonly isKept: boolean
  /** … and whether there is no room for history: said at every tick, or the venue would seem well between two kept ones. */
  readonly isFull: boolean
  /** Why what the venue lists is not believed in full. */
  readonly listDoubt: string | null
  /** The state that the venue was in. */
  readonly before: VenueState
}

async function commit(
  client: Transaction,
  deps: CollectDeps,
  venue: CollectedVenue,
  claim: Claim,
  sweep: Sweep | undefined,
  { rest, startedAt, isKept, isFull, listDoubt, before }: Circumstances
) {
  const { tickAt } = claim
  const followed = [...venue.instruments.values()].filter(isQuotable)
  const facts = factsOf(venue, sweep?.reading)
  const uncovered = sweep ? findUncovered(followed, sweep) : []
  const expected = followed.length
  const received = expected - uncovered.filter(({ fact }) => fact === 'market').length
  const judged: Verdict = sweep
    ? judgeVenue(
        {
          failures: sweep.failures,
          asked: sweep.asked.length,
          expected,
          received,
          doubt: doubtOf(sweep.reading, venue.instruments) ?? listDoubt,
          lasting: lastingFailure(venue.memory, sweep),
          before
        },
        deps.clock.now()
      )
    : rest!
  const verdict =
    isFull && judged.state === 'up' ? { ...judged, state: 'degraded' as const, reason: DISK_FULL } : judged
  const isSuccess = sweep !== undefined && facts.quotes.length > 0
  await upsertLatest(client, tickAt, facts)
  const rows = isKept && !isFull ? await storeFacts(client, deps, venue, claim, facts) : 0
  await recordGaps(client, [
    ...(await missedTicks(client, deps, claim)),
    ...(isFull && isKept && isSuccess ? diskGaps(venue.adapter.id, tickAt, deps.pollMs) : []),
    ...gapsOf(venue.adapter.id, tickAt, isKept && isSuccess ? spanOf(deps) : deps.pollMs, isSuccess, uncovered, verdict)
  ])
  const change = await saveVenueStatus(client, {
    venue: venue.adapter.id,
    ...verdict,
    isSuccess,
    polledAt: startedAt,
    nextPollAt: Math.max(tickAt + deps.pollMs, verdict.bannedUntil ?? 0),
    lagMs: isSuccess ? deps.clock.now() - tickAt : null,
    expected: sweep ? expected : null,
    received: sweep ? received : null
  })
  await tellVenueChange(client, change)
  const skipped =
    sweep?.reading.skipped.filter(({ symbol }) => symbol === null || venue.instruments.has(symbol)).length ?? 0
  await finishTick(client, claim, {
    state: isSuccess ? 'done' : 'failed',
    rows,
    skipped: skipped + uncovered.length,
    failure: verdict.reason
  })
  if (isSuccess) await client.query('select pg_notify($1, $2)', [CHANNEL, `collected:${venue.adapter.id}`])
  return { isSuccess, event: { state: verdict.state, reason: verdict.reason, expected, received, rows, skipped } }
}

const DISK_FULL = 'disk_limit: the database has reached MAX_DISK_GB; nothing is stored as history'

const isQuotable = ({ status }: Instrument) => status === 'listed' || status === 'delisting'

async function storeFacts(
  client: Transaction,
  deps: CollectDeps,
  venue: CollectedVenue,
  claim: Claim,
  facts: Facts
): Promise<number> {
  const { adapter } = venue
  const { tickAt, epoch } = claim
  const stamp = {
    tickAt,
    spanMs: spanOf(deps),
    source: 'polled' as const,
    adapterVersion: adapter.adapterVersion,
    epoch
  }
  // What is asked less often, or in a job of its own, is known from the newest facts.
  const ids = [...facts.quotes, ...facts.marks].map(({ instrumentId }) => instrumentId)
  const snapshots = await insertSnapshots(client, snapshotsOf(facts, await listLatest(client, ids), stamp), stamp)
  const estimates = await insertEstimates(client, facts.estimates, {
    ...stamp,
    formulaVersion: formulaVersionAt(adapter.id, tickAt)
  })
  await tellIntervals(client, venue, facts, tickAt)
  return snapshots + estimates
}

/** The first tick of each storing interval that brings anything is the one that is kept. */
async function isFirstOfInterval(
  { db, pollMs, storeMs }: CollectDeps,
  venue: string,
  tickAt: number
): Promise<boolean> {
  if (storeMs <= pollMs) return true
  return !(await hasKeptTick(db, { job: 'collect', scope: venue, from: floorTo(tickAt, storeMs), before: tickAt }))
}
