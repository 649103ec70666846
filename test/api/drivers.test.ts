import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import request from 'supertest'
import { decimalToString, parseDecimal, subtract } from '../../src/domain/decimal.ts'
import { MADE_METRICS } from '../../src/domain/made-metrics.ts'
import { normalQuantile } from '../../src/domain/normal.ts'
import { createRandom } from '../../src/domain/random.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { remade } from '../support/remade.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'
const HOUR = 3_600_000
const HOURS = 63 * 24
const iso = (atMs: number) => new Date(atMs).toISOString()
const driversOf = async (api: { url: string }, query = '') =>
  (await request(api.url).get(`/v1/drivers?instrument=${PERP}${query}`).expect(200)).body.data

async function seedLegs(db: Database) {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  return { spot, perp: await insertInstrument(db, { key: PERP, spotId: spot }) }
}

/** Sixty-three days of hours in which buying by takers goes before a wider basis, and depth before nothing. */
async function seedMonths(db: Database, { follows = 1, seed = 5 } = {}) {
  const { spot, perp } = await seedLegs(db)
  const random = createRandom(seed)
  const normal = () => normalQuantile(Math.min(Math.max(random(), 1e-9), 1 - 1e-9))
  const at = (hour: number) => NOW_MS - (HOURS - hour) * HOUR + 55 * 60_000
  let pushed = 0
  const imbalance = Array.from({ length: HOURS }, () => {
    pushed = 0.9 * pushed + 0.4 * normal()
    return Math.tanh(pushed / 2)
  })
  const basis = imbalance.map((_, hour) => ({
    atMs: at(hour),
    basisBps: 20 + follows * 8 * (imbalance[hour - 1] ?? 0) + normal()
  }))
  const times = basis.map(({ atMs }) => atMs)
  await insertBasis(db, perp, spot, basis)
  for (const table of ['flow_snapshot', 'depth_snapshot'] as const) await ensurePartitions(db, table, times, NOW_MS)
  const dates = times.map((time) => new Date(time))
  await db.query(
    `insert into flow_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, taker_buy, taker_sell, taker_at,
       window_ms, span_ms, source, adapter_version)
     select $1, t, t, t, t, 100 * (1 + i), 100 * (1 - i), t, 3600000, 300000, 'polled', 1
     from unnest($2::timestamptz[], $3::float8[]) as r (t, i)`,
    [perp, dates, imbalance]
  )
  for (const id of [perp, spot]) {
    await db.query(
      `insert into depth_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid_depth_25, ask_depth_25,
         span_ms, source, formula_version, adapter_version)
       select $1, t, t, t, t, 1000 + 500 * b, 1000, 60000, 'polled', 1, 1 from unnest($2::timestamptz[], $3::float8[]) as r (t, b)`,
      [id, dates, times.map(() => random())]
    )
  }
  return { perp, spot }
}

test('a basis is fx, fair carry and residual to the last digit, at both ends of the window and between them', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp, spot } = await seedLegs(db)
      const rows = [7.8, 3.1234567, 12.3].map((basisBps, index) => ({
        atMs: NOW_MS - (3 - index) * HOUR - 60_000,
        basisBps
      }))
      await insertBasis(db, perp, spot, rows)
      await db.query(`update basis_snapshot set adjusted_basis_bps = basis_bps - 8.00000001 where basis_bps = 12.3`)
    }
  })
  const drivers = await driversOf(api)
  const { start, end, change } = drivers.identity
  assert.deepEqual([drivers.from, drivers.to], [start.at, end.at])
  assert.equal(start.at, iso(NOW_MS - 3 * HOUR - 60_000))
  assert.deepEqual([start.observedBps, start.fxBps, end.observedBps], ['7.8', '0', '12.3'])
  assert.ok(Math.abs(Number(start.fairCarryBps) + 4.54338) < 1e-5, 'five percent a year on a clamped venue')
  for (const { observedBps, fxBps, fairCarryBps, residualBps } of [start, end, change]) {
    const rest = [fxBps, fairCarryBps, residualBps].reduce((left, part) => subtract(left, of(part)), of(observedBps))
    assert.equal(decimalToString(rest), '0')
  }
  assert.equal(start.residualSignificant, null, 'nobody knows how far the price moves')
  const free = await driversOf(api, '&quoteRate=0.1095&baseRate=0')
  assert.equal(free.quoteRate, 0.1095)
  assert.ok(
    Math.abs(Number(free.identity.end.fairCarryBps) - 1) < 1e-9,
    'carry is the interest itself: the band’s middle'
  )
  assert.deepEqual([drivers.attribution, drivers.refusals, drivers.diagnostics], [null, ['too_few_hours'], null])
  // Inside an hour its end is still to come.
  const to = NOW_MS - 1.5 * HOUR
  const { identity } = await driversOf(api, `&to=${to}`)
  assert.equal(identity.end.observedBps, '3.1234567')
  const ofEnd = { metric: 'drivers.endResidualBps', instrument: PERP, at: to }
  const { body } = await request(api.url).get('/v1/explain').query(ofEnd).expect(200)
  assert.equal(body.data.value, identity.end.residualBps)
  const from = to - 60_000
  assert.equal((await driversOf(api, `&from=${from}&to=${to}`)).absent.identity, 'no_basis')
  const ofNone = await request(api.url)
    .get('/v1/explain')
    .query({ ...ofEnd, from })
  assert.equal(ofNone.body.data.absent.value, 'no_basis')
})

const of = (text: string) => parseDecimal(text)!

test('a basis of the middle of an hour does not stand for its end, unless it stands for that long', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp, spot } = await seedLegs(db)
      const half = NOW_MS - 90 * 60_000
      await insertBasis(db, perp, spot, [
        { atMs: half, basisBps: 1 },
        { atMs: half - HOUR, basisBps: 2, spanMs: 30 * 60_000 }
      ])
    }
  })
  const { identity } = await driversOf(api)
  assert.equal(identity.end.observedBps, '2')
})

test('what went before the basis is told with its parts, its interval and how it was judged', async () => {
  await using api = await testApi({ seed: (db) => seedMonths(db) })
  const { attribution, refusals, features, diagnostics, identity } = await driversOf(api)
  assert.deepEqual(refusals, [])
  for (const parts of [attribution.start, attribution.end, attribution.change]) {
    const { residualBps, baselineBps, carryBps, flowBps, liquidityBps, speculationBps, unattributedBps } = parts
    const sum = baselineBps + (carryBps ?? 0) + flowBps + liquidityBps + (speculationBps ?? 0) + unattributedBps
    assert.ok(Math.abs(sum - residualBps) < 1e-9)
    assert.deepEqual([carryBps, speculationBps], [null, null], 'neither was observed')
  }
  assert.ok(Math.abs(attribution.end.residualBps - Number(identity.end.residualBps)) < 1e-9)
  assert.ok(attribution.shares.flow > 0.5 && attribution.shares.liquidity < 0.1, JSON.stringify(attribution.shares))
  const taker = features.find(({ name }: { name: string }) => name === 'takerImbalance')
  assert.ok(taker.isUsed && taker.lowBps > 0 && taker.lowBps < taker.betaBps && taker.betaBps < taker.highBps)
  const { isUsed, betaBps } = features.find(({ name }: { name: string }) => name === 'expectedFunding')
  assert.deepEqual([isUsed, betaBps], [false, null])
  assert.ok(diagnostics.rSquared > 0.5 && diagnostics.coverage === 1 && diagnostics.judgedHours === 720)
  assert.match(attribution.meaning, /not what caused it/)
})

/** One number of each kind, and one that nobody observed; all of them take minutes. */
const EXPLAINED = [
  ...['startResidualBps', 'endFlowBps', 'endCarryBps', 'changeUnattributedBps', 'shareFlow', 'takerImbalanceBetaBps'],
  ...['takerImbalanceLowBps', 'depthImbalanceHighBps', 'thinnessInflation', 'takerImbalanceSignStability', 'coverage'],
  ...['lambda', 'condition', 'rSquared', 'persistenceRSquared', 'effectiveHours', 'ljungBoxP', 'cusum']
]

test('a number of an attribution is explained with the hours it is made of, and made again of the answer alone', async () => {
  await using api = await testApi({ seed: (db) => seedMonths(db) })
  const { attribution, features, diagnostics } = await driversOf(api)
  const named = new Map(features.map((feature: { name: string }) => [feature.name, feature]))
  const served = { attribution, diagnostics, features: Object.fromEntries(named) }
  const valueAt = (path: string) => path.split('.').reduce<unknown>((part, name) => Object(part)[name], served) ?? null
  const answers: { metric: string; value: number; formula: string }[] = []
  for (const field of EXPLAINED) {
    const query = { metric: `driversAttribution.${field}`, instrument: PERP }
    const { body } = await request(api.url).get('/v1/explain').query(query).expect(200)
    const { value, recomputed, absent } = body.data
    const { path } = MADE_METRICS.driversAttribution[field]!
    assert.deepEqual([value, recomputed], [valueAt(path!), value], field)
    assert.deepEqual(absent, value === null ? { value: 'not_observed', recomputed: 'not_observed' } : {}, field)
    if (value !== null) answers.push(body.data)
  }
  assert.equal(answers.length, EXPLAINED.length - 1)
  const { dependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.ok(answers.every(({ formula }) => formula.includes(`ml-matrix ${dependencies['ml-matrix']}`)))
  for (const [index, again] of remade(answers).entries()) {
    const { metric, value } = answers[index]!
    assert.equal(again, value, metric)
  }
})

test('drivers that nothing follows are refused by name, and say how they were judged', async () => {
  await using api = await testApi({ seed: (db) => seedMonths(db, { follows: 0 }) })
  const { attribution, refusals, absent, diagnostics } = await driversOf(api)
  assert.deepEqual([attribution, absent.attribution], [null, 'no_better_than_mean'])
  assert.ok(refusals.includes('no_better_than_mean') && diagnostics.hours === 720)
})

test('a change of interval within the month makes two things of what was before and after', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp } = await seedMonths(db)
      const at = (hours: number) => NOW_MS - hours * HOUR
      await insertSettlements(db, perp, [
        { atMs: at(24), rate: '0.0001' },
        { atMs: at(20), rate: '0.0001', intervalHours: 4 }
      ])
    }
  })
  const { attribution, refusals } = await driversOf(api)
  assert.deepEqual([attribution, refusals], [null, ['interval_changed']])
})

test('what became known later, and what came later, is not in an answer of before', async () => {
  await using api = await testApi({ seed: (db) => seedMonths(db) })
  const to = NOW_MS - 30 * HOUR
  const query = `&from=${iso(to - 24 * HOUR)}&to=${iso(to)}`
  const before = await driversOf(api, query)
  await api.db.query(`update basis_snapshot set basis_bps = 999 where tick_at >= $1`, [new Date(to)])
  await api.db.query(`delete from flow_snapshot where tick_at >= $1`, [new Date(to - HOUR)])
  assert.deepEqual((await driversOf(api, query)).attribution, before.attribution)
  assert.notEqual(before.attribution, null)
  const early = await driversOf(api, `${query}&knownAt=${iso(to - 40 * 24 * HOUR)}`)
  assert.deepEqual([early.identity, early.absent.identity], [null, 'no_basis'])
})

test('a window of before observations are kept is refused', async () => {
  await using api = await testApi({ config: { rawDays: 40 }, seed: seedLegs })
  const [from, to] = [NOW_MS - 100 * 24 * HOUR, NOW_MS - 90 * 24 * HOUR]
  const { status, body } = await request(api.url).get(`/v1/drivers?instrument=${PERP}&from=${from}&to=${to}`)
  assert.deepEqual([status, body.code, body.errors[0].path], [400, 'history_not_kept', 'from'])
})

test('a spot, a window beyond a month and one turned round are refused with the name of the parameter', async () => {
  await using api = await testApi({ seed: seedLegs })
  const refused = async (query: string) => {
    const { body, status } = await request(api.url).get(`/v1/drivers?${query}`)
    assert.ok(status === 400 || status === 422, `${status}`)
    return body.errors[0].path ?? body.errors[0].field
  }
  assert.equal(await refused('instrument=binance:BTC/USDT'), 'instrument')
  assert.equal(await refused(`instrument=${PERP}&from=2026-01-01&to=2026-03-01`), 'from')
  assert.equal(await refused(`instrument=${PERP}&from=2026-03-01&to=2026-01-01`), 'from')
  assert.deepEqual((await driversOf(api)).absent.identity, 'no_basis')
})
