import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgeVenue } from '../../src/jobs/venue-health.ts'
import type { VenueState } from '../../src/store/venues.ts'
import type { Call } from '../../src/venues/venue.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const sweep = { failures: [], asked: 3, expected: 100, received: 100 }
const states = (polls: readonly number[], from: VenueState = 'up') => {
  let before = from
  return polls.map((received) => {
    before = judgeVenue({ ...sweep, received, before }, NOW).state
    return before
  })
}

test('a venue that quotes about as much as it must does not go up and down with every poll', () => {
  assert.deepEqual(states([91, 89, 91, 94, 89, 92, 95, 91]), [
    'up',
    ...Array<VenueState>(5).fill('degraded'),
    'up',
    'up'
  ])
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 90, max: 94 })),
      fc.constantFrom<VenueState>('up', 'degraded'),
      (polls, from) => {
        assert.ok(states(polls, from).every((state) => state === from))
      }
    )
  )
})

test('a call that is asked now and then and failed is told until it answers, and bans nobody twice', () => {
  const lasting = {
    call: { name: 'last prices' } as Call,
    failure: 'rate_limited',
    message: 'last prices: 429',
    retryAfterMs: 60_000
  } as const
  const verdict = judgeVenue({ ...sweep, lasting, before: 'degraded' }, NOW)
  assert.deepEqual(verdict, { state: 'degraded', reason: 'rate_limited: last prices: 429', bannedUntil: null })
  assert.equal(judgeVenue({ ...sweep, before: 'degraded' }, NOW).state, 'up')
})
