import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { splitBasis } from '../../src/domain/basis-identity.ts'
import { compare, type Decimal, decimalOf, decimalToString, parseDecimal } from '../../src/domain/decimal.ts'

const bps = fc
  .double({ min: -2000, max: 2000, noNaN: true })
  .filter((value) => value === 0 || Math.abs(value) > 1e-12)
  .map((value) => decimalOf(value)!)
const of = (text: string): Decimal => parseDecimal(text)!

test('the parts of a basis are the whole to its last digit, whatever the digits', () => {
  fc.assert(
    fc.property(bps, bps, bps, (observedBps, fxBps, fairCarryBps) => {
      const parts = splitBasis({ observedBps, fxBps, fairCarryBps, noiseSigmaBps: null })!
      assert.equal(compare(parts.sumCheckBps, observedBps), 0)
    }),
    { numRuns: 1000 }
  )
})

test('a residual says something only beyond two deviations of the noise between the legs', () => {
  const judged = (observed: string, noise: string | null) =>
    splitBasis({
      observedBps: of(observed),
      fxBps: of('8'),
      fairCarryBps: of('-4.54'),
      noiseSigmaBps: noise ? of(noise) : null
    })!
  assert.equal(decimalToString(judged('7.8', '1.5').residualBps), '4.34')
  assert.equal(judged('7.8', '1.5').residualSignificant, true)
  assert.equal(judged('7.8', '2.17').residualSignificant, false, 'exactly two deviations')
  assert.equal(judged('-0.88', '2.17').residualSignificant, false)
  assert.equal(judged('-0.89', '2.17').residualSignificant, true, 'below as well as above')
  assert.equal(judged('7.8', null).residualSignificant, null)
})

test('without the basis, its currency part or the fair carry nothing is split', () => {
  const whole = { observedBps: of('1'), fxBps: of('0'), fairCarryBps: of('0'), noiseSigmaBps: null }
  for (const key of ['observedBps', 'fxBps', 'fairCarryBps'] as const)
    assert.equal(splitBasis({ ...whole, [key]: null }), null)
})
