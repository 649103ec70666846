import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fundingSpread, persistentBlocks, type SpreadLeg, wholeBlocks } from '../../src/domain/funding-spread.ts'

const HOUR = 3_600_000
const leg = (rate: number | null, intervalHours: number | null, taker = 0.0005): SpreadLeg => ({
  rate,
  intervalHours,
  taker
})
const between = (a: SpreadLeg, b: SpreadLeg, fromHours: number, toHours: number) =>
  fundingSpread({ a, b, entryMs: fromHours * HOUR, exitMs: toHours * HOUR })

test('a position closed before the eight-hour print has paid the hourly leg for nothing', () => {
  const spread = between(leg(0.0006, 8), leg(0.0000125, 1), 0.5, 7)
  assert.deepEqual([spread.settlementsA, spread.settlementsB, spread.shortVenue], [0, 7, 'A'])
  assert.ok(spread.aprSpread! > 0.5 && spread.netFrac! < 0)
})

test('the settlement at entry is not received, the one at exit is', () => {
  const { settlementsA, settlementsB } = between(leg(0.0001, 8), leg(0.0001, 1), 8, 16)
  assert.deepEqual([settlementsA, settlementsB], [1, 8])
})

test('a leg that settled at other times than its grid counts those', () => {
  const a = { ...leg(0.0001, 8), settlements: [HOUR, 1.5 * HOUR, 2.5 * HOUR, 9 * HOUR] }
  assert.equal(between(a, leg(0.0001, 8), 1, 5).settlementsA, 2)
})

test('without a rate or an interval there is no spread, at the same rate there is none to take', () => {
  for (const unknown of [leg(null, 8), leg(0.0001, null)]) {
    const spread = between(unknown, leg(0.0001, 8), 0, 24)
    assert.deepEqual([spread.aprSpread, spread.shortVenue, spread.netFrac], [null, null, null])
  }
  assert.equal(between(leg(0.0001, 8), leg(0.0001, 8), 0, 24).shortVenue, null)
})

const legs = fc.record({
  rate: fc.double({ min: -0.01, max: 0.01, noNaN: true }),
  intervalHours: fc.constantFrom(1, 2, 4, 8),
  taker: fc.double({ min: 0, max: 0.001, noNaN: true })
})

test('swapping the venues flips the spread and names the other, and changes nothing that is earned', () => {
  fc.assert(
    fc.property(legs, legs, fc.nat(100), fc.nat(300), (a, b, from, hours) => {
      const [one, other] = [between(a, b, from, from + hours), between(b, a, from, from + hours)]
      assert.ok(Math.abs(one.aprSpread! + other.aprSpread!) < 1e-12)
      assert.ok(Math.abs(one.netFrac! - other.netFrac!) < 1e-12)
      if (one.shortVenue !== null) assert.notEqual(one.shortVenue, other.shortVenue)
    })
  )
})

test('a rate that is paid in parts is the same a year, and earns the same over whole periods', () => {
  fc.assert(
    fc.property(legs, fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 30 }), (b, hours, periods) => {
      const whole = between(leg(0.0008, 8), b, 0, 8 * periods)
      const split = between(leg((0.0008 * hours) / 8, hours), b, 0, 8 * periods)
      assert.ok(Math.abs(whole.aprSpread! - split.aprSpread!) < 1e-9)
      assert.ok(Math.abs(whole.grossFrac! - split.grossFrac!) < 1e-9)
    })
  )
})

test('what settled is summed exactly by blocks whose intervals come to eight hours', () => {
  const settledOf = (...hours: readonly (readonly [at: number, intervalHours: number | null])[]) =>
    hours.map(([at, intervalHours]) => ({ settledAt: at * HOUR, rate: '0.0001', intervalHours }))
  const blocksOf = (settled: ReturnType<typeof settledOf>, from = 0, to = 24) => [
    ...wholeBlocks(settled, { fromMs: from * HOUR, toMs: to * HOUR })
  ]
  const hourly = settledOf(...Array.from({ length: 16 }, (_, k) => [k + 1, 1] as const))
  assert.deepEqual(blocksOf(hourly), [
    [0, 0.0008],
    [8 * HOUR, 0.0008]
  ])
  assert.deepEqual(blocksOf(hourly, 1), [[8 * HOUR, 0.0008]], 'not those that begin before')
  assert.deepEqual(blocksOf(hourly.slice(1)), [[8 * HOUR, 0.0008]], 'nor those that lack a settlement')
  assert.deepEqual(blocksOf(settledOf([8, 24], [16, 8])), [[8 * HOUR, 0.0001]], 'nor what is of a day')
  assert.deepEqual(blocksOf(settledOf([4, 4], [8, 4], [6, null])), [], 'nor those of unknown length')
  assert.deepEqual(blocksOf(settledOf([4, 4], [8, 8])), [], 'nor what begins before the block')
})

test('a spread has lasted for as many blocks as agree on who pays more, counted from the newest', () => {
  const blocks = (...differences: readonly number[]) => differences.map((a, index) => ({ startMs: index, a, b: 0 }))
  assert.equal(persistentBlocks(blocks(-1, 1, 1, 1)), 3)
  assert.equal(persistentBlocks(blocks(1, 1, 0)), 0)
  assert.equal(persistentBlocks([]), 0)
})
