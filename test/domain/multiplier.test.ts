import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { multiplierCandidates, resolveMultiplier } from '../../src/domain/multiplier.ts'

const exact = (text: string) => parseDecimal(text)!

function resolve(venue: string, contractBase: string, rawName: string, price: string, spots: Record<string, string>) {
  const spotMids = Object.fromEntries(Object.entries(spots).map(([base, mid]) => [base, exact(mid)]))
  return resolveMultiplier({
    venue,
    contractBase,
    rawName,
    spotBases: Object.keys(spots),
    contractMid: exact(price),
    spotMids
  })
}

test('the exact base wins over a stripped one', () => {
  assert.deepEqual(resolve('binance', '1INCH', '1INCHUSDT', '0.25', { '1INCH': '0.2501', INCH: '0.25' }), {
    spotBase: '1INCH',
    multiplier: 1
  })
  const sats = resolve('binance', '1000SATS', '1000SATSUSDT', '0.00021', {
    '1000SATS': '0.0002101',
    SATS: '0.0000002101'
  })
  assert.deepEqual(sats, { spotBase: '1000SATS', multiplier: 1 })
})

test('each prefix is stripped for its own multiplier', () => {
  const cases = [
    ['1000000MOG', 'MOG', 1_000_000],
    ['10000LADYS', 'LADYS', 10_000],
    ['1000PEPE', 'PEPE', 1000],
    ['1MBABYDOGE', 'BABYDOGE', 1_000_000]
  ] as const
  for (const [base, spot, multiplier] of cases) {
    assert.deepEqual(resolve('binance', base, `${base}USDT`, String(multiplier), { [spot]: '1' }), {
      spotBase: spot,
      multiplier
    })
  }
})

test('a kilo name counts on Hyperliquid alone, and only by the lower-case k of the raw name', () => {
  assert.deepEqual(resolve('hyperliquid', 'KPEPE', 'kPEPE', '0.0123', { PEPE: '0.0000123' }), {
    spotBase: 'PEPE',
    multiplier: 1000
  })
  assert.deepEqual(resolve('hyperliquid', 'KAVA', 'KAVA', '1000', { AVA: '1' }), {
    unresolved: true,
    reason: 'no_spot_base'
  })
  assert.deepEqual(resolve('binance', 'KPEPE', 'kPEPE', '0.0123', { PEPE: '0.0000123' }), {
    unresolved: true,
    reason: 'no_spot_base'
  })
})

test('the suffix is read on Bybit alone', () => {
  assert.deepEqual(resolve('bybit', 'SHIB1000', 'SHIB1000USDT', '0.012', { SHIB: '0.000012' }), {
    spotBase: 'SHIB',
    multiplier: 1000
  })
  assert.deepEqual(resolve('binance', 'SHIB1000', 'SHIB1000USDT', '0.012', { SHIB: '0.000012' }), {
    unresolved: true,
    reason: 'no_spot_base'
  })
})

test('a price more than 10 % away is another coin; at 10 % it is still the same', () => {
  assert.deepEqual(resolve('binance', '1000X', '1000XUSDT', '1.1', { X: '0.001' }), { spotBase: 'X', multiplier: 1000 })
  assert.deepEqual(resolve('binance', '1000X', '1000XUSDT', '0.9', { X: '0.001' }), { spotBase: 'X', multiplier: 1000 })
  for (const price of ['1.1001', '0.8999', '0']) {
    assert.deepEqual(resolve('binance', '1000X', '1000XUSDT', price, { X: '0.001' }), {
      unresolved: true,
      reason: 'price_disagrees'
    })
  }
  assert.deepEqual(resolve('binance', 'LUNA', 'LUNAUSDT', '1', { LUNA: '0.0001' }), {
    unresolved: true,
    reason: 'price_disagrees'
  })
})

test('without a price a stripped base stays unresolved and the exact one stands', () => {
  const unpriced = { venue: 'binance', rawName: null, contractMid: null, spotMids: {} }
  assert.deepEqual(resolveMultiplier({ ...unpriced, contractBase: '1000PEPE', spotBases: ['PEPE'] }), {
    unresolved: true,
    reason: 'price_missing'
  })
  assert.deepEqual(resolveMultiplier({ ...unpriced, contractBase: 'BTC', spotBases: ['BTC'] }), {
    spotBase: 'BTC',
    multiplier: 1
  })
})

test('a base that is nothing but a prefix is not stripped to nothing', () => {
  assert.deepEqual(multiplierCandidates({ venue: 'binance', contractBase: '1000', rawName: null }), [
    { spotBase: '1000', multiplier: 1 },
    { spotBase: '0', multiplier: 100 }
  ])
})
