import type { IdentityCheck, Voice } from '../domain/consensus.ts'
import type { QuarantineReason } from '../domain/instrument.ts'
import type { Database, Transaction } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** A followed instrument with what is needed to say what one unit of its asset costs there. Times in epoch milliseconds. */
export type Speaker = Omit<Voice, 'usd'> & {
  readonly quote: string
  /** Units of the asset in one unit of what is quoted. */
  readonly multiplier: number | null
  readonly mid: number | null
  readonly observedAt: number | null
}

type SpeakerRow = {
  id: number
  venue: string
  asset: string
  quote: string
  multiplier: number | null
  dated: boolean
  decided: boolean
  mid: number | null
  observed_at: Date | null
}

/** The mid of a book wider than this, (ask − bid)/mid, is nobody's price. */
const SPREAD_MAX = 0.05

/** Every followed instrument that is traded, with its newest mid. */
export async function listSpeakers(db: Queryable): Promise<Speaker[]> {
  const { rows } = await db.query<SpeakerRow>(
    `select i.id, i.venue_id as venue, i.asset, i.quote, i.multiplier::float8 as multiplier,
       i.kind = 'future' as dated, i.multiplier_source = 'override' as decided, case when l.ask > l.bid and l.ask - l.bid <= $1 * (l.bid + l.ask) / 2 then ((l.bid + l.ask) / 2)::float8 end as mid, l.quote_observed_at as observed_at
     from instrument i left join market_latest l on l.instrument_id = i.id
     where i.tracked and i.status in ('listed', 'delisting') order by i.id`,
    [SPREAD_MAX]
  )
  return rows.map(({ dated, decided, observed_at, ...row }) => ({
    ...row,
    isDated: dated,
    isDecided: decided,
    observedAt: observed_at?.getTime() ?? null
  }))
}

/** Until the end of the transaction nobody else checks: two who step the same check from the same state would lose one step. */
export async function lockIdentityChecks(client: Transaction): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtext($1))', ['contango identity'])
}

type CheckRow = {
  instrument_id: number
  state: IdentityCheck['state']
  reason: QuarantineReason
  ratio: number
  since: Date
  checks: number
  agrees_since: Date | null
}

/** What is held against instruments. */
export async function listIdentityChecks(db: Queryable): Promise<Map<number, IdentityCheck>> {
  const { rows } = await db.query<CheckRow>('select * from identity_check')
  return new Map(
    rows.map(({ instrument_id, since, agrees_since, ...row }) => [
      instrument_id,
      {
        state: row.state,
        reason: row.reason,
        ratio: row.ratio,
        since: since.getTime(),
        checks: row.checks,
        agreesSince: agrees_since?.getTime() ?? null
      }
    ])
  )
}

/** Writes what is held against instruments now; null: nothing any more. */
export async function saveIdentityChecks(
  db: Queryable,
  changes: readonly (readonly [instrumentId: number, check: IdentityCheck | null])[]
): Promise<void> {
  const cleared = changes.filter(([, check]) => check === null).map(([id]) => id)
  if (cleared.length > 0) {
    await db.query(
      `delete from identity_check where instrument_id in (
         select instrument_id from identity_check where instrument_id = any ($1) order by instrument_id for update)`,
      [cleared]
    )
  }
  const held = changes.flatMap(([id, check]) => (check === null ? [] : [{ id, ...check }]))
  if (held.length === 0) return
  await db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since, checks, agrees_since)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::float8[], $5::timestamptz[], $6::int[], $7::timestamptz[])
     on conflict (instrument_id) do update set state = excluded.state, reason = excluded.reason, ratio = excluded.ratio,
       since = excluded.since, checks = excluded.checks, agrees_since = excluded.agrees_since`,
    [
      held.map(({ id }) => id),
      held.map(({ state }) => state),
      held.map(({ reason }) => reason),
      held.map(({ ratio }) => ratio),
      held.map(({ since }) => new Date(since)),
      held.map(({ checks }) => checks),
      held.map(({ agreesSince }) => (agreesSince === null ? null : new Date(agreesSince)))
    ]
  )
}
