import type { Database } from '../../src/store/database.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { aCarry, aSignal } from '../support/signals.ts'
import {
  aLiquidation,
  observeDepth,
  observeEstimate,
  observeFlow,
  observeLiquidations,
  observeQuote,
  observeSizes
} from '../support/sizes.ts'
import { boardRow, insertBasis, insertInstrument, insertSettlements, NOW_MS, putOnBoard } from './fixture.ts'

export const PERP = 'binance:BTC/USDT:USDT'

/** Something for every route to show. */
export async function seedEverything(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const perp = await insertInstrument(db, { key: PERP, spotId: spot })
  await putOnBoard(db, boardRow({ instrument: PERP }))
  await observeSizes(db, perp, {})
  await observeFlow(db, perp, {})
  await observeLiquidations(db, perp, { liquidations: [aLiquidation()] })
  await observeQuote(db, await insertInstrument(db, { key: 'kraken:USDT/USD' }), {})
  await observeDepth(db, perp, {})
  await observeDepth(db, spot, { bid50: null, ask50: null })
  await observeQuote(db, spot, { bid: '63999', ask: '64001', bidSize: '5', askSize: '5' })
  await observeQuote(db, perp, { bid: '64019', ask: '64021', bidSize: '5', askSize: '5' })
  await observeEstimate(db, perp, {})
  await putOnBoard(
    db,
    boardRow({ instrument: 'bybit:BTC/USD:BTC', spot: null, fx: null, observedAt: null, absent: { fx: 'stale' } })
  )
  await observeEstimate(db, await idOf(db, 'bybit:BTC/USD:BTC'), { rate: '0.0002' })
  const dated = await insertInstrument(db, { key: 'binance:BTC/USDT:USDT-261225', spotId: spot })
  await db.query('update instrument set expires_at = $2 where id = $1', [dated, new Date('2026-12-25T08:00:00Z')])
  await observeQuote(db, dated, { bid: '65900', ask: '65910' })
  await insertBasis(db, perp, spot, [{ atMs: NOW_MS - 60_000, basisBps: 1.5 }])
  await insertSettlements(db, perp, [{ atMs: NOW_MS - 4 * 3_600_000, rate: '0.0001' }])
  await db.query(
    `insert into funding_interval (instrument_id, effective_from, interval_hours, source, declared_at, settled_from, known_at) values
       ($1, $2, 8, 'declared', $2, $2, $2), ($1, $3, 4, 'observed', null, $3, $3), ($1, $4, 1, 'declared', $4, null, $4)`,
    [perp, ...[48, 24, 2].map((hours) => new Date(NOW_MS - hours * 3_600_000))]
  )
  await db.query(
    `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at) values
       ($1, 'binance', 'market', $2, $3, 'timeout', $3), (0, 'binance', 'market', $2, $3, 'down', $3),
       (0, 'bybit', 'market', $2, $3, 'down', $3), ($4, 'binance', 'market', $2, $3, 'other', $3)`,
    [perp, new Date(NOW_MS - 60_000), new Date(NOW_MS), spot]
  )
  await db.query(
    `insert into tick (job, scope, tick_at, state, holder, lease_until, claimed_at, finished_at, rows)
     select 'collect', 'binance', $1::timestamptz - n * interval '10 s', 'done', 'here', $1, $1, $1, 5 from generate_series(0, 2) n`,
    [new Date(NOW_MS)]
  )
  await db.query(
    `insert into backfill (instrument_id, fact, wanted_from, updated_at) values ($1, 'settlement', $2, $2)`,
    [perp, new Date(NOW_MS)]
  )
  await db.query(`insert into asset (id, rank, tracked, ranked_at) values ('BTC', 1, true, $1)`, [new Date(NOW_MS)])
  await db.transaction((client) =>
    writeSignals(client, [
      aSignal({ id: 'sig_open', instrumentId: perp }),
      aSignal({
        id: 'sig_closed',
        instrumentId: perp,
        openedAt: NOW_MS - 99 * 3_600_000,
        closedAt: NOW_MS - 50 * 3_600_000
      }),
      aCarry({ id: 'sig_carry', instrumentId: perp, spotId: spot, closedAt: NOW_MS - 3_600_000 })
    ])
  )
}

async function idOf(db: Database, key: string): Promise<number> {
  const { rows } = await db.query<{ id: number }>('select id from instrument where key = $1', [key])
  return rows[0]!.id
}
