import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { skewNoiseBps } from '../../src/domain/skew.ts'
import { midrankPercentile, sumOf } from '../../src/domain/statistics.ts'

const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 50 })

test('ties count half, so that a pinned history puts its anchor in the middle', () => {
  assert.equal(midrankPercentile(0.0001, Array(9).fill(0.0001)), 50)
  assert.equal(midrankPercentile(1, [0, 1, 2, 2]), 37.5)
})

test('turning every sign mirrors the percentile', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 5 }), numbers, (x, history) => {
      const mirrored = midrankPercentile(
        -x,
        history.map((value) => -value)
      )!
      assert.ok(Math.abs(midrankPercentile(x, history)! + mirrored - 100) < 1e-9)
    })
  )
})

test('no history, or one with holes, has no percentile', () => {
  assert.equal(midrankPercentile(1, []), null)
  assert.equal(midrankPercentile(1, [1, Number.NaN]), null)
  assert.equal(midrankPercentile(Number.NaN, [1]), null)
})

test('a sum does not lose small terms beside large ones', () => {
  assert.equal(sumOf([1e16, 1, -1e16]), 1)
  assert.equal(sumOf([]), 0)
})

test('noise between the legs grows with the square root of their distance', () => {
  const noise = skewNoiseBps({ annualVol: 0.6, skewMs: 2000 })!
  assert.ok(Math.abs(noise - 1.51099471304) < 1e-10)
  assert.ok(Math.abs(skewNoiseBps({ annualVol: 0.6, skewMs: 8000 })! - 2 * noise) < 1e-12)
  assert.equal(skewNoiseBps({ annualVol: 0.6, skewMs: 0 }), 0)
  assert.equal(skewNoiseBps({ annualVol: null, skewMs: 2000 }), null)
})
