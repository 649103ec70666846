import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fairBand, worstFundingBand } from '../../src/domain/fair-band.ts'
import {
  fairDatedBps,
  fairDeadband,
  fairPerpetual,
  fairWithNoise,
  fundingRuleOf
} from '../../src/domain/fair-premium.ts'
import { fundingFromPremium } from '../../src/domain/funding.ts'

const clamp = { scheme: 'clamp', interest8h: 0.0001, damper: 0.0005 } as const
const cash = (rQuote: number) => ({ rQuote, rBase: 0 })

test('with cheap dollars the fair premium of a clamped venue is a discount, at the interest itself it is the whole dead band', () => {
  const { fairLowBps, fairHighBps } = fairDeadband({ ...clamp, ...cash(0.05) })
  assert.ok(Math.abs(fairLowBps! + 4.5434) < 1e-4 && fairLowBps === fairHighBps)
  const knife = fairDeadband({ ...clamp, ...cash(0.1095) })
  assert.ok(Math.abs(knife.fairLowBps! + 4) < 1e-9 && Math.abs(knife.fairHighBps! - 6) < 1e-9)
  const quiet = fairDeadband({ scheme: 'damper0', interest8h: 0, damper: 0.00025, ...cash(0) })
  assert.deepEqual([quiet.fairLowBps, quiet.fairHighBps], [-2.5, 2.5])
  assert.ok(fairDeadband({ ...clamp, ...cash(0.2) }).fairLowBps! > 6)
})

test('at the fair premium funding is what holding costs', () => {
  fc.assert(
    fc.property(fc.double({ min: -0.2, max: 0.4, noNaN: true }), (rQuote) => {
      const { fairLowBps, carry8hBps } = fairDeadband({ ...clamp, ...cash(rQuote) })
      const paid = fundingFromPremium({
        ...clamp,
        scheme: '8/N',
        intervalHours: 8,
        cap: null,
        premiumAverage: fairLowBps! / 10_000
      })
      assert.ok(Math.abs(paid.rate * 10_000 - carry8hBps) < 1e-9)
    })
  )
})

test('noise blurs the dead band as the published table says', () => {
  const table: readonly (readonly [number, readonly number[]])[] = [
    [0.03, [-4.54, -3.85, -2.9, -1.18, -0.36]],
    [0.05, [-4.26, -3.43, -2.34, -0.67, -0.02]],
    [0.08, [-3.71, -2.53, -1.17, 0.16, 0.49]],
    [0.15, [5.94, 4.91, 3.67, 2.15, 1.69]]
  ]
  for (const [rQuote, row] of table) {
    const found = [1, 2, 3, 5, 8].map((sigmaBps) => fairWithNoise({ ...clamp, ...cash(rQuote), sigmaBps })!)
    for (const [index, value] of found.entries())
      assert.ok(Math.abs(value - row[index]!) < 0.006, `${rQuote}: ${value}`)
  }
  assert.equal(fairWithNoise({ ...clamp, ...cash(0.05), sigmaBps: 0 }), null)
})

test('where cap or floor keep funding from being the carry, nothing is fair', () => {
  assert.equal(fairDeadband({ ...clamp, ...cash(0.2), cap8h: 0.0001 }).fairLowBps, null)
  assert.equal(fairDeadband({ ...clamp, ...cash(-0.2), floor8h: -0.0001 }).fairLowBps, null)
  assert.notEqual(fairDeadband({ ...clamp, ...cash(0.05), cap8h: 0.0001 }).fairLowBps, null)
})

test('a formula that nobody has verified has no rule, and one whose funding cannot reach the carry no price', () => {
  assert.equal(fundingRuleOf('bitfinex'), null)
  assert.equal(fundingRuleOf('toString'), null)
  const price = fairPerpetual({ spot: 100, ...cash(5), intervalHours: 8, kappaPerPeriod: 0.001, iotaPerPeriod: 0 })
  assert.equal(price.linearContinuous, null)
})

test('between the bounds is inside, beyond one of them is by how much, and an unknown bound says nothing', () => {
  const given = { fairLowBps: -4.5, fairHighBps: -4.5, costForwardBps: 34, costReverseBps: 48 }
  const at = (observedBps: number | null, costReverseBps: number | null = 48) =>
    fairBand({ ...given, observedBps, costReverseBps })
  assert.deepEqual([at(22).classification, at(22).excessBps], ['inside', 0])
  assert.deepEqual([at(41).classification, at(41).excessBps], ['rich', 11.5])
  assert.deepEqual([at(-60).classification, at(-60).excessBps], ['cheap', -7.5])
  assert.deepEqual([at(-60, null).classification, at(-60, null).lowerBps], [null, null])
  assert.equal(at(41, null).classification, 'rich')
  assert.equal(at(null).classification, null)
})

test('a venue with a wider cap never has a narrower band', () => {
  const bound = fc.double({ min: 0, max: 0.04, noNaN: true })
  const given = { band: { lowerBps: -52.5, upperBps: 29.5 }, periods8h: 9 }
  fc.assert(
    fc.property(bound, bound, bound, bound, (cap, floor, more, less) => {
      const narrow = worstFundingBand({ ...given, cap8h: cap, floor8h: -floor })
      const wide = worstFundingBand({ ...given, cap8h: cap + more, floor8h: -floor - less })
      assert.ok(wide.lowerBps! <= narrow.lowerBps! && wide.upperBps! >= narrow.upperBps!)
      assert.ok(narrow.lowerBps! <= given.band.lowerBps && narrow.upperBps! >= given.band.upperBps)
    })
  )
  const open = worstFundingBand({ ...given, cap8h: null, floor8h: null })
  assert.deepEqual(open, { lowerBps: null, upperBps: null })
})

test('a dated contract is worth what holding costs until its expiry', () => {
  assert.ok(Math.abs(fairDatedBps({ rQuote: 0.05, rBase: 0.03 }, 73) - 40) < 1e-9)
})
