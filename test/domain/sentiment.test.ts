import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compositeSentiment, SENTIMENT_DEFAULTS, SENTIMENT_WEIGHTS } from '../../src/domain/sentiment.ts'

const componentsOf = (zs: readonly (number | null)[]) =>
  Object.entries(SENTIMENT_WEIGHTS).map(([name, weight], index) => ({ name, weight, z: zs[index] ?? null }))
const heatOf = (...zs: (number | null)[]) => compositeSentiment({ components: componentsOf(zs), ...SENTIMENT_DEFAULTS })

test('what is usual everywhere is 50 and neutral', () => {
  const { score, label, coverage } = heatOf(0, 0, 0, 0, 0, 0)
  assert.deepEqual([score, label, coverage], [50, 'neutral', 1])
})

test('without enough components or enough of their weight there is no score, and why is said', () => {
  assert.deepEqual(heatOf(2, 2), {
    score: null,
    label: null,
    reason: 'too_few_components',
    coverage: 0.5,
    contributions: []
  })
  const light = heatOf(null, null, 1, 1, 1, 1)
  assert.deepEqual([light.score, light.reason], [null, 'low_coverage'])
  assert.equal(heatOf(1, null, 1, null, 1, 1).reason, null, 'exactly the least coverage is enough')
  assert.equal(heatOf(Number.NaN, Number.NaN, 1, 1, 1, 1).reason, 'low_coverage')
})

test('labels mirror each other around 50', () => {
  assert.equal(heatOf(3, 3, 3, 3, 3, 3).label, 'hot')
  assert.equal(heatOf(-3, -3, -3, -3, -3, -3).label, 'very_cold')
  assert.equal(heatOf(0.5, 0.5, 0.5, 0.5, 0.5, 0.5).label, 'warm')
  assert.equal(heatOf(-0.5, -0.5, -0.5, -0.5, -0.5, -0.5).label, 'cold')
})

test('contributions sum to what the score is away from 50, and no component can push beyond three deviations', () => {
  const z = fc.option(fc.double({ min: -50, max: 50, noNaN: true }))
  fc.assert(
    fc.property(fc.array(z, { minLength: 6, maxLength: 6 }), (zs) => {
      const { score, contributions } = heatOf(...zs)
      if (score === null) return assert.deepEqual(contributions, [])
      const sum = contributions.reduce((total, { contribution }) => total + contribution, 0)
      assert.ok(Math.abs(sum - (score - 50)) < 1e-9)
      assert.ok(score >= 0 && score <= 100)
      assert.deepEqual(score, heatOf(...zs.map((value) => value && Math.min(Math.max(value, -3), 3))).score)
    })
  )
})
