import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Sim } from '../../src/sim/server.ts'
import { openClient, type VenueClient } from '../../src/venues/ccxt-client.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { isSkipped, listingOf } from '../../src/venues/normalise.ts'
import { fetchHourlyCloses, fetchSettlements } from '../../src/venues/past.ts'
import { replay } from '../../src/venues/recorded.ts'
import { type CcxtMarket, emptyReading, type Reading, type Untrusted } from '../../src/venues/venue.ts'
import { type Body, DAY, getJson, HOUR, NOW, openSim } from '../sim/exchanges.ts'

const RECORDED = new URL('../../../shared/data/ccxt-static/', import.meta.url)
const skip = existsSync(RECORDED) ? false : 'the recorded bodies of ../shared/data are not here'
let sim: Sim
let client: VenueClient
let markets: CcxtMarket[]

before(async () => {
  sim = await openSim()
  const clock = { now: () => NOW }
  const options = { clock, timeoutMs: 5_000, maxBytes: 20e6, urls: sim.urls.deribit, throttled: false }
  client = await openClient(deribit, options)
  markets = await client.loadMarkets()
})
after(async () => {
  await client.close()
  await sim.close()
})

async function sweep(): Promise<Reading> {
  const reading = emptyReading()
  for (const call of deribit.calls.filter(({ reach }) => reach === 'bulk')) {
    const { value, observedAt } = await client.call((exchange) => call.ask(exchange, ''))
    call.read(value, { reading, observedAt, exchange: client.exchangeOf(), intervals: new Map() })
  }
  return reading
}

const summaryOf = async (currency: string): Promise<Map<string, Body>> => {
  const path = `/api/v2/public/get_book_summary_by_currency?currency=${currency}`
  const { result } = await getJson(sim, 'deribit', path)
  return new Map(result.map((row: Body) => [row.instrument_name, row]))
}

const rowOf = <T extends { readonly symbol: string }>(rows: readonly T[], symbol: string): T =>
  rows.find((row) => row.symbol === symbol)!

test('four questions a sweep bring every contract and spot pair with the numbers of the body', async () => {
  const reading = await sweep()
  assert.deepEqual(reading.skipped, [])
  const body = (await summaryOf('BTC')).get('BTC-PERPETUAL')
  const symbol = 'BTC/USD:BTC'
  const { bid, ask, bidSize, venueTime } = rowOf(reading.quotes, symbol)
  assert.deepEqual([Number(bid), Number(ask), bidSize], [body.bid_price, body.ask_price, null])
  assert.equal(venueTime, body.creation_timestamp)
  const { mark, index } = rowOf(reading.marks, symbol)
  assert.deepEqual([Number(mark), Number(index)], [body.mark_price, body.estimated_delivery_price])
  assert.equal(Number(rowOf(reading.volumes, symbol).volume24hUsd), body.volume_usd)
  const listed = markets.map((market) => listingOf('deribit', market, NOW, deribit.nativeIdOf))
  const followed = listed.flatMap((listing) => (isSkipped(listing) ? [] : [listing.symbol]))
  assert.deepEqual(reading.quotes.map((quote) => quote.symbol).sort(), followed.sort())
  const perpetuals = followed.filter((name) => name.includes(':') && !name.includes('-'))
  assert.deepEqual(reading.estimates.map((estimate) => estimate.symbol).sort(), perpetuals.sort())
})

test('the rate is the current one per 8 h, trailing, without a settlement to come', async () => {
  const { estimates } = await sweep()
  const bodies = await summaryOf('USDC')
  let nonzero = 0
  for (const estimate of estimates.filter(({ symbol }) => symbol.endsWith(':USDC'))) {
    const { id } = client.exchangeOf().market(estimate.symbol)
    assert.equal(Number(estimate.rate), bodies.get(id).current_funding, estimate.symbol)
    const { intervalHours, intervalSource, kind, nextSettlementAt, cap, floor } = estimate
    assert.deepEqual([intervalHours, intervalSource, kind], [8, 'declared', 'trailing'])
    assert.deepEqual([nextSettlementAt, cap, floor], [null, null, null])
    if (estimate.rate !== '0') nonzero += 1
  }
  assert.ok(nonzero > 5)
})

test('open interest is dollars of inverse and coins of linear contracts, whatever ccxt files it under', async () => {
  const { openInterest } = await sweep()
  for (const [symbol, id, currency, isInverse] of [
    ['BTC/USD:BTC', 'BTC-PERPETUAL', 'BTC', true],
    ['BTC/USD:BTC-261225', 'BTC-25DEC26', 'BTC', true],
    ['SOL/USDC:USDC', 'SOL_USDC-PERPETUAL', 'USDC', false],
    ['SOL/USDC:USDC-261225', 'SOL_USDC-25DEC26', 'USDC', false]
  ] as const) {
    const { open_interest, mark_price } = (await summaryOf(currency)).get(id)
    const { base, usd, sides } = rowOf(openInterest, symbol)
    assert.equal(Number(isInverse ? usd : base), open_interest, symbol)
    const other = isInverse ? open_interest / mark_price : open_interest * mark_price
    assert.ok(Math.abs(Number(isInverse ? base : usd) / other - 1) < 1e-9, symbol)
    assert.equal(sides, 1)
    const single = await client.call((exchange) => exchange.fetchOpenInterest(symbol))
    const again = deribit.readOpenInterest(single.value as Untrusted, client.exchangeOf().market(symbol), NOW)
    assert.ok('usd' in again)
    assert.deepEqual([again.base, again.usd], [base, usd], symbol)
  }
})

test('a dated contract in its last half hour has no index: its delivery price is an average by then', () => {
  const expiry = NOW + 20 * 60_000
  const symbol = 'BTC/USD:BTC-261122'
  const read = (type: 'swap' | 'future') => {
    const market = { symbol, contract: true, inverse: true, expiry, [type]: true }
    const info = { mark_price: '100.5', estimated_delivery_price: '100', current_funding: '0', open_interest: '1' }
    const ticker = { symbol, bid: '100', ask: '101', markPrice: '100.5', timestamp: NOW, info }
    const reading = emptyReading()
    const context = { reading, observedAt: NOW, exchange: { markets: { [symbol]: market } }, intervals: new Map() }
    deribit.calls[0]!.read({ [symbol]: ticker }, context)
    return reading
  }
  assert.deepEqual([read('future').marks[0]!.mark, read('future').marks[0]!.index], ['100.5', null])
  assert.equal(read('swap').marks[0]!.index, '100')
  assert.deepEqual([read('future').estimates.length, read('swap').estimates.length], [0, 1])
})

test('what is missing or no number is skipped with a reason, never a zero', () => {
  const market = { symbol: 'BTC/USD:BTC', contract: true, swap: true, inverse: true }
  for (const broken of [null, undefined, '', 'NaN', {}, '1e400', 2]) {
    const row = { symbol: market.symbol, info: { current_funding: broken } }
    const estimate = deribit.readEstimate(row, { observedAt: NOW } as never)
    assert.deepEqual(estimate, { symbol: market.symbol, reason: 'rate_unusable' }, String(broken))
    if (broken === 2) continue
    const openInterest = deribit.readOpenInterest(
      { symbol: market.symbol, info: { open_interest: broken } },
      market,
      NOW
    )
    assert.deepEqual(openInterest, { symbol: market.symbol, reason: 'open_interest_unusable' }, String(broken))
  }
})

test('a settlement is what its hour paid, not the eight hours that ccxt calls the rate', async () => {
  const instrument = { symbol: 'RENDER/USDC:USDC', kind: 'perpetual' } as const
  const since = Math.floor(NOW / HOUR) * HOUR - 9 * DAY
  const { rows, skipped } = await fetchSettlements(client, deribit, instrument, since, NOW)
  assert.deepEqual(skipped, [])
  const path = `/api/v2/public/get_funding_rate_history?instrument_name=RENDER_USDC-PERPETUAL`
  const { result } = await getJson(sim, 'deribit', `${path}&start_timestamp=${since}&end_timestamp=${NOW}`)
  assert.deepEqual(
    rows.map(({ settledAt, rate, mark }) => [settledAt, Number(rate), mark]),
    result.map(({ timestamp, interest_1h }: Body) => [timestamp, interest_1h, null])
  )
  const sumOf = (field: string) => Math.abs(result.reduce((sum: number, row: Body) => sum + row[field], 0))
  assert.ok(sumOf('interest_8h') > 3 * sumOf('interest_1h') && sumOf('interest_1h') > 0)
  assert.deepEqual(deribit.past!.readSettlement!({ symbol: 'X', timestamp: NOW, info: {} }, NOW), {
    symbol: 'X',
    reason: 'rate_unusable'
  })
})

test('hourly closes are whole, and an hour without a trade is no price', async () => {
  const instrument = { symbol: 'BTC/USDC', kind: 'spot' } as const
  const until = Math.floor(NOW / HOUR) * HOUR
  const { rows, skipped } = await fetchHourlyCloses(client, deribit, instrument, until - 30 * DAY, until)
  assert.deepEqual([rows.length, skipped.length], [720, 0])
  const idle = { fetchOHLCV: async () => [[until - HOUR, '1', '1', '1', '1', '0']] }
  const answer = await deribit.past!.askHourlyCandles!(idle, 'BTC/USDC', 0, until)
  assert.deepEqual(answer, [[until - HOUR]])
})

test('shares, options and spreads are listed by the venue and left out with the reason', () => {
  const reasons = new Map(
    markets.flatMap((market) => {
      const listing = listingOf('deribit', market, NOW, deribit.nativeIdOf)
      return isSkipped(listing) ? [[market.id, listing.reason]] : []
    })
  )
  assert.equal(reasons.get('NVDA_USDC-PERPETUAL'), 'not_crypto')
  assert.equal(reasons.get('BTC-FS-27NOV26_PERP'), 'unreadable_name')
  assert.deepEqual([...new Set(reasons.values())].sort(), ['not_crypto', 'unreadable_name', 'unsupported_kind'])
})

test('recorded bodies are read with their own numbers', { skip }, async () => {
  const fixtures = JSON.parse(readFileSync(new URL('response-fixtures.json', RECORDED), 'utf8')).deribit as Untrusted[]
  const recordedMarkets = JSON.parse(readFileSync(new URL('markets/deribit.json', RECORDED), 'utf8'))
  const { method, input, httpResponse } = fixtures.find((fixture) => fixture.method === 'fetchOpenInterest')
  const recording = { method, input, body: httpResponse }
  const { answer, exchange } = await replay('deribit', deribit, recordedMarkets, recording)
  const observedAt = Number(answer.timestamp) + 100
  const openInterest = deribit.readOpenInterest(answer, exchange.market('BTC/USD:BTC'), observedAt)
  assert.ok('usd' in openInterest)
  assert.equal(openInterest.usd, '9978637780')
  assert.ok(Math.abs(Number(openInterest.base) - 9_978_637_780 / 87_315.46) < 1e-6)
  // The same body as the bulk call brings it.
  const bulk = { method: 'fetchTickers', input: [null, { code: 'BTC', kind: 'future' }], body: httpResponse }
  const tickers = await replay('deribit', deribit, recordedMarkets, bulk)
  const reading = emptyReading()
  const context = { reading, observedAt, exchange: tickers.exchange, intervals: new Map() }
  deribit.calls[0]!.read(tickers.answer, context)
  const { bid, ask } = reading.quotes[0]!
  assert.deepEqual([bid, ask, reading.lasts[0]!.last], ['87196.5', '87421', '87435'])
  assert.deepEqual([reading.marks[0]!.mark, reading.marks[0]!.index], ['87315.46', '87177.7'])
  assert.equal(reading.estimates[0]!.rate, '0.00108022')
  assert.equal(reading.volumes[0]!.volume24hUsd, '664973880')
  assert.equal(reading.quotes[0]!.venueTime, 1_763_674_555_976)
})
