import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../src/domain/time.ts'
import { createBudget } from '../../src/jobs/history-budget.ts'

const POLL_MS = 10 * SECOND

/** A clock that moves only when somebody waits, and a venue that is polled every ten seconds for so long. */
function openWorld({ pollLastsMs = 0, shutUntil = 0 }: { pollLastsMs?: number; shutUntil?: number }) {
  let now = 0
  const wait = async (milliseconds: number) => {
    now += Math.max(0, milliseconds)
  }
  return {
    now: () => now,
    wait,
    pass: wait,
    shutUntil: async () => shutUntil,
    /** As `venue.next_poll_at` is: the time of a poll that runs, until it has ended. */
    nextPollAt: async () => {
      const running = Math.floor(now / POLL_MS) * POLL_MS
      return now < running + pollLastsMs ? running : running + POLL_MS
    }
  }
}

test('no call for the past begins while a live poll runs or shortly before one, and the past comes on all the same', async () => {
  const pollLastsMs = 2 * SECOND
  const world = openWorld({ pollLastsMs })
  const takeTurn = createBudget({ ...world, callsPerSecond: 2 })
  const turns: number[] = []
  while (world.now() < 100 * POLL_MS) {
    await takeTurn()
    turns.push(world.now())
    await world.pass(150)
  }
  for (const at of turns) {
    const since = at % POLL_MS
    assert.ok(since >= pollLastsMs, `a call ${since} ms after a poll began`)
    assert.ok(since < POLL_MS - 249, `a call ${POLL_MS - since} ms before a poll`)
  }
  // Of each ten seconds the polls leave 7.75: two calls in each of those seconds.
  assert.ok(turns.length >= 100 * 14, `${turns.length} calls`)
})

test('so many calls a second and no more, however long others waited', async () => {
  const world = openWorld({})
  const takeTurn = createBudget({ ...world, callsPerSecond: 4, nextPollAt: async () => null })
  const turns: number[] = []
  for (let index = 0; index < 400; index += 1) {
    await takeTurn()
    turns.push(world.now())
    // Now and then the answer takes long: what was not used is not made up for.
    await world.pass(index % 50 === 0 ? 5 * SECOND : 0)
  }
  turns.forEach((at, index) => {
    const within = turns.slice(index).filter((other) => other < at + SECOND).length
    assert.ok(within <= 4, `${within} calls within a second`)
  })
})

test('nothing is asked while the venue has told anybody to stay away', async () => {
  const world = openWorld({ shutUntil: 90 * SECOND })
  await createBudget({ ...world, callsPerSecond: 2 })()
  assert.ok(world.now() >= 90 * SECOND)
})

test('polls that never pause put the past off, not out: one call in ten seconds; those of a dead collector do not count', async () => {
  const world = openWorld({})
  const busy = createBudget({ ...world, callsPerSecond: 2, nextPollAt: async () => world.now() })
  const turns: number[] = []
  for (let index = 0; index < 5; index += 1) {
    await busy()
    turns.push(world.now())
  }
  turns.slice(1).forEach((at, index) => {
    const waited = at - turns[index]!
    assert.ok(waited >= 10 * SECOND && waited < 12 * SECOND, `${waited} ms`)
  })
  const dead = world.now() - 16 * SECOND
  const before = world.now()
  await createBudget({ ...world, callsPerSecond: 2, nextPollAt: async () => dead })()
  assert.equal(world.now(), before)
})
