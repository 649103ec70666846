import type { IntervalSource } from '../domain/board-row.ts'
import {
  type FundingStanding,
  INTERVAL_HOURS_MAX,
  type SettledFunding,
  STANDING_DAYS,
  type UnrankedFunding
} from '../domain/funding-standing.ts'
import { STALE_INTERVALS } from '../domain/regime-series.ts'
import { DAY, HOUR } from '../domain/time.ts'
import type { Database, Transaction } from './database.ts'
import { DECLARED_HOURS } from './signal-facts.ts'

/** Notes in the transaction of its settlements that an instrument's newest has to be ranked again. */
export async function markStanding(client: Pick<Database, 'query'>, instrumentId: number): Promise<void> {
  await client.query(
    `insert into funding_standing as s (instrument_id) values ($1)
     on conflict (instrument_id) do update set is_due = true where not s.is_due`,
    [instrumentId]
  )
}

export type DueStanding = {
  readonly instrumentId: number
  readonly listedAt: number | null
  /** Ascending, the newest revision of each. */
  readonly settled: readonly SettledFunding[]
}

/** So far back a ranking reads: the longest window of the oldest newest settlement. */
export const STANDING_BACK_MS = Math.max(...STANDING_DAYS) * DAY + STALE_INTERVALS * INTERVAL_HOURS_MAX * HOUR

/**
 * Takes up to `limit` instruments that got settlements, with those of their windows. Their rows stay locked: what is marked meanwhile
 * waits for us and is due again; whoever else takes some takes others.
 */
export async function takeDueStandings(
  client: Transaction,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number }
): Promise<DueStanding[]> {
  const taken = await client.query<{ id: number; listed_at: Date | null }>(
    `update funding_standing f set is_due = false from instrument i
     where i.id = f.instrument_id and f.instrument_id in (
       select instrument_id from funding_standing where is_due order by instrument_id limit $1 for update skip locked)
     returning i.id, i.listed_at`,
    [limit]
  )
  if (taken.rows.length === 0) return []
  const settled = await listSettled(
    client,
    taken.rows.map(({ id }) => id),
    nowMs
  )
  return taken.rows.map(({ id, listed_at }) => ({
    instrumentId: id,
    listedAt: listed_at?.getTime() ?? null,
    settled: settled.get(id) ?? []
  }))
}

type SettledColumns = {
  readonly id: number
  readonly times: number[]
  readonly rates: number[]
  readonly hours: (number | null)[]
  readonly sources: (IntervalSource | null)[]
  readonly versions: number[]
}

/** A row per instrument and an array per column: a year of hours is read in a third of the time of its rows. */
async function listSettled(
  client: Transaction,
  ids: readonly number[],
  nowMs: number
): Promise<Map<number, SettledFunding[]>> {
  const { rows } = await client.query<SettledColumns>(
    `select instrument_id as id, array_agg((extract(epoch from settled_at) * 1000)::float8) as times,
       array_agg(rate::float8) as rates, array_agg(interval_hours) as hours, array_agg(interval_source) as sources,
       array_agg(formula_version::int) as versions
     from (
       select distinct on (instrument_id, settled_at) instrument_id, settled_at, rate, interval_hours, interval_source, formula_version
       from settlement where instrument_id = any ($1) and settled_at > $2 and settled_at <= $3
       order by instrument_id, settled_at, revision desc
     ) s group by instrument_id`,
    [ids, new Date(nowMs - STANDING_BACK_MS), new Date(nowMs)]
  )
  return new Map(
    rows.map(({ id, times, rates, hours, sources, versions }) => {
      const settled = times.map((settledAt, index) => ({
        settledAt,
        rate: rates[index]!,
        intervalHours: hours[index] ?? null,
        intervalSource: sources[index] ?? null,
        formulaVersion: versions[index]!
      }))
      return [id, settled.sort((a, b) => a.settledAt - b.settledAt)]
    })
  )
}

/** What is kept of an instrument. `computedAt` in epoch ms, null: it has settlements and was not ranked yet. */
export type KeptStanding = {
  readonly computedAt: number | null
  readonly standing: FundingStanding | UnrankedFunding | null
  /** The interval that its venue declares for the settlement to come; null: none. */
  readonly declaredHours: number | null
}

export async function writeStandings(
  client: Transaction,
  standings: readonly { readonly instrumentId: number; readonly standing: FundingStanding | UnrankedFunding | null }[],
  computedAtMs: number
): Promise<void> {
  await client.query(
    `update funding_standing f set computed_at = $3, standing = s.standing::json
     from unnest($1::int[], $2::text[]) as s (id, standing) where f.instrument_id = s.id`,
    [
      standings.map(({ instrumentId }) => instrumentId),
      standings.map(({ standing }) => standing && JSON.stringify(standing)),
      new Date(computedAtMs)
    ]
  )
}

/** Those of many instruments, each by its key; what has never settled has none. */
export async function listStandings(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[]
): Promise<ReadonlyMap<number, KeptStanding>> {
  type Row = {
    id: number
    computed_at: Date | null
    standing: FundingStanding | UnrankedFunding | null
    declared_hours: number | null
  }
  const { rows } = await db.query<Row>(
    `select s.instrument_id as id, s.computed_at, s.standing, ${DECLARED_HOURS} as declared_hours
     from funding_standing s left join market_latest l on l.instrument_id = s.instrument_id where s.instrument_id = any ($1)`,
    [instrumentIds]
  )
  return new Map(
    rows.map(({ id, computed_at, standing, declared_hours: declaredHours }) => [
      id,
      { computedAt: computed_at?.getTime() ?? null, standing, declaredHours }
    ])
  )
}
