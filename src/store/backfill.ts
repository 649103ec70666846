import type { Database } from './database.ts'
import { StaleClaimError } from './ticks.ts'

/** What can be fetched of the past: settled rates, and closes of hourly candles. */
export type BackfillFact = 'settlement' | 'price_1h'

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

/** After a stop the time since is unknown: every finished price series is to be brought up to now. */
export async function reopenBackfill(db: Database, fact: BackfillFact, doneBefore: number): Promise<void> {
  await db.query(`update backfill set state = 'waiting' where state = 'done' and fact = $1 and done_to < $2`, [
    fact,
    new Date(doneBefore)
  ])
}

type ClaimRow = {
  instrument_id: number
  fact: BackfillFact
  wanted_from: Date
  done_from: Date | null
  done_to: Date | null
  failures: number
  epoch: number
}

export type BackfillClaimer = { readonly holder: string; readonly leaseMs: number; readonly clock: { now(): number } }

/**
 * Claims the piece of the past of one venue that comes first; undefined when none is due. What has just settled comes before what
 * settled long ago.
 */
export async function claimBackfill(
  db: Database,
  venue: string,
  { holder, leaseMs, clock }: BackfillClaimer
): Promise<BackfillClaim | undefined> {
  const { rows } = await db.query<ClaimRow>(
    `update backfill set state = 'running', epoch = epoch + 1, holder = $2, lease_until = now() + $3 * interval '1 millisecond',
       updated_at = now()
     where (instrument_id, fact) in (
       select b.instrument_id, b.fact from backfill b join instrument i on i.id = b.instrument_id
       where i.venue_id = $1 and i.tracked and (b.not_before is null or b.not_before <= $4)
         and (b.state in ('waiting', 'failed') or (b.state = 'done' and b.not_before is not null)
           or (b.state = 'running' and b.lease_until < now()))
       order by b.state = 'done' desc, b.priority desc, b.instrument_id, b.fact desc limit 1 for update of b skip locked)
     returning instrument_id, fact, wanted_from, done_from, done_to, failures, epoch`,
    [venue, holder, leaseMs, new Date(clock.now())]
  )
  const row = rows[0]
  return (
    row && {
      instrumentId: row.instrument_id,
      fact: row.fact,
      wantedFrom: row.wanted_from.getTime(),
      doneFrom: row.done_from?.getTime() ?? null,
      doneTo: row.done_to?.getTime() ?? null,
      failures: row.failures,
      epoch: row.epoch
    }
  )
}

export type BackfillProgress = {
  readonly doneFrom: number | null
  readonly doneTo: number | null
  readonly rows: number
  readonly state: 'running' | 'done'
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
       lease_until = now() + $9 * interval '1 millisecond', updated_at = now()
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
      progress.leaseMs
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
