import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAY } from '../../src/domain/time.ts'
import { binance } from '../../src/venues/binance.ts'
import { readBook } from '../../src/venues/books.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { readFlow } from '../../src/venues/flow.ts'
import { candleOf, lastOf, markOf, quoteOf, settlementOf, volumeOf } from '../../src/venues/normalise.ts'
import { okx } from '../../src/venues/okx.ts'
import { emptyReading, type Untrusted, type VenueAdapter } from '../../src/venues/venue.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const SYMBOL = 'BTC/USDT:USDT'

/** Stamps that are no time of an exchange: of 1970, in seconds, micro- or nanoseconds, of the future, and no numbers. */
const badStamps = fc.oneof(
  fc.constantFrom<Untrusted>(
    0,
    -1,
    '0',
    '',
    'NaN',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    {},
    []
  ),
  fc.integer({ min: 1, max: DAY }),
  fc.constantFrom(1e-3, 1e3, 1e6).map((unit) => Math.trunc(NOW * unit)),
  fc.integer({ min: NOW + DAY + 1, max: 8.64e15 })
)
const texts = badStamps.chain((stamp) =>
  fc.constantFrom<Untrusted>(stamp, typeof stamp === 'number' ? String(stamp) : stamp)
)

/** What a call of an adapter reads in a row with this stamp. */
function readBy({ calls }: VenueAdapter, fact: 'open_interest' | 'estimate', row: Untrusted) {
  const call = calls.find(
    ({ facts, reach }) => facts.includes(fact) && (fact !== 'open_interest' || reach === 'single')
  )!
  const reading = emptyReading()
  const exchange = { markets: { [SYMBOL]: { contract: true, swap: true, inverse: false } } } as Untrusted
  call.read(call.reach === 'single' ? row : { [SYMBOL]: row }, {
    reading,
    observedAt: NOW,
    exchange,
    intervals: new Map()
  })
  return fact === 'estimate' ? reading.estimates : reading.openInterest
}

test('a stamp that is no time is no time of any fact; the fact keeps the one at which it was received', () => {
  const row = { symbol: SYMBOL, bid: '1', ask: '2', last: '1', markPrice: '1', indexPrice: '1', quoteVolume: '0' }
  fc.assert(
    fc.property(texts, (timestamp) => {
      const said = { ...row, timestamp }
      const book = readBook({ symbol: SYMBOL, bids: [['1', '1']], asks: [['2', '1']], timestamp }, {}, 'base', NOW)
      const facts: Untrusted[] = [
        quoteOf(said, NOW),
        lastOf(said, NOW),
        markOf(said, NOW),
        volumeOf(said, NOW, 'quote'),
        book
      ]
      for (const fact of facts) assert.deepEqual([fact.observedAt, fact.venueTime], [NOW, null])
    })
  )
})

test('a rate with such a stamp has no venue’s time, and no next settlement is made of one', () => {
  const readers: [VenueAdapter['readEstimate'], string][] = [
    [binance.readEstimate, 'binance'],
    [bybit.readEstimate, 'bybit'],
    [okx.readEstimate, 'okx'],
    [deribit.readEstimate, 'deribit']
  ]
  fc.assert(
    fc.property(texts, (stamp) => {
      const row = { symbol: SYMBOL, fundingRate: '0.0001', timestamp: stamp, fundingTimestamp: stamp, info: {} }
      for (const [read, venue] of readers) {
        const estimate = read(row, {
          reading: emptyReading(),
          observedAt: NOW,
          exchange: { markets: {} },
          intervals: new Map()
        } as Untrusted)
        assert.ok('rate' in estimate, venue)
        assert.deepEqual([estimate.observedAt, estimate.venueTime, estimate.nextSettlementAt], [NOW, null, null], venue)
      }
    })
  )
})

test('open interest with such a stamp has no venue’s time', () => {
  fc.assert(
    fc.property(texts, (timestamp) => {
      const row = { symbol: SYMBOL, timestamp, openInterestAmount: '5', info: { openInterest: '5' } }
      const [held] = readBy(binance, 'open_interest', row) as Untrusted[]
      assert.deepEqual([held.observedAt, held.venueTime], [NOW, null])
    })
  )
})

test('what is kept under its stamp is refused with such a one: settlements, candles, windows of flow', () => {
  fc.assert(
    fc.property(texts, (timestamp) => {
      assert.deepEqual(settlementOf({ symbol: SYMBOL, fundingRate: '0.0001', timestamp }, NOW), {
        symbol: SYMBOL,
        reason: 'time_unusable'
      })
      assert.equal(candleOf([timestamp, '1', '1', '1', '1', '1'], NOW), null)
      const sampled = { timestamp, buy: '1', sell: '1', longShortRatio: '1' }
      assert.deepEqual(readFlow({ symbol: SYMBOL, ratios: [sampled], taker: [sampled] }, NOW), {
        symbol: SYMBOL,
        reason: 'flow_unusable'
      })
    })
  )
})
