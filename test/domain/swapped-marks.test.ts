import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { areMarksSwapped, isMarkSwapped, isRatePlausible, type Marked } from '../../src/domain/plausibility.ts'

/** A book a little beside its mark, both away from the index by the premium. */
const row = fc
  .record({
    index: fc.double({ min: 0.001, max: 1e5, noNaN: true }),
    premium: fc.double({ min: 0.0006, max: 0.05, noNaN: true }),
    sign: fc.constantFrom(-1, 1),
    beside: fc.double({ min: -0.2, max: 0.2, noNaN: true })
  })
  .map(({ index, premium, sign, beside }): Marked => {
    const mark = index * (1 + sign * premium)
    return { index, mark, mid: mark + beside * (mark - index) }
  })
const swap = ({ mid, mark, index }: Marked): Marked => ({ mid, mark: index, index: mark })

test('marks that their books follow are believed, the same numbers in each other’s place are not', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 3, maxLength: 30 }), (rows) => {
      assert.equal(areMarksSwapped(rows), false)
      assert.equal(areMarksSwapped(rows.map(swap)), true)
    })
  )
  const moved = { mid: 100.1, mark: 100.3, index: 100 }
  assert.equal(
    areMarksSwapped([moved, moved, moved]),
    false,
    'a book that has moved on by most of its premium is a market'
  )
  const calm = { mid: 100, mark: 100.02, index: 100 }
  assert.equal(areMarksSwapped([calm, calm, calm, calm]), false, 'a premium of two basis points tells nothing')
})

test('one contract’s mark is refused when its premium turns into its own mirror image away from its book', () => {
  const before = { mid: 100.2, mark: 100.2, index: 100 }
  assert.equal(isMarkSwapped(swap(before), before), true)
  assert.equal(isMarkSwapped(swap(before), null), false, 'of nothing known nothing is said')
  const turned = { mid: 99.8, mark: 99.8, index: 100 }
  assert.equal(isMarkSwapped(turned, before), false, 'its book has turned as well: that is a market')
})

test('a small rate that becomes a hundredfold is a percentage, unless a premium explains it', () => {
  const rate = { intervalHours: 8, cap: null, floor: null, before8h: 0.00001 }
  assert.equal(isRatePlausible({ ...rate, rate: 0.001, premium: 0.00002 }), false)
  assert.equal(isRatePlausible({ ...rate, rate: 0.001, premium: 0.0008 }), true)
  assert.equal(isRatePlausible({ ...rate, rate: 0.0001, premium: 0 }), true, 'interest alone makes that')
  assert.equal(
    isRatePlausible({ ...rate, rate: 0.001, before8h: 0.0001, premium: 0 }),
    true,
    'tenfold by ten basis points'
  )
})
