import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readWhole, type Window } from '../../src/jobs/past-windows.ts'

/** A venue's past and its ways with pages; times are whole steps. */
type Ways = {
  readonly times: readonly number[]
  readonly limit: number
  readonly cut: 'oldest' | 'newest'
  readonly order: 'ascending' | 'descending'
}

const ways = fc.record({
  times: fc
    .uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 200 })
    .map((times) => times.sort((a, b) => a - b)),
  limit: fc.integer({ min: 1, max: 60 }),
  cut: fc.constantFrom('oldest' as const, 'newest' as const),
  order: fc.constantFrom('ascending' as const, 'descending' as const)
})

function venueOf({ times, limit, cut }: Ways, isHeeded = true) {
  const asked: Window[] = []
  const ask = async (window: Window) => {
    asked.push(window)
    assert.ok(asked.length <= 2_000, 'it goes on asking')
    const inside = isHeeded ? times.filter((at) => at >= window.since && at <= window.until) : times
    const rows = cut === 'oldest' ? inside.slice(-limit) : inside.slice(0, limit)
    return { rows, skipped: [], observedAt: 0 }
  }
  return { ask, asked }
}

/** Nothing is further apart than what was seen on the page: whether more lies beyond is asked. */
const isRegular = (times: readonly number[]) => times.map((_, index) => index)

test('a window comes whole and once, whichever end of it a page cuts off and however few rows a page holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      ways,
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 100, max: 200 }),
      async (venue, since, until) => {
        const regular = { ...venue, times: isRegular(venue.times) }
        const { ask } = venueOf(regular)
        const { rows } = await readWhole(ask, { since, until }, 1, (at) => at)
        assert.deepEqual(
          rows,
          regular.times.filter((at) => at >= since && at <= until)
        )
      }
    )
  )
})

test('with holes in it a window comes whole as well, as long as a page is longer than they are', async () => {
  await fc.assert(
    fc.asyncProperty(ways, async (venue) => {
      const { ask } = venueOf({ ...venue, limit: 1_000 })
      const { rows } = await readWhole(ask, { since: 50, until: 250 }, 1, (at) => at)
      assert.deepEqual(
        rows,
        venue.times.filter((at) => at >= 50 && at <= 250)
      )
    })
  )
})

test('a venue that does not heed the window is believed only within it, and asked no more than a few times', async () => {
  await fc.assert(
    fc.asyncProperty(ways, async (venue) => {
      const { ask, asked } = venueOf(venue, false)
      const { rows } = await readWhole(ask, { since: 50, until: 250 }, 1, (at) => at)
      assert.ok(rows.every((at) => at >= 50 && at <= 250))
      assert.equal(new Set(rows).size, rows.length)
      assert.ok(asked.length <= 3 + 2 * rows.length)
    })
  )
})
