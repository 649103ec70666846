import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  benjaminiHochberg,
  circularBlockMeans,
  circularBlocks,
  drawStarts,
  wilson
} from '../../src/domain/inference.ts'
import { chiSquareSurvival, normalQuantile } from '../../src/domain/normal.ts'
import { createRandom } from '../../src/domain/random.ts'
import { deviationOf, medianOf, quantileOf, robustZ } from '../../src/domain/statistics.ts'

const near = (actual: number, expected: number, by = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= by * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`)
const probability = fc.double({ min: 0, max: 1, noNaN: true })

test('quantiles of the normal are those of the tables, in the middle and far out', () => {
  near(normalQuantile(0.975), 1.959963984540054)
  near(normalQuantile(0.9995), 3.290526731491926)
  near(normalQuantile(1e-10), -6.361340902404056)
  assert.equal(normalQuantile(0.5), 0)
  assert.ok([0, 1, -1, Number.NaN].every((p) => Number.isNaN(normalQuantile(p))))
  near(chiSquareSurvival(36.415028501807306, 24), 0.05)
  assert.equal(chiSquareSurvival(0, 24), 1)
})

test('an interval of a hit rate holds the rate, mirrors with it, and narrows with more trials', () => {
  const trials = fc
    .integer({ min: 1, max: 5000 })
    .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))
  fc.assert(
    fc.property(trials, ([hits, n]) => {
      const { rate, low, high } = wilson({ hits, n, confidence: 0.95 })
      assert.ok(0 <= low! && low! <= rate! && rate! <= high! && high! <= 1)
      const misses = wilson({ hits: n - hits, n, confidence: 0.95 })
      near(misses.low!, 1 - high!)
      const more = wilson({ hits: hits * 4, n: n * 4, confidence: 0.95 })
      assert.ok(more.high! - more.low! < high! - low!)
    })
  )
})

test('at no hit the interval begins at 0, and without a trial there is none', () => {
  assert.equal(wilson({ hits: 0, n: 7, confidence: 0.95 }).low, 0)
  assert.equal(wilson({ hits: 7, n: 7, confidence: 0.95 }).high, 1)
  const nothing = { rate: null, low: null, high: null }
  assert.deepEqual(wilson({ hits: 0, n: 0, confidence: 0.95 }), nothing)
  assert.deepEqual(wilson({ hits: 8, n: 7, confidence: 0.95 }), nothing)
  assert.deepEqual(wilson({ hits: 1, n: 7, confidence: 1 }), nothing)
})

test('a test is rejected exactly where its adjusted p is within q, whatever the order of the tests', () => {
  const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 200 }), (thousandths, level) => {
      const pValues = thousandths.map((value) => value / 1000)
      const { rejected, adjusted } = benjaminiHochberg(pValues, level / 1000)!
      for (const [index, p] of pValues.entries()) {
        // What q would have to be, in whole numbers: p·m ≤ j·q for some rank j at or above p's own.
        const found = thousandths.some((other) => {
          const rank = thousandths.filter((value) => value <= other).length
          return other >= thousandths[index]! && other * pValues.length <= rank * level
        })
        assert.equal(rejected[index], found)
        assert.ok(adjusted[index]! >= p && adjusted[index]! <= 1)
      }
      const reversed = benjaminiHochberg(pValues.toReversed(), level / 1000)!
      assert.deepEqual(reversed.rejected, rejected.toReversed())
      assert.deepEqual(reversed.adjusted, adjusted.toReversed())
    })
  )
})

test('a p on its threshold counts, though floats would put it beyond: 0.05 ≤ 1·0.15/3', () => {
  assert.deepEqual(benjaminiHochberg([0.05, 1, 1], 0.15)!.rejected, [true, false, false])
  assert.deepEqual(benjaminiHochberg([0.025, 0.025, 0.025, 0.025, 0.025, 1], 0.03)!.rejected.at(0), true)
})

test('no tests reject nothing, and what is no probability is refused', () => {
  assert.deepEqual(benjaminiHochberg([], 0.1), { rejected: [], adjusted: [] })
  assert.equal(benjaminiHochberg([0.1, Number.NaN], 0.1), null)
  assert.equal(benjaminiHochberg([1.1], 0.1), null)
})

test('one block as long as the series is the series turned round, and keeps its mean', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 40 }), fc.nat(100), (series, start) => {
      const turned = circularBlocks(series, series.length, [start])
      assert.deepEqual(turned.toSorted(), series.toSorted())
      assert.equal(turned[0], series[start % series.length])
    })
  )
  assert.deepEqual(circularBlockMeans([], 3, [[0]]), [null])
  assert.deepEqual(circularBlockMeans([1, 2], 0, [[0]]), [null])
})

test('drawn blocks cover the series, and the same seed draws the same', () => {
  const draw = (seed: number) => drawStarts(100, 24, createRandom(seed))
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.equal(circularBlocks(Array.from({ length: 100 }), 24, draw(7)).length, 100)
  const next = createRandom(3)
  const drawn = Array.from({ length: 20_000 }, next)
  near(drawn.reduce((sum, value) => sum + value, 0) / drawn.length, 0.5, 0.01)
  assert.ok(drawn.every((value) => value >= 0 && value < 1))
})

test('a robust z turns with the sign, and neither scale nor place of the numbers matter', () => {
  const history = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: -20, max: 20 }), history, fc.integer({ min: 1, max: 5 }), (x, values, scale) => {
      const { z, method } = robustZ(x, values)
      const moved = robustZ(
        x * -scale + 3,
        values.map((value) => value * -scale + 3)
      )
      assert.equal(moved.method, method)
      near(moved.z! + z!, 0, 1e-9)
    })
  )
})

test('a history that never moved has no scale: z is 0 and says so, by whatever number it was pinned', () => {
  fc.assert(
    fc.property(probability, fc.integer({ min: 1, max: 40 }), (pinned, count) => {
      assert.deepEqual(robustZ(pinned + 1, Array(count).fill(pinned)), { z: 0, method: 'degenerate' })
    })
  )
  assert.deepEqual(robustZ(1, []), { z: null, method: null })
  assert.deepEqual(robustZ(1, [1, Number.NaN]), { z: null, method: null })
})

test('medians, quantiles and deviations of small lists', () => {
  assert.equal(medianOf([3, 1, 2]), 2)
  assert.equal(medianOf([4, 1, 2, 3]), 2.5)
  assert.equal(quantileOf([4, 1, 2, 3], 0), 1)
  assert.equal(quantileOf([4, 1, 2, 3], 1), 4)
  assert.equal(quantileOf([4, 1, 2, 3], 0.5), 2.5)
  assert.equal(deviationOf([2, 4]), 1)
})
