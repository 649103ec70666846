import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { annualiseDated, forwardRate } from '../../src/domain/dated.ts'
import { parseDecimal } from '../../src/domain/decimal.ts'

const DAY_MS = 86_400_000
const exact = (text: string) => parseDecimal(text)!

function after(days: number, future = '101800') {
  return annualiseDated({ spot: exact('100000'), future: exact(future), nowMs: 0, expiryMs: days * DAY_MS })
}

test('1.8 % over 47 days per year: simple, continuous, compounded', () => {
  const dated = after(47)
  assert.ok(Math.abs(dated.aprSimple! - 0.139787234043) < 1e-12)
  assert.ok(Math.abs(dated.aprContinuous! - 0.138544045039) < 1e-12)
  assert.ok(Math.abs(dated.apyCompounded! - 0.1486002706) < 1e-10)
  assert.equal(dated.shortTenor, false)
})

test('with less than a day left, and after expiry, nothing is annualised', () => {
  for (const days of [0.999, 0, -3]) {
    const dated = after(days)
    assert.deepEqual([dated.aprSimple, dated.aprContinuous, dated.apyCompounded], [null, null, null])
    assert.equal(dated.nearExpiry, true)
    assert.equal(dated.daysToExpiry, days)
  }
  assert.notEqual(after(1).aprSimple, null)
})

test('under seven days the figure is flagged', () => {
  assert.equal(after(6.9).shortTenor, true)
  assert.equal(after(7).shortTenor, false)
})

test('without prices or without an expiry there is no figure', () => {
  const dated = annualiseDated({ spot: null, future: exact('1'), nowMs: 0, expiryMs: 30 * DAY_MS })
  assert.equal(dated.basisFrac, null)
  assert.equal(dated.aprSimple, null)
  assert.equal(annualiseDated({ spot: exact('1'), future: exact('1'), nowMs: 0, expiryMs: null }).daysToExpiry, null)
})

test('the simple figure is linear in the basis and inverse in the days', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 400 }), fc.integer({ min: -5000, max: 5000 }), (days, dollars) => {
      const once = after(days, String(100_000 + dollars)).aprSimple!
      assert.ok(
        Math.abs(after(days, String(100_000 + 2 * dollars)).aprSimple! - 2 * once) <
          1e-12 * Math.max(1, Math.abs(once)) * 10
      )
      assert.ok(Math.abs(after(2 * days, String(100_000 + dollars)).aprSimple! * 2 - once) < 1e-12 * 10)
    })
  )
})

test('the carry between two expiries refuses expiries out of order and prices that are none', () => {
  const curve = { future1: exact('101800'), days1: 47, future2: exact('104100'), days2: 138 }
  assert.ok(Math.abs(forwardRate(curve)! - 0.0896130010895) < 1e-12)
  assert.equal(forwardRate({ ...curve, days2: 47 }), null)
  assert.equal(forwardRate({ ...curve, days2: 20 }), null)
  assert.equal(forwardRate({ ...curve, future1: exact('0') }), null)
})
