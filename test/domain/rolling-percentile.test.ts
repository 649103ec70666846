import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRollingPercentile } from '../../src/domain/rolling-percentile.ts'
import { midrankPercentile } from '../../src/domain/statistics.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'

const NO_MINIMUM = { minSpanMs: 0, minObservations: 1 }

test('a rolling percentile is the mid-rank of the newest value in its window, the value itself included', () => {
  const step = fc.record({
    hours: fc.integer({ min: 1, max: 30 }),
    value: fc.option(fc.constantFrom(-3, -1, 0, 0.0001, 0.0001, 1, 2))
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 200 }), (steps, windowHours) => {
      const rolling = createRollingPercentile({ ...NO_MINIMUM, windowMs: windowHours * HOUR })
      const seen: { at: number; value: number }[] = []
      let at = 0
      for (const { hours, value } of steps) {
        at += hours * HOUR
        if (value !== null) seen.push({ at, value })
        const inside = seen.filter((each) => each.at > at - windowHours * HOUR).map((each) => each.value)
        assert.deepEqual(rolling.add(at, value), {
          percentile: value === null ? null : midrankPercentile(value, inside),
          observations: inside.length
        })
      }
    })
  )
})

test('there is no percentile before the values are enough and span enough time', () => {
  const first = (window: { minSpanMs: number; minObservations: number }, stepMs: number) => {
    const rolling = createRollingPercentile({ windowMs: 90 * DAY, ...window })
    for (let count = 1; ; count += 1) if (rolling.add(count * stepMs, count).percentile !== null) return count
  }
  const spec = { minSpanMs: 30 * DAY, minObservations: 90 }
  assert.equal(first(spec, 8 * HOUR), 91, 'ninety settlements, and thirty days between the first and the last')
  assert.equal(first(spec, HOUR), 30 * 24 + 1)
  assert.equal(first(spec, DAY), 90)
})

test('values at the anchor are neither high nor low', () => {
  const rolling = createRollingPercentile({ ...NO_MINIMUM, windowMs: 90 * DAY })
  let last: number | null = null
  for (let day = 0; day < 80; day += 1) last = rolling.add(day * DAY, 0.0001).percentile
  assert.equal(last, 50)
})
