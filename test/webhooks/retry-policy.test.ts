import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { judgeTry, readRetryAfter, SCHEDULE_MS } from '../../src/webhooks/retry-policy.ts'
import { type Outcome, outcomeOf } from '../../src/webhooks/try.ts'

const judge = (triesDone: number, jitter = 0, retryAfterMs: number | null = null, outcome = 'refused' as const) =>
  judgeTry({ outcome, retryAfterMs }, { triesDone, atMs: 0, jitter })

test('ten tries over 75.6 hours, then the delivery has failed', () => {
  const waits = SCHEDULE_MS.slice(1).map((_, index) => judge(index + 1))
  assert.deepEqual(
    waits.map((verdict) => (verdict.state === 'pending' ? verdict.nextAttemptAt / SECOND : verdict)),
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
  )
  assert.deepEqual(judge(10), { state: 'failed', isGone: false })
})

test('jitter makes a wait longer, never shorter', () => {
  for (const jitter of [0, 0.5, 0.999]) {
    const verdict = judge(2, jitter)
    assert.ok(verdict.state === 'pending' && verdict.nextAttemptAt >= 5 * MINUTE)
    assert.equal(verdict.nextAttemptAt, Math.round(5 * MINUTE * (1 + 0.1 * jitter)))
  }
})

test('Retry-After is honoured, but no sooner than the schedule and not for ever', () => {
  const waitOf = (triesDone: number, askedMs: number) => {
    const verdict = judge(triesDone, 0, askedMs)
    return verdict.state === 'pending' ? verdict.nextAttemptAt : verdict
  }
  assert.equal(waitOf(1, 90 * SECOND), 90 * SECOND)
  assert.equal(waitOf(2, SECOND), 5 * MINUTE)
  assert.equal(waitOf(1, 1e12), HOUR)
  assert.equal(waitOf(9, 1e12), 48 * HOUR)
})

test('Retry-After is seconds or a date; anything else asks for nothing', () => {
  const now = Date.parse('2026-11-25T10:00:00Z')
  const table: [string | null, number | null][] = [
    ['120', 120_000],
    ['0', 0],
    ['Wed, 25 Nov 2026 10:01:00 GMT', 60_000],
    ['Wed, 25 Nov 2026 09:00:00 GMT', null],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026-11-25', null],
    ['99999999999999999999', null],
    ['', null],
    [null, null]
  ]
  for (const [text, wanted] of table) assert.equal(readRetryAfter(text, now), wanted, String(text))
})

test('only 2xx is a success, a redirect is a failure, and 410 ends it', () => {
  const table: [number, Outcome][] = [
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [301, 'redirected'],
    [304, 'redirected'],
    [308, 'redirected'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [410, 'gone'],
    [429, 'refused'],
    [500, 'refused'],
    [503, 'refused']
  ]
  for (const [status, outcome] of table) assert.equal(outcomeOf(status), outcome, String(status))
  assert.deepEqual(judgeTry({ outcome: 'gone', retryAfterMs: null }, { triesDone: 1, atMs: 0, jitter: 0 }), {
    state: 'failed',
    isGone: true
  })
})
