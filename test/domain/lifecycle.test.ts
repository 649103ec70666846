import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  IDLE,
  type LifecycleEvent,
  type LifecycleMemory,
  type LifecycleRules,
  readingOf,
  stepLifecycle,
  thresholdProblem
} from '../../src/domain/lifecycle.ts'

const BUCKET = 60_000
const RULES: LifecycleRules = {
  persist: 2,
  exitPersist: 2,
  coolDownMs: 5 * BUCKET,
  updateDelta: 3,
  staleMs: 3 * BUCKET
}
const SIDES = { HIGH: { enter: 10, exit: 5, below: false }, LOW: { enter: -10, exit: -5, below: true } }
type Label = keyof typeof SIDES
type Seen = { readonly value: number | null; readonly weight?: number; readonly isDelisted?: boolean }

/** Every event of a series, one observation a bucket; `at` in buckets. */
function run(series: readonly (number | null | Seen)[], rules: LifecycleRules = RULES) {
  let memory: LifecycleMemory<Label> = IDLE
  const events: LifecycleEvent<Label>[] = []
  for (const [index, item] of series.entries()) {
    const { value, weight = 1, isDelisted = false } = typeof item === 'object' && item !== null ? item : { value: item }
    const seen = readingOf(SIDES, { at: index * BUCKET, value, weight, ending: isDelisted ? 'delisted' : null })
    const step = stepLifecycle(memory, seen, rules)
    memory = step.memory
    if (step.event !== null) events.push(step.event)
  }
  return events
}

const told = (series: readonly (number | null | Seen)[], rules?: LifecycleRules) =>
  run(series, rules).map(({ at, type, ...event }) => [
    at / BUCKET,
    type,
    'reason' in event ? event.reason : event.value
  ])

test('it opens once the conditions have held without a break, moves by steps, and closes once they have not for as long', () => {
  assert.deepEqual(told([11, 9, 12, 11, 13, 14, 6, 4, 5, 4, 4]), [
    [3, 'open', 11],
    [5, 'update', 14],
    [6, 'update', 6],
    [10, 'close', 'exit']
  ])
})

test('persistence may be counted in hours: each observation by its own', () => {
  const hours = (value: number, weight: number) => ({ value, weight })
  const rules = { ...RULES, persist: 24, exitPersist: 8 }
  assert.deepEqual(told([hours(11, 8), hours(11, 8), hours(11, 8), hours(4, 4), hours(4, 4)], rules), [
    [2, 'open', 11],
    [3, 'update', 4],
    [4, 'close', 'exit']
  ])
})

test('what is not known breaks what was counted, and after three empty buckets what is open is stale', () => {
  assert.deepEqual(told([11, null, 11]), [])
  assert.deepEqual(told([11, 11, 4, null, 4]).slice(-1), [[2, 'update', 4]], 'no close')
  assert.deepEqual(told([11, 11, null, null, 11]), [[1, 'open', 11]])
  assert.deepEqual(told([11, 11, null, null, null]), [
    [1, 'open', 11],
    [4, 'close', 'stale']
  ])
})

test('what is delisted closes at once and opens nothing', () => {
  const gone = { value: 20, isDelisted: true }
  assert.deepEqual(told([11, 11, gone, gone, gone]), [
    [1, 'open', 11],
    [2, 'close', 'delisted']
  ])
  assert.deepEqual(told([gone, gone, gone]), [])
})

test('nothing counts towards an opening during the cool-down', () => {
  assert.deepEqual(told([11, 11, 4, 4, 20, 20, 20, 20, 20, 20, 20]), [
    [1, 'open', 11],
    [2, 'update', 4],
    [3, 'close', 'exit'],
    [9, 'open', 20]
  ])
})

test('a low side is met from above, and one side never turns into the other', () => {
  assert.deepEqual(told([11, -11, 11, -11]), [], 'what was held for one side is nothing to the other')
  assert.deepEqual(
    run([-11, -11, 20, 20], { ...RULES, coolDownMs: 0, exitPersist: 1 }).map(({ label, type }) => [label, type]),
    [
      ['LOW', 'open'],
      ['LOW', 'close'],
      ['HIGH', 'open']
    ]
  )
})

test('crossed thresholds are refused: an exit beyond its enter', () => {
  assert.equal(thresholdProblem({ enter: 10, exit: 10, below: false }), null)
  assert.equal(thresholdProblem({ enter: -10, exit: -5, below: true }), null)
  assert.match(thresholdProblem({ enter: 10, exit: 11, below: false })!, /exit \(11\) must not be above enter \(10\)/)
  assert.match(thresholdProblem({ enter: -10, exit: -11, below: true })!, /must not be below enter/)
  assert.match(thresholdProblem({ enter: Number.NaN, exit: 1, below: false })!, /must be numbers/)
})

test('noise that crosses the threshold to enter a thousand times, but never the one to leave, opens once', () => {
  const noise = fc.array(fc.constantFrom(9.9, 10.1, 10, 9.5), { minLength: 1_000, maxLength: 1_000 })
  fc.assert(
    fc.property(noise, (values) => {
      const events = run([11, 11, ...values])
      assert.deepEqual(
        events.map(({ type }) => type),
        ['open']
      )
    }),
    { numRuns: 30 }
  )
})

test('noise across both thresholds opens no more often than cool-down and persistence allow', () => {
  const noise = fc.array(fc.option(fc.double({ min: -20, max: 20, noNaN: true })), {
    minLength: 1_000,
    maxLength: 1_000
  })
  fc.assert(
    fc.property(noise, (values) => {
      const opened = run(values).filter(({ type }) => type === 'open')
      const closed = run(values).filter(({ type }) => type === 'close')
      // Between two openings: out for two buckets, cool for five with the last of them, and in for two.
      const apart = RULES.coolDownMs / BUCKET + RULES.exitPersist + RULES.persist - 1
      assert.ok(opened.length <= Math.ceil(values.length / apart))
      assert.ok(opened.length - closed.length === 0 || opened.length - closed.length === 1)
      for (const [index, { at }] of opened.entries()) {
        const before = closed[index - 1]
        if (before !== undefined) assert.ok(at >= before.at + RULES.coolDownMs + BUCKET)
      }
    }),
    { numRuns: 50 }
  )
})

test('nothing that comes later changes what was told before', () => {
  const value = fc.option(fc.integer({ min: -20, max: 20 }))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 80 }), fc.array(value, { maxLength: 80 }), (past, future) => {
      const whole = run([...past, ...future]).filter(({ at }) => at < past.length * BUCKET)
      assert.deepEqual(run(past), whole)
    })
  )
})

test('every open one is told of whenever it has moved by a step since it was told of last', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 2, maxLength: 60 }), (values) => {
      let last: number | null = null
      const events = new Map(run([11, 11, ...values]).map((event) => [event.at / BUCKET, event]))
      for (const [index, value] of [11, 11, ...values].entries()) {
        const event = events.get(index)
        if (event !== undefined && 'value' in event) last = event.value
        if (last !== null) assert.ok(Math.abs(value - last) < RULES.updateDelta)
      }
    })
  )
})
