import { DAY } from '../domain/time.ts'
import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** How far fetching the past has come, counted in pieces: one fact of one instrument each. */
export type BackfillProgress = {
  readonly instruments: number
  /** Those with nothing left to fetch. */
  readonly instrumentsDone: number
  /** The oldest row that came, epoch milliseconds. */
  readonly oldestAt: number | null
  /** Rows that came within the last minute. */
  readonly rowsPerMinute: number
  readonly waiting: number
  readonly running: number
  readonly done: number
  readonly failed: number
}

/** One exchange and how it is doing. Times in epoch milliseconds. */
export type VenueStatus = {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly reason: string | null
  readonly since: number
  readonly bannedUntil: number | null
  readonly failures: number
  readonly lastPollAt: number | null
  readonly lastSuccessAt: number | null
  readonly nextPollAt: number | null
  /** From the tick to its facts being stored. */
  readonly lagMs: number | null
  readonly expected: number | null
  readonly received: number | null
  readonly marketsLoadedAt: number | null
  /** When it stopped for good. */
  readonly closedAt: number | null
}

export type AssetStatus = {
  readonly id: string
  readonly openInterestUsd: string | null
  readonly volume24hUsd: string | null
  readonly rank: number | null
  readonly tracked: boolean
  readonly rankedAt: number
}

type VenueRow = {
  id: string
  name: string
  state: string
  state_reason: string | null
  state_since: Date
  banned_until: Date | null
  failures: number
  last_poll_at: Date | null
  last_success_at: Date | null
  next_poll_at: Date | null
  lag_ms: number | null
  expected: number | null
  received: number | null
  markets_loaded_at: Date | null
  closed_at: Date | null
}

export async function listVenues(db: Queryable): Promise<VenueStatus[]> {
  const { rows } = await db.query<VenueRow>(
    `select id, name, state, state_reason, state_since, banned_until, failures, last_poll_at, last_success_at,
       next_poll_at, lag_ms, expected, received, markets_loaded_at, closed_at
     from venue order by id`
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    state: row.state,
    reason: row.state_reason,
    since: row.state_since.getTime(),
    bannedUntil: row.banned_until?.getTime() ?? null,
    failures: row.failures,
    lastPollAt: row.last_poll_at?.getTime() ?? null,
    lastSuccessAt: row.last_success_at?.getTime() ?? null,
    nextPollAt: row.next_poll_at?.getTime() ?? null,
    lagMs: row.lag_ms,
    expected: row.expected,
    received: row.received,
    marketsLoadedAt: row.markets_loaded_at?.getTime() ?? null,
    closedAt: row.closed_at?.getTime() ?? null
  }))
}

type ProgressRow = Omit<BackfillProgress, 'oldestAt'> & { venue_id: string; oldest_at: Date | null }

/** Back-fill progress by venue. A claim that has worked for longer than a minute counts with its share of it. */
export async function readBackfillProgress(db: Queryable): Promise<ReadonlyMap<string, BackfillProgress>> {
  const { rows } = await db.query<ProgressRow>(
    `select i.venue_id, count(distinct b.instrument_id) as instruments,
       count(distinct b.instrument_id) - count(distinct b.instrument_id) filter (where b.state <> 'done') as "instrumentsDone",
       min(b.oldest_at) as oldest_at,
       coalesce(round(sum(b.claim_rows * least(1, 60 / greatest(1, extract(epoch from b.updated_at - b.claimed_at))))
         filter (where b.updated_at > now() - interval '1 minute')), 0)::int as "rowsPerMinute",
       count(*) filter (where b.state = 'waiting') as waiting, count(*) filter (where b.state = 'running') as running,
       count(*) filter (where b.state = 'done') as done, count(*) filter (where b.state = 'failed') as failed
     from backfill b join instrument i on i.id = b.instrument_id group by i.venue_id`
  )
  return new Map(
    rows.map(({ venue_id, oldest_at, ...progress }) => [
      venue_id,
      { ...progress, oldestAt: oldest_at?.getTime() ?? null }
    ])
  )
}

export async function listAssets(db: Queryable): Promise<AssetStatus[]> {
  const { rows } = await db.query<{
    id: string
    open_interest_usd: string | null
    volume_24h_usd: string | null
    rank: number | null
    tracked: boolean
    ranked_at: Date
  }>('select id, open_interest_usd, volume_24h_usd, rank, tracked, ranked_at from asset')
  return rows.map((row) => ({
    id: row.id,
    openInterestUsd: row.open_interest_usd,
    volume24hUsd: row.volume_24h_usd,
    rank: row.rank,
    tracked: row.tracked,
    rankedAt: row.ranked_at.getTime()
  }))
}

/** How one job has been doing for one scope. Times in epoch milliseconds. */
export type JobStatus = {
  readonly job: string
  /** A venue, or null for jobs without one. */
  readonly scope: string | null
  readonly state: string
  readonly holder: string
  readonly lastTickAt: number
  /** The tick before it: their distance is the job's rhythm. */
  readonly previousTickAt: number | null
  readonly finishedAt: number | null
  readonly lastDoneAt: number | null
  readonly rows: number | null
  readonly skipped: number | null
  readonly failure: string | null
  readonly failures24h: number
  readonly missed24h: number
}

type JobRow = {
  job: string
  scope: string
  state: string
  holder: string
  tick_at: Date
  previous: Date | null
  finished_at: Date | null
  last_done: Date | null
  rows: number | null
  skipped: number | null
  failure: string | null
  failures: number
  missed: number
}

/** The newest tick of every job and scope, with what the last day's ticks came to. */
export async function listJobs(db: Queryable, nowMs: number): Promise<JobStatus[]> {
  const { rows } = await db.query<JobRow>(
    `with ranked as (
       select t.*, row_number() over newest as place, lead(tick_at) over newest as previous from tick t
       window newest as (partition by job, scope order by tick_at desc)
     ), counted as (
       select job, scope, max(finished_at) filter (where state = 'done') as last_done,
         count(*) filter (where state = 'failed' and tick_at >= $1) as failures,
         count(*) filter (where state = 'missed' and tick_at >= $1) as missed
       from tick group by job, scope
     )
     select r.job, r.scope, r.state, r.holder, r.tick_at, r.previous, r.finished_at, c.last_done, r.rows, r.skipped,
       r.failure, c.failures, c.missed
     from ranked r join counted c on c.job = r.job and c.scope = r.scope where r.place = 1 order by r.job, r.scope`,
    [new Date(nowMs - DAY)]
  )
  return rows.map((row) => ({
    job: row.job,
    scope: row.scope === '' ? null : row.scope,
    state: row.state,
    holder: row.holder,
    lastTickAt: row.tick_at.getTime(),
    previousTickAt: row.previous?.getTime() ?? null,
    finishedAt: row.finished_at?.getTime() ?? null,
    lastDoneAt: row.last_done?.getTime() ?? null,
    rows: row.rows,
    skipped: row.skipped,
    failure: row.failure,
    failures24h: row.failures,
    missed24h: row.missed
  }))
}
