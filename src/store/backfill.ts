import type { Database } from './database.ts'
import { StaleClaimError } from './ticks.ts'

/** What can be fetched of the past: settled rates; closes of hourly candles, marks and indices with them; hourly open interest. */
export type BackfillFact = 'settlement' | 'price_1h' | 'open_interest_1h'

export type BackfillWish = {
  readonly instrumentId: number
  readonly fact: BackfillFact
  readonly wantedFrom: number
  /** Larger first. */
  readonly priority: number
}

/** One fact of one instrument in our hands. Times in epoch milliseconds; `doneFrom` to `doneTo` is stored without a hole. */
export type BackfillClaim = {
  readonly instrumentId: number
  readonly fact: BackfillFact
  readonly wantedFrom: number
  readonly doneFrom: number | null
  readonly doneTo: number | null
  /** The oldest row that came; null: none yet. */
  readonly oldestAt: number | null
  /** Before this the venue has nothing any more; null: not known. */
  readonly keptFrom: number | null
  readonly failures: number
  readonly epoch: number
}

/** Adds wishes; one that exists gets the new priority, and an earlier goal starts it again. */
export async function requestBackfill(db: Database, wishes: readonly BackfillWish[]): Promise<void> {
  await db.query(
    `insert into backfill as t (instrument_id, fact, wanted_from, priority, updated_at)
     select w.*, now() from unnest($1::int[], $2::text[], $3::timestamptz[], $4::float8[]) as w (id, fact, wanted_from, priority)
     on conflict (instrument_id, fact) do update set priority = excluded.priority,
       state = case when t.state = 'done' and excluded.wanted_from < t.wanted_from then 'waiting' else t.state end,
       not_before = case when t.state = 'done' and excluded.wanted_from < t.wanted_from then null else t.not_before end,
       wanted_from = least(t.wanted_from, excluded.wanted_from)
     where t.priority <> excluded.priority or excluded.wanted_from < t.wanted_from`,
    [
      wishes.map(({ instrumentId }) => instrumentId),
      wishes.map(({ fact }) => fact),
      wishes.map(({ wantedFrom }) => new Date(wantedFrom)),
      wishes.map(({ priority }) => priority)
    ]
  )
}

/** Which finished pieces are to be brought up to now; those of every instrument unless told. */
export type Reopening = {
  readonly facts: readonly BackfillFact[]
  readonly doneBefore: number
  readonly instrumentIds?: readonly number[]
}

/** After a stop the time since is unknown: what was finished before it is to be brought up to now. */
export async function reopenBackfill(db: Database, { facts, doneBefore, instrumentIds }: Reopening): Promise<void> {
  await db.query(
    `update backfill set state = 'waiting', not_before = null where state = 'done' and fact = any ($1) and done_to < $2
       and ($3::int[] is null or instrument_id = any ($3))`,
    [facts, new Date(doneBefore), instrumentIds ?? null]
  )
}

/** A piece is brought up to now after a gap of what was polled that holds a full hour: once, since it then reaches beyond the gap. */
export async function reopenForGaps(db: Database, nowMs: number): Promise<void> {
  await db.query(
    `update backfill b set state = 'waiting' from instrument i
     where i.id = b.instrument_id and b.state = 'done' and b.fact <> 'settlement'
       and exists (select from gap g where g.instrument_id in (b.instrument_id, 0) and g.venue_id = i.venue_id
         and g.fact in ('market', 'basis') and g.filled_at is null and g.to_at < $1
         and date_trunc('hour', g.to_at, 'UTC') > greatest(g.from_at, b.done_to) and g.reason <> 'not_kept_by_venue')`,
    [new Date(nowMs - AFTER_GAP_MS)]
  )
}

/** A gap that may still be growing is left until it has ended. */
const AFTER_GAP_MS = 10 * 60_000

type ClaimRow = {
  instrument_id: number
  fact: BackfillFact
  wanted_from: Date
  done_from: Date | null
  done_to: Date | null
  oldest_at: Date | null
  kept_from: Date | null
  failures: number
  epoch: number
}

/** Which pieces a command works on, whether they are followed or not; those that failed so often are left. */
export type BackfillScope = {
  readonly instrumentIds: readonly number[]
  readonly facts: readonly BackfillFact[]
  readonly failuresMax: number
}

export type BackfillClaimer = {
  readonly holder: string
  readonly leaseMs: number
  readonly clock: { now(): number }
  /** Every piece of what is followed unless told. */
  readonly scope?: BackfillScope
}

/**
 * Claims the piece of the past of one venue that comes first; undefined when none is due. What has just settled comes before what
 * settled long ago.
 */
export async function claimBackfill(
  db: Database,
  venue: string,
  { holder, leaseMs, clock, scope }: BackfillClaimer
): Promise<BackfillClaim | undefined> {
  const { rows } = await db.query<ClaimRow>(
    `update backfill set state = 'running', epoch = epoch + 1, holder = $2, lease_until = now() + $3 * interval '1 millisecond',
       claimed_at = now(), claim_rows = 0, updated_at = now()
     where (instrument_id, fact) in (
       select b.instrument_id, b.fact from backfill b join instrument i on i.id = b.instrument_id
       where i.venue_id = $1 and (b.not_before is null or b.not_before <= $4)
         and (b.state in ('waiting', 'failed') or (b.state = 'done' and b.not_before is not null)
           or (b.state = 'running' and b.lease_until < now()))
         and case when $5::int[] is null then i.tracked
             else b.instrument_id = any ($5) and b.fact = any ($6::text[]) and b.failures < $7 end
       order by b.state = 'done' desc, b.priority desc, b.instrument_id, b.fact desc limit 1 for update of b skip locked)
     returning instrument_id, fact, wanted_from, done_from, done_to, oldest_at, kept_from, failures, epoch`,
    [
      venue,
      holder,
      leaseMs,
      new Date(clock.now()),
      scope?.instrumentIds ?? null,
      scope?.facts ?? null,
      scope?.failuresMax ?? null
    ]
  )
  const row = rows[0]
  return (
    row && {
      instrumentId: row.instrument_id,
      fact: row.fact,
      wantedFrom: row.wanted_from.getTime(),
      doneFrom: row.done_from?.getTime() ?? null,
      doneTo: row.done_to?.getTime() ?? null,
      oldestAt: row.oldest_at?.getTime() ?? null,
      keptFrom: row.kept_from?.getTime() ?? null,
      failures: row.failures,
      epoch: row.epoch
    }
  )
}

export type BackfillProgress = {
  readonly doneFrom: number | null
  readonly doneTo: number | null
  /** New ones that were stored. */
  readonly rows: number
  /** Those that came, stored before or not. */
  readonly received?: number
  readonly oldestAt?: number | null
  readonly keptFrom?: number | null
  readonly state: 'waiting' | 'running' | 'done'
  /** When to look again; null: not by itself. */
  readonly notBefore?: number | null
  readonly leaseMs: number
}

/** Writes how far a claim has got, in the transaction that stores the rows; throws StaleClaimError when it is no longer ours. */
export async function saveBackfill(
  client: Pick<Database, 'query'>,
  { instrumentId, fact, epoch }: BackfillClaim,
  progress: BackfillProgress
): Promise<void> {
  const date = (at: number | null | undefined) => (at === null || at === undefined ? null : new Date(at))
  const { rows } = await client.query(
    `update backfill set done_from = $4, done_to = $5, rows = rows + $6, state = $7, failure = null, not_before = $8, failures = 0,
       lease_until = now() + $9 * interval '1 millisecond', updated_at = now(), claim_rows = claim_rows + $10,
       oldest_at = least(oldest_at, $11), kept_from = greatest(kept_from, $12)
     where instrument_id = $1 and fact = $2 and epoch = $3 and state = 'running' returning 1`,
    [
      instrumentId,
      fact,
      epoch,
      date(progress.doneFrom),
      date(progress.doneTo),
      progress.rows,
      progress.state,
      date(progress.notBefore),
      progress.leaseMs,
      progress.received ?? 0,
      date(progress.oldestAt),
      date(progress.keptFrom)
    ]
  )
  if (rows.length === 0) throw new StaleClaimError(`the past of instrument ${instrumentId} is no longer ours`)
}

/** Puts a claim back after a failure of the world, to be tried again from `notBefore` on; how far it had got stays. */
export async function failBackfill(
  db: Database,
  { instrumentId, fact, epoch }: BackfillClaim,
  failure: string,
  notBefore: number
): Promise<void> {
  await db.query(
    `update backfill set state = 'failed', failures = failures + 1, failure = $4, not_before = $5, updated_at = now()
     where instrument_id = $1 and fact = $2 and epoch = $3 and state = 'running'`,
    [instrumentId, fact, epoch, failure, new Date(notBefore)]
  )
}
