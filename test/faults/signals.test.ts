import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUCKET_MS, BUCKET_TYPES } from '../../src/domain/signal-types.ts'
import { DAY, floorTo } from '../../src/domain/time.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { freeFrom, openSignals } from './evaluated.ts'
import { openRig, POLL_MS, type Rig } from './rig.ts'
import { OUTLIERS, SCENARIOS } from './table.ts'

/** Futures are in contango by nature; a curve of 100 % a year is none that this market has. */
const STEEP = {
  EXPECTATION_CONTANGO_ENTER_APR: '1',
  EXPECTATION_CONTANGO_EXIT_APR: '0.5',
  EXPECTATION_BACKWARDATION_ENTER_APR: '-1',
  EXPECTATION_BACKWARDATION_EXIT_APR: '-0.5'
}
const VENUES = ['binance', 'bybit']
async function openEvaluated() {
  const rig = await openRig()
  const { told, evaluate } = await openSignals(rig, BUCKET_TYPES, STEEP)
  return {
    rig,
    told,
    /** So many buckets, which then close, each polled at its beginning and its end; `notBefore`: the first. */
    buckets: async (count: number, notBefore = 0) => {
      for (let bucket = 0; bucket < count; bucket += 1) {
        const start = floorTo(Math.max(rig.clock.now() + BUCKET_MS, notBefore + BUCKET_MS), BUCKET_MS)
        for (const at of [start, start + BUCKET_MS - POLL_MS]) await rig.tick(at)
        await evaluate()
      }
    },
    /** A bucket in which nothing but this fault was met, right after one that was well; evaluated with the next one. */
    faulty: async (polls: number) => {
      const start = floorTo(rig.clock.now(), BUCKET_MS) + BUCKET_MS
      for (let poll = 0; poll < polls; poll += 1) await rig.tick(start + poll * POLL_MS)
    }
  }
}

/** What is held now, as if it had been held at every bucket of the day before. */
async function holdTheDayBefore(rig: Rig): Promise<void> {
  const now = floorTo(rig.clock.now(), BUCKET_MS)
  await ensurePartitions(rig.db, 'market_snapshot', [now - DAY, now], now)
  await rig.db.query(
    `insert into market_snapshot select r.*
     from (select distinct on (instrument_id) * from market_snapshot where open_interest_base is not null order by instrument_id, tick_at desc) l
     cross join generate_series($1::timestamptz, $2::timestamptz, interval '5 minutes') g (at)
     cross join lateral jsonb_populate_record(null::market_snapshot, to_jsonb(l) || jsonb_build_object('tick_at', g.at, 'epoch', 0)) r on conflict do nothing`,
    [new Date(now - DAY - 3 * BUCKET_MS), new Date(now - BUCKET_MS)]
  )
}

test('no fault of a venue opens a signal but of its own trouble, although one wrong value would be enough', {
  timeout: 600_000
}, async (t) => {
  const { rig, told, buckets, faulty } = await openEvaluated()
  await using _ = rig
  await rig.order('calm')
  await buckets(3)
  await holdTheDayBefore(rig)
  await buckets(2)
  assert.deepEqual(await told(), [], 'nothing is told of a calm market')

  const delivered = SCENARIOS.filter(({ rules }) => !OUTLIERS.some(({ kind }) => kind === rules[0]!.kind))
  const faults = [
    ...OUTLIERS.map((rule) => ({ venues: VENUES, rules: [rule], polls: 2 })),
    ...delivered.map(({ rules, venue = 'bybit' }) => ({ venues: [venue], rules, polls: 1 }))
  ]
  for (const { venues, rules, polls } of faults) {
    await t.test(`${JSON.stringify(rules)} at ${venues.join(' and ')}`, async () => {
      await rig.setFaults(venues.flatMap((venue) => rules.map((rule) => ({ kind: '', ...rule, venue }))))
      await faulty(polls)
      assert.ok((await rig.injected()) > 0, 'no fault was injected')
      await rig.setFaults([])
      // What was wrong may still be believed a poll later.
      await buckets(1, await freeFrom(rig, VENUES))
      const own = venues.map((venue) => `venue_trouble ${venue} FAILING `)
      assert.deepEqual(
        (await told()).filter((event) => !own.some((words) => event.startsWith(words))),
        []
      )
    })
  }
  await buckets(2, await freeFrom(rig, VENUES))
  await told()

  // The same market without a fault does open what it should.
  await rig.order('euphoric')
  await rig.db.query(
    `update market_snapshot set open_interest_base = open_interest_base / 2 where tick_at < $1 and epoch = 0`,
    [new Date(rig.clock.now())]
  )
  await buckets(4)
  const opened = new Set((await told()).filter((event) => event.endsWith('opened')).map((event) => event.split(' ')[0]))
  assert.ok(opened.has('basis_dislocation') && opened.has('leverage_buildup'), [...opened].join())
})
