import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type pg from 'pg'
import request from 'supertest'
import { type Change, listChanges, raiseHorizon } from '../../src/store/changes.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase } from '../../src/store/database.ts'

import { splitGap } from '../../src/store/gap-filling.ts'

import { recordGaps } from '../../src/store/gaps.ts'
import { ensureLivePartitions, ensurePartitions } from '../../src/store/partitions.ts'
import { BACKUP_NAME, readWatermark } from '../../src/store/watermark.ts'
import { testDatabase } from '../support/database.ts'
import {
  eventually,
  insertBasis,
  insertInstrument,
  insertSettlements,
  NOW_MS,
  type TestApi,
  testApi
} from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'
const SPOT = 'binance:BTC/USDT'
const HOUR = 3_600_000
const iso = (atMs: number) => new Date(atMs).toISOString()

type Row = { knownAt: string; fact: string; instrument: string | null; at: string; revision: number; body: object }
type Told = { readonly rows: Row[]; readonly to: string }

/** Every page from `since` on. */
async function readAll(api: { url: string }, since: string, query = '', limit = 5_000): Promise<Told> {
  const rows: Row[] = []
  for (let cursor = ''; ; ) {
    const path = `/v1/changes?since=${since}&limit=${limit}${query}${cursor === '' ? '' : `&cursor=${cursor}`}`
    const { status, body } = await request(api.url).get(path)
    assert.equal(status, 200, JSON.stringify(body))
    rows.push(...body.data)
    if (body.page.next === null) return { rows, to: body.meta.to }
    cursor = body.page.next
  }
}

/** Waits until what has been committed by now is told. */
async function caughtUp(api: TestApi, since: string): Promise<Told> {
  const { rows } = await api.db.query<{ now: Date }>('select clock_timestamp() as now')
  return await eventually(
    () => readAll(api, since),
    ({ to }) => Date.parse(to) > rows[0]!.now.getTime()
  )
}

test('facts, revisions, intervals and gaps are told as they became known, whatever time they are about', async () => {
  await using api = await testApi()
  const spot = await insertInstrument(api.db, { key: SPOT })
  const perp = await insertInstrument(api.db, { key: PERP, spotId: spot })
  const at = (minutes: number) => NOW_MS + minutes * 60_000
  await insertSettlements(api.db, perp, [
    { atMs: NOW_MS - 8 * HOUR, rate: '0.0001', knownAtMs: at(3) },
    { atMs: NOW_MS, rate: '0.0002', knownAtMs: at(1) },
    { atMs: NOW_MS, rate: '0.00025', revision: 1, knownAtMs: at(4) }
  ])
  await insertBasis(api.db, perp, spot, [{ atMs: NOW_MS, basisBps: 4.5, knownAtMs: at(2) }])
  await api.db.query(
    `insert into funding_interval (instrument_id, effective_from, interval_hours, source, known_at)
     values ($1, $2, 4, 'declared', $3)`,
    [perp, new Date(NOW_MS), new Date(at(5))]
  )
  await ensurePartitions(api.db, 'market_snapshot', [NOW_MS - 100 * HOUR], NOW_MS)
  await api.db.query(
    `insert into market_snapshot (instrument_id, tick_at, revision, observed_at, known_at, available_at, last, span_ms, source, adapter_version)
     values ($1, $2, 1, $2, $3, $2, 100.5, 60000, 'import', 1)`,
    [perp, new Date(NOW_MS - 100 * HOUR), new Date(at(6))]
  )
  const { rows, to } = await caughtUp(api, iso(NOW_MS))
  assert.deepEqual(
    rows.map(({ knownAt, fact, revision, at: about }) => [knownAt, fact, revision, about]),
    [
      [iso(at(1)), 'settlement', 0, iso(NOW_MS)],
      [iso(at(2)), 'basis', 0, iso(NOW_MS)],
      [iso(at(3)), 'settlement', 0, iso(NOW_MS - 8 * HOUR)],
      [iso(at(4)), 'settlement', 1, iso(NOW_MS)],
      [iso(at(5)), 'funding_interval', 0, iso(NOW_MS)],
      [iso(at(6)), 'market', 1, iso(NOW_MS - 100 * HOUR)]
    ]
  )
  assert.ok(rows.every(({ instrument }) => instrument === PERP))
  const [settled, basis, , corrected, , late] = rows.map(({ body }) => body as Record<string, unknown>)
  assert.deepEqual([settled!.rate, settled!.intervalHours, corrected!.rate], [0.0002, 8, 0.00025])
  assert.deepEqual([basis!.spot, basis!.basisBps, basis!.contractMid], [SPOT, 4.5, '100.1'])
  assert.equal(late!.last, '100.5')
  for (const { body } of rows)
    assert.deepEqual(
      Object.keys(body).filter((name) => /_|Id$/.test(name)),
      []
    )
  assert.deepEqual((await readAll(api, iso(at(2)), '&fact=settlement')).rows.length, 2)
  assert.deepEqual((await readAll(api, iso(NOW_MS), '', 1)).rows, rows, 'one a page')
  assert.deepEqual((await readAll(api, to)).rows, [])
})

test('a gap is told when it is seen, again when it gets longer, and again when it is filled', async () => {
  await using api = await testApi()
  const perp = await insertInstrument(api.db, { key: PERP })
  const gap = { instrumentId: perp, venue: 'binance', fact: 'settlement' as const, from: NOW_MS, reason: 'timeout' }
  const record = (to: number) => api.db.transaction((client) => recordGaps(client, [{ ...gap, to }]))
  await record(NOW_MS + HOUR)
  const first = await caughtUp(api, iso(0))
  assert.deepEqual(
    first.rows.map(({ fact, body }) => [fact, (body as { to: string }).to]),
    [['gap', iso(NOW_MS + HOUR)]]
  )
  await record(NOW_MS + 2 * HOUR)
  const second = await caughtUp(api, first.to)
  assert.deepEqual((second.rows[0]!.body as { to: string }).to, iso(NOW_MS + 2 * HOUR))
  await insertSettlements(api.db, perp, [{ atMs: NOW_MS + HOUR, rate: '0.0001' }])
  const whole = { from: NOW_MS, to: NOW_MS + 2 * HOUR }
  await api.db.transaction((client) =>
    splitGap(client, { id: perp, venue: 'binance' }, { ...whole, fact: 'settlement', reason: 'timeout' }, [
      { ...whole, isOpen: false }
    ])
  )
  const { rows } = await caughtUp(api, second.to)
  const filled = rows.find(({ fact }) => fact === 'gap')
  assert.notEqual((filled!.body as { filledAt: string | null }).filledAt, null)
})

const settleAt = (session: pg.Client, instrumentId: number, hours: number) =>
  session.query(
    `insert into settlement (instrument_id, settled_at, venue_time, observed_at, known_at, available_at, rate, source,
       formula_version, adapter_version) values ($1, $2, $2, $2, now(), $2, 0.0001, 'polled', 1, 1)`,
    [instrumentId, new Date(NOW_MS + hours * HOUR)]
  )

async function openWriters(db: Database, count: number) {
  const sessions = await Promise.all(Array.from({ length: count }, () => db.openSession()))
  return {
    sessions,
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session.end()))
    }
  }
}

test('a transaction that began first and commits last holds back what came after it, and is not skipped', async () => {
  await using api = await testApi({ seed: (db) => ensureLivePartitions(db, NOW_MS, 1) })
  const perp = await insertInstrument(api.db, { key: PERP })
  await using writers = await openWriters(api.db, 2)
  const [slow, quick] = writers.sessions as [pg.Client, pg.Client]
  await slow.query('begin')
  await settleAt(slow, perp, 1)
  const { rows: began } = await slow.query<{ at: Date }>('select now() as at')
  const beganMs = began[0]!.at.getTime()
  await settleAt(quick, perp, 2)
  // Long enough for everything but the open transaction to have passed.
  const during = await eventually(
    async () => ({
      ...(await readAll(api, iso(0))),
      nowMs: (await api.db.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now.getTime()
    }),
    ({ nowMs }) => nowMs > beganMs + 2_500
  )
  assert.deepEqual(during.rows, [])
  assert.ok(Date.parse(during.to) <= beganMs)
  await slow.query('commit')
  const after = await caughtUp(api, during.to)
  assert.deepEqual(
    after.rows.map(({ at }) => at),
    [iso(NOW_MS + HOUR), iso(NOW_MS + 2 * HOUR)]
  )
})

/** As the API reads, but with no second to spare: every transaction here is seen to run before anybody reads. */
async function readOn(db: Database, fromMs: number): Promise<{ found: Change[]; toMs: number }> {
  const toMs = Math.max(fromMs, await readWatermark(db, 0))
  const found: Change[] = []
  for (let after: Change['place'] | null = null; ; after = found.at(-1)!.place) {
    const page = await listChanges(db, { facts: null, fromMs, toMs, after, limit: 2 })
    found.push(...page)
    if (page.length < 2) return { found, toMs }
  }
}

test('however writers begin, write and commit, a reader who goes on from where it was told sees every row once, in order', async () => {
  await using t = await testDatabase()
  await ensureLivePartitions(t.db, NOW_MS, 1)
  const perp = await insertInstrument(t.db, { key: PERP })
  const step = fc.record({ writer: fc.nat(3), rows: fc.integer({ min: 0, max: 3 }), reads: fc.boolean() })
  await using writers = await openWriters(t.db, 4)
  let hours = 0
  let fromMs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
      const told: Change[] = []
      const written: number[] = []
      const open = new Map<number, number[]>()
      const read = async () => {
        const { found, toMs } = await readOn(t.db, fromMs)
        told.push(...found)
        fromMs = toMs
      }
      const commit = async (writer: number) => {
        await writers.sessions[writer]!.query('commit')
        written.push(...open.get(writer)!)
        open.delete(writer)
      }
      for (const { writer, rows, reads } of steps) {
        if (open.has(writer)) await commit(writer)
        else {
          await writers.sessions[writer]!.query('begin')
          open.set(writer, [])
          for (let row = 0; row < rows; row += 1) {
            hours += 1
            await settleAt(writers.sessions[writer]!, perp, hours)
            open.get(writer)!.push(NOW_MS + hours * HOUR)
          }
        }
        if (reads) await read()
      }
      for (const writer of [...open.keys()]) await commit(writer)
      await eventually(read, () => told.length >= written.length)
      assert.deepEqual(told.map(({ at }) => at).toSorted(), written.toSorted())
      const times = told.map(({ place }) => Number(place[0]))
      assert.deepEqual(
        times,
        times.toSorted((x, y) => x - y)
      )
    }),
    { numRuns: 15, endOnFailure: true }
  )
})

test('a backup that reads for hours holds nothing back', async () => {
  await using t = await testDatabase()
  await using backup = openDatabase({ url: t.url, poolSize: 1, applicationName: BACKUP_NAME })
  const reader = await backup.openSession()
  const other = await t.db.openSession()
  const begin = async (session: pg.Client) => {
    const { rows } = await session.query<{ at: Date }>('begin; select now() as at').then((all) => [all].flat().at(-1)!)
    return rows[0]!.at.getTime()
  }
  const beganMs = await begin(reader)
  await eventually(
    () => readWatermark(t.db),
    (watermark) => watermark > beganMs
  )
  const otherMs = await begin(other)
  await eventually(
    async () => (await t.db.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now.getTime(),
    (nowMs) => nowMs > otherMs + 1_500
  )
  assert.ok((await readWatermark(t.db)) <= otherMs, 'any other does')
  await Promise.all([reader.end(), other.end()])
})

test('from before what is still kept the answer says from when on, and of which facts', async () => {
  await using api = await testApi()
  await raiseHorizon(api.db, 'market', NOW_MS)
  await raiseHorizon(api.db, 'market', NOW_MS - HOUR)
  const ask = async (query: string) => await request(api.url).get(`/v1/changes?since=${query}`)
  const { status, body } = await ask(iso(NOW_MS - 1))
  assert.deepEqual([status, body.code, body.errors[0].path], [400, 'since_too_old', 'since'])
  assert.match(body.detail, new RegExp(`market is kept from ${iso(NOW_MS)} on`))
  assert.equal((await ask(iso(NOW_MS))).status, 200)
  assert.equal((await ask(`${iso(NOW_MS - 1)}&fact=settlement,gap`)).status, 200)
  assert.equal((await ask('')).status, 400)
  assert.equal((await ask(`${iso(NOW_MS)}&fact=rumour`)).body.errors[0].path, 'fact')
  assert.equal((await request(api.url).get('/v1/changes')).body.errors[0].path, 'since')
})

test('changes come as a table as well, page after page', async () => {
  await using api = await testApi()
  const perp = await insertInstrument(api.db, { key: PERP })
  const rows = Array.from({ length: 5 }, (_, index) => ({ atMs: NOW_MS + index * HOUR, rate: '0.0001' }))
  await insertSettlements(api.db, perp, rows)
  const { text } = await request(api.url).get(`/v1/changes?since=${iso(NOW_MS)}&format=ndjson`)
  const told = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    told.map(({ at }) => at),
    rows.map(({ atMs }) => iso(atMs))
  )
})
