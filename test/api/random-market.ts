import fc from 'fast-check'
import type { Database } from '../../src/store/database.ts'
import { observeDepth, observeEstimate, observeQuote, observeSizes } from '../support/sizes.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS } from './fixture.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const chance = (of: number) => fc.integer({ min: 1, max: 10 }).map((drawn) => drawn <= of)
const facts = fc.record({
  hasQuote: chance(8),
  isOld: chance(1),
  hasDepth: chance(8),
  hasSizes: chance(6),
  hasEstimate: chance(8),
  intervalHours: fc.constantFrom(null, 1, 4, 8, 8, 8),
  nextInHours: fc.constantFrom(null, 1, 3),
  settlements: fc.constantFrom(0, 0, 3, 60),
  isIntervalKnown: chance(8),
  hasHistory: chance(4),
  hasSpot: chance(7),
  bps: fc.integer({ min: -120, max: 120 })
})
const VENUES = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid', 'kraken', 'gate', 'mexc']
const EXPIRIES = [0.4, 5, 40, 130]

/** A market of BTC whose contracts each lack something else. */
export async function seedMarket(db: Database): Promise<void> {
  const quoteOf = async (id: number, has: { hasQuote: boolean; isOld: boolean }, mid: number) => {
    const book = { bid: String(mid - 1), ask: String(mid + 1), bidSize: '3', askSize: '3' }
    if (has.hasQuote) await observeQuote(db, id, { ...book, ...(has.isOld ? { observedAt: NOW_MS - 600_000 } : {}) })
  }
  for (const [index, venue] of VENUES.entries()) {
    const [first, ...dated] = fc.sample(facts, { numRuns: 1 + EXPIRIES.length, seed: 7_919 * (index + 1) })
    const spotQuote = index % 4 === 3 ? 'USDC' : 'USDT'
    const spot =
      first!.hasSpot && venue !== 'mexc' ? await insertInstrument(db, { key: `${venue}:BTC/${spotQuote}` }) : null
    if (spot !== null) {
      await quoteOf(spot, first!, 64_000)
      if (first!.hasDepth) await observeDepth(db, spot, {})
    }
    for (const [place, has] of [first!, ...dated].entries()) {
      const days = EXPIRIES[place - 1]
      const expiresAt = days === undefined ? null : new Date(NOW_MS + days * DAY)
      const suffix = expiresAt === null ? '' : `-${expiresAt.toISOString().slice(2, 10).replaceAll('-', '')}`
      const id = await insertInstrument(db, { key: `${venue}:BTC/USDT:USDT${suffix}`, spotId: spot })
      await db.query('update instrument set expires_at = $2 where id = $1', [id, expiresAt])
      await quoteOf(id, has, 64_000 * (1 + has.bps / 10_000))
      if (has.hasDepth) await observeDepth(db, id, {})
      if (has.hasSizes) await observeSizes(db, id, {})
      if (spot !== null && has.hasSizes) await observeSizes(db, spot, {})
      if (expiresAt !== null) continue
      const nextSettlementAt = has.nextInHours === null ? null : NOW_MS + has.nextInHours * HOUR
      if (has.hasEstimate) await observeEstimate(db, id, { intervalHours: has.intervalHours, nextSettlementAt })
      const intervalHours = has.isIntervalKnown ? 8 : null
      const settled = { rate: '0.0001', intervalHours }
      const times = Array.from({ length: has.settlements }, (_, turn) => NOW_MS - 4 * HOUR - turn * 8 * HOUR)
      await insertSettlements(
        db,
        id,
        times.map((atMs) => ({ ...settled, atMs }))
      )
      if (spot === null || !has.hasHistory) continue
      const history = Array.from({ length: 20 }, (_, day) => NOW_MS - 12 * HOUR - (day + 1) * DAY + HOUR)
      await insertBasis(
        db,
        id,
        spot,
        history.map((atMs, day) => ({ atMs, basisBps: (day % 3) * 4 }))
      )
    }
  }
}
