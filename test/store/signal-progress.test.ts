import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { HOUR } from '../../src/domain/time.ts'
import { insertSettlementsWith, reviseIntervals } from '../../src/store/imported-settlements.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertSettlements, type SettledRate, type SettlementStamp } from '../../src/store/settlements.ts'
import { claimEvaluation, finishEvaluation } from '../../src/store/signal-progress.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const START = Date.UTC(2026, 0, 5)
const STAMP: SettlementStamp = { source: 'polled', observedAt: START, formulaVersion: 1, adapterVersion: 1, epoch: 0 }

const rateAt = (hours: number): SettledRate => {
  const settledAt = START + hours * HOUR
  return { settledAt, venueTime: settledAt, rate: '0.0001', mark: null, availableAt: settledAt }
}

async function perpetual({ db }: TestDatabase): Promise<number> {
  await ensurePartitions(db, 'settlement', [START], START)
  await ensureInstrument(db, parseInstrumentKey('binance:BTC/USDT:USDT')!)
  return (await listInstruments(db))[0]!.id
}

const insert = (t: TestDatabase, id: number, hours: readonly number[]) =>
  t.db.transaction((client) => insertSettlements(client, id, hours.map(rateAt), STAMP))

/** From which hour on signals must look again, and how often something came. */
async function dueOf({ db }: TestDatabase): Promise<[number | null, number] | undefined> {
  const { rows } = await db.query<{ due_from: Date | null; marks: number }>(
    'select due_from, marks from signal_progress'
  )
  return rows[0] && [rows[0].due_from && (rows[0].due_from.getTime() - START) / HOUR, rows[0].marks]
}

test('settlements make signals due from the oldest that was written, in their own transaction', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [80, 88, 96])
  assert.deepEqual(await dueOf(t), [80, 1])
  await insert(t, id, [104])
  assert.deepEqual(await dueOf(t), [80, 2])
  await insert(t, id, [64, 72])
  assert.deepEqual(await dueOf(t), [64, 3])
  await insert(t, id, [64, 72, 104])
  assert.deepEqual(await dueOf(t), [64, 3], 'what is there already is no news')
  const refused = t.db.transaction(async (client) => {
    await insertSettlements(client, id, [rateAt(8)], STAMP)
    throw new Error('no')
  })
  await assert.rejects(refused, /no/)
  assert.deepEqual(await dueOf(t), [64, 3])
})

test('a neighbour whose interval shows only now is news as well', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [8])
  await t.db.query('update signal_progress set due_from = null')
  await insert(t, id, [16])
  assert.deepEqual(await dueOf(t), [8, 2])
})

test('imported settlements and the revisions of their intervals make signals due', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  const intervals = new Map([
    [START + 8 * HOUR, 8],
    [START + 16 * HOUR, 4]
  ])
  await t.db.transaction((client) => insertSettlementsWith(client, id, [8, 16].map(rateAt), intervals, STAMP))
  assert.deepEqual(await dueOf(t), [8, 1])
  await t.db.query('update signal_progress set due_from = null')
  await t.db.transaction((client) => reviseIntervals(client, id, STAMP))
  assert.deepEqual(await dueOf(t), [16, 2])
})

test('an evaluation that ended leaves nothing due, except what came meanwhile', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [8, 16])
  const claim = { type: 'funding_regime', parameters: 'p', holder: 'test', leaseMs: 60_000 } as const
  const end = { evaluatedTo: START + 16 * HOUR, parameters: 'p' }
  const first = await claimEvaluation(t.db, claim)
  await insert(t, id, [24])
  await t.db.transaction((client) => finishEvaluation(client, first!, end))
  assert.deepEqual(await dueOf(t), [8, 2])
  const second = await claimEvaluation(t.db, claim)
  await t.db.transaction((client) => finishEvaluation(client, second!, end))
  assert.deepEqual(await dueOf(t), [null, 2])
  assert.equal(await claimEvaluation(t.db, claim), undefined)
  assert.ok(await claimEvaluation(t.db, { ...claim, parameters: 'q' }), 'other parameters are due')
})
