import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsOf, TYPE_WORDS } from '../../src/contract/signal-type-words.ts'
import { FEE_TABLE_VERSION } from '../../src/domain/fees.ts'
import { thresholdProblem } from '../../src/domain/lifecycle.ts'
import { BUCKET_PARAMETERS, BUCKET_TYPES, SIGNAL_TYPES } from '../../src/domain/signal-types.ts'
import {
  basisDislocation,
  carryOpportunity,
  changesKnownAt,
  expectation,
  intervalChange,
  leverageBuildup,
  liquidityThinning,
  mayEnterCarry,
  stablecoinDepeg,
  usualDepth,
  venueTrouble
} from '../../src/domain/signal-values.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { bucketHashOf } from '../../src/jobs/bucket-signals.ts'
import { hashOf } from '../../src/jobs/signal-ids.ts'

test('no threshold of any type is crossed, and every label can be left again', () => {
  for (const type of BUCKET_TYPES) {
    for (const [label, threshold] of Object.entries(BUCKET_PARAMETERS[type].thresholds)) {
      assert.equal(thresholdProblem(threshold), null, `${type} ${label}`)
      assert.notEqual(threshold.enter, threshold.exit, `${type} ${label} has no hysteresis`)
    }
  }
})

test('a carry opportunity belongs to its size, horizon and fee table: another table is another set of parameters', () => {
  const own = BUCKET_PARAMETERS.carry_opportunity
  assert.equal(own.terms?.feeTableVersion, FEE_TABLE_VERSION)
  const idWith = (terms: typeof own.terms) => hashOf(['carry_opportunity', { ...own, terms }])
  assert.equal(idWith(own.terms), bucketHashOf('carry_opportunity', { bucketParameters: BUCKET_PARAMETERS }))
  for (const [name, value] of Object.entries(own.terms!))
    assert.notEqual(
      idWith({ ...own.terms!, [name]: value + 1 }),
      bucketHashOf('carry_opportunity', { bucketParameters: BUCKET_PARAMETERS }),
      name
    )
})

test('every type and label says what it means, and every type what it does not', () => {
  for (const type of SIGNAL_TYPES) {
    const { title, meaning, not, value, labels } = TYPE_WORDS[type]
    for (const words of [title, meaning, not, value]) assert.ok(words.length > 4, type)
    assert.deepEqual(Object.keys(labels), labelsOf(type))
  }
})

test('a basis is the middle of its bucket: one wild minute moves nothing', () => {
  assert.equal(basisDislocation({ adjustedBps: [30, 31, 900, 29, 30] }), 30)
  assert.equal(basisDislocation({ adjustedBps: [10, 20] }), 15)
  assert.equal(basisDislocation({ adjustedBps: [] }), null)
})

test('an expectation is what all expiries are beyond', () => {
  const points = [
    { days: 30, aprContinuous: 0.08 },
    { days: 90, aprContinuous: 0.06 }
  ]
  assert.equal(expectation({ points }), 0.06)
  assert.equal(expectation({ points: [...points, { days: 60, aprContinuous: -0.01 }] }), 0)
  assert.equal(expectation({ points: [...points, { days: 1, aprContinuous: -3 }] }), 0.06, 'too near to its expiry')
  assert.equal(
    expectation({ points: points.map(({ days, aprContinuous }) => ({ days, aprContinuous: -aprContinuous })) }),
    -0.06
  )
  assert.equal(expectation({ points: [] }), null)
})

test('a depeg is in bps from par; a price of nothing is no price', () => {
  assert.ok(Math.abs(stablecoinDepeg({ rates: [0.994, 0.993, 0.994, 0] })! + 60) < 1e-9)
  assert.equal(stablecoinDepeg({ rates: [0] }), null)
})

test('a change of interval stands out for a day after it was known, and nothing before', () => {
  const changes = [{ knownAt: 10 * HOUR, previousHours: 8, hours: 4 }]
  assert.equal(intervalChange({ at: 10 * HOUR - 1, changes }), 0)
  assert.equal(intervalChange({ at: 10 * HOUR, changes }), 1)
  assert.equal(intervalChange({ at: 10 * HOUR + DAY - 1, changes }), 1)
  assert.equal(intervalChange({ at: 10 * HOUR + DAY, changes }), 0)
  const back = [...changes, { knownAt: 12 * HOUR, previousHours: 4, hours: 8 }]
  assert.equal(intervalChange({ at: 12 * HOUR, changes: back }), -1, 'the newest counts')
})

test('a change of interval is what was known of it at the time: a later word takes nothing back of before', () => {
  const entry = (effectiveFrom: number, hours: number, toldAt = effectiveFrom) => ({ effectiveFrom, hours, toldAt })
  const told = [entry(0, 8), entry(10 * HOUR, 4, 6 * HOUR)]
  const change = { knownAt: 10 * HOUR, previousHours: 8, hours: 4 }
  assert.deepEqual(changesKnownAt(told, 10 * HOUR - 1), [], 'declared, and not in force')
  assert.deepEqual(changesKnownAt(told, 10 * HOUR), [change])
  // It settled so: another revision of the same.
  assert.deepEqual(changesKnownAt([...told, entry(10 * HOUR, 4, 14 * HOUR)], 15 * HOUR), [change])
  // It did not happen.
  const withdrawn = [...told, entry(10 * HOUR, 8, 14 * HOUR)]
  assert.deepEqual(changesKnownAt(withdrawn, 13 * HOUR), [change])
  assert.deepEqual(changesKnownAt(withdrawn, 14 * HOUR), [])
  assert.deepEqual(changesKnownAt([entry(0, 8), entry(10 * HOUR, 4, 10 * HOUR + DAY)], 40 * HOUR), [], 'no news')
})

test('a venue of which nothing was asked is not known to be in trouble, nor to be well', () => {
  assert.equal(venueTrouble({ failed: 3, done: 1 }), 0.75)
  assert.equal(venueTrouble({ failed: 0, done: 4 }), 0)
  assert.equal(venueTrouble({ failed: 0, done: 0 }), null)
})

test('open interest grows against the day before, and against nothing it cannot be told', () => {
  assert.equal(leverageBuildup({ base: 150, dayBefore: 100 }), 0.5)
  assert.equal(leverageBuildup({ base: 150, dayBefore: 0 }), null)
  assert.equal(leverageBuildup({ base: null, dayBefore: 100 }), null)
})

test('depth is thin against its own past, which must be there', () => {
  const usual = Array(100).fill(200)
  assert.equal(liquidityThinning({ depth: [50, 1e9, 40], usual: usualDepth(usual) }), 0.25)
  assert.equal(liquidityThinning({ depth: [50], usual: usualDepth(usual.slice(1)) }), null)
  assert.equal(liquidityThinning({ depth: [], usual: usualDepth(usual) }), null)
})

test('a carry is worth what it nets, and may be entered only where it is earned back in time and is paid for by more than its entry', () => {
  const quote = { aprCapital: 0.12, breakEvenHours: 60, horizonHours: 168, aboveBandBps: 3, fundingExcessApr: 0 }
  const late = { ...quote, breakEvenHours: 85 }
  assert.deepEqual([carryOpportunity({ quote }), mayEnterCarry(quote)], [0.12, true])
  assert.deepEqual([carryOpportunity({ quote: late }), mayEnterCarry(late)], [0.12, false])
  assert.equal(mayEnterCarry({ ...quote, breakEvenHours: null }), false)
  assert.equal(mayEnterCarry({ ...quote, aboveBandBps: null }), false)
  assert.equal(mayEnterCarry({ ...quote, aboveBandBps: -1, fundingExcessApr: 0.05 }), true)
  assert.equal(carryOpportunity({ quote: { ...quote, aprCapital: -0.1, breakEvenHours: null } }), -0.1)
  assert.equal(carryOpportunity({ quote: null }), null)
})
