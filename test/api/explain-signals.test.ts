import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { isOfSignal, MADE_NAMES, madeMetricOf } from '../../src/domain/made-metrics.ts'
import { SIGNAL_TYPES } from '../../src/domain/signal-types.ts'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { AT_ENTRY, AT_EXIT, insertPrices, workOutCarries } from '../support/carries.ts'
import { remade } from '../support/remade.ts'
import { END_BUCKET, evaluateAll, openSignalWorld, START } from '../support/signal-world.ts'
import { aCarry } from '../support/signals.ts'
import { insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

type Fields = Record<string, unknown>
type Answer = Fields & { metric: string; value: unknown; recomputed: unknown; absent: Record<string, string> }

const PAID = 'sig_paid'
const PERP = 'binance:BTC/USDT:USDT'
const METRICS = MADE_NAMES.filter((name) => isOfSignal(madeMetricOf(name)!.answer))
const at = (row: unknown, path: string) =>
  path.split('.').reduce<unknown>((part, name) => (part as Fields | null | undefined)?.[name], row) ?? null

/** A world in which a signal of every type opened and closed, some while they were further than at their opening. */
const openWorld = () =>
  testApi({
    seed: async (db) => {
      const world = await openSignalWorld(db)
      for (const bucket of [0, 1, 2, 3, 4, 5, 6, END_BUCKET]) {
        world.closed(bucket)
        await evaluateAll(world.own)
      }
      await seedPaid(db)
    }
  })

/** A carry that was held over three settlements; of the bucket in which it opened nothing is kept. */
async function seedPaid(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:DOGE/USDT', asset: 'DOGE' })
  const perp = await insertInstrument(db, { key: 'binance:DOGE/USDT:USDT', asset: 'DOGE', spotId: spot })
  const [openedAt, closedAt] = [NOW_MS - 100 * HOUR, NOW_MS - 76 * HOUR]
  const told = { openedAt, closedAt, peakAt: openedAt + HOUR, halvedAt: openedAt + 3 * HOUR }
  await db.transaction((client) =>
    writeSignals(client, [aCarry({ id: PAID, instrumentId: perp, spotId: spot, ...told })])
  )
  await insertPrices(
    db,
    [perp, spot],
    [
      { atMs: openedAt + 2 * MINUTE, prices: AT_ENTRY },
      { atMs: closedAt + 2 * MINUTE, prices: AT_EXIT }
    ]
  )
  const settled = [100, 92, 84, 76].map((hours) => ({ atMs: NOW_MS - hours * HOUR, rate: `0.00${hours}` }))
  await insertSettlements(db, perp, settled)
  await workOutCarries(db)
}

test('every number of signals and of carries is made again of what was looked at then, by a script of the answer alone as well', async () => {
  await using api = await openWorld()
  const rowsOf = async (path: string): Promise<Fields[]> => (await request(api.url).get(path)).body.data
  const [signals, carries] = [await rowsOf('/v1/signals?limit=1000'), await rowsOf('/v1/opportunities?limit=1000')]
  assert.deepEqual(new Set(signals.map(({ type }) => type)), new Set(SIGNAL_TYPES))
  const ask = async (query: Record<string, string>): Promise<Answer> => {
    const { body, status } = await request(api.url).get('/v1/explain').query(query)
    assert.equal(status, 200, JSON.stringify(body))
    return body.data
  }
  const [told, seen, unlike] = [[] as Answer[], new Set<string>(), [] as unknown[]]
  for (const metric of METRICS) {
    const { answer, metric: words } = madeMetricOf(metric)!
    for (const row of answer === 'signals' ? signals : carries) {
      const label = `${metric} of ${row.type}`
      const found = await ask({ metric, signal: String(row.id) })
      assert.equal(found.instrument, row.instrument, label)
      assert.equal(found.value === null, 'value' in found.absent, label)
      const { value, recomputed, absent } = found
      const served = at(row, words.path!)
      const isAgain = recomputed === served || (row.id === PAID && absent.recomputed === 'inputs_not_kept')
      if (value !== served || !isAgain) unlike.push([label, served, value, recomputed, absent])
      if (recomputed === null) continue
      told.push(found)
      seen.add(metric)
    }
  }
  for (const [index, value] of remade(told).entries()) {
    const { metric, instrument, value: served } = told[index]!
    if (value !== served) unlike.push([metric, instrument, served, value])
  }
  assert.deepEqual(unlike, [])
  assert.deepEqual(
    METRICS.filter((metric) => !seen.has(metric)),
    []
  )
  // What a signal links to is this.
  for (const { id, value, explanation } of signals as (Fields & { explanation: { link: string } })[]) {
    const { body } = await request(api.url).get(explanation.link)
    assert.deepEqual(
      [body.data.value, body.data.recomputed, body.data.metric],
      [value, id === PAID ? null : value, 'signals.value'],
      String(id)
    )
  }
  const query = `query ($id: String!) { explain(metric: "signals.value", signal: $id) { value recomputed rowsHash instrument } }`
  const [{ id }] = signals as [Fields]
  const { body } = await request(api.url).post('/graphql').send({ query, variables: { id } })
  const { value, recomputed, rowsHash, instrument } = await ask({ metric: 'signals.value', signal: String(id) })
  assert.deepEqual(body.data?.explain, { value, recomputed, rowsHash, instrument }, JSON.stringify(body.errors))
})

test('what is asked of a signal is refused by name where it cannot be, and told where its facts have gone', async () => {
  await using api = await openWorld()
  const idOf = async (type: string) =>
    (await request(api.url).get(`/v1/signals?type=${type}&sort=openedAt`)).body.data[0].id as string
  const [carry, trouble] = [await idOf('carry_opportunity'), await idOf('venue_trouble')]
  for (const [query, path] of [
    [{ metric: 'signals.value' }, 'signal'],
    [{ metric: 'opportunities.value', instrument: PERP }, 'signal'],
    [{ metric: 'signals.value', signal: 'sig_none' }, 'signal'],
    [{ metric: 'signals.value', signal: carry, at: String(START) }, 'at'],
    [{ metric: 'signals.value', signal: carry, instrument: 'okx:BTC/USDT:USDT' }, 'instrument'],
    [{ metric: 'signals.value', signal: carry, direction: 'reverse' }, 'direction'],
    [{ metric: 'basisBps', instrument: PERP, signal: carry }, 'signal'],
    [{ metric: 'basisBps' }, 'instrument']
  ] as const) {
    const { status, body } = await request(api.url).get('/v1/explain').query(query)
    assert.deepEqual([status, body.errors?.[0].path], [400, path], JSON.stringify(query))
  }
  const absentOf = async (metric: string, signal: string) =>
    (await request(api.url).get('/v1/explain').query({ metric, signal })).body.data.absent
  assert.deepEqual(await absentOf('opportunities.value', trouble), { value: 'not_a_carry', recomputed: 'not_a_carry' })
  assert.equal((await absentOf('signals.openingApr', trouble)).value, 'only_of_funding_regimes')
  await api.db.query('update signal set formula_version = formula_version - 1 where id = $1', [carry])
  for (const metric of ['signals.value', 'opportunities.peakValue', 'opportunities.quotedNetFrac'])
    assert.deepEqual(await absentOf(metric, carry), { recomputed: 'formula_changed' }, metric)
  await api.db.query('update signal set formula_version = formula_version + 1 where id = $1', [carry])
  for (const table of ['depth_snapshot', 'tick']) await api.db.query(`delete from ${table}`)
  assert.deepEqual(await absentOf('signals.value', trouble), { recomputed: 'inputs_not_kept' })
  for (const metric of ['signals.value', 'opportunities.peakValue', 'opportunities.quotedNetFrac'])
    assert.deepEqual(await absentOf(metric, carry), { recomputed: 'inputs_not_kept' }, metric)
})
