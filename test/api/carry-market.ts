import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { observeDepth, observeEstimate, observeQuote, observeSizes } from '../support/sizes.ts'
import { insertInstrument, NOW_MS } from './fixture.ts'

export const PERP = 'binance:BTC/USDT:USDT'
export const SPOT = 'binance:BTC/USDT'
export const DEEP = {
  bid10: '900000',
  ask10: '900000',
  bid25: '3000000',
  ask25: '3000000',
  bid50: '9000000',
  ask50: '9000000'
}
export const HOUR = 3_600_000

export async function seed(db: Database): Promise<{ spot: number; perp: number }> {
  const spot = await insertInstrument(db, { key: SPOT })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  await observeDepth(db, spot, DEEP)
  await observeDepth(db, perp, DEEP)
  await observeQuote(db, spot, { bid: '63999', ask: '64001', bidSize: '2', askSize: '2' })
  await observeQuote(db, perp, { bid: '64019', ask: '64021', bidSize: '2', askSize: '2' })
  await observeEstimate(db, perp, {})
  await observeSizes(db, perp, { usd: '5000000000' })
  return { spot, perp }
}

/** Best prices of both legs and the rate to come, as they were stored. */
export async function quoteAt(
  db: Database,
  { spot, perp }: { spot: number; perp: number },
  atMs: number
): Promise<void> {
  await ensurePartitions(db, 'market_snapshot', [atMs], NOW_MS)
  for (const [id, bid, ask] of [
    [spot, '50000', '50001'],
    [perp, '50040', '50041']
  ] as const) {
    await db.query(
      `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, bid_size, ask_size, span_ms, source, adapter_version)
       values ($1, $2, $2, $2, $2, $3, $4, 1, 1, 60000, 'polled', 1)`,
      [id, new Date(atMs), bid, ask]
    )
  }
  await ensurePartitions(db, 'funding_estimate', [atMs], NOW_MS)
  await db.query(
    `insert into funding_estimate (instrument_id, tick_at, observed_at, known_at, available_at, rate, interval_hours, interval_source, kind,
       next_settlement_at, span_ms, source, formula_version, adapter_version)
     values ($1, $2, $2, $2, $2, 0.0002, 8, 'declared', 'indicative', $3, 60000, 'polled', 1, 1)`,
    [perp, new Date(atMs), new Date(atMs + 7 * HOUR)]
  )
}
