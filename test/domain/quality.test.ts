import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal } from '../../src/domain/decimal.ts'
import type { GateContract, GateLeg } from '../../src/domain/gates.ts'
import {
  GRADES,
  gradeAt,
  gradeOf,
  judgeBasis,
  lowestGrade,
  QUALITY_REASONS,
  type QualityReason,
  REASON_GRADES,
  reachesGrade
} from '../../src/domain/quality.ts'

const NOW = 1_794_124_805_000
const exact = (text: string) => parseDecimal(text)!
const spot: GateLeg = { bid: exact('100'), ask: exact('100.01'), ts: NOW, active: true }
const contract: GateContract = {
  bid: exact('100.1'),
  ask: exact('100.11'),
  ts: NOW,
  active: true,
  listedMs: null,
  expiryMs: null
}
const basis = { nowMs: NOW, contract, spot, priceKind: 'mid', basisBps: 10 } as const
const reasonLists = fc.subarray(QUALITY_REASONS)
const grades = fc.constantFrom(...GRADES)

test('the reasons are the closed list of the contract', () => {
  const none = [
    'missing_quote',
    'crossed_book',
    'no_spot_leg',
    'multiplier_unresolved',
    'quarantined',
    'future_timestamp',
    'basis_out_of_range',
    'inactive_spot',
    'inactive_perp'
  ]
  const display = [
    'stale_spot',
    'stale_perp',
    'leg_skew',
    'frozen',
    'wide_spread_spot',
    'wide_spread_perp',
    'new_listing',
    'near_expiry',
    'fx_unadjusted',
    'depeg',
    'price_impact',
    'price_mark',
    'price_last',
    'display_only_venue'
  ]
  const at = (grade: string) => QUALITY_REASONS.filter((reason) => REASON_GRADES[reason] === grade).sort()
  assert.deepEqual(at('none'), none.sort())
  assert.deepEqual(at('display'), display.sort())
  assert.deepEqual(at('signal'), ['interval_assumed'])
})

test('the grade never rises as reasons are added', () => {
  fc.assert(
    fc.property(reasonLists, reasonLists, (some, more) => {
      assert.ok(reachesGrade(gradeOf(some), gradeOf([...some, ...more])))
    })
  )
  assert.equal(gradeOf([]), 'signal')
  assert.equal(gradeOf(['interval_assumed']), 'signal')
})

test('the lowest of some grades is reached by all of them', () => {
  fc.assert(
    fc.property(fc.array(grades), (some) => {
      for (const grade of some) assert.ok(reachesGrade(grade, lowestGrade(some)))
    })
  )
})

test('a clean pair of books is good for signals', () => {
  assert.deepEqual(judgeBasis(basis), { grade: 'signal', reasons: [] })
})

test('between the signal and the display limits a row is for display, beyond them for nothing', () => {
  const at = (contractAgeMs: number, spotAgeMs: number) =>
    judgeBasis({ ...basis, contract: { ...contract, ts: NOW - contractAgeMs }, spot: { ...spot, ts: NOW - spotAgeMs } })
  assert.deepEqual(at(6000, 6000), { grade: 'display', reasons: ['stale_spot', 'stale_perp'] })
  assert.deepEqual(at(30_000, 30_000), { grade: 'display', reasons: ['stale_spot', 'stale_perp'] })
  assert.deepEqual(at(30_001, 29_000), { grade: 'none', reasons: ['stale_spot', 'stale_perp'] })
  assert.deepEqual(at(3000, 0), { grade: 'display', reasons: ['leg_skew'] })
  assert.deepEqual(at(10_001, 0), { grade: 'none', reasons: ['stale_perp', 'leg_skew'] })
})

test('without a spot leg the reason is that, not a missing quote', () => {
  assert.deepEqual(judgeBasis({ ...basis, spot: null, basisBps: null }), { grade: 'none', reasons: ['no_spot_leg'] })
})

test('a missing side is fatal for books and nothing to a last price', () => {
  const sides = { contract: { ...contract, bid: null }, spot: { ...spot, ask: null } }
  assert.deepEqual(judgeBasis({ ...basis, ...sides, basisBps: null }), { grade: 'none', reasons: ['missing_quote'] })
  assert.deepEqual(judgeBasis({ ...basis, ...sides, priceKind: 'last' }), { grade: 'display', reasons: ['price_last'] })
  assert.deepEqual(judgeBasis({ ...basis, ...sides, priceKind: 'mark' }), { grade: 'display', reasons: ['price_mark'] })
  assert.equal(judgeBasis({ ...basis, ...sides, priceKind: 'last', basisBps: null }).grade, 'none')
})

test('the range is judged on the basis in contract units, either side', () => {
  assert.deepEqual(judgeBasis({ ...basis, spot: { ...spot, bid: exact('0.1'), ask: exact('0.10001') } }).reasons, [])
  for (const basisBps of [2000.1, -2000.1])
    assert.deepEqual(judgeBasis({ ...basis, basisBps }).reasons, ['basis_out_of_range'])
  assert.deepEqual(judgeBasis({ ...basis, basisBps: 2000 }).reasons, [])
})

test('reasons found elsewhere are kept, once, and lower the grade', () => {
  const known: QualityReason[] = ['fx_unadjusted', 'frozen', 'fx_unadjusted']
  assert.deepEqual(judgeBasis({ ...basis, known, priceKind: 'impact' }), {
    grade: 'display',
    reasons: ['frozen', 'fx_unadjusted', 'price_impact']
  })
})

test('a served row falls below signal after a poll and 5 s, and to none after 30 s or three polls', () => {
  const at = (ageMs: number, pollIntervalMs: number) =>
    gradeAt({ gradeWhenDerived: 'signal', observedAtMs: NOW - ageMs, nowMs: NOW, pollIntervalMs }).grade
  assert.deepEqual([at(15_000, 10_000), at(15_001, 10_000)], ['signal', 'display'])
  assert.deepEqual([at(30_000, 10_000), at(30_001, 10_000)], ['display', 'none'])
  assert.deepEqual([at(30_001, 20_000), at(60_000, 20_000), at(60_001, 20_000)], ['display', 'display', 'none'])
})

test('the reason names the leg that is old', () => {
  const row = { gradeWhenDerived: 'signal', reasons: ['interval_assumed'], nowMs: NOW, pollIntervalMs: 1000 } as const
  const spotOld = gradeAt({ ...row, observedAtMs: NOW - 7000, spotObservedAtMs: NOW - 7000, contractObservedAtMs: NOW })
  assert.deepEqual(spotOld, { grade: 'display', reasons: ['stale_spot', 'interval_assumed'] })
  const perpOld = gradeAt({
    ...row,
    observedAtMs: NOW - 7000,
    spotObservedAtMs: null,
    contractObservedAtMs: NOW - 7000
  })
  assert.deepEqual(perpOld, { grade: 'display', reasons: ['stale_perp', 'interval_assumed'] })
  assert.equal(gradeAt({ ...row, observedAtMs: null }).grade, 'none')
})

test('the served grade never rises as time passes, and never above what was derived', () => {
  const times = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 2, maxLength: 10 })
  fc.assert(
    fc.property(grades, times, fc.integer({ min: 100, max: 60_000 }), (gradeWhenDerived, ages, pollIntervalMs) => {
      const served = ages
        .toSorted((a, b) => a - b)
        .map((age) => gradeAt({ gradeWhenDerived, observedAtMs: NOW, nowMs: NOW + age, pollIntervalMs }).grade)
      assert.ok(reachesGrade(gradeWhenDerived, served[0]!))
      for (const [index, grade] of served.entries()) assert.ok(reachesGrade(served[Math.max(0, index - 1)]!, grade))
    })
  )
})
