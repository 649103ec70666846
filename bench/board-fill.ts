import type { BoardRow } from '../src/domain/board-row.ts'
import { isoOf } from '../src/domain/time.ts'
import { replaceBoard } from '../src/store/board.ts'
import type { Database } from '../src/store/database.ts'

const VENUES = ['binance', 'bybit', 'okx', 'kraken', 'deribit']
export const CONTRACTS = 5_000

/** Contracts and their spot legs for a full board. */
export async function insertContracts(db: Database): Promise<void> {
  await db.query(`insert into venue (id, name, state) select v, v, 'up' from unnest($1::text[]) v`, [VENUES])
  await db.query(
    `insert into instrument (id, key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, spot_id, tracked)
     select n * 2 + k, v || ':' || symbol, v, symbol, case k when 0 then 'spot' else 'perpetual' end, a, a, 'USDT',
       case k when 0 then null else 'USDT' end, case k when 0 then null else false end, 1, case k when 0 then null else n * 2 end, true
     from generate_series(1, $2::int) n, generate_series(0, 1) k,
       lateral (select 'COIN' || n as a, ($1::text[])[1 + n % 5] as v) c,
       lateral (select a || '/USDT' || case k when 0 then '' else ':USDT' end as symbol) s`,
    [VENUES, CONTRACTS]
  )
}

/** Puts every contract on the board, as freshly derived. */
export async function fillBoard(db: Database, turn: number): Promise<void> {
  const now = Date.now()
  for (const [place, venue] of VENUES.entries()) {
    const entries = Array.from({ length: CONTRACTS }, (_, index) => index + 1)
      .filter((n) => n % 5 === place)
      .map((n) => ({ instrumentId: n * 2 + 1, row: rowOf(venue, n, now, turn), inputs: {} }))
    await db.transaction((client) => replaceBoard(client, venue, now, entries))
  }
}

function rowOf(venue: string, n: number, nowMs: number, turn: number): BoardRow {
  const at = isoOf(nowMs)
  const spot = 10 + (n % 997)
  const price = (bps: number) => (spot * (1 + bps / 1e4)).toFixed(4)
  const basisBps = ((n * 7 + turn) % 200) / 10 - 8
  return {
    instrument: `${venue}:COIN${n}/USDT:USDT`,
    spot: `${venue}:COIN${n}/USDT`,
    venue,
    asset: `COIN${n}`,
    kind: 'perpetual',
    quote: 'USDT',
    settle: 'USDT',
    inverse: false,
    multiplier: 1,
    fx: 1,
    contractBid: price(basisBps - 0.5),
    contractAsk: price(basisBps + 0.5),
    contractMid: price(basisBps),
    spotBid: price(-0.5),
    spotAsk: price(0.5),
    spotMid: price(0),
    mark: price(basisBps),
    index: price(0.1),
    basisAbs: (Number(price(basisBps)) - spot).toFixed(4),
    basisBps,
    premiumBps: basisBps - 0.1,
    carryEntryBps: basisBps - 1,
    reverseEntryBps: basisBps + 1,
    fxBps: 0,
    adjustedBasisBps: basisBps,
    expiresAt: null,
    daysToExpiry: null,
    basisApr: null,
    fundingRate: 0.0001,
    fundingIntervalHours: 8,
    fundingIntervalSource: 'declared',
    fundingKind: 'indicative',
    fundingRate8h: 0.0001,
    fundingApr: 0.1095,
    nextSettlementAt: at,
    nextSettlementVenueTime: at,
    cap: 0.02,
    floor: -0.02,
    determined: 0.5,
    fundingFormulaVersion: 1,
    fundingAdapterVersion: 1,
    openInterestUsd: `${1_000_000 + n}.5`,
    volume24hUsd: `${5_000_000 + n}.25`,
    priceKind: 'mid',
    grade: 'signal',
    reasons: [],
    ageMs: 0,
    skewMs: 40,
    absent: {},
    observedAt: at,
    contractObservedAt: at,
    spotObservedAt: at,
    contractVenueTime: at,
    spotVenueTime: null,
    markObservedAt: at,
    fundingObservedAt: at,
    openInterestObservedAt: at,
    volumeObservedAt: at
  }
}
