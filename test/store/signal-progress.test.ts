import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config.ts'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { HOUR } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { insertSettlementsWith, reviseIntervals } from '../../src/store/imported-settlements.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertSettlements } from '../../src/store/settlement-intake.ts'
import type { SettledRate, SettlementStamp } from '../../src/store/settlements.ts'
import { activate, findActivation } from '../../src/store/signal-activations.ts'
import { claimEvaluation, finishEvaluation } from '../../src/store/signal-progress.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const START = Date.UTC(2026, 0, 5)
const STAMP: SettlementStamp = { source: 'polled', observedAt: START, venue: 'binance', adapterVersion: 1, epoch: 0 }

const rateAt = (hours: number): SettledRate => {
  const settledAt = START + hours * HOUR
  return { settledAt, venueTime: settledAt, rate: '0.0001', mark: null, availableAt: settledAt }
}

async function perpetual({ db }: TestDatabase): Promise<number> {
  await ensurePartitions(db, 'settlement', [START], START)
  await ensureInstrument(db, parseInstrumentKey('binance:BTC/USDT:USDT')!)
  return (await listInstruments(db))[0]!.id
}

const named = (hash: string) => ({ hash, set: loadConfig({}).fundingRegime })

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
  await t.db.query('update signal_progress set due_from = null, priority = null')
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
  await t.db.query('update signal_progress set due_from = null, priority = null')
  await t.db.transaction((client) => reviseIntervals(client, id, STAMP))
  assert.deepEqual(await dueOf(t), [16, 2])
})

test('an evaluation that ended leaves nothing due, except what came meanwhile', async () => {
  await using t = await testDatabase()
  const id = await perpetual(t)
  await insert(t, id, [8, 16])
  const claim = { type: 'funding_regime', parameters: 'p', holder: 'test', leaseMs: 60_000 } as const
  const end = { evaluatedTo: START + 16 * HOUR, parameters: 'p' }
  await activate(t.db, 'funding_regime', named('p'))
  const first = await claimEvaluation(t.db, claim)
  await insert(t, id, [24])
  await t.db.transaction((client) => finishEvaluation(client, first!, end))
  assert.deepEqual(await dueOf(t), [8, 3])
  const second = await claimEvaluation(t.db, claim)
  await t.db.transaction((client) => finishEvaluation(client, second!, end))
  assert.deepEqual(await dueOf(t), [null, 3])
  assert.equal(await claimEvaluation(t.db, claim), undefined)
  await activate(t.db, 'funding_regime', named('q'))
  assert.equal(await claimEvaluation(t.db, claim), undefined, 'these are not in force any more')
  assert.ok(await claimEvaluation(t.db, { ...claim, parameters: 'q' }), 'other parameters are due')
})

test('parameters are in force from when they were activated last, whoever does so at once', async () => {
  await using t = await testDatabase()
  const activations = await Promise.all(['p', 'q', 'r', 'p'].map((set) => activate(t.db, 'funding_regime', named(set))))
  const last = Math.max(...activations.map(({ number }) => number))
  assert.equal((await findActivation(t.db, 'funding_regime'))?.number, last)
  assert.deepEqual(await activate(t.db, 'funding_regime', named('s')), { number: last + 1, isNew: true })
  assert.equal((await activate(t.db, 'funding_regime', named('s'))).isNew, false)
  assert.equal((await activate(t.db, 'funding_regime', named('p'))).number, last + 2)
})

test('what parameters are in force is kept, and of an older activation as soon as somebody comes with them', async () => {
  await using t = await testDatabase()
  const kept = async () => (await findActivation(t.db, 'funding_regime'))?.parameterSet
  const ours = named('p')
  await activate(t.db, 'funding_regime', ours)
  assert.deepEqual(await kept(), ours.set)
  await t.db.query('update signal_activation set parameter_set = null')
  assert.equal(await kept(), null)
  assert.equal((await activate(t.db, 'funding_regime', ours)).isNew, false)
  assert.deepEqual(await kept(), ours.set)
})

/** What a claim reads of the database, in pages. */
async function pagesOfClaim({ db }: TestDatabase): Promise<number> {
  let pages = 0
  const explained: Pick<Database, 'query'> = {
    query: async (text, values) => {
      const { rows } = await db.query(`explain (analyze, buffers, format json) ${text}`, values)
      const { Plan } = rows[0]!['QUERY PLAN'][0]
      pages = Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']
      return { rows: [] } as never
    }
  }
  const claim = { type: 'funding_regime', parameters: 'p', holder: 'test', leaseMs: 60_000 } as const
  await claimEvaluation(explained as Database, claim)
  return pages
}

test('a claim reads as much with a hundred contracts as with twenty thousand, all due or none', async (context) => {
  await using t = await testDatabase()
  await activate(t.db, 'funding_regime', named('p'))
  const fill = (count: number, priority: string) =>
    t.db.query(
      `insert into signal_progress (instrument_id, type, due_from, priority, marks, evaluated_to, parameters, updated_at)
       select n, 'funding_regime', now(), ${priority}, 1, now(), 'p', now() from generate_series(1, $1::int) n
       on conflict (instrument_id, spot_id, type) do update set priority = excluded.priority`,
      [count]
    )
  const measure = async (count: number, priority: string) => {
    await fill(count, priority)
    await t.db.query('vacuum analyze signal_progress')
    return await pagesOfClaim(t)
  }
  const few = await measure(100, 'n')
  const pages = [await measure(20_000, 'n'), await measure(20_000, 'null')]
  context.diagnostic(
    `pages of a claim: ${few} of 100 due, ${pages[0]} of 20,000 due, ${pages[1]} of 20,000 of which none is`
  )
  assert.ok(Math.max(...pages) <= few + 20, `${pages} pages, ${few} with a hundred`)
})
