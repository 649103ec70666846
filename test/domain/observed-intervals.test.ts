import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { observedIntervals } from '../../src/domain/funding.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 1)

/** Settlement times whose gaps are these hours. */
function timesOf(gapHours: readonly number[]): number[] {
  const times = [START_MS]
  for (const hours of gapHours) times.push(times.at(-1)! + hours * HOUR_MS)
  return times
}

const repeated = (count: number, hours: number): number[] => Array(count).fill(hours)

test('a change of the interval is exact on both sides', () => {
  for (const order of [
    [8, 4, 1],
    [1, 4, 8],
    [8, 1, 8]
  ]) {
    const gaps = order.flatMap((hours) => repeated(4, hours))
    assert.deepEqual(observedIntervals(timesOf(gaps)), [gaps[0], ...gaps])
  }
})

test('a hole takes the interval around it', () => {
  assert.deepEqual(observedIntervals(timesOf([4, 4, 8, 4, 4])), repeated(6, 4))
  assert.deepEqual(observedIntervals(timesOf([8, 40, 8])), repeated(4, 8))
  assert.deepEqual(observedIntervals(timesOf([1, 2, 40, 2])), repeated(5, 1))
  assert.deepEqual(observedIntervals(timesOf([8, 8, 12, 4, 4])), [8, 8, 8, 4, 4, 4])
})

test('a hole at either end takes the interval beside it', () => {
  assert.deepEqual(observedIntervals(timesOf([24, 8, 8])), repeated(4, 8))
  assert.deepEqual(observedIntervals(timesOf([1, 1, 4])), repeated(4, 1))
})

test('what nothing is known about has no interval', () => {
  assert.deepEqual(observedIntervals([]), [])
  assert.deepEqual(observedIntervals([START_MS]), [null])
  assert.deepEqual(observedIntervals(timesOf([40])), [null, null])
  assert.deepEqual(observedIntervals(timesOf([8])), [8, 8])
})

test('stamps up to two minutes late do not disturb it', () => {
  const times = timesOf([8, 8, 8]).map((time, index) => time + (index % 2) * 110_000)
  assert.deepEqual(observedIntervals(times), repeated(4, 8))
  const later = timesOf([8, 8]).map((time, index) => time + (index === 1 ? 130_000 : 0))
  assert.deepEqual(observedIntervals(later), [null, null, null])
})

test('holes cut out of one interval never lengthen it where a neighbour shows it', () => {
  const cases = fc.record({
    hours: fc.constantFrom(1, 2, 4, 8),
    kept: fc.array(fc.boolean(), { minLength: 6, maxLength: 60 })
  })
  fc.assert(
    fc.property(cases, ({ hours, kept }) => {
      const times = timesOf(repeated(kept.length - 1, hours)).filter((_, index) => kept[index])
      const found = observedIntervals(times)
      const gaps = times.slice(1).map((time, index) => (time - times[index]!) / HOUR_MS)
      for (const [index, gap] of gaps.entries()) {
        const shown = gap === hours || gaps[index - 1] === hours || gaps[index + 1] === hours
        const twin = gap !== hours && (gaps[index - 1] === gap || gaps[index + 1] === gap)
        if (shown && !twin) assert.equal(found[index + 1], hours, `gap ${index} of ${gaps.join(',')}`)
      }
    })
  )
})

test('single holes anywhere but beside a change leave every interval as it was', () => {
  const regimes = fc.array(fc.constantFrom(1, 2, 4, 8), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(regimes, fc.nat(), (order, seed) => {
      const gaps = order.flatMap((hours) => repeated(7, hours))
      const times = timesOf(gaps)
      const truth = [gaps[0]!, ...gaps]
      const regime = seed % order.length
      const cut = regime * 7 + 3 + (seed % 2)
      const found = observedIntervals(times.filter((_, index) => index !== cut))
      assert.deepEqual(
        found,
        truth.filter((_, index) => index !== cut)
      )
    })
  )
})
