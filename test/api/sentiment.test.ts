import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { remade } from '../support/remade.ts'
import { observeFlow, observeSizes } from '../support/sizes.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const BTC = 'binance:BTC/USDT:USDT'
const HOURS = 200
/** Hours ago, within the hour: `1` is in the last one that is over. */
const ago = (hours: number) => NOW_MS - hours * HOUR + 60_000
const wave = (hour: number) => hour % 5

/** 200 hours of ordinary ups and downs of one perpetual, and an extraordinary last one. */
async function seed(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const btc = await insertInstrument(db, { key: BTC, spotId: spot })
  await insertInstrument(db, { key: 'okx:BTC/USDT:USDT', spotId: spot })
  const hours = Array.from({ length: HOURS }, (_, index) => HOURS - index)
  await insertBasis(
    db,
    btc,
    spot,
    hours.map((hour) => ({ atMs: ago(hour), basisBps: hour === 1 ? 60 : wave(hour) }))
  )
  await insertSettlements(
    db,
    btc,
    Array.from({ length: 100 }, (_, index) => ({
      atMs: NOW_MS - (index + 0.5) * 8 * HOUR,
      rate: index === 0 ? '0.0009' : `0.000${1 + wave(index)}`
    }))
  )
  for (const hour of hours) {
    await observeSizes(db, btc, { observedAt: ago(hour), base: String(hour === 1 ? 30 : 10 + wave(hour)) })
    await observeFlow(db, btc, { observedAt: ago(hour), longShortRatio: String(hour === 1 ? 4 : 1 + wave(hour) / 10) })
  }
}

type Component = {
  name: string
  observations: number
  contribution: number | null
  absent: string | null
  z: number | null
  value: number | null
}
const absences = (components: Component[]) =>
  Object.fromEntries(components.filter(({ absent }) => absent !== null).map(({ name, absent }) => [name, absent]))

test('an asset whose positions are out of the ordinary is hot, by contributions that sum to its score', async () => {
  await using api = await testApi({ seed })
  const { body } = await request(api.url).get('/v1/sentiment?asset=btc')
  const [row] = body.data
  assert.deepEqual([row.asset, row.instrument, row.label, row.reason], ['BTC', BTC, 'hot', null])
  assert.ok(Math.abs(row.coverage - 0.75) < 1e-12)
  const sum = row.components.reduce((all: number, { contribution }: Component) => all + (contribution ?? 0), 0)
  assert.ok(row.score > 95 && Math.abs(sum - (row.score - 50)) < 1e-9)
  assert.deepEqual(absences(row.components), { termSlope: 'no_curve_history', takerFlow: 'no_spot_flow' })
  const value = (name: string) => row.components.find((each: Component) => each.name === name).value
  assert.deepEqual([value('basisExcess'), value('longShort'), value('funding')], [60, 0.8, 0.0009])
  const query = `{ sentiment(asset: ["BTC"]) { nodes { score label coverage components { name z contribution absent } } } }`
  const { body: graph } = await request(api.url).post('/graphql').send({ query })
  assert.equal(graph.data.sentiment.nodes[0].score, row.score)
  // Hours later nothing of it is of now.
  api.clock.advance(30 * HOUR)
  const { body: later } = await request(api.url).get('/v1/sentiment?asset=BTC')
  assert.deepEqual([later.data[0].score, later.data[0].reason], [null, 'too_few_components'])
  assert.equal(absences(later.data[0].components).basisExcess, 'stale')
})

test('its history is at every full hour what was known then', async () => {
  await using api = await testApi({ seed })
  const { body } = await request(api.url).get(`/v1/sentiment/history?asset=BTC&from=${NOW_MS - 3 * HOUR}`)
  const ats = body.data.map(({ at }: { at: string }) => (Date.parse(at) - NOW_MS) / HOUR)
  assert.deepEqual([ats, body.meta.instrument], [[-3, -2, -1], BTC], 'now itself is not before now')
  for (const { score } of body.data) assert.ok(score < 85, 'the extraordinary hour was not over')
  const { body: whole } = await request(api.url).get(
    `/v1/sentiment/history?asset=BTC&from=${NOW_MS - HOUR}&to=${NOW_MS + HOUR}`
  )
  const { body: now } = await request(api.url).get('/v1/sentiment?asset=BTC')
  assert.deepEqual(whole.data.at(-1), now.data[0], 'and what is now is its newest')
})

test('a settlement that is corrected later changes no score of before, and those from then on', async () => {
  await using api = await testApi({ seed })
  const scores = async () => {
    const { body } = await request(api.url).get(
      `/v1/sentiment/history?asset=BTC&from=${NOW_MS - 3 * HOUR}&to=${NOW_MS + HOUR}`
    )
    return body.data.map(({ score }: { score: number }) => score)
  }
  const before = await scores()
  const { rows } = await api.db.query<{ id: number }>('select id from instrument where key = $1', [BTC])
  const [id, settledAt] = [rows[0]!.id, NOW_MS - 4 * HOUR]
  await insertSettlements(api.db, id, [{ atMs: settledAt, rate: '-0.004', revision: 1, knownAtMs: NOW_MS - HOUR / 2 }])
  const after = await scores()
  assert.deepEqual(after.slice(0, 3), before.slice(0, 3))
  assert.ok(after[3] < before[3], `${after[3]} < ${before[3]}`)
})

test('a perpetual that gets another spot leg keeps its history, and is compared with nothing that was against the one before', async () => {
  await using api = await testApi({ seed })
  const history = async (): Promise<{ components: Component[] }[]> => {
    const asked = `/v1/sentiment/history?asset=BTC&from=${NOW_MS - 3 * HOUR}&to=${NOW_MS + HOUR}`
    return (await request(api.url).get(asked)).body.data
  }
  const before = await history()
  assert.ok(before.every(({ components: [basis] }) => basis!.z !== null))
  const { rows } = await api.db.query<{ id: number }>('select id from instrument where key = $1', [BTC])
  const other = await insertInstrument(api.db, { key: 'kraken:BTC/USD' })
  await api.db.query('update instrument set spot_id = $2 where id = $1', [rows[0]!.id, other])
  // The catalogue is read again after a while.
  api.clock.advance(MINUTE)
  assert.deepEqual(await history(), before)
  // In use for the last half of the last hour, and for one long ago.
  await insertBasis(api.db, rows[0]!.id, other, [
    { atMs: ago(150) + HOUR / 2, basisBps: -40 },
    { atMs: ago(1) + HOUR / 2, basisBps: -50 }
  ])
  const after = await history()
  assert.deepEqual(
    after.slice(0, 3).map(({ components: [basis] }) => basis!.value),
    before.slice(0, 3).map(({ components: [basis] }) => basis!.value)
  )
  const [basis] = after[3]!.components
  assert.deepEqual([basis!.value, basis!.observations, basis!.absent], [-50, 1, 'too_few_observations'])
  const answers = []
  for (const metric of ['sentiment.basisExcessValue', 'sentiment.basisExcessObservations']) {
    const { data } = (await request(api.url).get(`/v1/explain?metric=${metric}&instrument=${BTC}`)).body
    assert.equal(data.value, data.recomputed, metric)
    answers.push(data)
  }
  assert.deepEqual(remade(answers), [-50, 1])
})

test('what is not complete yet, or not kept any more, is refused', async () => {
  await using api = await testApi({ config: { rawDays: 40 } })
  await insertInstrument(api.db, { key: BTC })
  for (const [query, code] of [
    [`knownAt=${Date.now() + HOUR}`, 'known_at_ahead'],
    [`from=${NOW_MS - 100 * 24 * HOUR}&to=${NOW_MS}`, 'history_not_kept']
  ]) {
    const { status, body } = await request(api.url).get(`/v1/sentiment/history?asset=BTC&${query}`)
    assert.deepEqual([status, body.code], [400, code], query)
  }
})

test('with too little of a past there is no score, and an asset that is not known is refused with the nearest', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
      const btc = await insertInstrument(db, { key: BTC, spotId: spot })
      await insertBasis(db, btc, spot, [{ atMs: ago(1), basisBps: 10 }])
    }
  })
  const { body } = await request(api.url).get('/v1/sentiment?asset=BTC')
  const [row] = body.data
  assert.deepEqual([row.score, row.label, row.reason, row.coverage], [null, null, 'too_few_components', 0])
  assert.equal(absences(row.components).basisExcess, 'too_few_observations')
  assert.equal(absences(row.components).funding, 'not_observed')
  for (const path of ['/v1/sentiment', '/v1/sentiment/history']) {
    const { status, body: refused } = await request(api.url).get(`${path}?asset=BTV`)
    assert.deepEqual([status, refused.errors[0].path], [400, 'asset'], JSON.stringify(refused))
    assert.match(refused.errors[0].message, /BTC/)
    assert.equal((await request(api.url).get(path)).status, 400, 'without an asset')
  }
})
