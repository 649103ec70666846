import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CurveMember, curveAt } from '../../src/domain/curve-history.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const AT = Date.UTC(2026, 5, 15)

const member = (instrument: string, days: number, adjustedBps: number | null, agoMs = 0): CurveMember => ({
  instrument,
  expiresAt: AT + days * DAY,
  close: { at: AT - agoMs, adjustedBps },
  missing: 'not_observed'
})
const maturityOf = (members: readonly CurveMember[], days: number) =>
  curveAt(members, AT).maturities.find((maturity) => maturity.days === days)!

/** Dated contracts of distinct expiries, with a basis. */
const curve = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: -900, max: 2_000 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([days]) => days
  })
  .map((rows) => rows.map(([days, bps], index) => member(`c${index}`, days + 0.5, bps)))

test('a maturity lies between the growths of the two contracts that are named, and beyond the expiries there is none', () => {
  fc.assert(
    fc.property(curve, (members) => {
      const { points, maturities } = curveAt(members, AT)
      const fitted = points.filter(({ isFitted }) => isFitted)
      for (const { days, aprContinuous, between, absent } of maturities) {
        const growths = between.map((key) => points.find(({ instrument }) => instrument === key)!)
        if (aprContinuous === null) {
          assert.deepEqual(between, [])
          assert.ok(
            absent !== null &&
              (fitted.every((point) => point.days > days) || fitted.every((point) => point.days < days))
          )
          continue
        }
        const [from, to] = [growths[0]!, growths.at(-1)!]
        assert.ok(from.days <= days && days <= to.days)
        const ends = [from, to].map((point) => (point.aprContinuous! * point.days) / 365)
        const growth = (aprContinuous * days) / 365
        assert.ok(growth >= Math.min(...ends) - 1e-12 && growth <= Math.max(...ends) + 1e-12)
        const inside = fitted.filter((point) => point.days > from.days && point.days < to.days)
        assert.deepEqual(inside, [], 'the neighbours are the nearest')
      }
    })
  )
})

test('the order in which contracts come changes nothing', () => {
  const shuffled = curve.chain((members) =>
    fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length }))
  )
  fc.assert(
    fc.property(shuffled, ([members, others]) => {
      assert.deepEqual(curveAt(others, AT), curveAt(members, AT))
    })
  )
})

test('a contract that has no rate stays on the curve with the reason, and no maturity is made of it', () => {
  const missing = { ...member('silent', 60, null), close: undefined, missing: 'not_kept' } as const
  const members = [
    member('near', 20, 100),
    missing,
    member('unconverted', 50, null),
    member('old', 45, 500, HOUR + 1),
    member('dying', 0.5, 5),
    member('last', 1.5, 5),
    member('back', 100, 300)
  ]
  const { points } = curveAt(members, AT)
  assert.deepEqual(
    points.map(({ instrument, absent, isFitted }) => [instrument, absent, isFitted]),
    [
      ['dying', 'near_expiry', false],
      ['last', null, false],
      ['near', null, true],
      ['old', 'not_observed', false],
      ['unconverted', 'fx_unadjusted', false],
      ['silent', 'not_kept', false],
      ['back', null, true]
    ]
  )
  assert.deepEqual(maturityOf(members, 60).between, ['near', 'back'])
  assert.equal(maturityOf(members, 7).absent, 'before_first_expiry')
})

test('every rate and maturity follows from the fields of its contracts: basis, days, and how long before the end it closed', () => {
  const closes = fc.tuple(...[20, 47, 110].map(() => fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat(HOUR))))
  fc.assert(
    fc.property(closes, (rows) => {
      const members = rows.map(([bps, agoMs], index) => member(`c${index}`, [20, 47, 110][index]!, bps, agoMs))
      const { points, maturities } = curveAt(members, AT)
      const growths = points.map(({ days, closedAt, adjustedBasisBps, aprContinuous }) => {
        const from = days + (AT - closedAt!) / DAY
        const growth = Math.log(1 + adjustedBasisBps! / 10_000)
        assert.ok(Math.abs(aprContinuous! - (growth * 365) / from) < 1e-12)
        return { from, growth }
      })
      const between = maturities.filter(({ absent }) => absent === null)
      assert.deepEqual(
        between.map(({ days }) => days),
        [30, 60, 90]
      )
      for (const { days, aprContinuous } of between) {
        const [a, b] = days < 47 ? [growths[0]!, growths[1]!] : [growths[1]!, growths[2]!]
        const growth = a.growth + ((b.growth - a.growth) * (days - a.from)) / (b.from - a.from)
        assert.ok(Math.abs(aprContinuous! - (growth * 365) / days) < 1e-12)
      }
    })
  )
})

test('a rate is of the time of its own close, and two contracts of one expiry are one point', () => {
  const [point] = curveAt([member('a', 10, 100, HOUR)], AT).points
  assert.ok(Math.abs(point!.aprContinuous! - (Math.log(1.01) * 365) / (10 + 1 / 24)) < 1e-12)
  const both = [member('a', 30, 100), member('b', 30, 200)]
  const { aprContinuous, between } = maturityOf(both, 30)
  assert.deepEqual(between, ['a', 'b'])
  assert.ok(Math.abs(aprContinuous! - ((Math.log(1.01) + Math.log(1.02)) * 365) / 60) < 1e-12)
  const apart = [member('near', 10, 50), member('a', 40, 100), member('b', 40, 200, HOUR / 60)]
  assert.deepEqual(maturityOf(apart, 30).between, ['near', 'a', 'b'], 'though one of them closed a minute earlier')
})
