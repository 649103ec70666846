import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUCKET_TYPES, SIGNAL_TYPES } from '../../src/domain/signal-types.ts'
import { evaluateBuckets } from '../../src/jobs/bucket-signals.ts'
import { evaluateNext } from '../../src/jobs/evaluate.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { END_BUCKET, type Evaluator, evaluateAll, openSignalWorld } from '../support/signal-world.ts'

/** Bucket by bucket while most happens, then in ever longer steps. */
const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 20, 60, 200, END_BUCKET]

/** The same database for somebody who is killed before any of his transactions commits. */
function dying(db: Database): Database {
  return Object.assign(Object.create(db), {
    query: db.query.bind(db),
    transaction: (work: Parameters<Database['transaction']>[0]) =>
      db.transaction(async (client) => {
        await work(client)
        throw new Error('killed')
      })
  })
}

/** Claims everything that is due, and dies of each. */
async function die(deps: Evaluator): Promise<number> {
  let deaths = 0
  const attempt = async (evaluation: Promise<boolean>) => {
    try {
      await evaluation
    } catch (error) {
      assert.match(String(error), /killed/)
      deaths += 1
    }
  }
  for (const type of BUCKET_TYPES) await attempt(evaluateBuckets(deps, type))
  await attempt(evaluateNext(deps))
  return deaths
}

test('live, in a replay and by three instances of which one is killed, the same signals and events come of the same facts, of every type', async () => {
  await using t = await testDatabase()
  const world = await openSignalWorld(t.db)
  for (const bucket of STEPS) {
    world.closed(bucket)
    await evaluateAll(world.own)
  }
  const live = await world.told()
  const typesOf = (what: string) =>
    new Set(live.events.filter(({ type }) => type === what).map(({ data }) => data.type))
  for (const what of ['signal.opened', 'signal.closed'])
    assert.deepEqual([...typesOf(what)].sort(), [...SIGNAL_TYPES].sort(), what)

  await world.forget()
  world.closed(END_BUCKET)
  await evaluateAll(world.own)
  assert.deepEqual(await world.told(), live, 'a replay')

  await world.forget()
  await using stack = new AsyncDisposableStack()
  const instances = ['one', 'two', 'three'].map((name) => {
    const db = stack.use(openDatabase({ url: t.url, poolSize: 3, applicationName: name, statementTimeoutMs: 60_000 }))
    return world.evaluator(db, name)
  })
  // So that it, too, is due when one of them dies.
  const setRegimes = (priority: number | null) =>
    t.db.query(`update signal_progress set priority = $1 where type = 'funding_regime'`, [priority])
  await setRegimes(null)
  const [one, ...others] = instances as [Evaluator, ...Evaluator[]]
  for (const [index, bucket] of STEPS.entries()) {
    world.closed(bucket)
    if (index === 4) {
      await setRegimes(0)
      assert.equal(await die({ ...one, db: dying(one.db) }), SIGNAL_TYPES.length, 'it died of every type')
      await Promise.all(others.map(evaluateAll))
      // Its leases lapse.
      await t.db.query(`update signal_progress set lease_until = now() - interval '1 second' where holder = 'one'`)
    }
    await Promise.all((index < 4 ? instances : others).map(evaluateAll))
  }
  assert.deepEqual(await world.told(), live, 'three instances')
})

/** Corrections of every fact that there is, and rows that were fetched long after, each told of in another year. */
async function learnLater(db: Database): Promise<void> {
  const copy = async (table: string, changes: string) => {
    const { rows } = await db.query(
      `insert into ${table} select (jsonb_populate_record(f, jsonb_build_object('known_at', timestamptz '2027-01-01', ${changes}))).* from ${table} f returning 1`
    )
    assert.ok(rows.length > 0, table)
  }
  const facts = {
    market_snapshot: `'bid', f.bid * 1.05, 'ask', f.ask * 1.05, 'open_interest_base', f.open_interest_base * 3`,
    depth_snapshot: `'bid_depth_10', 1, 'ask_depth_10', 1, 'bid_depth_25', 1, 'ask_depth_25', 1, 'bid_depth_50', 1, 'ask_depth_50', 1`,
    funding_estimate: `'rate', -0.01`,
    basis_snapshot: `'basis_bps', 900, 'adjusted_basis_bps', 900`
  }
  for (const [table, changes] of Object.entries(facts)) {
    await copy(table, `'source', 'backfill', 'tick_at', f.tick_at + interval '1 second', ${changes}`)
    await copy(table, `'revision', f.revision + 1, ${changes}`)
  }
  await copy('funding_interval', `'revision', f.revision + 1, 'interval_hours', 2`)
  await copy('settlement', `'revision', f.revision + 1, 'rate', -0.01`)
}

type Told = Awaited<ReturnType<Awaited<ReturnType<typeof openSignalWorld>>['told']>>
const ofBuckets = ({ signals, events }: Told) => ({
  signals: signals.filter(({ type }) => type !== 'funding_regime'),
  events: events.filter(({ data }) => data.type !== 'funding_regime')
})

test('nothing that is observed, corrected or fetched after a time changes what any type said at it', async () => {
  await using t = await testDatabase()
  const world = await openSignalWorld(t.db)
  world.closed(END_BUCKET)
  await evaluateAll(world.own)
  const seen = await world.told()
  const whole = ofBuckets(seen)
  assert.deepEqual(new Set(whole.events.map(({ data }) => data.type)), new Set(BUCKET_TYPES))

  // All that comes later is stored already: it must not show in what is evaluated up to here.
  for (const bucket of [2, 3, 5]) {
    await world.forget()
    world.closed(bucket)
    for (const type of BUCKET_TYPES) while (await evaluateBuckets(world.own, type)) {}
    const { events } = ofBuckets(await world.told())
    const until = world.endOf(bucket)
    assert.deepEqual(
      events,
      whole.events.filter(({ at }) => at.getTime() <= until),
      `after bucket ${bucket}`
    )
    assert.ok(events.length > 0 || bucket < 2)
  }

  await learnLater(t.db)
  await world.forget()
  world.closed(END_BUCKET)
  for (const type of BUCKET_TYPES) while (await evaluateBuckets(world.own, type)) {}
  assert.deepEqual(ofBuckets(await world.told()), whole, 'with everything corrected since')
})

test('a regime that was told stays as it was told, whatever its settlements are corrected to', async () => {
  await using t = await testDatabase()
  const world = await openSignalWorld(t.db)
  world.closed(END_BUCKET)
  while (await evaluateNext(world.own)) {}
  const before = await world.told()
  assert.deepEqual(before.events.map(({ type }) => type).sort(), ['signal.closed', 'signal.opened'])
  await learnLater(t.db)
  await t.db.query(
    `update signal_progress set due_from = '-infinity', priority = 0, marks = marks + 1 where type = 'funding_regime'`
  )
  while (await evaluateNext(world.own)) {}
  const after = await world.told()
  const known = new Set(before.events.map(({ id }) => id))
  assert.deepEqual(
    after.events.filter(({ id }) => known.has(id)),
    before.events
  )
  assert.deepEqual(
    after.signals.filter(({ id }) => id === before.signals[0].id),
    before.signals
  )
})
