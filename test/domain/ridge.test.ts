import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { collinearityOf, contributionsOf, fitRidge, rSquared } from '../../src/domain/ridge.ts'

const value = fc.integer({ min: -50, max: 50 })
const problem = fc
  .record({ width: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 8, max: 30 }) })
  .chain(({ width, count }) =>
    fc.record({
      rows: fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: count, maxLength: count }),
      y: fc.array(value, { minLength: count, maxLength: count }),
      lambda: fc.constantFrom(0.5, 1, 10, 100)
    })
  )
const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0)

test('the β are where the derivative of the penalised error is zero', () => {
  fc.assert(
    fc.property(problem, ({ rows, y, lambda }) => {
      const fit = fitRidge(rows, y, lambda)!
      const rest = rows.map((row, index) => y[index]! - fit.intercept - sum(contributionsOf(fit, row)))
      for (const [feature, beta] of fit.betas.entries()) {
        const deviation = fit.deviations[feature]!
        const z = rows.map((row) => (deviation === 0 ? 0 : (row[feature]! - fit.means[feature]!) / deviation))
        const slope = sum(z.map((each, index) => each * rest[index]!)) - lambda * beta
        assert.ok(Math.abs(slope) < 1e-7, `feature ${feature}: ${slope}`)
      }
    })
  )
})

test('units of a feature do not matter, and a feature that never moved adds nothing', () => {
  fc.assert(
    fc.property(problem, ({ rows, y, lambda }) => {
      const fit = fitRidge(rows, y, lambda)!
      const scaled = rows.map((row) => [...row.map((each) => each * 1000 - 7), 0.1])
      const other = fitRidge(scaled, y, lambda)!
      assert.equal(other.betas.at(-1), 0)
      for (const [feature, beta] of fit.betas.entries()) assert.ok(Math.abs(beta - other.betas[feature]!) < 1e-7)
      assert.equal(contributionsOf(other, [...scaled[0]!.slice(0, -1), 99]).at(-1), 0)
    })
  )
})

test('without a penalty a line is found exactly, and a mixture of features is refused', () => {
  const rows = [[1], [2], [4], [7]]
  const y = rows.map(([x]) => 3 + 2 * x!)
  const fit = fitRidge(rows, y, 0)!
  assert.ok(Math.abs(fit.betas[0]! / fit.deviations[0]! - 2) < 1e-12)
  assert.ok(Math.abs(rSquared(fit, rows, y)! - 1) < 1e-12)
  const mixed = rows.map(([x]) => [x!, 3 * x! + 1])
  assert.equal(fitRidge(mixed, y, 0), null)
  assert.ok(fitRidge(mixed, y, 1) !== null)
  assert.equal(collinearityOf(mixed).condition, Number.POSITIVE_INFINITY)
})

test('without a penalty every mixture is refused, however it rounds', () => {
  fc.assert(
    fc.property(problem, fc.integer({ min: 1, max: 9 }), ({ rows, y }, by) => {
      const mixed = rows.map((row) => [...row, sum(row.map((each, index) => each * (0.1 + index / by)))])
      fc.pre(collinearityOf(rows).inflation.every(Number.isFinite))
      assert.equal(fitRidge(mixed, y, 0), null)
    })
  )
})

test('one row, a row without its y and a negative penalty are refused', () => {
  assert.equal(fitRidge([[1]], [1], 1), null)
  assert.equal(fitRidge([[1], [2]], [1], 1), null)
  assert.equal(fitRidge([[1], [2]], [1, 2], -1), null)
  assert.equal(fitRidge([[1], [2]], [1, 2], Number.NaN), null)
  const flat = fitRidge([[1], [2]], [5, 5], 1)!
  assert.equal(rSquared(flat, [[1], [2]], [5, 5]), null)
})

test('features that are independent have condition 1; two of correlation r have (1 + r)/(1 − r) and inflation 1/(1 − r²)', () => {
  const square = [
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1]
  ]
  const alone = collinearityOf(square)
  assert.ok(Math.abs(alone.condition - 1) < 1e-9)
  const leaning = collinearityOf(square.map(([a, b]) => [a!, 0.6 * a! + 0.8 * b!, 5]))
  assert.ok(Math.abs(leaning.condition - 4) < 1e-9)
  assert.ok(Math.abs(leaning.inflation[0]! - 1 / 0.64) < 1e-9)
  assert.ok(Number.isNaN(leaning.inflation[2]!))
})
