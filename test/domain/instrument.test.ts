import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { chooseSpotLeg } from '../../src/domain/spot-leg.ts'
import { plausibleTime } from '../../src/domain/time.ts'

test('an instrument key tells venue, kind, currencies and the day of expiry', () => {
  const kinds = Object.fromEntries(
    [
      'binance:BTC/USDT',
      'binance:BTC/USDT:USDT',
      'bybit:BTC/USD:BTC',
      'deribit:BTC/USD:BTC-261225',
      'binanceusdm:ETH/USDT:USDT'
    ].map((key) => {
      const { venue, kind, inverse, expiresAt } = parseInstrumentKey(key)!
      return [key, [venue, kind, inverse, expiresAt === null ? null : new Date(expiresAt).toISOString()]]
    })
  )
  assert.deepEqual(kinds, {
    'binance:BTC/USDT': ['binance', 'spot', null, null],
    'binance:BTC/USDT:USDT': ['binance', 'perpetual', false, null],
    'bybit:BTC/USD:BTC': ['bybit', 'perpetual', true, null],
    'deribit:BTC/USD:BTC-261225': ['deribit', 'future', true, '2026-12-25T08:00:00.000Z'],
    'binanceusdm:ETH/USDT:USDT': ['binance', 'perpetual', false, null]
  })
})

test('what is not an instrument key is none', () => {
  for (const key of [
    '',
    'BTC/USDT',
    'binance:',
    'binance:BTC',
    'binance:BTC/USDT:USDT-261399',
    'binance:BTC/USDT:USDT-261225-70000-C',
    'Binance:BTC/USDT',
    'a:b/c',
    'binance:BTC/US DT'
  ]) {
    assert.equal(parseInstrumentKey(key), undefined, key)
  }
})

const spots = (...keys: string[]) => keys.map((key) => parseInstrumentKey(key)!)
function legOf(contract: string, keys: string[], nativeId: string | null = null) {
  const known = spots(...keys)
  const named = { ...parseInstrumentKey(contract)!, nativeId }
  const leg = chooseSpotLeg(named, (venue, base) => known.filter((spot) => spot.venue === venue && spot.base === base))
  return leg && [leg.spot.key, leg.multiplier, leg.reason]
}

test('the spot leg is the same venue and quote before another quote, and a reference venue last', () => {
  const all = ['binance:BTC/USDT', 'bybit:BTC/USDC', 'bybit:BTC/USDT', 'coinbase:BTC/USD']
  assert.deepEqual(legOf('bybit:BTC/USDT:USDT', all), ['bybit:BTC/USDT', 1, 'same_venue_same_quote'])
  assert.deepEqual(legOf('bybit:BTC/USD:BTC', all), ['bybit:BTC/USDT', 1, 'same_venue_other_quote'])
  assert.deepEqual(legOf('okx:BTC/USDT:USDT', all), ['binance:BTC/USDT', 1, 'reference_venue_same_quote'])
  assert.deepEqual(legOf('okx:BTC/USD:BTC', ['coinbase:BTC/USD']), [
    'coinbase:BTC/USD',
    1,
    'reference_venue_same_quote'
  ])
  assert.equal(legOf('bybit:XMR/USDT:USDT', all), undefined)
  assert.equal(legOf('bybit:BTC/EUR:EUR', ['bybit:BTC/USDT']), undefined, 'a euro is no dollar')
})

test('an exact base wins over a stripped multiplier, and 1INCH stays a coin', () => {
  assert.deepEqual(
    legOf('binance:1000SATS/USDT:USDT', ['binance:1000SATS/USDT', 'binance:SATS/USDT'], '1000SATSUSDT'),
    ['binance:1000SATS/USDT', 1, 'same_venue_same_quote']
  )
  assert.deepEqual(legOf('binance:1000PEPE/USDT:USDT', ['binance:PEPE/USDT'], '1000PEPEUSDT'), [
    'binance:PEPE/USDT',
    1000,
    'same_venue_same_quote'
  ])
  assert.deepEqual(legOf('bybit:SHIB1000/USDT:USDT', ['bybit:SHIB/USDT'], 'SHIB1000USDT'), [
    'bybit:SHIB/USDT',
    1000,
    'same_venue_same_quote'
  ])
  assert.equal(legOf('binance:1INCH/USDT:USDT', ['binance:INCH/USDT'], '1INCHUSDT'), undefined)
})

test('0, −1, seconds, texts and far futures are not times', () => {
  const now = Date.UTC(2026, 10, 22)
  for (const value of [0, -1, now / 1000, now + 2 * 86_400_000, Number.NaN, '', 'abc', null, undefined, {}])
    assert.equal(plausibleTime(value, now), null)
  assert.equal(plausibleTime(now, now), now)
  assert.equal(plausibleTime(String(now), now), now)
})
