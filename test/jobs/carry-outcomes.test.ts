import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { CarryOutcome } from '../../src/contract/carry-outcome.ts'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import { keepOutcome } from '../../src/jobs/carry-outcomes.ts'
import { closeHours } from '../../src/store/bucket-building.ts'
import { listCarryNets, listCarryOutcomes } from '../../src/store/carry-outcomes.ts'
import type { Database } from '../../src/store/database.ts'
import { markFunding } from '../../src/store/funding-marks.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { insertInstrument, insertSettlements, NOW_MS } from '../api/fixture.ts'
import { AT_ENTRY, AT_EXIT, insertPrices, passMinutes, workOutCarries } from '../support/carries.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { silentLog } from '../support/line.ts'
import { aCarry } from '../support/signals.ts'

const ago = (hours: number) => NOW_MS - hours * HOUR
/** Waits for a state, however slow the machine is. */
const PATIENCE_MS = 60_000

/** Carries of BTC a day long and a day apart, each with its prices and settlements; `sig_0` closed last. */
async function seed(db: Database, count = 1) {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const btc = await insertInstrument(db, { key: 'binance:BTC/USDT:USDT', spotId: spot })
  const pair = { instrumentId: btc, spotId: spot }
  const signals = Array.from({ length: count }, (_, index) => {
    const openedAt = ago(48 * (index + 1))
    return aCarry({ id: `sig_${index}`, ...pair, openedAt, closedAt: openedAt + 24 * HOUR })
  })
  await insertPrices(
    db,
    [btc, spot],
    signals.flatMap(({ openedAt, closedAt }) => [
      { atMs: openedAt + MINUTE, prices: AT_ENTRY },
      { atMs: closedAt! + MINUTE, prices: AT_EXIT }
    ])
  )
  for (const { openedAt } of signals)
    await insertSettlements(
      db,
      btc,
      [8, 16, 24].map((hours) => ({ atMs: openedAt + hours * HOUR, rate: '0.001' }))
    )
  await db.transaction((client) => writeSignals(client, signals))
  return { btc, spot, signals, first: signals[0]! }
}

/** Every outcome that there was, in the order of revisions: [signal, revision, entry revision, net in units of 1e-6]. */
async function revisionsOf(db: Database) {
  const { rows } = await db.query<{
    id: string
    revision: number
    entry: { revision: number } | null
    net: number | null
  }>('select signal_id as id, revision, entry, net_frac as net from carry_outcome order by signal_id, revision')
  return rows.map(({ id, revision, entry, net }) => [
    id,
    revision,
    entry?.revision ?? null,
    net === null ? null : Math.round(net * 1e6)
  ])
}

const keep = (db: Database) => keepOutcome({ db, log: silentLog })

const outcomeOf = async (db: Database, id = 'sig_0') => (await listCarryOutcomes<CarryOutcome>(db, [id])).get(id)

// By hand: 100 → 110 of spot, 101 → 110.3 of the contract, three settlements, fees of what was traded, impact as quoted.
const NET = Math.round((0.1 - 0.093 + 0.003 - (0.001 * 2.1 + 0.0005 * 2.113) - 0.0002) * 1e6)

test('what a carry came to is kept once its exit is over, with the prices, their times and of which revision they are', async () => {
  await using t = await testDatabase()
  const { first } = await seed(t.db)
  const exitFrom = first.closedAt! + MINUTE
  await t.db.query('update bucket_head set closed_to = $1', [new Date(first.closedAt!)])
  await passMinutes(t.db)
  assert.equal(await keep(t.db), false, 'a better first price may still come')
  assert.equal(await outcomeOf(t.db), undefined)
  assert.equal(await workOutCarries(t.db), 1)
  const kept = await outcomeOf(t.db)
  assert.deepEqual(kept?.entry, {
    at: first.openedAt + MINUTE,
    revision: 0,
    knownAt: first.openedAt + MINUTE,
    spotBid: '99.9',
    spotAsk: '100',
    contractBid: '101',
    contractAsk: '101.1'
  })
  assert.deepEqual([kept?.exit?.at, kept?.exit?.spotBid, kept?.closedAt], [exitFrom, '110', first.closedAt])
  assert.deepEqual(await revisionsOf(t.db), [['sig_0', 0, 0, NET]])
  assert.equal(Math.round((await listCarryNets(t.db, ['sig_0'])).get('sig_0')! * 1e6), NET)
  assert.equal(await keep(t.db), false, 'nothing is due any more')
})

test('a settlement or a price that is corrected or comes later makes the next revision, and the one before stays as it was told', async () => {
  await using t = await testDatabase()
  const { btc, spot, first } = await seed(t.db)
  await t.db.query('delete from settlement where settled_at = $1', [new Date(first.openedAt + 8 * HOUR)])
  await workOutCarries(t.db)
  const before = await outcomeOf(t.db)
  assert.ok(before?.outcome.absent === null && before.outcome.netAbsent === 'funding_missing')
  assert.deepEqual([before.netFrac, (await listCarryNets(t.db, ['sig_0'])).get('sig_0')], [null, null])
  const settle = async (hours: number, rate: string, revision = 0) => {
    const atMs = first.openedAt + hours * HOUR
    await insertSettlements(t.db, btc, [{ atMs, rate, revision }])
    await t.db.transaction((client) => markFunding(client, btc, { fromMs: atMs, toMs: atMs }))
    return workOutCarries(t.db)
  }
  assert.equal(await settle(8, '0.001'), 1)
  assert.equal(await settle(16, '0.002', 1), 1)
  assert.equal(await settle(48, '0.5'), 0, 'what settled after it is not its own')
  assert.equal(await settle(-8, '0.5'), 0, 'nor what settled before it')
  await insertPrices(
    t.db,
    [btc, spot],
    [{ atMs: first.openedAt + MINUTE, prices: { ...AT_ENTRY, contract: [102, 102.1] }, revision: 1 }]
  )
  assert.equal(await workOutCarries(t.db), 1)
  const corrected = NET + 1_000 + 10_000 - 5
  assert.deepEqual(await revisionsOf(t.db), [
    ['sig_0', 0, 0, null],
    ['sig_0', 1, 0, NET],
    ['sig_0', 2, 0, NET + 1_000],
    ['sig_0', 3, 1, corrected]
  ])
  const { rows } = await t.db.query('select outcome, net_frac from carry_outcome where revision = 0')
  assert.deepEqual([rows[0]!.outcome, rows[0]!.net_frac], [before.outcome, null])
  // A correction of a sealed day lies in the hot table: it is read with it, before and after it is sealed as well.
  const options = { beforeMs: NOW_MS, nowMs: NOW_MS, knownBeforeMs: Number.POSITIVE_INFINITY }
  await sealFact(t.db, FACTS.basis, options)
  await insertPrices(t.db, [btc, spot], [{ atMs: first.closedAt! + MINUTE, prices: AT_ENTRY, revision: 1 }])
  assert.equal(await workOutCarries(t.db), 1)
  const again = await revisionsOf(t.db)
  assert.equal(again.length, 5)
  await sealFact(t.db, FACTS.basis, options)
  await t.db.query('update carry_due set is_due = true')
  assert.equal(await workOutCarries(t.db), 1)
  assert.deepEqual(await revisionsOf(t.db), again)
  // Days that are given up do not take the prices with them, and a settlement still counts.
  await t.db.query('delete from sealed_day')
  assert.equal(await settle(24, '0.004', 1), 1)
  const [before24, after24] = [again.at(-1)![3], (await revisionsOf(t.db)).at(-1)![3]] as [number, number]
  assert.ok(Math.abs(after24 - before24 - 3_000) <= 1, `${before24} ${after24}`)
})

test('cut off in the middle nothing is kept and all is still due, and two who work at once share it', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  await seed(t.db, 12)
  await closeHours(t.db, NOW_MS + HOUR)
  await passMinutes(t.db)
  const other = await t.db.openSession()
  await other.query('begin')
  await other.query('lock table carry_outcome in share mode')
  const cut = keep(t.db).then(
    () => 'finished',
    () => 'cut'
  )
  const writing = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into carry_outcome%'`
  await until('it writes', async () => (await t.db.query(writing)).rows.length === 1, PATIENCE_MS)
  await t.db.query(`select pg_terminate_backend(pid) from (${writing}) w`)
  assert.equal(await cut, 'cut')
  await other.query('rollback')
  await other.end()
  assert.deepEqual(await revisionsOf(t.db), [])
  assert.deepEqual(await Promise.all([keep(t.db), keep(t.db)]), [true, true])
  assert.equal(await workOutCarries(t.db), 10)
  const kept = await revisionsOf(t.db)
  assert.deepEqual(
    kept.map(([, revision, , net]) => [revision, net]),
    Array.from({ length: 12 }, () => [0, NET])
  )
})

test('a carry that cannot be worked out is told by its name and put off, and keeps none of the others', async () => {
  await using t = await testDatabase()
  await seed(t.db, 3)
  // The first that is taken.
  await t.db.query(
    `update carry_due set due_at = now() - case when signal_id = 'sig_1' then interval '1 hour' else interval '0' end`
  )
  await t.db.query(`alter table carry_outcome add constraint refused check (signal_id <> 'sig_1')`)
  await closeHours(t.db, NOW_MS + HOUR)
  const lines: { msg: string; carry?: string }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  let asked = 0
  while (await keepOutcome({ db: t.db, log })) asked += 1
  const kept = async () => (await revisionsOf(t.db)).map(([id]) => id)
  assert.deepEqual([asked, await kept()], [3, ['sig_0', 'sig_2']])
  assert.deepEqual(
    lines.map(({ msg, carry }) => [msg, carry]),
    [['carries.failed', 'sig_1']]
  )
  await t.db.query('alter table carry_outcome drop constraint refused')
  assert.equal(await workOutCarries(t.db), 1)
  assert.deepEqual(await kept(), ['sig_0', 'sig_1', 'sig_2'])
})

test('a settlement that comes while its carry is worked out makes it due again', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  const { btc, first } = await seed(t.db)
  await closeHours(t.db, NOW_MS + HOUR)
  await passMinutes(t.db)
  const other = await t.db.openSession()
  await other.query('begin')
  await other.query('lock table carry_outcome in share mode')
  const waiting = async (text: string) => {
    const { rows } = await t.db.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [`${text}%`]
    )
    return rows.length === 1
  }
  const working = keep(t.db)
  await until('it writes', () => waiting('insert into carry_outcome'), PATIENCE_MS)
  const atMs = first.openedAt + 16 * HOUR
  await insertSettlements(t.db, btc, [{ atMs, rate: '0.002', revision: 1 }])
  const marking = t.db.transaction((client) => markFunding(client, btc, { fromMs: atMs, toMs: atMs }))
  await until('the mark waits', () => waiting('insert into carry_due'), PATIENCE_MS)
  await other.query('rollback')
  await other.end()
  await Promise.all([working, marking])
  assert.equal(await keep(t.db), false, 'somebody may be writing still who did not see the mark')
  await passMinutes(t.db)
  assert.equal(await keep(t.db), true)
  assert.deepEqual(await revisionsOf(t.db), [
    ['sig_0', 0, 0, NET],
    ['sig_0', 1, 0, NET + 1_000]
  ])
})

test('a carry that is open again has come to nothing yet, and its next close is worked out anew', async () => {
  await using t = await testDatabase()
  const { first, btc, spot } = await seed(t.db)
  const told = (closedAt: number | null, closeReason: 'parameters_changed' | 'exit' | null) =>
    t.db.transaction((client) => writeSignals(client, [{ ...first, closedAt, closeReason }]))
  await t.db.query(`update signal set close_reason = 'parameters_changed'`)
  await workOutCarries(t.db)
  assert.ok(await outcomeOf(t.db))
  await told(null, null)
  assert.equal(await outcomeOf(t.db), undefined)
  assert.equal((await listCarryNets(t.db, ['sig_0'])).size, 0)
  await t.db.query('update carry_due set is_due = true')
  assert.equal(await workOutCarries(t.db), 0)
  const closedAt = first.closedAt! + 12 * HOUR
  await insertPrices(t.db, [btc, spot], [{ atMs: closedAt + MINUTE, prices: AT_ENTRY }])
  await told(closedAt, 'exit')
  assert.equal(await workOutCarries(t.db), 1)
  const kept = await outcomeOf(t.db)
  assert.deepEqual([kept?.revision, kept?.closedAt, kept?.exit?.spotBid], [1, closedAt, '99.9'])
})
