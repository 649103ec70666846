import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { HOUR } from '../../src/domain/time.ts'
import { hyperliquidRate } from '../../src/domain/venue-funding.ts'
import { createExchange } from '../../src/venues/ccxt-client.ts'
import { hyperliquid } from '../../src/venues/hyperliquid.ts'
import { candleOf, isSkipped, listingOf, settlementOf } from '../../src/venues/normalise.ts'
import { replay } from '../../src/venues/recorded.ts'
import { emptyReading, type Reading, type Untrusted, VenueError } from '../../src/venues/venue.ts'

const SHARED = new URL('../../../shared/data/', import.meta.url)
const WIRE = new URL('wire/jkorf/HyperLiquid.Net/Endpoints/', SHARED)
const skip = existsSync(SHARED) ? false : 'the recorded data of ../shared/data is not here'
const NOW = Date.UTC(2026, 0, 1, 12, 30)

const coin = (name: string, more = {}) => ({ szDecimals: '1', name, maxLeverage: '10', ...more })
const said = (more = {}) => ({
  funding: '-0.0000059308',
  openInterest: '4082564872.0',
  prevDayPx: '0.003434',
  dayNtlVlm: '2194073.2677139998',
  premium: '-0.0002984184',
  oraclePx: '0.003351',
  markPx: '0.003349',
  midPx: '0.003349',
  impactPxs: ['0.003348', '0.00335'],
  ...more
})

/** ccxt's own class with these coins as its markets, and what the adapter reads of an answer about them. */
async function readingOf(universe: object[], contexts: object[], name = 'perpetual contexts'): Promise<Reading> {
  const exchange = await createExchange('hyperliquid', { options: hyperliquid.options })
  exchange.setMarkets(universe.map((row, index) => exchange.parseMarket({ ...row, ...said(), baseId: index })))
  const reading = emptyReading()
  const call = hyperliquid.calls.find((each) => each.name === name)!
  call.read([{ universe }, contexts], { reading, observedAt: NOW, exchange, intervals: new Map() })
  return reading
}

test('a recorded context arrives with its own numbers: kPEPE of a thousand coins, impact prices, hourly rate, open interest', async () => {
  const { quotes, marks, estimates, openInterest, volumes, lasts, skipped } = await readingOf([coin('kPEPE')], [said()])
  const at = { symbol: 'KPEPE/USDC:USDC', observedAt: NOW, venueTime: null }
  assert.deepEqual(quotes, [{ ...at, bid: '0.003348', ask: '0.00335', bidSize: null, askSize: null }])
  assert.deepEqual(marks, [{ ...at, mark: '0.003349', index: '0.003351' }])
  const terms = { intervalHours: 1, intervalSource: 'declared', kind: 'indicative', cap: '0.04', floor: '-0.04' }
  const nextSettlementAt = Date.UTC(2026, 0, 1, 13)
  const settles = { nextSettlementAt, isSettlementTimeOurs: true }
  assert.deepEqual(estimates, [{ ...at, rate: '-0.0000059308', ...settles, ...terms }])
  const usd = '13672509.756328'
  assert.deepEqual(openInterest, [{ ...at, base: '4082564872', quote: usd, usd, sides: 1, unit: 'base' }])
  assert.deepEqual(volumes, [{ ...at, volume24hUsd: '2194073.2677139998', unit: 'quote' }])
  assert.deepEqual([lasts, skipped], [[], []])
})

test('a delisted coin has no rate of zero; a coin without impact prices has no quote; junk is skipped, each with its reason', async () => {
  const reading = await readingOf(
    [coin('LOOM', { isDelisted: true }), coin('THIN'), coin('JUNK'), coin('BTC')],
    [
      said({ funding: '0.0', impactPxs: null }),
      said({ impactPxs: null }),
      { funding: 'NaN', impactPxs: ['', '0'], markPx: 'abc', oraclePx: null, openInterest: '-1', dayNtlVlm: 'x' },
      said()
    ]
  )
  assert.deepEqual(
    reading.estimates.map(({ symbol }) => symbol),
    ['THIN/USDC:USDC', 'BTC/USDC:USDC']
  )
  assert.deepEqual(
    reading.quotes.map(({ symbol }) => symbol),
    ['BTC/USDC:USDC']
  )
  assert.deepEqual(
    reading.marks.map(({ symbol }) => symbol),
    ['THIN/USDC:USDC', 'BTC/USDC:USDC']
  )
  assert.deepEqual(reading.skipped, [
    { symbol: 'LOOM/USDC:USDC', reason: 'delisted' },
    { symbol: 'THIN/USDC:USDC', reason: 'quote_unusable' },
    { symbol: 'JUNK/USDC:USDC', reason: 'quote_unusable' },
    { symbol: 'JUNK/USDC:USDC', reason: 'rate_unusable' },
    { symbol: 'JUNK/USDC:USDC', reason: 'open_interest_unusable' }
  ])
})

test('lists that are not of one length, or no lists, are refused as a whole', async () => {
  const isBad = (error: unknown) => error instanceof VenueError && error.failure === 'bad_response'
  await assert.rejects(readingOf([coin('BTC'), coin('ETH')], [said()]), isBad)
  await assert.rejects(readingOf([coin('BTC')], [said(), said()]), isBad)
  const context = { reading: emptyReading(), observedAt: NOW, exchange: { markets: {} }, intervals: new Map() }
  for (const answer of [null, [], {}, [{}, []], [{ universe: {} }, {}]])
    assert.throws(() => hyperliquid.calls[0]!.read(answer, context), isBad)
})

test("the venue's own names tell kPEPE from KAVA; shares of other exchanges and pairs without a book are left out", {
  skip
}, () => {
  const markets: Record<string, Untrusted> = JSON.parse(
    readFileSync(new URL('ccxt-static/markets/hyperliquid.json', SHARED), 'utf8')
  )
  const listed = (symbol: string) => listingOf('hyperliquid', markets[symbol], NOW, hyperliquid.nativeIdOf)
  const nativeIds = ['KPEPE/USDC:USDC', 'BTC/USDC:USDC', 'BTC/USDC'].map((symbol) => {
    const listing = listed(symbol)
    return isSkipped(listing) ? listing.reason : listing.nativeId
  })
  assert.deepEqual(nativeIds, ['kPEPE', 'BTC', '@142'])
  const reasons = ['XYZ-MSFT/USDC:USDC', 'FLX-CRCL/USDH:USDH', 'PURR/USDC', 'HPENGU/USDC'].map((symbol) => {
    const listing = listed(symbol)
    return isSkipped(listing) ? listing.reason : 'listed'
  })
  assert.deepEqual(reasons, ['other_exchange', 'other_exchange', 'not_followed', 'not_followed'])
})

test('a recorded book and the recorded settlement are read as they are', { skip }, async () => {
  const markets = JSON.parse(readFileSync(new URL('ccxt-static/markets/hyperliquid.json', SHARED), 'utf8'))
  const book = bodyOf('Spot/ExchangeData/GetOrderBook')
  const { answer } = await replay('hyperliquid', hyperliquid, markets, {
    method: 'fetchOrderBook',
    input: ['BTC/USDC'],
    body: book
  })
  const reading = emptyReading()
  const observedAt = book.time + 400
  const call = hyperliquid.calls.find(({ name }) => name === 'spot books')!
  call.read([answer], { reading, observedAt, exchange: { markets }, intervals: new Map() })
  const quote = { bid: '21.828', ask: '21.829', bidSize: '65.9', askSize: '10' }
  assert.deepEqual(reading.quotes, [{ symbol: 'BTC/USDC', ...quote, observedAt, venueTime: book.time }])
  const history = await replay('hyperliquid', hyperliquid, markets, {
    method: 'fetchFundingRateHistory',
    input: ['ETH/USDC:USDC'],
    body: bodyOf('Futures/ExchangeData/GetFundingRateHistory')
  })
  const settlement = settlementOf(history.answer[0], NOW)
  assert.ok(!isSkipped(settlement))
  const { settledAt, venueTime, rate, mark } = settlement
  assert.deepEqual([settledAt, venueTime, rate, mark], [1683849600000, 1683849600076, '-0.00022196', null])
})

test('recorded candles are read with their own closes', { skip }, async () => {
  const file = JSON.parse(readFileSync(new URL('ccxt-static/response-fixtures.json', SHARED), 'utf8'))
  const markets = JSON.parse(readFileSync(new URL('ccxt-static/markets/hyperliquid.json', SHARED), 'utf8'))
  const fixtures: Untrusted[] = file.hyperliquid.filter(({ method }: Untrusted) => method === 'fetchOHLCV')
  assert.ok(fixtures.length > 0)
  for (const { input, httpResponse } of fixtures) {
    const recording = { method: 'fetchOHLCV', input, body: httpResponse }
    const { answer } = await replay('hyperliquid', hyperliquid, markets, recording)
    const closes = new Map<number, number>(httpResponse.map(({ t, c }: Untrusted) => [Number(t), Number(c)]))
    for (const row of answer) {
      const candle = candleOf(row, NOW)!
      assert.equal(Number(candle.close), closes.get(candle.startAt))
    }
  }
})

for (const name of ['BTC', 'ETH']) {
  const path = new URL(`history/yuchengzhang966/hl_${name}_funding_rates.json`, SHARED)
  test(`every recorded rate of ${name} is the formula of its premium, and its stamp belongs to a full hour`, {
    skip: existsSync(path) ? false : 'the recorded rates of ../shared/data are not here'
  }, () => {
    const rows: { funding_rate: string; premium: string; time: number }[] = JSON.parse(readFileSync(path, 'utf8'))
    assert.equal(rows.length, 12_192)
    for (const { funding_rate, premium, time } of rows) {
      const { rate1h } = hyperliquidRate(Number(premium))
      assert.ok(Math.abs(rate1h - Number(funding_rate)) <= 5.1e-11, `${time}: ${rate1h} ${funding_rate}`)
      const row = { symbol: `${name}/USDC:USDC`, fundingRate: funding_rate, timestamp: time }
      const settlement = hyperliquid.past!.readSettlement!(row, NOW)
      assert.ok(!isSkipped(settlement) && settlement.settledAt === time - (time % HOUR), `${time}`)
    }
  })
}

function bodyOf(file: string): Untrusted {
  const [, , , ...body] = readFileSync(new URL(`${file}.txt`, WIRE), 'utf8')
    .replaceAll('\r', '')
    .split('\n')
  return JSON.parse(body.join('\n'))
}
