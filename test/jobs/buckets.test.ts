import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BUCKET_MS, BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'
import { changesKnownAt, intervalChange } from '../../src/domain/signal-values.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { evaluateBuckets, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import { NOTHING_BEFORE, walkBuckets } from '../../src/jobs/bucket-walk.ts'
import { listChangePoints } from '../../src/store/closed-buckets/others.ts'
import { endsOf } from '../../src/store/closed-buckets/span.ts'
import type { Database } from '../../src/store/database.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { insertBasis } from '../api/fixture.ts'
import { type BucketRig, openBuckets, START } from '../support/buckets.ts'
import { testDatabase } from '../support/database.ts'
import { testConfig } from '../support/line.ts'

const PAIR = 'kraken:USDT/USD'

async function quote(db: Database, rig: BucketRig, id: number, bucket: number, mid: number): Promise<void> {
  const at = rig.within(bucket)
  await db.query(
    `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, span_ms, source, adapter_version)
     values ($1, $2, $2, now(), $2, $3, $4, 60000, 'polled', 1)`,
    [id, at, mid - 0.0001, mid + 0.0001]
  )
}

/** Quotes of a pair, one a bucket from 0 on, all closed; null: none. */
async function depegRig(db: Database, mids: readonly (number | null)[]) {
  const rig = await openBuckets(db, 'stablecoin_depeg')
  const id = await rig.instrument(PAIR)
  for (const [bucket, mid] of mids.entries()) if (mid !== null) await quote(db, rig, id, bucket, mid)
  rig.closed(mids.length - 1)
  return { rig, id }
}

const told = async (rig: BucketRig) => (await rig.events()).map(({ type, at }) => [type, at])
/** Three in, one deeper, three out. */
const DIP = [0.994, 0.994, 0.994, 0.99, 0.999, 0.999, 0.999]

test('a stablecoin away from par for three buckets opens a depeg, and one back for three closes it, told with their numbers', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, DIP)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['BELOW_PAR', 3, 7, 'exit']])
  const events = await rig.events()
  assert.deepEqual(await told(rig), [
    ['signal.opened', 3],
    ['signal.updated', 4],
    ['signal.updated', 5],
    ['signal.closed', 7]
  ])
  const [opened, deeper, , closed] = events.map(({ data }) => data)
  assert.deepEqual(
    [opened.instrument, opened.venue, opened.asset, opened.kind, opened.unit],
    [PAIR, 'kraken', 'USDT', 'spot', 'bps']
  )
  assert.deepEqual([opened.opening.observations, opened.state], [1, 'open'])
  assert.ok(Math.abs(opened.value + 60) < 1e-6 && Math.abs(deeper.peakValue + 100) < 1e-6)
  assert.match(opened.explanation.closesWhen, /above -25 bps for 15 minutes/)
  assert.ok(Math.abs(closed.peakValue + 100) < 1e-6 && closed.closing.value > -25)
})

test('a signal keeps when it was at its furthest, when half of that was gone, and what came an hour after it opened', async () => {
  await using t = await testDatabase()
  // It opens at the end of the third bucket: an hour later the fifteenth ends.
  const { rig, id } = await depegRig(t.db, [...DIP, ...Array(7).fill(0.999), 0.998, 0.9999])
  await rig.evaluate()
  const { rows } = await t.db.query(
    `select s.peak_at, s.halved_at, o.horizon_hours, o.at, o.value from signal s join signal_outcome o on o.signal_id = s.id`
  )
  const bucketOf = (at: Date) => (at.getTime() - START) / BUCKET_MS
  assert.deepEqual(
    rows.map((row) => [
      bucketOf(row.peak_at),
      bucketOf(row.halved_at),
      row.horizon_hours,
      bucketOf(row.at),
      Math.round(row.value)
    ]),
    [[4, 5, 1, 15, -20]]
  )
  // Told once: what is learned later changes nothing.
  await t.db.query('update signal_progress set evaluated_to = $1', [new Date(START + 14 * BUCKET_MS)])
  await t.db.query('update market_snapshot set bid = bid * 1.01, ask = ask * 1.01 where instrument_id = $1', [id])
  await rig.evaluate()
  assert.equal(Math.round((await t.db.query('select value from signal_outcome')).rows[0]!.value), -20)
})

for (const [type, label, values, peak, halved] of [
  ['stablecoin_depeg', 'BELOW_PAR', [-60, -60, -100, 80], 2, 3],
  ['basis_dislocation', 'RICH', [30, 50, 40, 26, -45], 1, 4],
  ['liquidity_thinning', 'THIN', [0.4, 0.2, 0.55, 0.6], 1, 3],
  ['liquidity_thinning', 'THIN', [0.4, 0.2, 0.55, 1.9], 1, 3]
] as const) {
  test(`half of a signal is gone where half of its way to neutral is, and past it: ${label} ${values.join(' ')}`, () => {
    const buckets = values.map((value, index) => ({ at: index, value, observations: 1 }))
    const parameters = { ...BUCKET_PARAMETERS[type], persist: 1 }
    const ref = { instrumentId: 1, spotId: 0, venue: null, asset: null }
    const about = { instrument: PAIR, spot: null, venue: 'kraken', asset: 'USDT', kind: 'spot', quarantine: null }
    const subject = { ...about, symbol: 'USDT/USD', goneAt: null }
    const task = { type, parameters, hash: 'h', knownAt: 0 }
    const { signals } = walkBuckets(task, { ref, subject }, NOTHING_BEFORE, buckets)
    assert.deepEqual(
      signals.map((signal) => [signal.label, signal.peakAt, signal.peakValue, signal.halvedAt]),
      [[label, peak, values[peak], halved]]
    )
  })
}

test('however the buckets are gone over, the same signals and events come of them', async () => {
  await using t = await testDatabase()
  // The second is within the cool-down of the first.
  const mids = [
    ...DIP,
    1,
    1,
    ...DIP,
    ...Array(12).fill(1),
    ...DIP,
    ...Array(12).fill(null),
    0.99,
    0.99,
    0.99,
    null,
    null,
    null,
    0.99
  ]
  const { rig } = await depegRig(t.db, mids)
  const contents = async () => {
    const { rows: signals } = await t.db.query(
      `select to_jsonb(s) - 'known_at' - 'updated_at' as row from signal s order by id`
    )
    const { rows: events } = await t.db.query('select id, type, at from event order by created_at')
    return { signals, events }
  }
  await rig.evaluate()
  const whole = await contents()
  assert.equal(whole.signals.length, 3)
  await t.db.query('truncate signal, event')
  await t.db.query(`update signal_progress set evaluated_to = $1, memory = null`, [new Date(START)])
  for (const bucket of mids.keys()) {
    rig.closed(bucket)
    await rig.evaluate()
  }
  assert.deepEqual(await contents(), whole)
})

test('a pair that falls silent is stale after three empty buckets', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, [0.99, 0.99, 0.99, null, null, null])
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['BELOW_PAR', 3, 6, 'stale']])
  const { data } = (await rig.events()).at(-1)!
  assert.deepEqual([data.closing, data.absent.closing], [null, 'no_bucket_closed_it'])
})

test('a pair that is no longer listed closes as delisted', async () => {
  await using t = await testDatabase()
  const { rig, id } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await rig.evaluate()
  await t.db.query(`update instrument set status = 'delisted', delisted_at = $2 where id = $1`, [id, rig.within(3)])
  rig.closed(3)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['BELOW_PAR', 3, 4, 'delisted']])
})

test('what is fetched later, and a crossed book, say nothing of a bucket', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await t.db.query(`update market_snapshot set source = 'backfill' where tick_at = $1`, [rig.within(1)])
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [])
})

test('an evaluation that is no longer ours stores nothing: neither signal nor event nor where it got to', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, DIP)
  const lost: Database = Object.assign(Object.create(t.db), {
    query: t.db.query.bind(t.db),
    transaction: async <T>(work: Parameters<Database['transaction']>[0]) => {
      await t.db.query('update signal_progress set epoch = epoch + 1, lease_until = null')
      return (await t.db.transaction(work)) as T
    }
  })
  const before = await t.db.query('select evaluated_to, memory from signal_progress')
  await evaluateBuckets({ ...rig.deps, db: lost }, 'stablecoin_depeg')
  assert.deepEqual((await t.db.query('select evaluated_to, memory from signal_progress')).rows, before.rows)
  assert.deepEqual([await rig.signals(), await told(rig)], [[], []])
  await rig.evaluate()
  assert.equal((await rig.signals()).length, 1, 'and the next one does')
})

test('a signal and its events are stored together or not at all', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, DIP)
  await t.db.query('alter table event add constraint none check (false) not valid')
  await assert.rejects(evaluateBuckets(rig.deps, 'stablecoin_depeg'))
  assert.deepEqual(await rig.signals(), [])
  await t.db.query('alter table event drop constraint none')
  await t.db.query('update signal_progress set lease_until = null')
  await rig.evaluate()
  assert.equal((await rig.signals()).length, 1)
})

test('what opened under other parameters closes when they change', async () => {
  await using t = await testDatabase()
  const { rig, id } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await rig.evaluate()
  await t.db.query(`update signal set parameters = 'old'`)
  await t.db.query(`update signal_progress set parameters = 'old'`)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['BELOW_PAR', 3, 3, 'parameters_changed']])
  assert.deepEqual(await told(rig), [
    ['signal.opened', 3],
    ['signal.closed', 3]
  ])
  for (const bucket of [3, 4, 5]) await quote(t.db, rig, id, bucket, 0.99)
  rig.closed(5)
  await rig.evaluate()
  assert.deepEqual((await rig.signals())[1], ['BELOW_PAR', 6, null, null], 'and what goes on opens under the new ones')
})

/** As a process with these settings does when it starts. */
async function restart(rig: BucketRig, env: Record<string, string>) {
  const deps = { ...rig.deps, bucketParameters: testConfig(env).bucketParameters }
  await activate(deps.db, 'stablecoin_depeg', hashedBuckets('stablecoin_depeg', deps))
  return async () => {
    while (await evaluateBuckets(deps, 'stablecoin_depeg')) {}
  }
}

test('parameters that come back find their own signals again: what still goes on is open again and told so, each time', async () => {
  await using t = await testDatabase()
  const { rig, id } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await rig.evaluate()
  const other = { STABLECOIN_DEPEG_BELOW_PAR_ENTER_BPS: '-60' }
  for (const bucket of [3, 9]) {
    for (const more of [0, 1, 2, 3]) await quote(t.db, rig, id, bucket + more, 0.99)
    rig.closed(bucket + 3)
    const evaluate = await restart(rig, other)
    await evaluate()
    await evaluate()
    for (const more of [4, 5]) await quote(t.db, rig, id, bucket + more, 0.98)
    rig.closed(bucket + 5)
    await (await restart(rig, {}))()
    await rig.evaluate()
  }
  assert.deepEqual(await rig.signals(), [
    ['BELOW_PAR', 3, null, null],
    ['BELOW_PAR', 6, 13, 'parameters_changed']
  ])
  const ids = (await t.db.query('select distinct id from event')).rows.length
  const all = (await t.db.query('select id from event')).rows.length
  assert.equal(ids, all, 'no event is the repetition of another')
  const own = (await rig.events()).filter(({ data }) => Date.parse(data.openedAt) === START + 3 * BUCKET_MS)
  const count = (what: string) => own.filter(({ type }) => type === what).length
  assert.deepEqual([count('signal.opened'), count('signal.closed')], [3, 2])
})

test('what ended while other parameters were in force stays closed, and opens anew only after its cool-down', async () => {
  await using t = await testDatabase()
  const { rig, id } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await rig.evaluate()
  const evaluate = await restart(rig, { STABLECOIN_DEPEG_BELOW_PAR_ENTER_BPS: '-500' })
  await evaluate()
  const mids = [1, 1, 1, 0.99, 0.99, 0.99, 0.99]
  for (const [bucket, mid] of mids.entries()) await quote(t.db, rig, id, bucket + 3, mid)
  rig.closed(9)
  await evaluate()
  await restart(rig, {})
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['BELOW_PAR', 3, 3, 'parameters_changed']])
  for (let bucket = 10; bucket < 24; bucket += 1) await quote(t.db, rig, id, bucket, 0.99)
  rig.closed(23)
  await rig.evaluate()
  // It would have closed at the end of the sixth, and cooled for twelve.
  assert.deepEqual((await rig.signals()).slice(1), [['BELOW_PAR', 20, null, null]])
})

test('of two processes with different parameters only the one started last evaluates', async () => {
  await using t = await testDatabase()
  const { rig } = await depegRig(t.db, [0.99, 0.99, 0.99])
  await restart(rig, { STABLECOIN_DEPEG_BELOW_PAR_ENTER_BPS: '-60' })
  assert.equal(await evaluateBuckets(rig.deps, 'stablecoin_depeg'), false)
  assert.deepEqual(await rig.signals(), [])
})

test('a contract that settles more often than before stands out for a day', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'interval_change')
  const id = await rig.instrument('bybit:BTC/USDT:USDT')
  const entry = (at: Date, hours: number) =>
    t.db.query(
      `insert into funding_interval (instrument_id, effective_from, interval_hours, source, declared_at, known_at)
       values ($1, $2, $3, 'declared', $2, now())`,
      [id, at, hours]
    )
  await entry(new Date(START - 30 * DAY), 8)
  await entry(rig.within(2), 4)
  rig.closed(3 + 24 * 12)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['SHORTER', 3, 3 + 24 * 12, 'exit']])
  const [opened] = await rig.events()
  assert.deepEqual([opened!.data.value, opened!.data.unit], [1, 'doublings'])
})

/** Some hours before and after the start: when an entry comes into force, how much later it is told, and its hours. */
const ENTRIES = fc.array(
  fc.record({
    from: fc.integer({ min: -72, max: 24 }),
    told: fc.integer({ min: -6, max: 30 }),
    hours: fc.constantFrom(1, 4, 8)
  }),
  { minLength: 1, maxLength: 5 }
)

test('a change of interval that was told late has the same value whether its buckets are looked at one by one or a day at once', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'interval_change')
  let isSeenLate = false
  let number = 0
  const property = fc.asyncProperty(ENTRIES, async (entries) => {
    const id = await rig.instrument(`bybit:C${++number}/USDT:USDT`)
    const ledger = [...new Map(entries.map((entry) => [entry.from, entry])).values()]
      .toSorted((a, b) => a.from - b.from)
      .map(({ from, told, hours }) => ({
        effectiveFrom: START + from * HOUR,
        hours,
        toldAt: START + (from + told) * HOUR
      }))
    await t.db.query(
      `insert into funding_interval (instrument_id, effective_from, interval_hours, source, declared_at, known_at)
       select $1, f, h, 'declared', d, d from unnest($2::timestamptz[], $3::float8[], $4::timestamptz[]) as r (f, h, d)`,
      [
        id,
        ledger.map(({ effectiveFrom }) => new Date(effectiveFrom)),
        ledger.map(({ hours }) => hours),
        ledger.map(({ toldAt }) => new Date(toldAt))
      ]
    )
    const scope = { instruments: new Set([id]), venues: new Set<string>() }
    // Buckets of two hours: what is tried is where they begin.
    const bucketMs = 2 * HOUR
    const valuesOf = async (from: number, to: number) => {
      const points = await listChangePoints(t.db, { from, to, bucketMs }, scope)
      const found = new Map(points.map(({ at, value }) => [at, value]))
      return endsOf({ from, to, bucketMs }).map((at) => found.get(at) ?? 0)
    }
    const ends = endsOf({ from: START, to: START + DAY, bucketMs })
    const ones: number[] = []
    for (const at of ends) ones.push(...(await valuesOf(at - bucketMs, at)))
    assert.deepEqual(ones, await valuesOf(START, START + DAY))
    assert.deepEqual(
      ones,
      ends.map((at) => intervalChange({ at, changes: changesKnownAt(ledger, at) }))
    )
    isSeenLate ||= ends.some(
      (at, index) => ones[index] !== 0 && ledger.every(({ effectiveFrom: from }) => from > at || from <= at - DAY)
    )
  })
  await fc.assert(property, {
    numRuns: 20,
    // Told twenty hours after it came into force, seen until 44 hours after.
    examples: [
      [
        [
          { from: -60, told: 0, hours: 8 },
          { from: -30, told: 20, hours: 4 }
        ]
      ]
    ]
  })
  assert.ok(isSeenLate)
})

test('a venue whose polls fail is in trouble, as a whole; time in which nobody asked is not its own', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'venue_trouble')
  const poll = (bucket: number, state: string) =>
    t.db.query(
      `insert into tick (job, scope, tick_at, state, holder, lease_until, claimed_at) values ('collect', 'okx', $1, $2, 't', now(), now())`,
      [rig.within(bucket), state]
    )
  for (const [bucket, state] of ['missed', 'missed', 'failed', 'failed', 'missed', 'done', 'done'].entries()) {
    await poll(bucket, state)
  }
  rig.closed(6)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['FAILING', 4, 7, 'exit']])
  const [opened] = await rig.events()
  assert.deepEqual([opened!.venue, opened!.data.instrument, opened!.data.asset], ['okx', null, null])
  assert.equal(opened!.data.absent.instrument, 'venue_as_a_whole')
})

test('a basis of prices that are not good enough for signals dislocates nothing', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'basis_dislocation')
  const spot = await rig.instrument('okx:BTC/USDT')
  for (const [key, grade] of [
    ['okx:BTC/USDT:USDT', 'signal'],
    ['okx:BTC/USD:BTC', 'display']
  ] as const) {
    const rows = [0, 1, 2].map((bucket) => ({ atMs: rig.within(bucket).getTime(), basisBps: 40, grade }))
    await insertBasis(t.db, await rig.instrument(key), spot, rows)
  }
  rig.closed(2)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['RICH', 3, null, null]])
  assert.deepEqual(
    (await rig.events()).map(({ data }) => data.instrument),
    ['okx:BTC/USDT:USDT']
  )
})
