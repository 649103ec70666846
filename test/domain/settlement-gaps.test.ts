import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { irregularIntervals, missingWithin, settlementHoles } from '../../src/domain/settlement-gaps.ts'
import { HOUR } from '../../src/domain/time.ts'

const START = Date.UTC(2025, 0, 1)
const at = (hours: number) => START + hours * HOUR
const times = (...hours: readonly number[]) => hours.map(at)
const stretches = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([from, to]) => ({ from: at(from), to: at(to) }))

test('a settlement that is two hours late is missing nowhere: both intervals around it are irregular', () => {
  const late = times(0, 8, 16, 26, 32, 40)
  assert.deepEqual(settlementHoles(late), [])
  assert.deepEqual(irregularIntervals(late), stretches([16, 26], [26, 32]))
})

test('a hole is no irregular interval, whether what follows it is on the grid or not', () => {
  for (const after of [24, 26]) {
    const holed = times(0, 8, after + 8, after + 16, after + 24)
    assert.deepEqual(settlementHoles(holed), stretches([16, after + 8]))
    assert.deepEqual(irregularIntervals(holed), [])
  }
})

test('a venue that changes its interval, and stamps within two minutes of the hour, has neither', () => {
  const changed = [...times(0, 8, 16, 24), at(28) + 90_000, ...times(32, 36, 37, 38, 39)]
  assert.deepEqual([...settlementHoles(changed), ...irregularIntervals(changed)], [])
})

test('of a gap that settlements came into, only what they leave is missing', () => {
  const gap = { from: at(16), to: at(80) }
  const around = [0, 8, 80, 88]
  const left = (...hours: readonly number[]) =>
    missingWithin(gap, times(...[...around, ...hours].sort((a, b) => a - b)))
  assert.deepEqual(left(), [gap])
  assert.deepEqual(left(16, 24), stretches([32, 80]))
  assert.deepEqual(left(40, 48), stretches([16, 40], [56, 80]))
  assert.deepEqual(left(16, 24, 32, 40, 48, 56, 64, 72), [])
})

test('where nothing is known beyond a gap, its edge is missing as far as one was due', () => {
  const gap = { from: at(0), to: at(64) }
  assert.deepEqual(missingWithin(gap, times(24, 32, 40, 48, 56)), stretches([0, 24]))
  assert.deepEqual(missingWithin(gap, times(0, 8, 16, 24)), stretches([32, 64]))
  assert.deepEqual(missingWithin(gap, times(4, 12, 20, 28, 36, 44, 52, 60)), [])
  assert.deepEqual(missingWithin(gap, times(24)), [gap], 'one settlement tells no interval')
})

test('what is missing of a gap holds every settlement that is, and none that is not', () => {
  // Of two single holes side by side nobody can tell that the interval is not twice as long: two are known between any.
  const run = fc.record({ missing: fc.nat({ max: 9 }), known: fc.integer({ min: 2, max: 5 }) })
  const kept = fc
    .array(run, { minLength: 1, maxLength: 12 })
    .map((runs) =>
      runs.flatMap(({ missing, known }) => [
        ...Array<boolean>(missing).fill(false),
        ...Array<boolean>(known).fill(true)
      ])
    )
  fc.assert(
    fc.property(kept, fc.constantFrom(1, 4, 8), (keep, interval) => {
      // Three on either side are known: the interval always shows.
      const all = [true, true, true, ...keep, true, true, true].map((isKept, index) => ({
        time: at(index * interval),
        isKept
      }))
      const gap = { from: all[3]!.time, to: all.at(-3)!.time }
      const known = all.filter(({ isKept }) => isKept).map(({ time }) => time)
      const missing = missingWithin(gap, known)
      const inside = all.filter(({ time }) => time >= gap.from && time < gap.to)
      for (const { time, isKept } of inside) {
        assert.equal(
          missing.some(({ from, to }) => from <= time && time < to),
          !isKept
        )
      }
    })
  )
})
