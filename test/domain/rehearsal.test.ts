import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IDLE, type LifecycleMemory, readingOf, stepLifecycle } from '../../src/domain/lifecycle.ts'
import { rehearseBuckets } from '../../src/domain/rehearsal.ts'
import { BUCKET_MS, BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'
import { MINUTE } from '../../src/domain/time.ts'

const PARAMETERS = { ...BUCKET_PARAMETERS.basis_dislocation, coolDownMs: 20 * MINUTE }

type Seen = { readonly value: number | null; readonly mayOpen: boolean }

/** Every opening and close, each bucket taken through the lifecycle: [label, opened, closed, reason]. */
function everyStep(buckets: readonly Seen[], goneAt: number | null) {
  const found: [string, number, number | null, string | null][] = []
  let memory: LifecycleMemory<string> = IDLE
  for (const [index, seen] of buckets.entries()) {
    const at = (index + 1) * BUCKET_MS
    const ending = goneAt !== null && goneAt <= at ? 'delisted' : null
    const step = stepLifecycle(memory, readingOf(PARAMETERS.thresholds, { ...seen, at, weight: 1, ending }), PARAMETERS)
    memory = step.memory
    if (step.event?.type === 'open') found.push([step.event.label, at, null, null])
    if (step.event?.type === 'close') found[found.length - 1]!.splice(2, 2, at, step.event.reason)
  }
  return found
}

test('a rehearsal that passes over what repeats itself finds what every bucket would have opened and closed', () => {
  // Runs of the same value, mostly quiet ones.
  const value = fc.constantFrom(null, 0, 0, 20, 26, 30, -30, -20)
  const run = fc.tuple(value, fc.boolean(), fc.integer({ min: 1, max: 12 }))
  const gone = fc.option(fc.integer({ min: 1, max: 150 }))
  fc.assert(
    fc.property(fc.array(run, { maxLength: 25 }), gone, (runs, goneBucket) => {
      const buckets = runs.flatMap(([value, mayOpen, length]) => Array<Seen>(length).fill({ value, mayOpen }))
      const goneAt = goneBucket === null ? null : goneBucket * BUCKET_MS
      const ends = buckets.map((_, index) => (index + 1) * BUCKET_MS)
      const { episodes, knownHours } = rehearseBuckets(PARAMETERS, ends, (at) => buckets[at / BUCKET_MS - 1]!, goneAt)
      const found = episodes.map(({ label, openedAt, closedAt, closeReason }) => [
        label,
        openedAt,
        closedAt,
        closeReason
      ])
      assert.deepEqual(found, everyStep(buckets, goneAt))
      assert.equal(knownHours, buckets.filter(({ value }) => value !== null).length / 12)
    }),
    { numRuns: 500 }
  )
})
