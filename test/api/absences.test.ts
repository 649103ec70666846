import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { nullsWithoutReason, reasonsOfValues } from '../support/nulls.ts'
import { observeDepth, observeEstimate, observeQuote, observeSizes } from '../support/sizes.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'
import { putBoard, sampleInputs } from './random-board.ts'

type Row = Record<string, unknown> & { absent: Record<string, string> }
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What a perpetual or a dated contract never has: of the kind of instrument no answer gives the reason. */
const NEVER: Readonly<Record<string, RegExp>> = {
  perpetual: /^(expiresAt|daysToExpiry|basisApr|fees\.deliveryFrac)$/,
  future:
    /^(funding.*|nextSettlement.*|cap|floor|determined|costToRecoverFrac|breakEven.*|fair\.noisyFairBps|points\.realisedFundingApr)$/
}
/** Words that are null where there is nothing to say, and what a point of a curve has by its own kind. */
const WORDS = /^(refusal|refusalDetail|points\.expiresAt|points\.realisedFundingApr)$/
const isPlain = (path: string, { kind }: Record<string, unknown>) =>
  WORDS.test(path) || (NEVER[String(kind)]?.test(path) ?? false)

const answered = async (url: string, path: string): Promise<Row[]> => {
  const { body, status } = await request(url).get(path)
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
  return body.data
}

/** How many nulls there were; each with its reason, and no reason of what is there. */
function countNulls(rows: readonly Row[], label: string): number {
  for (const row of rows) {
    const name = `${label} ${row.instrument ?? row.short ?? row.venue}`
    assert.deepEqual(nullsWithoutReason(row, isPlain), [], `${name}: ${JSON.stringify(row)}`)
    assert.deepEqual(reasonsOfValues(row), [], `${name}: ${JSON.stringify(row)}`)
  }
  return rows.reduce((count, row) => count + Object.keys(row.absent).length, 0)
}

test('every null of the board and of funding has its reason, over REST and GraphQL, as made and after a part of it is too old', async () => {
  const all = sampleInputs(60, 9_000)
  await using api = await testApi({ seed: (db) => putBoard(db, all) })
  for (const afterMs of [0, 31_000, 900_000]) {
    api.clock.advance(afterMs)
    const basis = await answered(api.url, '/v1/basis?limit=1000')
    assert.equal(basis.length, all.length)
    const funding = await answered(api.url, '/v1/funding?limit=1000')
    assert.ok(countNulls(basis, 'basis') > 100 && countNulls(funding, 'funding') > 20)
    const fields = 'instrument basisApr fundingRate8h determined multiplier premiumBps absent'
    const { body } = await request(api.url)
      .post('/graphql')
      .send({ query: `{ basis(first: 100) { nodes { ${fields} } } }` })
    const told = new Map(basis.map((row) => [row.instrument, row]))
    for (const node of body.data.basis.nodes) {
      const row = told.get(node.instrument)!
      assert.deepEqual(node, Object.fromEntries(fields.split(' ').map((field) => [field, row[field]])))
    }
  }
})

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
  bps: fc.integer({ min: -60, max: 60 })
})
const VENUES = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid', 'kraken', 'gate', 'mexc']
const EXPIRIES = [0.4, 5, 40, 130]

/** A market of one asset whose contracts each lack something else. */
async function seedMarket(db: Database): Promise<void> {
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

test('every null of carries, spreads and curves has its reason, whatever is not known of the legs', async () => {
  await using api = await testApi({ seed: seedMarket })
  const refusals = new Set<unknown>()
  for (const afterMs of [0, 25_000, 700_000]) {
    api.clock.advance(afterMs)
    for (const query of [
      '',
      '&notional=1000&borrowApr=0.1&spotTaker=0',
      '&notional=9000000',
      '&horizonHours=1200&limit=60'
    ]) {
      const carries = await answered(api.url, `/v1/carry?asset=BTC${query}`)
      countNulls(carries, `carry${query}`)
      for (const { refusal } of carries) refusals.add(refusal)
    }
    const windows = ['', `&from=${NOW_MS - 3 * DAY}`, `&from=${NOW_MS - 300 * DAY}&to=${NOW_MS - 299 * DAY}`]
    for (const query of windows)
      countNulls(await answered(api.url, `/v1/funding/spreads?asset=BTC${query}`), `spreads${query}`)
    const curves = await answered(api.url, '/v1/term-structure?asset=BTC')
    countNulls(curves, 'curve')
    for (const { points, absent } of curves) {
      for (const point of points as Row[]) {
        const isTold = `points.${point.instrument}.realisedFundingApr` in absent
        assert.equal(isTold, point.kind === 'perpetual' && point.realisedFundingApr === null, String(point.instrument))
      }
    }
  }
  for (const refusal of [
    null,
    'stale',
    'missing_quote',
    'no_spot_leg',
    'near_expiry',
    'borrow_unknown',
    'book_too_thin'
  ]) {
    assert.ok(refusals.has(refusal), `no carry was ${refusal}: ${[...refusals]}`)
  }
})
