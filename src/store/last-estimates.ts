import { DAY, MINUTE } from '../domain/time.ts'
import type { Database } from './database.ts'

/** What the venue said of a settlement, the last time before it. Rates exact, times in epoch milliseconds. */
export type LastEstimate = {
  readonly rate: string
  readonly observedAt: number
  /** Null where the venue did not declare it. */
  readonly declaredHours: number | null
  readonly cap: string | null
  readonly floor: string | null
}

/** No interval is longer than a day. */
const LONGEST_PERIOD_MS = DAY + MINUTE

/** The last estimate before each of these settlements that was about it; what looks back (`trailing`) is about none. */
export async function listLastEstimates(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  settledAt: readonly number[]
): Promise<ReadonlyMap<number, LastEstimate>> {
  if (settledAt.length === 0) return new Map()
  const { rows } = await client.query<{
    next_settlement_at: Date
    rate: string
    observed_at: Date
    declared_hours: number | null
    cap: string | null
    floor: string | null
  }>(
    `select distinct on (next_settlement_at) next_settlement_at, rate, observed_at, cap, floor,
       case when interval_source = 'declared' then interval_hours end as declared_hours
     from funding_estimate where instrument_id = $1 and tick_at >= $2 and tick_at < $3 and next_settlement_at = any ($4)
       and observed_at < next_settlement_at and kind <> 'trailing'
     order by next_settlement_at, tick_at desc, revision desc`,
    [
      instrumentId,
      new Date(Math.min(...settledAt) - LONGEST_PERIOD_MS),
      new Date(Math.max(...settledAt)),
      settledAt.map((at) => new Date(at))
    ]
  )
  return new Map(
    rows.map((row) => [
      row.next_settlement_at.getTime(),
      {
        rate: row.rate,
        observedAt: row.observed_at.getTime(),
        declaredHours: row.declared_hours,
        cap: row.cap,
        floor: row.floor
      }
    ])
  )
}
