import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BandTerms, bandOfRow } from '../../src/domain/board-band.ts'
import { boardRow } from '../api/fixture.ts'

const TERMS: BandTerms = { feeTier: 'base', borrowApr: 0.1, rQuote: 0.05, rBase: null }
/** A book with a basis in the middle that costs 4 bps to cross both ways; base fees of binance are 30 bps, fair is −4.54 bps. */
const rowAt = (basisBps: number, fields = {}) =>
  boardRow({
    instrument: 'binance:BTC/USDT:USDT',
    basisBps,
    adjustedBasisBps: basisBps,
    carryEntryBps: basisBps - 2,
    reverseEntryBps: basisBps + 2,
    ...fields
  })
const placeOf = (basisBps: number, terms = TERMS, fields = {}) =>
  bandOfRow(rowAt(basisBps, fields), 'BTC', terms)?.classification

test('a perpetual is rich or cheap beyond what crossing, fees and borrowing cost around its fair premium', () => {
  const { lowerBps, upperBps } = bandOfRow(rowAt(0), 'BTC', TERMS)!
  // Vector 36: r = 5 % on a clamped venue is −4.54338 bps. Two crossings of 4 bps in all, four fees of 30 bps in all, 3 days at 10 %.
  assert.ok(Math.abs(upperBps! - (-4.54338 + 34)) < 1e-4, String(upperBps))
  assert.ok(Math.abs(lowerBps! - (-4.54338 - 34 - 8.219178)) < 1e-4, String(lowerBps))
  assert.deepEqual(
    [30, 29, -46, -47].map((basis) => placeOf(basis)),
    ['rich', 'inside', 'inside', 'cheap']
  )
})

test('without a borrow rate nobody is cheap or inside, and without a graded basis or a known formula there is no band', () => {
  const unborrowed = { ...TERMS, borrowApr: null }
  assert.deepEqual(
    [30, 0, -99].map((basis) => placeOf(basis, unborrowed)),
    ['rich', null, null]
  )
  assert.equal(placeOf(30, TERMS, { grade: 'none' }), undefined)
  assert.equal(placeOf(30, TERMS, { carryEntryBps: null }), undefined)
  assert.equal(placeOf(30, TERMS, { spot: null }), undefined)
  assert.equal(placeOf(30, TERMS, { venue: 'nobody' }), undefined)
})

test('whoever pays more, or crosses a wider book, sees a band that is no narrower', () => {
  const spread = fc.double({ min: 0, max: 50, noNaN: true })
  fc.assert(
    fc.property(spread, spread, fc.double({ min: 0, max: 1, noNaN: true }), (narrow, more, borrowApr) => {
      const bandOf = (half: number, terms: BandTerms) =>
        bandOfRow(rowAt(0, { carryEntryBps: -half, reverseEntryBps: half }), 'BTC', terms)!
      const tight = bandOf(narrow, { ...TERMS, feeTier: 'vip9' })
      const wide = bandOf(narrow + more, { ...TERMS, borrowApr: TERMS.borrowApr! + borrowApr })
      assert.ok(wide.upperBps! >= tight.upperBps! && wide.lowerBps! <= tight.lowerBps!)
    })
  )
})
