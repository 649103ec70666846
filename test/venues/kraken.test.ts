import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runNormalise } from '../../src/cli/normalise.ts'
import { createSweepMemory, sweepVenue } from '../../src/jobs/sweep.ts'
import type { Sim } from '../../src/sim/server.ts'
import { openClient, type VenueClient } from '../../src/venues/ccxt-client.ts'
import { kraken } from '../../src/venues/kraken.ts'
import { fetchHourlyCloses, fetchSettlements } from '../../src/venues/past.ts'
import { replay } from '../../src/venues/recorded.ts'
import { type CcxtMarket, emptyReading, type Reading, type Untrusted, type VenueError } from '../../src/venues/venue.ts'
import { DAY, HOUR, NOW, openSim } from '../sim/exchanges.ts'

const RECORDED = fileURLToPath(new URL('../../../shared/data/ccxt-static', import.meta.url))
const skip = existsSync(RECORDED) ? false : 'the recorded bodies in ../shared/data are not here'
const [spotCall, contractCall] = kraken.calls
let sim: Sim
let client: VenueClient

before(async () => {
  sim = await openSim()
  client = await openClient(kraken, {
    clock: { now: () => NOW },
    timeoutMs: 10_000,
    maxBytes: 50e6,
    urls: sim.urls.kraken,
    throttled: false
  })
  for (const id of kraken.ccxtIds) client.exchangeOf(id).milliseconds = () => NOW
  await client.loadMarkets()
})
after(async () => {
  await client.close()
  await sim.close()
})

const MARKETS: Record<string, CcxtMarket> = {
  'BTC/USD:USD': { symbol: 'BTC/USD:USD', swap: true, contract: true, linear: true, inverse: false, quote: 'USD' },
  'BTC/USD:BTC': { symbol: 'BTC/USD:BTC', swap: true, contract: true, linear: false, inverse: true, quote: 'USD' },
  'BTC/USD:USD-261225': { symbol: 'BTC/USD:USD-261225', contract: true, linear: true, inverse: false, quote: 'USD' }
}

/** What the adapter makes of one contract ticker as ccxt hands it over. */
function read(symbol: string, info: Record<string, Untrusted>, ticker: Record<string, Untrusted> = {}): Reading {
  const reading = emptyReading()
  const said = { bid: '100', ask: '101', bidVolume: '1', askVolume: '2', last: '100.5', timestamp: NOW - 900_000 }
  const prices = { markPrice: info.markPrice, indexPrice: info.indexPrice }
  const answer = { [symbol]: { symbol, ...said, ...prices, ...ticker, info } }
  contractCall!.read(answer, { reading, observedAt: NOW, exchange: { markets: MARKETS }, intervals: new Map() })
  return reading
}

test('two requests bring every market of both classes, and nothing is left out', async () => {
  const { reading, failures } = await sweepVenue(kraken, client, createSweepMemory(), NOW)
  assert.deepEqual([failures, reading.skipped], [[], []])
  const symbols = kraken.ccxtIds.flatMap((id) => Object.keys(client.exchangeOf(id).markets))
  assert.deepEqual(reading.quotes.map(({ symbol }) => symbol).sort(), symbols.sort())
  const contracts = Object.values<CcxtMarket>(client.exchangeOf('krakenfutures').markets)
  assert.equal(reading.openInterest.length, contracts.length)
  assert.equal(reading.marks.length, contracts.length)
  assert.equal(reading.estimates.length, contracts.filter(({ swap }) => swap).length)
  assert.ok(reading.quotes.every(({ venueTime }) => venueTime === null))
})

test("the time of the last trade is the last price's and nobody else's", () => {
  const info = { fundingRate: '1', indexPrice: '50000', markPrice: '50001', openInterest: '3' }
  const { quotes, lasts, marks, estimates } = read('BTC/USD:USD', info)
  assert.deepEqual(
    [quotes[0]!.venueTime, marks[0]!.venueTime, estimates[0]!.venueTime, lasts[0]!.venueTime],
    [null, null, null, NOW - 900_000]
  )
})

test('a linear rate is money per coin and is divided by the index, an inverse one is coins per dollar and multiplied', () => {
  const linear = read('BTC/USD:USD', { fundingRate: '0.858943191939791995', indexPrice: '42596.51', markPrice: '1' })
  assert.ok(Math.abs(Number(linear.estimates[0]!.rate) / 0.000020164637711864 - 1) < 1e-4)
  const inverse = read('BTC/USD:BTC', { fundingRate: '2.18900669884e-7', indexPrice: '277.66', markPrice: '1' })
  assert.ok(Math.abs(Number(inverse.estimates[0]!.rate) / 0.00006077996 - 1) < 1e-6)
  assert.deepEqual(
    [linear.estimates[0], inverse.estimates[0]].map((row) => [row!.kind, row!.intervalHours, row!.nextSettlementAt]),
    Array(2).fill(['fixed', 1, Math.floor(NOW / HOUR) * HOUR + HOUR])
  )
})

test('no rate is beyond a quarter of a per cent an hour, or beyond what its listing says', () => {
  const info = { fundingRate: '-0.00053266204286', indexPrice: '0.136173', markPrice: '0.12664089' }
  const [estimate] = read('BTC/USD:USD', info).estimates
  assert.deepEqual([estimate!.rate, estimate!.cap, estimate!.floor], ['-0.0025', '0.0025', '-0.0025'])
  const markets = { 'BTC/USD:USD': { ...MARKETS['BTC/USD:USD'], info: { maxRelativeFundingRate: '0.001' } } }
  const context = { reading: emptyReading(), observedAt: NOW, exchange: { markets }, intervals: new Map() }
  const declared = kraken.readEstimate({ symbol: 'BTC/USD:USD', info }, context)
  assert.ok(!('reason' in declared))
  assert.deepEqual([declared.rate, declared.cap, declared.floor], ['-0.001', '0.001', '-0.001'])
})

test('a rate without its index is no rate, whatever the mark says', () => {
  for (const [info, reason] of [
    [{ fundingRate: '1', markPrice: '50000' }, 'index_missing'],
    [{ fundingRate: '1', indexPrice: '0', markPrice: '50000' }, 'index_missing'],
    [{ fundingRate: 'NaN', indexPrice: '50000' }, 'rate_unusable'],
    [{ indexPrice: '50000' }, 'rate_unusable']
  ] as const) {
    const { estimates, skipped } = read('BTC/USD:USD', { ...info, openInterest: '1' })
    assert.deepEqual([estimates, skipped], [[], [{ symbol: 'BTC/USD:USD', reason }]])
  }
  const dated = read('BTC/USD:USD-261225', { indexPrice: '50000', markPrice: '50500', openInterest: '1' })
  assert.deepEqual([dated.estimates, dated.skipped], [[], []])
})

test('open interest is coins of a linear contract and dollars of an inverse one, and the mark tells the other', () => {
  const of = (symbol: string, info: Record<string, string>) => {
    const { base, quote, usd, sides } = read(symbol, { ...info, fundingRate: '0', indexPrice: '1' }).openInterest[0]!
    return { base, quote, usd, sides }
  }
  const held = { openInterest: '2000.5', markPrice: '50000' }
  assert.deepEqual(of('BTC/USD:USD', held), { base: '2000.5', quote: '100025000', usd: '100025000', sides: 1 })
  assert.deepEqual(of('BTC/USD:BTC', held), { base: '0.04001', quote: '2000.5', usd: '2000.5', sides: 1 })
  assert.deepEqual(of('BTC/USD:BTC', { openInterest: '7' }), { base: null, quote: '7', usd: '7', sides: 1 })
})

test('a suspended contract has no quote, and the indices among the tickers are no instruments', () => {
  const suspended = read('BTC/USD:USD', { suspended: 'true', fundingRate: '1', indexPrice: '1' })
  assert.deepEqual([suspended.quotes, suspended.estimates], [[], []])
  assert.deepEqual(suspended.skipped, [{ symbol: 'BTC/USD:USD', reason: 'suspended' }])
  assert.deepEqual(read('in_xbtusd', {}), emptyReading())
})

test('volume is in dollars or not said at all', () => {
  const reading = emptyReading()
  const exchange = { markets: { 'BTC/USD': { quote: 'USD' }, 'BTC/EUR': { quote: 'EUR' } } }
  const tickers = ['BTC/USD', 'BTC/EUR'].map((symbol) => ({ symbol, bid: '1', ask: '2', quoteVolume: '5', info: {} }))
  spotCall!.read(tickers, { reading, observedAt: NOW, exchange, intervals: new Map() })
  assert.deepEqual(
    reading.volumes.map(({ symbol, volume24hUsd }) => [symbol, volume24hUsd]),
    [['BTC/USD', '5']]
  )
  assert.equal(read('BTC/USD:USD', { vol24h: '3', volumeQuote: '99' }).volumes[0]!.volume24hUsd, '99')
  assert.equal(read('BTC/USD:BTC', { vol24h: '3', volumeQuote: '99' }).volumes[0]!.volume24hUsd, '3')
})

test('settled rates are the relative ones, only of the window that was asked for', async () => {
  const page = await fetchSettlements(client, kraken, { symbol: 'BTC/USD:USD', kind: 'perpetual' }, NOW - DAY, NOW)
  assert.equal(page.rows.length, 24)
  assert.ok(page.rows.every(({ rate }) => Math.abs(Number(rate)) <= 0.0025))
  const absolute = { symbol: 'BTC/USD:USD', timestamp: NOW, fundingRate: '0.5', info: { fundingRate: '0.5' } }
  assert.deepEqual(kraken.past!.readSettlement!(absolute, NOW), { symbol: 'BTC/USD:USD', reason: 'rate_unusable' })
})

test('what spot no longer has is not asked for, and contracts are asked for by window', async () => {
  const asked: string[] = []
  const exchange = client.exchangeOf('kraken')
  const { fetchOHLCV } = exchange
  exchange.fetchOHLCV = (...args: unknown[]) => {
    asked.push(String(args[0]))
    return fetchOHLCV.apply(exchange, args)
  }
  const coin = { symbol: 'BTC/USD', kind: 'spot' } as const
  const recent = await fetchHourlyCloses(client, kraken, coin, NOW - 700 * HOUR, NOW)
  assert.equal(recent.rows.length, 700)
  const gone = await fetchHourlyCloses(client, kraken, coin, NOW - 2_000 * HOUR, NOW - 1_300 * HOUR)
  assert.deepEqual([gone.rows, asked], [[], ['BTC/USD']])
  const contract = { symbol: 'BTC/USD:USD', kind: 'perpetual' } as const
  // Both ends belong to a window: the hour that begins at its end is over as well.
  const old = await fetchHourlyCloses(client, kraken, contract, NOW - 2_000 * HOUR, NOW - 1_300 * HOUR)
  assert.equal(old.rows.length, 701)
  exchange.fetchOHLCV = fetchOHLCV
})

test('recorded bodies of both ids come out with their own numbers, under the one venue', { skip }, async () => {
  const lines: Untrusted[] = []
  await runNormalise(RECORDED, (line) => void lines.push(JSON.parse(line)), { now: () => Date.UTC(2026, 1, 8, 17, 34) })
  const rowOf = (venue: string, method: string) =>
    lines.find((line) => line.venue === venue && line.method === method && line.rows.length > 0)?.rows[0]
  assert.deepEqual(rowOf('kraken', 'fetchTicker'), {
    ...{ instrument: 'kraken:BTC/USDT', bid: '73380.6', ask: '73380.7', last: '73380.6' },
    ...{ mark: null, index: null, venueTime: null }
  })
  const { fundingRate, fundingRate8h, fundingApr, ...rest } = rowOf('krakenfutures', 'fetchFundingRates')
  const relative = -0.000000742689179664 / 0.096257
  assert.ok(Math.abs(fundingRate / relative - 1) < 1e-12)
  assert.ok(Math.abs(fundingRate8h / (relative * 8) - 1) < 1e-9 && Math.abs(fundingApr / (relative * 8760) - 1) < 1e-9)
  assert.deepEqual(rest, {
    ...{ instrument: 'kraken:DOGE/USD:USD', fundingIntervalHours: 1, fundingIntervalSource: 'declared' },
    ...{ fundingKind: 'fixed', nextSettlementAt: '2026-02-08T18:00:00.000Z', cap: 0.0025, floor: -0.0025 },
    venueTime: null
  })
})

test("a recorded ticker's quote and a recorded history read as they were written", { skip }, async () => {
  const markets = JSON.parse(await readFile(`${RECORDED}/markets/krakenfutures.json`, 'utf8'))
  const body = {
    rates: [
      { timestamp: '2018-08-31T16:00:00.000Z', fundingRate: '2.18900669884E-7', relativeFundingRate: '0.00006077996' },
      { timestamp: '2018-08-31T20:00:00.000Z', fundingRate: '1E-8', relativeFundingRate: '-5.40935416667e-7' }
    ]
  }
  const recording = { method: 'fetchFundingRateHistory', input: ['BTC/USD:BTC'], body }
  const { answer } = await replay('krakenfutures', kraken, markets, recording)
  const rows = answer.map((row: Untrusted) => kraken.past!.readSettlement!(row, NOW))
  assert.deepEqual(
    rows.map(({ settledAt, rate }: Untrusted) => [new Date(settledAt).toISOString(), rate]),
    [
      ['2018-08-31T16:00:00.000Z', '0.00006077996'],
      ['2018-08-31T20:00:00.000Z', '-0.000000540935416667']
    ]
  )
})

test("a limit that is said with status 200 is a limit, and Kraken's other refusals are failures", async () => {
  let body = {}
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const urls = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = { clock: { now: () => NOW }, timeoutMs: 5_000, maxBytes: 1e6, urls, throttled: false }
  const refused = await openClient(kraken, options)
  for (const [ccxtId, said, failure] of [
    ['kraken', { error: ['EAPI:Rate limit exceeded'] }, 'rate_limited'],
    ['kraken', { error: ['EGeneral:Temporary lockout'] }, 'rate_limited'],
    ['krakenfutures', { result: 'error', error: 'apiLimitExceeded' }, 'rate_limited'],
    ['kraken', { error: ['EGeneral:Internal error'] }, 'bad_response'],
    ['krakenfutures', { result: 'error', error: 'Server Error' }, 'bad_response']
  ] as const) {
    body = said
    const call = refused.call((exchange) => exchange.fetchMarkets(), { ccxtId })
    await assert.rejects(call, (error: VenueError) => error.failure === failure, JSON.stringify(said))
  }
  await refused.close()
  server.close()
})
