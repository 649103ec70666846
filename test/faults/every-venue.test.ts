import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floorTo } from '../../src/domain/time.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { openRig, POLL_MS, type Rig } from './rig.ts'
import { assertNoWrongNumbers } from './wrong-numbers.ts'

/** Faults that any venue can have, whatever its fields are called: no wrong number, and all is well again afterwards. */
const KINDS = [
  'html',
  'truncated',
  'empty',
  'half',
  'zeros',
  'not_numbers',
  'rate_off',
  'mark_off',
  'clock_off',
  'seconds'
]

test('no fault of any venue brings a wrong number, and every venue recovers', async (t) => {
  const venues = ADAPTERS.map(({ id }) => id)
  await using rig = await openRig(venues)
  await rig.tick()
  for (const kind of KINDS) await t.test(kind, () => suffer(rig, venues, kind))
})

async function suffer(rig: Rig, venues: readonly string[], kind: string): Promise<void> {
  await rig.setFaults(venues.map((venue) => ({ venue, kind })))
  try {
    for (let poll = 1; poll <= 2; poll += 1) {
      await rig.tick()
      for (const venue of venues)
        await assertNoWrongNumbers(rig, venue, floorTo(rig.clock.now(), POLL_MS), `${kind}, ${venue}`)
    }
    assert.ok((await rig.injected()) >= 2, 'not every venue met the fault')
  } finally {
    await rig.setFaults([])
    // Half a price can be further from a whole one than a market moves: two polls to be believed again.
    for (let poll = 0; poll < 3; poll += 1) await rig.tick()
  }
  for (const venue of venues)
    assert.deepEqual(await rig.venue(venue), { state: 'up', reason: null, bannedUntil: null }, venue)
}
