import type { BucketType } from '../domain/signal-types.ts'
import { HOUR } from '../domain/time.ts'
import { OUTCOME_HOURS } from '../domain/track-record.ts'
import type { SubjectRef } from './closed-buckets/span.ts'
import type { Database, Transaction } from './database.ts'

/** Keeps what a type looks at so many hours after each of its signals opened, of buckets that end in (from, to]. */
export async function writeOutcomes(
  client: Transaction,
  type: BucketType,
  { from, to }: { readonly from: number; readonly to: number },
  readValues: () => (subject: SubjectRef, at: number) => number | null
): Promise<void> {
  type Due = {
    id: string
    instrument_id: number | null
    spot_id: number
    venue_id: string
    asset: string | null
    hours: number
    at: Date
  }
  const { rows } = await client.query<Due>(
    `select s.id, s.instrument_id, s.spot_id, s.venue_id, s.asset, h.hours, s.opened_at + h.hours * interval '1 hour' as at
     from unnest($2::int[]) as h (hours) join signal s
       on s.type = $1 and s.opened_at > $3::timestamptz - h.hours * interval '1 hour' and s.opened_at <= $4::timestamptz - h.hours * interval '1 hour'`,
    [type, OUTCOME_HOURS, new Date(from), new Date(to)]
  )
  if (rows.length === 0) return
  const valueAt = readValues()
  const values = rows.map(({ instrument_id, spot_id, venue_id, asset, at }) =>
    valueAt({ instrumentId: instrument_id, spotId: spot_id, venue: venue_id, asset }, at.getTime())
  )
  await client.query(
    `insert into signal_outcome (signal_id, horizon_hours, at, value, known_at)
     select *, now() from unnest($1::text[], $2::int[], $3::timestamptz[], $4::float8[]) on conflict do nothing`,
    [rows.map(({ id }) => id), rows.map(({ hours }) => hours), rows.map(({ at }) => at), values]
  )
}

/** What was looked at so many hours after the opening; null: nothing was known. One that is not there is not due, or was not kept. */
export type Outcomes = ReadonlyMap<string, ReadonlyMap<number, number | null>>

/** Outcomes of these signals, by signal and hours. Of funding regimes, the last settlement of up to 8 h before. */
export async function listOutcomes(
  db: Pick<Database, 'query'>,
  ids: readonly string[],
  nowMs: number
): Promise<Outcomes> {
  type Row = { id: string; hours: number; value: number | null }
  const { rows } = await db.query<Row>(
    `select o.signal_id as id, o.horizon_hours as hours, o.value from signal_outcome o where o.signal_id = any ($1)
     union all
     select s.id, h.hours, n.value from signal s cross join unnest($2::int[]) as h (hours)
       left join lateral (
         select value from signal_input n where n.instrument_id = s.instrument_id and n.spot_id = 0 and n.type = s.type
           and n.at > s.opened_at and n.at <= s.opened_at + h.hours * interval '1 hour'
           and n.at > s.opened_at + h.hours * interval '1 hour' - interval '8 hours' and n.value is not null
         order by n.at desc limit 1
       ) n on true
     where s.type = 'funding_regime' and s.id = any ($1) and s.opened_at + h.hours * interval '1 hour' <= $3`,
    [ids, OUTCOME_HOURS, new Date(nowMs - SETTLED_WITHIN_MS)]
  )
  const found = Map.groupBy(rows, ({ id }) => id)
  return new Map([...found].map(([id, own]) => [id, new Map(own.map(({ hours, value }) => [hours, value]))]))
}

/** A settlement of the last hour may still be on its way. */
const SETTLED_WITHIN_MS = HOUR
