import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellVenueChange } from '../../src/jobs/venue-events.ts'
import { createGate } from '../../src/jobs/venue-gate.ts'
import { ensureVenues, saveVenueStatus, type VenueState } from '../../src/store/venues.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { VenueError } from '../../src/venues/venue.ts'
import { testDatabase } from '../support/database.ts'

test('a ban that one process meets shuts the gates of all others within a tenth of a second, and a later one does not shorten it', async () => {
  await using t = await testDatabase()
  await ensureVenues(t.db, [bybit])
  let nowMs = Date.UTC(2026, 10, 25, 3)
  const deps = { db: t.db, clock: { now: () => nowMs } }
  const [one, other] = [createGate(deps, 'bybit'), createGate(deps, 'bybit')]
  assert.equal(await other.shutUntil(), 0)
  await one.report(new VenueError('banned', 'go away', 600_000))
  await one.report(new VenueError('rate_limited', 'slower', 1_000))
  await one.report(new VenueError('timeout', 'no answer'))
  const until = nowMs + 600_000
  nowMs += 100
  assert.deepEqual([await one.shutUntil(), await other.shutUntil()], [until, until])
  assert.equal(await createGate(deps, 'bybit').shutUntil(), until, 'after a restart too')
})

test('a venue’s change of state is told once, in the transaction that changed it, whoever saw it; its first state is none', async () => {
  await using t = await testDatabase()
  await ensureVenues(t.db, [bybit])
  const nowMs = Date.UTC(2026, 10, 25, 3)
  const save = (state: VenueState, polledAt: number) =>
    t.db.transaction(async (client) => {
      const reason = state === 'up' ? null : 'timeout: no answer'
      const poll = { isSuccess: state === 'up', nextPollAt: polledAt, lagMs: null, expected: null, received: null }
      const status = { venue: 'bybit', state, reason, bannedUntil: null, polledAt, ...poll }
      await tellVenueChange(client, await saveVenueStatus(client, status))
    })
  for (const [at, state] of (['up', 'up', 'down', 'down', 'up'] as const).entries()) await save(state, nowMs + at)
  const gate = createGate({ db: t.db, clock: { now: () => nowMs + 10 } }, 'bybit')
  await gate.report(new VenueError('banned', 'go away', 600_000))
  await gate.report(new VenueError('banned', 'go away', 600_000))
  await save('up', nowMs + 20)
  const { rows } = await t.db.query<{ data: { before: string; state: string; reason: string | null } }>(
    `select data from event where type = 'venue.status_changed' and venue_id = 'bybit' order by created_at`
  )
  assert.deepEqual(
    rows.map(({ data: { before, state, reason } }) => [before, state, reason]),
    [
      ['up', 'down', 'timeout: no answer'],
      ['down', 'up', null],
      ['up', 'banned', 'banned: go away']
    ]
  )
})
