import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBinanceListings } from '../../src/sim/binance/listings.ts'
import { createBybitListings } from '../../src/sim/bybit/listings.ts'
import { createActivityModel } from '../../src/sim/market/activity.ts'
import { ASSETS, assetNamed } from '../../src/sim/market/assets.ts'
import { nextQuarterlyExpiries } from '../../src/sim/market/calendar.ts'
import { ofAssets } from '../../src/sim/market/listings.ts'
import { createMarket } from '../../src/sim/market/market.ts'
import { DAY, HOUR, NOW, SEED } from './exchanges.ts'

const market = createMarket(SEED)
const binance = createBinanceListings(SEED)(NOW)
const bybit = createBybitListings(SEED)(NOW)
const YEAR_AGO = NOW - 365 * DAY

test('at any time of a year some assets are overheated and some in panic, and most are calm', () => {
  for (let at = YEAR_AGO; at <= NOW; at += 6 * HOUR) {
    const levels = ASSETS.map((asset) => market.regimes.level(asset, at))
    const hot = levels.filter((level) => level > 5e-4).length
    const panicked = levels.filter((level) => level < -5e-4).length
    assert.ok(hot >= 1 && panicked >= 1, `${new Date(at).toISOString()} ${hot} ${panicked}`)
    assert.ok(levels.filter((level) => Math.abs(level) < 1e-4).length > ASSETS.length / 2)
  }
})

test('funding sits at its anchor most of the time, as the real one does', () => {
  let anchored = 0
  let settled = 0
  for (const instrument of binance.linear.filter(({ funding }) => funding?.intervalHours === 8)) {
    for (let at = Date.UTC(2026, 8, 1); at < Date.UTC(2026, 10, 1); at += 8 * HOUR) {
      settled++
      if (market.funding.settled(instrument, at) === instrument.funding!.interest8h) anchored++
    }
  }
  assert.ok(anchored / settled > 0.6 && anchored / settled < 0.95, `${anchored / settled}`)
})

test('prices stay near where they began, move together, and never by less than their tick', () => {
  const moves = (name: string) => {
    const series: number[] = []
    for (let at = NOW - 90 * DAY; at < NOW; at += HOUR) series.push(market.spot.usd(assetNamed(name), at))
    return series.slice(1).map((price, index) => Math.log(price / series[index]!))
  }
  assert.ok(correlation(moves('BTC'), moves('ETH')) > 0.5)
  assert.ok(correlation(moves('BTC'), moves('GALA')) > 0.3)
  for (const asset of ASSETS) {
    for (let at = YEAR_AGO; at <= NOW; at += 5 * DAY) {
      const ratio = market.spot.usd(asset, at) / asset.usd
      assert.ok(ratio > 0.2 && ratio < 5, `${asset.name} ${ratio}`)
    }
  }
})

test('a dated future is worth its index at expiry and carries before', () => {
  for (const instrument of [...binance.linear, ...binance.inverse, ...bybit.linear, ...bybit.inverse]) {
    if (instrument.expiry === null) continue
    assert.ok(Math.abs(market.premium(instrument, instrument.expiry)) < 1e-12, instrument.id)
    const spot = market.spot.index(instrument.asset, instrument.quote, instrument.expiry - 60_000)
    assert.ok(Math.abs(market.mid(instrument, instrument.expiry - 60_000) / spot - 1) < 1e-5)
  }
  const [near] = nextQuarterlyExpiries(NOW, 1)
  const btc = binance.linear.find((each) => each.expiry === near && each.asset.name === 'BTC')!
  assert.ok(Math.abs(market.premium(btc, NOW)) > 1e-4)
})

test('two quarters of dated contracts are listed and roll at 08:00 on the last Friday', () => {
  const listings = createBinanceListings(SEED)
  const expiry = Date.UTC(2026, 11, 25, 8)
  const ids = (at: number) =>
    listings(at)
      .linear.filter((each) => each.kind === 'future')
      .map(({ id }) => id)
  assert.deepEqual(ids(expiry - 1), ['BTCUSDT_261225', 'BTCUSDT_270326', 'ETHUSDT_261225', 'ETHUSDT_270326'])
  assert.deepEqual(ids(expiry), ['BTCUSDT_270326', 'BTCUSDT_270625', 'ETHUSDT_270326', 'ETHUSDT_270625'])
  assert.equal(listings(expiry), listings(expiry + DAY))
  const few = ofAssets(new Set(['BTC']), listings)
  assert.equal(few(expiry), few(expiry + DAY), 'caches are kept by the list')
  assert.notEqual(few(expiry - 1), few(expiry))
  const started = listings(expiry).linear.find(({ id }) => id === 'BTCUSDT_270625')!.listedAt
  assert.equal(started, expiry)
})

test('open interest grows with euphoria and shrinks with panic', () => {
  const instrument = binance.linear.find((each) => each.kind === 'perpetual')!
  const held = (level: number) => createActivityModel({ level: () => level }).openInterest(instrument, NOW)
  assert.ok(held(0.004) > 1.2 * held(0))
  assert.ok(held(-0.004) < 0.8 * held(0))
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanA, meanB] = [mean(a), mean(b)]
  const covariance = mean(a.map((value, index) => (value - meanA) * (b[index]! - meanB)))
  const deviation = (values: readonly number[], centre: number) =>
    Math.sqrt(mean(values.map((value) => (value - centre) ** 2)))
  return covariance / (deviation(a, meanA) * deviation(b, meanB))
}
