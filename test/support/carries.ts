import { HOUR } from '../../src/domain/time.ts'
import { keepOutcome } from '../../src/jobs/carry-outcomes.ts'
import type { Log } from '../../src/log.ts'
import { closeHours } from '../../src/store/bucket-building.ts'
import { markBuckets } from '../../src/store/bucket-marks.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { NOW_MS } from '../api/fixture.ts'
import { silentLog } from './line.ts'

/** Bid and ask of both legs. */
export type Prices = { readonly spot: readonly [number, number]; readonly contract: readonly [number, number] }
export const AT_ENTRY: Prices = { spot: [99.9, 100], contract: [101, 101.1] }
export const AT_EXIT: Prices = { spot: [110, 110.1], contract: [110.2, 110.3] }

type PairPrices = {
  readonly atMs: number
  readonly prices: Prices
  readonly revision?: number
  readonly source?: string
}

/** Stores bases of a pair as their writers do, with the marks of theirs. */
export async function insertPrices(
  db: Database,
  [instrumentId, spotId]: readonly [number, number],
  rows: readonly PairPrices[]
): Promise<void> {
  const times = rows.map(({ atMs }) => atMs)
  await ensurePartitions(db, 'basis_snapshot', times, NOW_MS)
  const columns = rows.map(({ atMs, prices: { spot, contract }, revision = 0, source = 'polled' }) => ({
    tick_at: new Date(atMs).toISOString(),
    ...{ revision, source, cb: contract[0], ca: contract[1], sb: spot[0], sa: spot[1] }
  }))
  await db.transaction(async (client) => {
    await markBuckets(
      client,
      times.map((tickAt) => ({ instrumentId, spotId, tickAt }))
    )
    await client.query(
      `insert into basis_snapshot (instrument_id, spot_id, tick_at, revision, observed_at, known_at, available_at, contract_observed_at,
         spot_observed_at, skew_ms, contract_bid, contract_ask, contract_mid, spot_bid, spot_ask, spot_mid, multiplier, fx, basis_bps,
         price_kind, grade, span_ms, source, formula_version, adapter_version)
       select $1, $2, t, revision, t, t, t, t, t, 0, cb, ca, cb, sb, sa, sb, 1, 1, 0, 'mid', 'signal', 60000, source, 1, 1
       from (select r.*, tick_at as t from json_to_recordset($3) as r (tick_at timestamptz, revision int, source text, cb numeric, ca numeric, sb numeric, sa numeric)) r`,
      [instrumentId, spotId, JSON.stringify(columns)]
    )
  })
}

/** As if the last minutes were over: carries that are marked are due now. */
export const passMinutes = (db: Database) => db.query('update carry_due set due_at = now() where is_due')

/** Closes every hour before now, and works out what is due; answers how many carries were. */
export async function workOutCarries(db: Database, log: Log = silentLog): Promise<number> {
  await closeHours(db, NOW_MS + HOUR)
  await passMinutes(db)
  let worked = 0
  while (await keepOutcome({ db, log })) worked += 1
  return worked
}
