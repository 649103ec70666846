import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { carryCapacity, largestSize } from '../../src/domain/capacity.ts'
import { breakEvenConstant, netCarry, perYear, reverseCarry } from '../../src/domain/carry.ts'
import { FEE_SCHEDULES, takerFeeOf } from '../../src/domain/fees.ts'

const near = (actual: number | null, expected: number, tolerance = 1e-12) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)

const constant = (rate: number, toNext: number | null = 2.5) =>
  breakEvenConstant({
    spotTaker: 0.001,
    perpTaker: 0.0005,
    rate,
    intervalHours: 8,
    slippageRoundTripBps: 4,
    hoursToNextSettlement: toNext
  })

test('funding comes in lumps: 34 settlements of 1 bp pay for 34 bps, the last of them 266.5 hours from now', () => {
  assert.deepEqual(
    [constant(0.0001).settlementsNeeded, constant(0.0001).hoursWall, constant(0.0001, null).hoursWall],
    [34, 266.5, null]
  )
  near(constant(0.00015).hoursContinuous, (0.0034 / 0.00015) * 8, 1e-9)
  for (const rate of [0, -0.0001]) {
    const { settlementsNeeded, hoursContinuous, hoursWall } = constant(rate)
    assert.deepEqual([settlementsNeeded, hoursContinuous, hoursWall], [null, null, null])
  }
})

const terms = {
  entryBasisExecBps: 18,
  exitBasisBps: 6,
  fundingSum: 0.0021,
  spotTaker: 0.0008,
  perpTaker: 0.0004,
  exitSlippageBps: 2,
  horizonHours: 168,
  perpMarginFrac: 0.2
}

test('swapping the legs turns the sign of what is earned and leaves the costs', () => {
  const bps = fc.double({ min: -100, max: 100, noNaN: true })
  fc.assert(
    fc.property(bps, bps, fc.double({ min: -0.01, max: 0.01, noNaN: true }), (entry, exit, funding) => {
      const given = { ...terms, entryBasisExecBps: entry, exitBasisBps: exit, fundingSum: funding }
      const [forward, reverse] = [netCarry(given), netCarry({ ...given, direction: 'reverse' })]
      near(forward.grossFrac + reverse.grossFrac, 0)
      assert.equal(forward.costFrac, reverse.costFrac)
    })
  )
})

test('net per year is the same however the time is cut', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -0.01, max: 0.01, noNaN: true }),
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 50 }),
      (rate, hours, parts) => near(perYear(rate / parts, hours / parts), perYear(rate, hours)!, 1e-9)
    )
  )
  assert.equal(perYear(0.1, 0), null)
})

test('a reverse carry without a known borrow rate is refused, with one it pays for the time', () => {
  const given = { rate: -0.0008, settlements: 9, intervalHours: 8, costFrac: 0.0034 }
  const refused = reverseCarry({ ...given, borrowApr: null })
  assert.deepEqual([refused.netFrac, refused.netApr, refused.refused], [null, null, 'borrow_unknown'])
  near(reverseCarry({ ...given, borrowApr: 0.25 }).netFrac, 0.0072 - (0.25 * 72) / 8760 - 0.0034)
  assert.equal(reverseCarry({ ...given, borrowApr: 0 }).refused, null)
})

test('capacity is what binds first, and not known while one of its limits is not', () => {
  const shares = { oiShare: 0.01, advShare: 0.01 }
  const of = (bookCapacityUsd: number | null, oiUsd: number | null, advUsd: number | null) =>
    carryCapacity({ bookCapacityUsd, oiUsd, advUsd, ...shares })
  assert.deepEqual(of(420_000, 18_500_000, 95_000_000), { capacityUsd: 185_000, binding: 'openInterest' })
  assert.deepEqual(of(1_000, 18_500_000, 95_000_000), { capacityUsd: 1_000, binding: 'book' })
  assert.deepEqual(of(420_000, 18_500_000, 5_000), { capacityUsd: 50, binding: 'volume' })
  assert.deepEqual(of(420_000, null, 5_000), { capacityUsd: null, binding: null })
})

test('books that bear at least so much bind nothing: another limit does, or nobody has seen the one that would', () => {
  const of = (bookCapacityUsd: number, isBookAtLeast: boolean) =>
    carryCapacity({
      ...{ bookCapacityUsd, isBookAtLeast, oiUsd: 18_500_000, advUsd: 95_000_000 },
      ...{ oiShare: 0.01, advShare: 0.01 }
    })
  const openInterest = { capacityUsd: 185_000, binding: 'openInterest' }
  assert.deepEqual([of(420_000, true), of(420_000, false)], [openInterest, openInterest])
  assert.deepEqual(of(184_999, true), { capacityUsd: null, binding: null })
  assert.deepEqual(of(184_999, false), { capacityUsd: 184_999, binding: 'book' })
  assert.deepEqual(of(185_000, true), openInterest)
  assert.deepEqual(of(185_000, false), { capacityUsd: 185_000, binding: 'book' })
})

test('the largest size that pays is found between two sizes, or says what keeps it', () => {
  const range = { least: 100, most: 1e7 }
  const falling = (size: number) => 0.1 - size * 1e-7
  near(largestSize(falling, 0.05, range).notional, 500_000, 20)
  assert.deepEqual(largestSize(falling, 0.2, range), { notional: null, bound: 'none_pays' })
  assert.deepEqual(
    largestSize(() => 0.1, 0.05, range),
    { notional: 1e7, bound: 'beyond_search' }
  )
  assert.deepEqual(
    largestSize(() => null, 0.05, range),
    { notional: null, bound: 'book_ends' }
  )
  const ending = largestSize((size) => (size > 5_000 ? null : 0.1), 0.05, range)
  assert.equal(ending.bound, 'book_ends')
  near(ending.notional, 5_000, 1)
})

test('every fee has a source and a day, no tier pays more than the one before, and an unknown name pays the base', () => {
  for (const { venue, source, readOn, tiers } of FEE_SCHEDULES) {
    assert.ok(source.length > 5 && /^\d{4}-\d\d-\d\d$/.test(readOn), venue)
    for (const leg of ['spot', 'contract'] as const) {
      const fees = tiers.map(({ tier }) => takerFeeOf(venue, leg, tier).taker)
      assert.deepEqual(
        fees,
        [...fees].sort((a, b) => b - a),
        `${venue} ${leg}`
      )
    }
  }
  assert.equal(takerFeeOf('binance', 'contract', 'supreme').tier, 'base')
  assert.deepEqual(takerFeeOf('coinbase', 'spot', 'vip1').readOn, null)
})
