import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bybit } from '../../src/venues/bybit.ts'
import { bookOf, hoursOf, positive, quoteOf, rateOf, settlementOf, signed } from '../../src/venues/normalise.ts'
import { emptyReading } from '../../src/venues/venue.ts'

const NOW = Date.UTC(2026, 0, 1)
const NOT_NUMBERS = [
  'NaN',
  'Infinity',
  '-Infinity',
  '',
  ' ',
  'null',
  '1,5',
  '0x10',
  null,
  undefined,
  true,
  [],
  ['1'],
  {}
]

test('prices are exact positive decimals or nothing', () => {
  assert.deepEqual(['64028.50', '1e-7', 1e-7, '0.000000000000000001', 42].map(positive), [
    '64028.5',
    '0.0000001',
    '0.0000001',
    '0.000000000000000001',
    '42'
  ])
  const none = [...NOT_NUMBERS, '0', '0.000', '-1', 0, -1, '1e400', '1e-400', '1e-19', '1e22', Number.NaN]
  for (const value of none) assert.equal(positive(value), null, String(value))
})

test('amounts may be zero or negative, rates lie within one', () => {
  assert.deepEqual(['0', '-0.50', 0, '-1.609e-05'].map(signed), ['0', '-0.5', '0', '-0.00001609'])
  assert.deepEqual(['0', '-0.0375', 1, '1.0001', -1.5].map(rateOf), ['0', '-0.0375', '1', null, null])
  for (const value of [...NOT_NUMBERS, '1e400']) {
    assert.equal(signed(value), null, String(value))
    assert.equal(rateOf(value), null, String(value))
  }
})

test('an interval of no plausible length is none', () => {
  assert.deepEqual(['8', 1, '0.5', 744].map(hoursOf), [8, 1, 0.5, 744])
  for (const value of [...NOT_NUMBERS, '0', '-8', '1e-300', '1e300', 745, []])
    assert.equal(hoursOf(value), null, String(value))
  const context = { reading: emptyReading(), observedAt: NOW, exchange: { markets: {} }, intervals: new Map() }
  const row = { symbol: 'BTC/USDT:USDT', fundingRate: '0.0001', info: { fundingIntervalHour: '1e-300' } }
  const estimate = bybit.readEstimate(row, context)
  assert.ok('rate' in estimate)
  assert.deepEqual([estimate.intervalHours, estimate.intervalSource], [null, null])
})

test('a quote keeps the side it has; without any it is none', () => {
  const quote = quoteOf({ symbol: 'BTC/USDT', bid: '0', ask: '100.10', askVolume: '', timestamp: 0 }, NOW)
  assert.deepEqual(
    [quote?.bid, quote?.ask, quote?.bidSize, quote?.askSize, quote?.venueTime],
    [null, '100.1', null, null, null]
  )
  assert.equal(quoteOf({ symbol: 'BTC/USDT', bid: 'NaN', ask: [] }, NOW), null)
})

test('a settlement belongs to the hour its stamp means; without a rate or a time it is skipped with the reason', () => {
  const row = { symbol: 'BTC/USDT:USDT', fundingRate: '0.0001', timestamp: NOW - 3_600_000 + 13 }
  const settlement = settlementOf(row, NOW)
  assert.ok('settledAt' in settlement)
  assert.deepEqual([settlement.settledAt, settlement.venueTime], [NOW - 3_600_000, row.timestamp])
  assert.deepEqual(settlementOf({ ...row, fundingRate: '' }, NOW), { symbol: row.symbol, reason: 'rate_unusable' })
  assert.deepEqual(settlementOf({ ...row, timestamp: 1_767_222_000 }, NOW), {
    symbol: row.symbol,
    reason: 'time_unusable'
  })
})

test('a book has its best prices first, whatever order and digits it came in, and no unusable level', () => {
  const level = fc.tuple(
    fc.oneof(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }).map(String),
      fc.constantFrom('0', '', 'NaN', '9.9', '10.1')
    ),
    fc.constantFrom<unknown>('1', '0', null, '12345678901234567.12345678')
  )
  fc.assert(
    fc.property(fc.array(level), fc.array(level), (bids, asks) => {
      const book = bookOf({ bids, asks })
      const prices = (levels: typeof book.bids) => levels.map(([price]) => Number(price))
      assert.deepEqual(
        prices(book.bids),
        prices(book.bids).toSorted((a, b) => b - a)
      )
      assert.deepEqual(
        prices(book.asks),
        prices(book.asks).toSorted((a, b) => a - b)
      )
      assert.ok([...book.bids, ...book.asks].flat().every((text) => Number(text) > 0))
    })
  )
  for (const junk of [null, undefined, {}, { bids: 'x', asks: [null, [], 1] }])
    assert.deepEqual(bookOf(junk), { bids: [], asks: [] })
})
