import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { averagePremium, projectPremium, shareDetermined } from '../../src/domain/premium.ts'

const schemes = fc.constantFrom('linear' as const, 'arithmetic' as const)
const samples = fc.array(fc.double({ min: -0.01, max: 0.01, noNaN: true }), { minLength: 1, maxLength: 200 })

test('an average lies between its samples, and of equal samples is the sample', () => {
  fc.assert(
    fc.property(samples, schemes, (premiums, scheme) => {
      const average = averagePremium(premiums, scheme)
      assert.ok(average >= Math.min(...premiums) - 1e-15 && average <= Math.max(...premiums) + 1e-15)
    })
  )
  assert.ok(Math.abs(averagePremium([0.0003, 0.0003, 0.0003], 'linear') - 0.0003) < 1e-18)
})

test('linear weights favour what came last', () => {
  assert.ok(averagePremium([0, 0, 0.001], 'linear') > averagePremium([0.001, 0, 0], 'linear'))
  assert.equal(averagePremium([0, 0, 0.003], 'arithmetic'), 0.001)
})

test('an average of nothing is not a number', () => {
  assert.ok(Number.isNaN(averagePremium([], 'linear')))
  assert.ok(Number.isNaN(averagePremium([], 'arithmetic')))
})

test('half-way through a period a quarter of the linear weight is fixed', () => {
  assert.ok(Math.abs(shareDetermined(240, 480, 'linear')! - 0.25051975052) < 1e-11)
  assert.equal(shareDetermined(240, 480, 'arithmetic'), 0.5)
})

test('a share of an impossible period is unknown', () => {
  for (const [elapsed, total] of [
    [1, 0],
    [-1, 10],
    [11, 10],
    [Number.NaN, 10]
  ] as const) {
    assert.equal(shareDetermined(elapsed, total, 'linear'), null)
  }
})

test('the projection agrees with averaging samples that continue at the expected premium', () => {
  fc.assert(
    fc.property(samples, samples, schemes, (past, future, scheme) => {
      const expectedPremium = 0.0003
      const all = [...past, ...future.map(() => expectedPremium)]
      const { projectedAverage } = projectPremium({
        averageSoFar: averagePremium(past, scheme),
        elapsedSamples: past.length,
        totalSamples: all.length,
        expectedPremium,
        scheme
      })
      assert.ok(Math.abs(projectedAverage! - averagePremium(all, scheme)) < 1e-15)
    })
  )
})

test('a part that weighs nothing need not be known, any other must', () => {
  const start = {
    averageSoFar: null,
    elapsedSamples: 0,
    totalSamples: 10,
    expectedPremium: 0.0003,
    scheme: 'linear'
  } as const
  assert.deepEqual(projectPremium(start), { weightKnown: 0, projectedAverage: 0.0003 })
  assert.equal(projectPremium({ ...start, elapsedSamples: 5 }).projectedAverage, null)
  assert.equal(
    projectPremium({ ...start, averageSoFar: 0.001, elapsedSamples: 10, expectedPremium: null }).projectedAverage,
    0.001
  )
})
