import assert from 'node:assert/strict'
import { test } from 'node:test'
import { termShape, weakestRate } from '../../src/domain/term-shape.ts'

const points = (...pairs: readonly (readonly [number, number | null])[]) =>
  pairs.map(([days, aprContinuous]) => ({ days, aprContinuous }))

test('a curve is contango or backwardation only where every expiry is beyond the threshold', () => {
  assert.equal(termShape(points([30, 0.06], [90, 0.051])).structure, 'contango')
  assert.equal(termShape(points([30, -0.06], [90, -0.0051])).structure, 'backwardation')
  assert.equal(termShape(points([30, 0.06], [90, 0.005])).structure, 'mixed', 'at the threshold is not beyond')
  assert.equal(termShape(points([30, 0.06], [90, -0.06])).structure, 'mixed')
})

test('an expiry within two days, or whose rate is not known, is no point', () => {
  const shape = termShape(points([1.9, -3], [60, 0.08], [90, null]))
  assert.deepEqual(shape, { structure: 'contango', slopePer30d: null, levelMean: 0.08 })
  assert.deepEqual(termShape(points([1, 0.1])), { structure: null, slopePer30d: null, levelMean: null })
})

test('the slope is per thirty days, and needs two terms', () => {
  assert.ok(Math.abs(termShape(points([30, 0.1], [60, 0.08], [90, 0.06])).slopePer30d! + 0.02) < 1e-12)
  assert.equal(termShape(points([30, 0.1], [30, 0.08])).slopePer30d, null)
})

test('the weakest rate is what all of them are beyond: nothing when they are on both sides of zero', () => {
  assert.equal(weakestRate(points([30, 0.06], [90, 0.02])), 0.02)
  assert.equal(weakestRate(points([30, -0.06], [90, -0.02])), -0.02)
  assert.equal(weakestRate(points([30, 0.06], [90, -0.02])), 0)
  assert.equal(weakestRate([]), null)
})
