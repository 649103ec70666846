import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rehearseRegimes } from '../../src/api/rehearsal.ts'
import type { SignalView } from '../../src/contract/signals.ts'
import type { SignalReading } from '../../src/domain/signal.ts'
import { evaluate, evaluateNext } from '../../src/jobs/evaluate.ts'
import { regimeParameters } from '../../src/jobs/regime-walk.ts'
import { markEnds } from '../../src/jobs/signals.ts'
import { requestBackfill } from '../../src/store/backfill.ts'
import type { Database } from '../../src/store/database.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { listInputs } from '../../src/store/signal-inputs.ts'
import { claimEvaluation } from '../../src/store/signal-progress.ts'
import { StaleClaimError } from '../../src/store/ticks.ts'
import { testDatabase } from '../support/database.ts'
import { every8h, openRig, type Rig, START } from '../support/regimes.ts'

const CALM = 0.0001
const HOT = 0.001
const HOUR = 3_600_000
/** Twenty days of calm, then what a test is about. */
const CALM_COUNT = 60
const AFTER_CALM = CALM_COUNT * 8

/** A rig that has seen the calm, so that what follows is news. */
async function calmRig(db: Database, key?: string, env?: Record<string, string>): Promise<Rig> {
  const rig = await openRig(db, key, env)
  await rig.settle(every8h(0, CALM_COUNT, CALM))
  await rig.evaluate()
  return rig
}

/** Evaluates after each settlement, as it would be live. */
async function live(rig: Rig, rates: ReadonlyMap<number, number>): Promise<void> {
  for (const entry of rates) {
    await rig.settle(new Map([entry]))
    await rig.evaluate()
  }
}

async function contents(db: Database) {
  const signals = await db.query(`select to_jsonb(s) - 'known_at' - 'updated_at' as row from signal s order by id`)
  const inputs = await db.query(`select to_jsonb(n) - 'known_at' as row from signal_input n order by instrument_id, at`)
  const events = await db.query(`select id, type, at from event order by id`)
  return { signals: signals.rows, inputs: inputs.rows, events: events.rows }
}

/** A rehearsal of the rules in force comes to what was told of the same facts. */
async function assertRehearsed(rig: Rig, parameters = regimeParameters(rig.deps.fundingRegime).hash): Promise<void> {
  const { db, clock, fundingRegime } = rig.deps
  const instruments = await listInstruments(db)
  const rehearsed = await rehearseRegimes(
    db,
    'funding_regime',
    { rules: fundingRegime, parameters, nowMs: clock.now() },
    { instruments, venues: new Set(), from: START, to: clock.now() + 1 }
  )
  const hour = (at: number) => (at - START) / HOUR
  const episodes = rehearsed.flatMap((subject) => subject.episodes)
  assert.deepEqual(
    episodes.map(({ label, openedAt, closedAt, closeReason, peakValue }) => ({
      label,
      opened: hour(openedAt),
      closed: closedAt && hour(closedAt),
      reason: closeReason,
      peak: peakValue
    })),
    (await rig.show()).signals
  )
}

const told = async (rig: Rig) => (await rig.show()).events.map(({ type, at }) => [type, at - AFTER_CALM])

test('a regime opens at the settlement that makes a day of extreme funding, and closes at the first that is not', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, new Map([...every8h(AFTER_CALM, 2, HOT), ...every8h(AFTER_CALM + 16, 1, CALM)]))
  assert.deepEqual((await rig.show()).signals, [], 'sixteen hours are not enough')
  await live(rig, new Map([...every8h(AFTER_CALM + 24, 3, HOT), [AFTER_CALM + 48, 0.002]]))
  const open = await rig.show()
  assert.deepEqual(open.signals, [
    { label: 'OVERHEATED', opened: AFTER_CALM + 40, closed: null, reason: null, peak: 0.002 }
  ])
  await live(rig, every8h(AFTER_CALM + 56, 1, CALM))
  assert.deepEqual((await rig.show()).signals, [
    { label: 'OVERHEATED', opened: AFTER_CALM + 40, closed: AFTER_CALM + 56, reason: 'exit', peak: 0.002 }
  ])
  const { events } = await rig.show()
  assert.deepEqual(await told(rig), [
    ['signal.opened', 40],
    ['signal.updated', 48],
    ['signal.closed', 56]
  ])
  const [opened, updated, closed] = events.map(({ data }) => data)
  assert.deepEqual(
    [updated!.id, updated!.state, updated!.lastValue, updated!.closedAt],
    [opened!.id, 'open', 0.002, null]
  )
  assert.equal(opened!.id, closed!.id)
  assert.deepEqual([opened!.state, opened!.closing, opened!.closedAt, opened!.peakValue], ['open', null, null, HOT])
  const { percentile, observations, ...opening } = opened!.opening as SignalReading
  assert.deepEqual(opening, {
    rate: HOT,
    intervalHours: 8,
    intervalSource: 'observed',
    rate8h: HOT,
    apr: 1.095,
    heldHours: 24,
    anchored: false,
    censored: 'unknown'
  })
  assert.ok(percentile! >= 95 && observations === CALM_COUNT + 6)
  assert.deepEqual([closed!.state, closed!.closeReason, closed!.lastValue], ['closed', 'exit', CALM])
  assert.deepEqual([(closed!.closing as SignalReading).rate, (closed!.closing as SignalReading).anchored], [CALM, true])
  assert.match(opened!.explanation.meaning, /longs paid shorts 0\.1 % per 8 h/)
  assert.match(opened!.explanation.closesWhen, /^Closes when a settlement is below 0\.015 % per 8 h/)
  assert.match(closed!.explanation.closesWhen, /^Closed at /)
})

test('an open regime is told of again whenever it has moved by a basis point since, however its settlements come', async () => {
  await using t = await testDatabase()
  const rates = new Map([
    ...every8h(AFTER_CALM, 3, HOT),
    [AFTER_CALM + 24, 0.00105],
    [AFTER_CALM + 32, 0.00109],
    [AFTER_CALM + 40, 0.0011],
    [AFTER_CALM + 48, 0.00105],
    [AFTER_CALM + 56, 0.00095],
    ...every8h(AFTER_CALM + 64, 1, CALM)
  ])
  const read = async (rig: Rig) => (await rig.show()).events.map(({ type, at, data }) => [type, at - AFTER_CALM, data])
  const rig = await calmRig(t.db)
  const sizes = [1, 3, 9]
  const runs: unknown[] = []
  for (const size of sizes) {
    await t.db.query('truncate settlement, signal_progress, signal_input, signal, event')
    rig.setHour(0)
    await rig.settle(every8h(0, CALM_COUNT, CALM))
    await rig.evaluate()
    const entries = [...rates]
    for (let from = 0; from < entries.length; from += size) {
      await rig.settle(new Map(entries.slice(from, from + size)))
      await rig.evaluate()
    }
    runs.push((await read(rig)).map(([type, at, data]) => [type, at, { ...(data as object), knownAt: null }]))
  }
  const events = await read(rig)
  assert.deepEqual(
    events.map(([type, at, data]) => [type, at, (data as SignalView).lastValue, (data as SignalView).peakValue]),
    [
      ['signal.opened', 16, 0.001, 0.001],
      ['signal.updated', 40, 0.0011, 0.0011],
      ['signal.updated', 56, 0.00095, 0.0011],
      ['signal.closed', 64, CALM, 0.0011]
    ]
  )
  assert.deepEqual(runs[1], runs[0], 'three at a time')
  assert.deepEqual(runs[2], runs[0], 'all at once')
})

test('a regime that was not borne out is not told to have moved', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, every8h(AFTER_CALM, 4, HOT))
  await rig.settle(every8h(AFTER_CALM + 32, 2, 2 * HOT))
  await t.db.query('delete from settlement where settled_at = $1', [new Date(START + (AFTER_CALM + 8) * HOUR)])
  await t.db.query('update signal_progress set due_from = $1', [new Date(START + AFTER_CALM * HOUR)])
  await rig.evaluate()
  const { events } = await rig.show()
  const revised = events.find(({ data }) => data.closeReason === 'revised')!.data.id
  const updated = events.filter(({ type }) => type === 'signal.updated').map(({ data }) => data.id)
  assert.equal(updated.length, 1, 'of the one that is borne out')
  assert.notEqual(updated[0], revised)
})

test('negative funding for a day is a panic', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, every8h(AFTER_CALM, 3, -HOT))
  const { signals, events } = await rig.show()
  assert.deepEqual(signals, [{ label: 'PANIC', opened: AFTER_CALM + 16, closed: null, reason: null, peak: -HOT }])
  assert.match(events[0]!.data.explanation.meaning, /shorts paid longs/)
})

test('the first evaluation tells of what is open at its end and keeps the rest as history', async () => {
  await using t = await testDatabase()
  const rig = await openRig(t.db)
  await rig.settle(
    new Map([
      ...every8h(0, CALM_COUNT, CALM),
      ...every8h(AFTER_CALM, 3, HOT),
      ...every8h(AFTER_CALM + 24, 12, CALM),
      ...every8h(AFTER_CALM + 120, 3, 2 * HOT)
    ])
  )
  await rig.evaluate()
  const { signals } = await rig.show()
  assert.deepEqual(
    signals.map(({ opened, reason }) => [opened - AFTER_CALM, reason]),
    [
      [16, 'exit'],
      [136, null]
    ]
  )
  assert.deepEqual(await told(rig), [['signal.opened', 136]])
})

test('a regime found whole is told of when it is news, and kept silently when it is long over', async () => {
  for (const [later, events] of [
    [24, 2],
    [9 * 24, 0]
  ] as const) {
    await using t = await testDatabase()
    const rig = await calmRig(t.db)
    await rig.settle(new Map([...every8h(AFTER_CALM, 3, HOT), ...every8h(AFTER_CALM + 24, later / 8, CALM)]))
    await rig.evaluate()
    assert.equal((await rig.show()).signals.length, 1)
    assert.equal((await rig.show()).events.length, events)
  }
})

test('a signal that corrected settlements do not bear out closes as revised, and what they do bear out opens', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, every8h(AFTER_CALM, 4, HOT))
  assert.equal((await rig.show()).signals.length, 1)
  await t.db.transaction(async (client) => {
    await client.query(
      `insert into settlement (instrument_id, settled_at, revision, venue_time, observed_at, known_at, available_at, rate,
         interval_hours, interval_source, source, formula_version, adapter_version)
       select instrument_id, settled_at, 1, venue_time, observed_at, now(), available_at, $3, interval_hours, interval_source, source,
         1, 1 from settlement where instrument_id = $1 and settled_at = $2`,
      [rig.id, new Date(START + (AFTER_CALM + 8) * HOUR), CALM]
    )
    await client.query('update signal_progress set priority = 0, due_from = $1, marks = marks + 1', [
      new Date(START + (AFTER_CALM + 8) * HOUR)
    ])
  })
  await rig.evaluate()
  assert.deepEqual(
    (await rig.show()).signals.map(({ opened, closed, reason }) => [opened - AFTER_CALM, closed! - AFTER_CALM, reason]),
    [[16, 24, 'revised']]
  )
  assert.equal((await rig.states()).get(AFTER_CALM + 24), 'NEUTRAL', 'its series says so as well')
  await live(rig, every8h(AFTER_CALM + 32, 1, HOT))
  assert.deepEqual(await told(rig), [
    ['signal.opened', 16],
    ['signal.closed', 24],
    ['signal.opened', 32]
  ])
})

test('settlements that arrive in any order and in any pieces give the same signals, ids and inputs', async () => {
  await using t = await testDatabase()
  const all = new Map([
    ...every8h(0, CALM_COUNT, CALM),
    ...every8h(AFTER_CALM, 4, HOT),
    ...every8h(AFTER_CALM + 32, 10, CALM),
    ...every8h(AFTER_CALM + 112, 4, -HOT)
  ])
  const entries = [...all]
  let wanted: unknown
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(entries, { minLength: entries.length }),
      fc.integer({ min: 1, max: 40 }),
      async (order, size) => {
        await t.db.query('truncate settlement, signal_progress, signal_activation, signal_input, signal, event')
        const rig = await openRig(t.db)
        for (let from = 0; from < order.length; from += size) await rig.settle(new Map(order.slice(from, from + size)))
        // As an import ends: what the pieces could not see of the intervals shows in the whole.
        await rig.reviseIntervals()
        await rig.evaluate()
        const { signals, inputs } = await contents(t.db)
        wanted ??= { signals, inputs }
        assert.deepEqual({ signals, inputs }, wanted)
        assert.equal(signals.length, 2)
      }
    ),
    { numRuns: 8 }
  )
})

test('evaluating settlement by settlement and all at once come to the same signals and inputs', async () => {
  await using t = await testDatabase()
  const rates = new Map([
    ...every8h(AFTER_CALM, 4, HOT),
    ...every8h(AFTER_CALM + 32, 3, CALM),
    ...every8h(AFTER_CALM + 56, 4, -HOT)
  ])
  const rig = await calmRig(t.db)
  await live(rig, rates)
  const stepwise = await contents(t.db)
  await t.db.query('truncate signal_input, signal, event')
  await t.db.query('update signal_progress set priority = 0, due_from = $1, evaluated_to = null, parameters = null', [
    new Date(START)
  ])
  await rig.evaluate()
  const atOnce = await contents(t.db)
  assert.deepEqual(atOnce.signals, stepwise.signals)
  assert.deepEqual(atOnce.inputs, stepwise.inputs)
  assert.equal(stepwise.signals.length, 2)
})

test('going over everything again changes nothing and tells nothing', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, new Map([...every8h(AFTER_CALM, 4, HOT), ...every8h(AFTER_CALM + 32, 2, CALM)]))
  const read = () => t.db.query('select * from signal_input order by at')
  const before = [await contents(t.db), (await read()).rows]
  for (const from of [0, AFTER_CALM + 16, AFTER_CALM + 24]) {
    await t.db.query('update signal_progress set priority = 0, due_from = $1', [new Date(START + from * HOUR)])
    await rig.evaluate()
    assert.deepEqual([await contents(t.db), (await read()).rows], before)
  }
})

test('a holder whose claim was taken over stores nothing of its evaluation', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await rig.settle(every8h(AFTER_CALM, 3, HOT))
  const parameters = regimeParameters(rig.deps.fundingRegime)
  const claim = { type: 'funding_regime', parameters: parameters.hash, holder: 'slow' } as const
  const slow = await claimEvaluation(t.db, { ...claim, leaseMs: -1 })
  const quick = await claimEvaluation(t.db, { ...claim, leaseMs: 60_000 })
  assert.ok(slow && quick && quick.epoch === slow.epoch + 1)
  const before = await contents(t.db)
  await assert.rejects(evaluate(rig.deps, slow, parameters), StaleClaimError)
  assert.deepEqual(await contents(t.db), before)
  await evaluate(rig.deps, quick, parameters)
  assert.equal((await rig.show()).signals.length, 1)
  await assert.rejects(evaluate(rig.deps, slow, parameters), StaleClaimError, 'nor after the other has ended')
  assert.deepEqual(await told(rig), [['signal.opened', 16]])
})

test('a settlement that comes during an evaluation is still due after it', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await rig.settle(every8h(AFTER_CALM, 2, HOT))
  const parameters = regimeParameters(rig.deps.fundingRegime)
  const claim = await claimEvaluation(t.db, {
    type: 'funding_regime',
    parameters: parameters.hash,
    holder: 'test',
    leaseMs: 60_000
  })
  await rig.settle(every8h(AFTER_CALM + 16, 1, HOT))
  await t.db.query(`delete from settlement where settled_at >= $1`, [new Date(START + (AFTER_CALM + 16) * HOUR)])
  await evaluate(rig.deps, claim!, parameters)
  assert.equal((await rig.show()).signals.length, 0)
  assert.equal(await evaluateNext(rig.deps), true, 'the mark that came meanwhile is not lost')
  assert.equal(await evaluateNext(rig.deps), false)
})

test('an instrument waits while its past is fetched for the first time, and while its newest days may have a hole', async () => {
  await using t = await testDatabase()
  const rig = await openRig(t.db)
  const at = (hours: number) => new Date(START + hours * HOUR)
  await requestBackfill(t.db, [{ instrumentId: rig.id, fact: 'settlement', wantedFrom: START, priority: 1 }])
  await rig.settle(every8h(AFTER_CALM, 10, CALM))
  await t.db.query(`update backfill set state = 'running', done_from = $1, done_to = $2`, [
    at(AFTER_CALM),
    at(AFTER_CALM + 80)
  ])
  assert.equal(await evaluateNext(rig.deps), false)
  await t.db.query(`update backfill set state = 'done', done_from = $1`, [at(0)])
  assert.equal(await evaluateNext(rig.deps), true)
  await rig.settle(every8h(AFTER_CALM + 160, 1, CALM))
  await t.db.query(`update backfill set state = 'failed'`)
  assert.equal(await evaluateNext(rig.deps), false)
  await t.db.query(`update backfill set state = 'done', done_to = $1`, [at(AFTER_CALM + 160)])
  assert.equal(await evaluateNext(rig.deps), true)
})

test('the larger open interest is evaluated first', async () => {
  await using t = await testDatabase()
  const small = await openRig(t.db, 'binance:ADA/USDT:USDT')
  const large = await openRig(t.db, 'binance:ETH/USDT:USDT')
  await small.activate()
  const { hash: parameters } = regimeParameters(small.deps.fundingRegime)
  for (const [rig, usd] of [
    [small, 1e6],
    [large, 1e9]
  ] as const) {
    await t.db.query('insert into market_latest (instrument_id, tick_at, open_interest_usd) values ($1, now(), $2)', [
      rig.id,
      usd
    ])
    await rig.settle(every8h(0, 3, CALM))
  }
  const claim = { type: 'funding_regime', parameters, holder: 'test', leaseMs: 60_000 } as const
  assert.equal((await claimEvaluation(t.db, claim))?.instrumentId, large.id)
  assert.equal((await claimEvaluation(t.db, claim))?.instrumentId, small.id)
  assert.equal(await claimEvaluation(t.db, claim), undefined)
})

test('silence closes a signal as stale, but only when somebody has looked', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await t.db.query('update instrument set tracked = true')
  await live(rig, every8h(AFTER_CALM, 3, HOT))
  const lookedUntil = (hours: number) =>
    t.db.query(
      `insert into backfill (instrument_id, fact, wanted_from, done_from, done_to, state, updated_at)
       values ($1, 'settlement', $2, $2, $3, 'done', now())
       on conflict (instrument_id, fact) do update set done_to = excluded.done_to`,
      [rig.id, new Date(START), new Date(START + (AFTER_CALM + hours) * HOUR)]
    )
  const look = async (hours: number) => {
    rig.setHour(AFTER_CALM + hours)
    await markEnds(rig.deps)
    await rig.evaluate()
    await assertRehearsed(rig)
    return (await rig.show()).signals.map(({ closed, reason }) => [closed && closed - AFTER_CALM, reason])
  }
  await lookedUntil(17)
  assert.deepEqual(await look(60), [[null, null]], 'nobody has looked since')
  await lookedUntil(40)
  assert.deepEqual(await look(60), [[null, null]], 'three intervals are not over')
  await lookedUntil(41)
  assert.deepEqual(await look(60), [[40, 'stale']])
  assert.deepEqual(await told(rig), [
    ['signal.opened', 16],
    ['signal.closed', 40]
  ])
  await live(rig, every8h(AFTER_CALM + 64, 3, HOT))
  assert.deepEqual(
    (await rig.show()).signals.map(({ opened }) => opened - AFTER_CALM),
    [16, 80],
    'after it a day counts anew'
  )
  await assertRehearsed(rig)
})

test('a delisted contract closes its signal as delisted', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, every8h(AFTER_CALM, 3, HOT))
  await t.db.query(`update instrument set status = 'delisted', delisted_at = $1`, [
    new Date(START + (AFTER_CALM + 20) * HOUR)
  ])
  await markEnds(rig.deps)
  await rig.evaluate()
  const { signals, events } = await rig.show()
  assert.deepEqual([signals[0]!.closed! - AFTER_CALM, signals[0]!.reason], [20, 'delisted'])
  assert.equal(events.at(-1)!.data.absent.closing, 'no_settlement_closed_it')
  rig.setHour(AFTER_CALM + 21)
  // Before a silence would show; other parameters told nobody of it.
  await assertRehearsed(rig, 'others')
  await t.db.query(`update instrument set status = 'listed', delisted_at = null`)
  await live(rig, every8h(AFTER_CALM + 24, 3, HOT))
  const again = (await rig.show()).signals.map(({ opened, closed }) => [
    opened - AFTER_CALM,
    closed && closed - AFTER_CALM
  ])
  assert.deepEqual(
    again,
    [
      [16, 20],
      [40, null]
    ],
    'traded again, a day counts anew: what was told to have ended is not told to go on'
  )
  await assertRehearsed(rig)
})

test('inputs of regimes are read exactly as they were written, in one text for each contract and not a row for each settlement', async () => {
  await using t = await testDatabase()
  const rig = await openRig(t.db)
  const rates = [...every8h(0, 90, 0)].map(([hour], index) => [hour, Math.sin(index + 1) / 3e3] as const)
  await rig.settle(new Map(rates))
  await rig.evaluate()
  const { rows } = await t.db.query(
    'select at, value, span_hours, percentile, flags from signal_input where instrument_id = $1 order by at',
    [rig.id]
  )
  const answers: number[] = []
  const query: Database['query'] = async (...asked: Parameters<Database['query']>) => {
    const answer = await t.db.query(...asked)
    answers.push(answer.rows.length)
    return answer as never
  }
  const range = { from: START, to: START + 90 * 8 * HOUR }
  const read = (await listInputs({ query }, 'funding_regime', [rig.id], range)).get(rig.id)!
  assert.deepEqual(
    read,
    rows.map(({ at, value, span_hours, percentile, flags }) => ({
      at: at.getTime(),
      value,
      spanHours: span_hours,
      percentile,
      flags
    }))
  )
  assert.ok(read.some(({ percentile, value }) => percentile !== null && !Number.isInteger(value)))
  assert.deepEqual(answers, [1])
})

test('other parameters close what was open with the old ones, and tell of what is open with the new', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await live(rig, every8h(AFTER_CALM, 6, HOT))
  const other = await openRig(t.db, undefined, { FUNDING_REGIME_PERSIST_HOURS: '40' })
  other.setHour(AFTER_CALM + 40)
  await other.evaluate()
  const { signals, events } = await other.show()
  assert.deepEqual(
    signals.map(({ opened, reason }) => [opened - AFTER_CALM, reason]),
    [
      [16, 'parameters_changed'],
      [32, null]
    ]
  )
  assert.deepEqual(events.map(({ type }) => type).sort(), ['signal.closed', 'signal.opened', 'signal.opened'])
  assert.equal(new Set(events.map(({ data }) => data.id)).size, 2)
})

test('parameters that come back find their own signals again: what still goes on is open again and told so, each time', async () => {
  await using t = await testDatabase()
  const first = await calmRig(t.db)
  await live(first, every8h(AFTER_CALM, 6, HOT))
  const other = await openRig(t.db, undefined, { FUNDING_REGIME_PERSIST_HOURS: '40' })
  const turn = async (rig: Rig) => {
    await rig.activate()
    rig.setHour(AFTER_CALM + 40)
    await rig.evaluate()
    return (await rig.show()).signals.map(({ opened, reason }) => [opened - AFTER_CALM, reason])
  }
  const [own, others] = [16, 32]
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(await turn(other), [
      [own, 'parameters_changed'],
      [others, null]
    ])
    assert.deepEqual(await turn(first), [
      [own, null],
      [others, 'parameters_changed']
    ])
  }
  const { events } = await first.show()
  assert.equal(new Set(events.map(({ data }) => data.id)).size, 2, 'ids say what, not under which activation')
  const count = (type: string) => events.filter((event) => event.type === type).length
  assert.deepEqual([count('signal.opened'), count('signal.closed')], [1 + 3 + 3, 3 + 3])
  await live(first, every8h(AFTER_CALM + 48, 1, CALM))
  const ended = (await first.show()).signals.map(({ closed, reason }) => [closed! - AFTER_CALM, reason])
  assert.deepEqual(ended, [
    [48, 'exit'],
    [40, 'parameters_changed']
  ])
  assert.deepEqual(
    (await turn(other)).map(([, reason]) => reason),
    ['exit', 'parameters_changed'],
    'what ended meanwhile stays as it was told'
  )
})

test('of two processes with different parameters only the one started last evaluates, and nothing goes to and fro', async () => {
  await using t = await testDatabase()
  const old = await calmRig(t.db)
  const young = await openRig(t.db, undefined, { FUNDING_REGIME_PERSIST_HOURS: '40' })
  await old.settle(every8h(AFTER_CALM, 6, HOT))
  young.setHour(AFTER_CALM + 40)
  assert.equal(await evaluateNext(old.deps), false, 'it was superseded')
  assert.equal(await evaluateNext(young.deps), true)
  assert.equal(await evaluateNext(old.deps), false)
  assert.equal(await evaluateNext(young.deps), false)
  assert.deepEqual(await told(young), [['signal.opened', 32]])
})

test('an evaluation that other parameters overtake leaves its instrument due for them', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await rig.settle(every8h(AFTER_CALM, 6, HOT))
  const parameters = regimeParameters(rig.deps.fundingRegime)
  const claim = { type: 'funding_regime', parameters: parameters.hash, holder: 'old', leaseMs: 60_000 } as const
  const claimed = await claimEvaluation(t.db, claim)
  const young = await openRig(t.db, undefined, { FUNDING_REGIME_PERSIST_HOURS: '40' })
  // As one that was claimed in the moment of the activation, whose mark it has seen.
  await evaluate(rig.deps, { ...claimed!, marks: claimed!.marks + 1 }, parameters)
  young.setHour(AFTER_CALM + 40)
  assert.equal(await evaluateNext(young.deps), true)
  assert.deepEqual(
    (await young.show()).signals.map(({ opened, reason }) => [opened - AFTER_CALM, reason]),
    [
      [16, 'parameters_changed'],
      [32, null]
    ]
  )
})

test('a signal and its event are stored together or not at all', async () => {
  await using t = await testDatabase()
  const rig = await calmRig(t.db)
  await rig.settle(every8h(AFTER_CALM, 3, HOT))
  await t.db.query(`alter table event add constraint refuses check (type <> 'signal.opened')`)
  await assert.rejects(rig.evaluate(), /refuses/)
  const { signals } = await rig.show()
  assert.deepEqual(signals, [])
  assert.equal((await rig.states()).size, CALM_COUNT)
  await t.db.query('alter table event drop constraint refuses')
  await t.db.query('update signal_progress set lease_until = null')
  await rig.evaluate()
  assert.deepEqual(await told(rig), [['signal.opened', 16]])
})
