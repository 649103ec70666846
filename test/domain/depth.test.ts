import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Level } from '../../src/domain/book.ts'
import { type Decimal, decimalToString, parseDecimal } from '../../src/domain/decimal.ts'
import { DEPTH_BANDS_BPS, depthOf } from '../../src/domain/depth.ts'

const exact = (text: string) => parseDecimal(text)!
const BANDS = DEPTH_BANDS_BPS.map((band) => exact(String(band)))
const levels = (...rows: readonly (readonly [string, string])[]): Level[] =>
  rows.map(([price, size]) => ({ price: exact(price), size: exact(size) }))
const text = (value: Decimal | null) => (value === null ? null : decimalToString(value))
const bidsOf = (bids: Level[], asks: Level[]) =>
  depthOf({ bids, asks }, BANDS).bands.map(({ bidDepth }) => text(bidDepth))

const ASKS = levels(['100.01', '80'], ['100.6', '1'])

test('a book that ends inside a band says nothing of that side, and nothing of the balance', () => {
  const { bands } = depthOf({ bids: levels(['99.99', '100'], ['99.8', '300']), asks: ASKS }, BANDS)
  assert.deepEqual(
    bands.map(({ bidDepth, askDepth, obi }) => [text(bidDepth), text(askDepth), obi === null]),
    [
      ['9999', '8000.8', false],
      [null, '8000.8', true],
      [null, '8000.8', true]
    ]
  )
})

test('a level on the edge of a band belongs to it and completes it', () => {
  assert.deepEqual(bidsOf(levels(['99.99', '1'], ['99.9', '1']), ASKS), ['199.89', null, null])
})

test('a band with nothing in it holds zero, which is known; its balance is not', () => {
  const [band] = depthOf({ bids: levels(['99', '1']), asks: levels(['101', '1']) }, BANDS).bands
  assert.deepEqual([text(band!.bidDepth), text(band!.askDepth), band!.obi], ['0', '0', null])
})

test('a crossed, a locked and a one-sided book have no mid, no spread and no depth', () => {
  const nothing = DEPTH_BANDS_BPS.map((bandBps) => ({ bandBps, bidDepth: null, askDepth: null, obi: null }))
  for (const bids of [levels(['100.02', '1']), levels(['100.01', '1']), []]) {
    assert.deepEqual(depthOf({ bids, asks: ASKS }, BANDS), { mid: null, spreadBps: null, bands: nothing })
  }
})

const side = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 50 })), { maxLength: 12 })
const book = fc.record({ below: side, above: side }).map(({ below, above }) => ({
  bids: below.map(([away, size]) => ({ price: exact(String(10_000 - away)), size: exact(String(size)) })),
  asks: above.map(([away, size]) => ({ price: exact(String(10_000 + away)), size: exact(String(size)) }))
}))

test('depth grows with its band, the order of levels does not matter, and mirrored sides change only the sign', () => {
  fc.assert(
    fc.property(book, ({ bids, asks }) => {
      const depth = depthOf({ bids, asks }, BANDS)
      assert.deepEqual(depthOf({ bids: [...bids].reverse(), asks: [...asks].reverse() }, BANDS), depth)
      const known = depth.bands.flatMap(({ bidDepth }) => (bidDepth === null ? [] : Number(text(bidDepth))))
      assert.deepEqual(
        [...known].sort((a, b) => a - b),
        known
      )
      // Once the book ends inside a band it ends inside every wider one.
      assert.ok(depth.bands.slice(known.length).every(({ bidDepth }) => bidDepth === null))
      for (const { obi } of depth.bands) assert.ok(obi === null || (obi >= -1 && obi <= 1))
    })
  )
})
