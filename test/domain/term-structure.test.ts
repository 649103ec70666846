import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { forwardRate } from '../../src/domain/dated.ts'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { constantMaturities, forwardsOf, shapeOfCurve } from '../../src/domain/term-structure.ts'

const points = (...rows: readonly (readonly [number, number])[]) =>
  rows.map(([days, aprContinuous]) => ({ days, aprContinuous }))

test('a curve is in contango where all of it is above, in backwardation where all is below, else mixed', () => {
  assert.equal(shapeOfCurve(points([30, 0.006], [90, 0.1]), 0.005).structure, 'contango')
  assert.equal(shapeOfCurve(points([30, -0.006], [90, -0.1]), 0.005).structure, 'backwardation')
  assert.equal(shapeOfCurve(points([30, 0.005], [90, 0.1]), 0.005).structure, 'mixed')
  assert.equal(shapeOfCurve([], 0.005).structure, null)
})

test('a contract that expires within two days is no point of the curve, and one maturity has no slope', () => {
  const shape = shapeOfCurve(points([1.9, -3], [30, 0.1]), 0.005)
  assert.deepEqual(shape, { slopePer30d: null, structure: 'contango', levelMean: 0.1 })
  assert.deepEqual(constantMaturities(points([1, 9], [30, 0.1], [90, 0.1]), [7])[0]?.absent, 'before_first_expiry')
})

test('a forward of the curve is the forward of the two prices', () => {
  const exact = (text: string) => parseDecimal(text)!
  const curve = [
    { days: 47, aprContinuous: (Math.log(1.018) * 365) / 47 },
    { days: 138, aprContinuous: (Math.log(1.041) * 365) / 138 }
  ]
  const [forward] = forwardsOf([...curve].reverse())
  const priced = forwardRate({ future1: exact('101800'), days1: 47, future2: exact('104100'), days2: 138 })
  assert.ok(Math.abs(forward!.forwardAprContinuous - priced!) < 1e-12)
})

test('a constant maturity lies between its neighbours, is a point that has it, and is never extrapolated', () => {
  const curve = points([20, 0.12], [60, 0.08])
  const [seven, thirty, sixty, ninety] = constantMaturities(curve, [7, 30, 60, 90])
  assert.deepEqual([seven?.aprContinuous, seven?.absent], [null, 'before_first_expiry'])
  assert.ok(thirty!.aprContinuous! < 0.12 && thirty!.aprContinuous! > 0.08)
  assert.equal(sixty?.aprContinuous, 0.08)
  assert.equal(ninety?.absent, 'after_last_expiry')
  assert.equal(constantMaturities([], [30])[0]?.absent, 'no_points')
})

test('a flat curve is flat at every maturity between its ends, in its forwards and in its slope', () => {
  const rate = fc.double({ min: -0.5, max: 0.5, noNaN: true })
  fc.assert(
    fc.property(rate, fc.uniqueArray(fc.integer({ min: 2, max: 400 }), { minLength: 2, maxLength: 8 }), (apr, days) => {
      const curve = points(...days.map((day) => [day, apr] as const))
      for (const { forwardAprContinuous } of forwardsOf(curve)) assert.ok(Math.abs(forwardAprContinuous - apr) < 1e-9)
      for (const { aprContinuous } of constantMaturities(curve)) {
        if (aprContinuous !== null) assert.ok(Math.abs(aprContinuous - apr) < 1e-9)
      }
      assert.ok(Math.abs(shapeOfCurve(curve, 0.005).slopePer30d!) < 1e-9)
    })
  )
})
