import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import { backOffMs, judgeVenue } from '../../src/jobs/venue-health.ts'

const POLL_MS = 10_000
const JITTERED_MAX = 5 * MINUTE * 1.2

test('the wait after failures grows, is capped, and one failure alone costs nothing', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 100, max: 3_600_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (failures, pollMs, jitter) => {
      const wait = backOffMs(failures, pollMs, jitter)
      assert.ok(wait >= 0 && wait <= JITTERED_MAX)
      assert.ok(backOffMs(failures + 1, pollMs, jitter) >= wait)
      if (failures > 1) assert.ok(wait >= Math.min(pollMs, 5 * MINUTE))
    }
  )
  fc.assert(property)
  assert.equal(backOffMs(1, POLL_MS, 1), 0)
  assert.notEqual(backOffMs(4, POLL_MS, 0), backOffMs(4, POLL_MS, 1))
})

/** What the poll loop does with outcomes, as in `jobs/collector.ts`, on a clock of its own. */
function polls(outcomes: readonly boolean[], jitter: number): number[] {
  const asked: number[] = []
  let [failures, restUntil, now] = [0, 0, 0]
  for (const isSuccess of outcomes) {
    while (restUntil > now) now += POLL_MS
    asked.push(now)
    failures = isSuccess ? 0 : failures + 1
    restUntil = isSuccess ? 0 : now + backOffMs(failures, POLL_MS, jitter)
    now += POLL_MS
  }
  return asked
}

test('the circuit neither stays open nor flaps: it is tried within six minutes for ever, and one success closes it', () => {
  const property = fc.property(
    fc.array(fc.boolean(), { minLength: 2, maxLength: 300 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (outcomes, jitter) => {
      const asked = polls(outcomes, jitter)
      for (let index = 1; index < asked.length; index += 1) {
        const wait = asked[index]! - asked[index - 1]!
        assert.ok(wait <= JITTERED_MAX + POLL_MS)
        if (outcomes[index - 1]) assert.equal(wait, POLL_MS)
      }
    }
  )
  fc.assert(property)
  const failing = polls(Array(100).fill(false), 0.5)
  assert.ok(failing.at(-1)! > 6 * HOUR, 'a hundred failures are spread over hours')
})

const failure = (kind: string, retryAfterMs: number | null = null) =>
  ({ call: {}, failure: kind, message: kind, retryAfterMs }) as unknown as Parameters<
    typeof judgeVenue
  >[0]['failures'][0]

test('a refusal goes before every other failure, and always ends', () => {
  const kinds = ['timeout', 'unavailable', 'rate_limited', 'banned', 'forbidden', 'geo_blocked', 'stale_answer']
  const property = fc.property(
    fc.array(fc.tuple(fc.constantFrom(...kinds), fc.option(fc.integer({ min: 1_000, max: HOUR }))), { minLength: 1 }),
    (said) => {
      const failures = said.map(([kind, retryAfterMs]) => failure(kind, retryAfterMs))
      const verdict = judgeVenue({ failures, asked: 10, expected: 10, received: 5 }, 0)
      const isRefused = said.some(([kind]) => kinds.indexOf(kind) >= 2 && kind !== 'stale_answer')
      assert.equal(verdict.bannedUntil !== null, isRefused)
      assert.ok(verdict.bannedUntil === null || (verdict.bannedUntil >= 1_000 && verdict.bannedUntil <= HOUR))
      assert.ok(verdict.reason !== null && verdict.state !== 'up')
    }
  )
  fc.assert(property)
})
