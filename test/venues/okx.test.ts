import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isSkipped, listingOf, settlementOf } from '../../src/venues/normalise.ts'
import { okx } from '../../src/venues/okx.ts'
import { replay } from '../../src/venues/recorded.ts'
import { type Call, type CcxtMarket, emptyReading, type Reading } from '../../src/venues/venue.ts'

const DATA = new URL('../../../shared/data/', import.meta.url)
const WIRE = new URL('wire/jkorf/OKX.Net/Endpoints/UnifiedApi/ExchangeData/', DATA)
const MARKETS = new URL('ccxt-static/markets/okx.json', DATA)
const FIXTURES = new URL('ccxt-static/response-fixtures.json', DATA)
const skip =
  existsSync(WIRE) && existsSync(MARKETS) && existsSync(FIXTURES)
    ? false
    : 'the recorded answers of ../shared/data are not here'
const NOW = Date.UTC(2026, 10, 22, 20)

const json = (url: URL) => JSON.parse(readFileSync(url, 'utf8'))
/** A sample is a file of method, path, whether it is signed, and the body. */
const bodyOf = (file: string) =>
  JSON.parse(
    readFileSync(new URL(`${file}.txt`, WIRE), 'utf8')
      .replaceAll('\r', '')
      .split('\n')
      .slice(3)
      .join('\n')
  )
const envelope = (...data: unknown[]) => ({ code: '0', msg: '', data })

type Markets = Record<string, CcxtMarket>
const SWAP = {
  id: 'BTC-USDT-SWAP',
  symbol: 'BTC/USDT:USDT',
  base: 'BTC',
  quote: 'USDT',
  settle: 'USDT',
  type: 'swap',
  swap: true,
  contract: true,
  linear: true,
  inverse: false,
  active: true,
  contractSize: '0.01',
  info: { uly: 'BTC-USDT', ctMult: '1' }
}
const INVERSE = {
  ...SWAP,
  id: 'BTC-USD-SWAP',
  symbol: 'BTC/USD:BTC',
  quote: 'USD',
  settle: 'BTC',
  linear: false,
  inverse: true,
  contractSize: '100',
  info: { uly: 'BTC-USD', ctMult: '1' }
}
const SPOT = { id: 'BTC-USDT', symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', spot: true, info: {} }
const OURS: Markets = { [SWAP.symbol]: SWAP, [INVERSE.symbol]: INVERSE, [SPOT.symbol]: SPOT }

/** What the adapter's own call makes of a body that ccxt has read. */
async function readBody(call: Call, body: unknown, markets: Markets, method = call.method): Promise<Reading> {
  const { answer, exchange } = await replay('okx', okx, markets, { method, input: [], body })
  const reading = emptyReading()
  call.read(answer, { reading, observedAt: NOW, exchange, intervals: new Map() })
  return reading
}
const callNamed = (name: string) => okx.calls.find((call) => call.name === name)!

const RATE = {
  formulaType: 'withRate',
  fundingRate: '0.0000182221218054',
  fundingTime: String(NOW + 4 * 3_600_000),
  instId: 'BTC-USDT-SWAP',
  instType: 'SWAP',
  maxFundingRate: '0.00375',
  method: 'current_period',
  minFundingRate: '-0.003',
  nextFundingRate: '',
  nextFundingTime: String(NOW + 8 * 3_600_000),
  prevFundingTime: String(NOW - 4 * 3_600_000),
  ts: String(NOW - 120)
}

test('the interval is of the period that runs, not of the one that follows', async () => {
  const { estimates } = await readBody(callNamed('swap funding'), envelope(RATE), OURS)
  assert.deepEqual(estimates, [
    {
      symbol: 'BTC/USDT:USDT',
      rate: '0.0000182221218054',
      intervalHours: 8,
      intervalSource: 'declared',
      kind: 'indicative',
      nextSettlementAt: NOW + 4 * 3_600_000,
      cap: '0.00375',
      floor: '-0.003',
      observedAt: NOW,
      venueTime: NOW - 120
    }
  ])
})

test('without the settlement before, the interval that follows is assumed, and nothing when that is not known either', async () => {
  const read = async (change: object) => {
    const { estimates } = await readBody(callNamed('swap funding'), envelope({ ...RATE, ...change }), OURS)
    return [estimates[0]!.intervalHours, estimates[0]!.intervalSource]
  }
  assert.deepEqual(await read({ prevFundingTime: '' }), [4, 'assumed'])
  assert.deepEqual(await read({ prevFundingTime: '0', nextFundingTime: '' }), [null, null])
  assert.deepEqual(await read({ prevFundingTime: RATE.fundingTime, nextFundingTime: RATE.fundingTime }), [null, null])
})

test('a rate that is no number is skipped with the reason; a dated contract that pays funding is neither', async () => {
  const body = envelope({ ...RATE, fundingRate: '' }, { ...RATE, instId: 'ETH-USD_UM_XPERP-310404' })
  const xperp = { ...SWAP, id: 'ETH-USD_UM_XPERP-310404', symbol: 'ETH/USD:USDC-310404', type: 'future' }
  const dated = { ...xperp, swap: false, future: true, info: { ruleType: 'xperp' } }
  const { estimates, skipped } = await readBody(callNamed('swap funding'), body, { ...OURS, [dated.symbol]: dated })
  assert.deepEqual([estimates, skipped], [[], [{ symbol: 'BTC/USDT:USDT', reason: 'rate_unusable' }]])
  assert.deepEqual(listingOf('okx', dated, NOW, okx.nativeIdOf), {
    symbol: dated.symbol,
    reason: 'unsupported_kind'
  })
})

test('a recorded rate of the period before stands: it is fixed', { skip }, async () => {
  const { estimates } = await readBody(callNamed('swap funding'), bodyOf('GetFundingRates'), json(MARKETS))
  const [estimate] = estimates
  assert.deepEqual(
    [estimate!.rate, estimate!.kind, estimate!.nextSettlementAt, estimate!.cap, estimate!.floor],
    ['0.000079238688534', 'fixed', 1_703_088_000_000, '0.00375', '-0.00375']
  )
  assert.deepEqual([estimate!.intervalHours, estimate!.intervalSource], [8, 'assumed'])
})

test('recorded settlements are what was realised, not what was announced', { skip }, async () => {
  const { answer } = await replay('okx', okx, json(MARKETS), {
    method: 'fetchFundingRateHistory',
    input: ['BTC/USD:BTC'],
    body: bodyOf('GetFundingRateHistory')
  })
  const settlements = answer.map((row: Record<string, unknown>) => settlementOf(row, NOW))
  assert.ok(!settlements.some(isSkipped))
  assert.deepEqual(
    settlements.map(({ settledAt, rate }: { settledAt: number; rate: string }) => [settledAt, rate]),
    [
      [1_703_030_400_000, '0.0002279755647389'],
      [1_703_059_200_000, '0.0000746572360545']
    ]
  )
})

test('recorded open interest is coins and dollars, each contract once', { skip }, async () => {
  const fixture = json(FIXTURES).okx.find(({ method }: { method: string }) => method === 'fetchOpenInterest')
  const call = callNamed('swap open interest')
  const { openInterest } = await readBody(call, fixture.httpResponse, json(MARKETS))
  assert.deepEqual(
    openInterest.map(({ base, quote, usd, sides, venueTime }) => [base, quote, usd, sides, venueTime]),
    [['26631.0729999999861', null, '1676426045.349999124995', 1, 1_728_728_314_766]]
  )
})

test('open interest without dollars has them from the contracts where those are dollars, and only there', () => {
  const read = (market: CcxtMarket, info: object) => okx.readOpenInterest({ symbol: market.symbol, info }, market, NOW)
  const parts = (row: ReturnType<typeof read>) => ('reason' in row ? row.reason : [row.base, row.quote, row.usd])
  assert.deepEqual(parts(read(INVERSE, { oi: '35', oiCcy: '0.05' })), ['0.05', '3500', '3500'])
  assert.deepEqual(parts(read(SWAP, { oi: '35', oiCcy: '0.35' })), ['0.35', null, null])
  assert.deepEqual(parts(read(SWAP, { oi: '35' })), ['0.35', null, null])
  assert.deepEqual(parts(read({ ...SWAP, info: { ctMult: '10' } }, { oi: '35' })), ['3.5', null, null])
  assert.equal(parts(read(SWAP, { oi: 'NaN', oiCcy: '-1' })), 'open_interest_unusable')
})

test('volume is dollars whichever of the two counts they are in, sizes of linear contracts are coins', async () => {
  const said = { last: '50000', bidPx: '49999.9', bidSz: '120', askPx: '50000.1', askSz: '3', ts: String(NOW) }
  const counts = { vol24h: '2000', volCcy24h: '20.5' }
  const rowOf = (instType: string, instId: string) => ({ instType, instId, ...said, ...counts })
  const rows = [rowOf('SWAP', 'BTC-USDT-SWAP'), rowOf('SWAP', 'BTC-USD-SWAP'), rowOf('SPOT', 'BTC-USDT')]
  const reading = await readBody(callNamed('swap tickers'), envelope(...rows), OURS)
  assert.deepEqual(
    reading.volumes.map(({ symbol, volume24hUsd }) => [symbol, volume24hUsd]),
    [
      ['BTC/USDT:USDT', '1025000'],
      ['BTC/USD:BTC', '200000'],
      ['BTC/USDT', '20.5']
    ]
  )
  assert.deepEqual(
    reading.quotes.map(({ bidSize, askSize, bid, venueTime }) => [bidSize, askSize, bid, venueTime]),
    [
      ['1.2', '0.03', '49999.9', NOW],
      ['120', '3', '49999.9', NOW],
      ['120', '3', '49999.9', NOW]
    ]
  )
})

test('a recorded ticker gives its own numbers', { skip }, async () => {
  const fixture = json(FIXTURES).okx.find(({ method }: { method: string }) => method === 'fetchTicker')
  const { quotes, lasts, volumes } = await readBody(callNamed('spot tickers'), fixture.httpResponse, json(MARKETS))
  assert.deepEqual(
    [quotes[0]!.bid, quotes[0]!.ask, quotes[0]!.bidSize, lasts[0]!.last, volumes[0]!.volume24hUsd],
    ['73384.7', '73384.8', '0.0655768', '73384.8', '1519926359.597266598']
  )
})

test('a contract has the index of its underlying beside its mark, and each without the other', () => {
  const dated = { ...SWAP, id: 'BTC-USDT-261225', symbol: 'BTC/USDT:USDT-261225', swap: false, future: true }
  const exchange = { markets: { ...OURS, [dated.symbol]: dated } }
  const reading = emptyReading()
  const marks = { 'BTC/USDT:USDT': { markPrice: '101', timestamp: NOW - 5 }, 'BTC/USD:BTC': { markPrice: '0' } }
  const indices = [{ instId: 'BTC-USDT', idxPx: '100', ts: String(NOW - 9) }, {}, null]
  callNamed('mark and index prices').read(
    { marks, indices },
    { reading, observedAt: NOW, exchange, intervals: new Map() }
  )
  assert.deepEqual(
    reading.marks.map(({ symbol, mark, index, venueTime }) => [symbol, mark, index, venueTime]),
    [
      ['BTC/USDT:USDT', '101', '100', NOW - 5],
      ['BTC/USDT:USDT-261225', null, '100', NOW - 9]
    ]
  )
})

test('a market that is not open yet, one that will end, and a multiplied contract are listed as what they are', () => {
  const listed = (info: object) => {
    const listing = listingOf('okx', { ...SWAP, info: { ...SWAP.info, ...info } }, NOW, okx.nativeIdOf)
    return isSkipped(listing) ? listing.reason : [listing.status, listing.delistedAt, listing.contractSize]
  }
  assert.deepEqual(listed({ state: 'live', expTime: '' }), ['listed', null, '0.01'])
  assert.deepEqual(listed({ state: 'preopen' }), ['pre_listing', null, '0.01'])
  const last = NOW + 86_400_000
  assert.deepEqual(listed({ expTime: String(last), ctMult: '10' }), ['delisting', last, '0.1'])
})
