import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/jobs/venue-gate.ts'
import { ensureVenues } from '../../src/store/venues.ts'
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
