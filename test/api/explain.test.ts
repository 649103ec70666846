import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import service from '../../package.json' with { type: 'json' }
import { boardFields } from '../../src/contract/board.ts'
import { explainSchema } from '../../src/contract/explain.ts'
import type { BoardInputs } from '../../src/domain/board.ts'
import type { BoardRow } from '../../src/domain/board-row.ts'
import type { MadeMetric } from '../../src/domain/made-metrics/words.ts'
import { MADE_ANSWERS, MADE_METRICS } from '../../src/domain/made-metrics.ts'
import { METRIC_NAMES, METRICS, type Metric } from '../../src/domain/metrics.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { keepHistory } from '../../src/jobs/keeper.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { remade } from '../support/remade.ts'
import { boardRow, insertBasis, insertInstrument, insertSettlements, NOW_MS, putOnBoard, testApi } from './fixture.ts'
import { putBoard, sampleInputs } from './random-board.ts'

type Answer = Record<string, unknown> & {
  metric: string
  value: unknown
  recomputed: unknown
  absent: Record<string, string>
  inputs: { name: string; value: unknown; observedAt: string | null }[]
}

async function explain(url: string, query: Record<string, string>): Promise<Answer> {
  const { body, status } = await request(url).get('/v1/explain').query(query)
  assert.equal(status, 200, JSON.stringify(body))
  return body.data
}

const ON_BOARD = METRIC_NAMES.filter((name) => (METRICS[name] as Metric).formula !== undefined)

test('of random rows every number is made again of the kept inputs exactly as it is served, by a script of the answer alone as well', async () => {
  const all = sampleInputs(30, 4_000)
  await using api = await testApi({ seed: (db) => putBoard(db, all) })
  const seen = new Map<string, number>()
  for (const [turn, afterMs] of [0, 21_000].entries()) {
    api.clock.advance(afterMs)
    const answers: Answer[] = []
    const { body } = await request(api.url).get('/v1/basis?limit=1000')
    assert.equal(body.data.length, all.length)
    for (const row of body.data as BoardRow[]) {
      for (const metric of ON_BOARD) {
        const answer = await explain(api.url, { metric, instrument: row.instrument })
        const label = `${turn} ${row.instrument} ${metric}`
        assert.deepEqual(answer.value, row[metric as keyof BoardRow], label)
        assert.deepEqual(answer.recomputed, answer.value, label)
        assert.equal(answer.value === null, 'value' in answer.absent, label)
        if (row.absent[metric] !== undefined) assert.equal(answer.absent.value, row.absent[metric], label)
        if (answer.value !== null && metric !== 'grade') answers.push(answer)
      }
    }
    for (const [index, value] of remade(answers).entries()) {
      const { metric, instrument, value: served } = answers[index]!
      assert.deepEqual(value, served, `${turn} ${instrument} ${metric}`)
      seen.set(metric, (seen.get(metric) ?? 0) + 1)
    }
  }
  for (const metric of ON_BOARD) assert.ok(metric === 'grade' || (seen.get(metric) ?? 0) >= 5, metric)
})

test('every number of a board row has an explanation', () => {
  const isNumber = (schema: unknown) => {
    const { type, pattern } = schema as { type: string | string[]; pattern?: string }
    return pattern !== undefined || [type].flat().some((kind) => kind === 'number' || kind === 'integer')
  }
  for (const [field, schema] of Object.entries(boardFields)) {
    if (isNumber(schema)) assert.ok(ON_BOARD.includes(field as never), field)
  }
})

test('the version of the fee table says of which answers the numbers take a fee', () => {
  const takesFee = ({ inputs }: { inputs: readonly string[] }) =>
    inputs.some((path) => /(^|[.])(taker|\w+Taker|costBps)$/.test(path))
  const costed = MADE_ANSWERS.filter((answer) => Object.values<MadeMetric>(MADE_METRICS[answer]).some(takesFee))
  const { properties } = explainSchema as unknown as { properties: Record<string, { description: string }> }
  const { description } = properties.feeTableVersion!
  const named = MADE_ANSWERS.filter((answer) => description.includes(`\`${answer}\``))
  assert.deepEqual(costed, [
    'fundingSpreads',
    'fundingSpreadsRealised',
    'aggregates',
    'carry',
    'signals',
    'opportunities'
  ])
  assert.deepEqual(named, costed)
})

test('an unknown metric is refused with the nearest that is known, and what a contract does not have is null with the reason', async () => {
  const PERP = 'binance:BTC/USDT:USDT'
  await using api = await testApi({
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
      await insertInstrument(db, { key: PERP, spotId: spot })
      await insertInstrument(db, { key: 'binance:BTC/USDT:USDT-261225', spotId: spot })
      await putOnBoard(db, boardRow({ instrument: PERP }))
    }
  })
  const refused = await request(api.url).get('/v1/explain').query({ metric: 'basisBp', instrument: PERP })
  assert.deepEqual([refused.status, refused.body.errors[0].path], [400, 'metric'])
  assert.match(refused.body.errors[0].message, /did you mean basisBps\?/)
  const later = await request(api.url)
    .get('/v1/explain')
    .query({ metric: 'fx', instrument: PERP, at: NOW_MS + 1 })
  assert.deepEqual([later.status, later.body.errors[0].path], [400, 'at'])
  const why = async (metric: string, instrument: string, at = {}) => {
    const { value, recomputed, absent } = await explain(api.url, { metric, instrument, ...at })
    return [value, recomputed, absent.value]
  }
  assert.deepEqual(await why('basisApr', PERP), [null, null, 'no_expiry'])
  assert.deepEqual(await why('fundingApr', 'binance:BTC/USDT:USDT-261225'), [null, null, 'not_a_perpetual'])
  assert.deepEqual(await why('basisBps', 'binance:BTC/USDT:USDT-261225'), [null, null, 'not_on_board'])
  assert.deepEqual(await why('basisBps', 'binance:BTC/USDT'), [null, null, 'not_a_contract'])
  const at = { at: String(NOW_MS - 1_000) }
  assert.deepEqual(await why('basisBps', PERP, at), [null, null, 'no_row'])
  assert.deepEqual(await why('ageMs', PERP, at), [null, null, 'not_stored'])
  // A row that was made before its inputs were kept whole.
  const kept = await explain(api.url, { metric: 'basisBps', instrument: PERP })
  assert.deepEqual([kept.value, kept.recomputed, kept.absent], [9.995, null, { recomputed: 'inputs_not_kept' }])
})

test('a row of other formulas is not made again with those of now', async () => {
  const [inputs] = sampleInputs(1, 1) as [BoardInputs]
  await using api = await testApi({
    seed: async (db) => {
      await putBoard(db, [inputs])
      await db.query(`update board set inputs = jsonb_set(inputs::jsonb, '{formulaVersion}', '0')::json`)
    }
  })
  const answer = await explain(api.url, { metric: 'contractBid', instrument: inputs.contract.key })
  assert.deepEqual([answer.recomputed, answer.absent.recomputed], [null, 'other_formula_version'])
  assert.notEqual(answer.value, null)
})

test('a stored row stands for its span and not a moment longer; where none does the reason is no_row, and what is kept no more is refused', async () => {
  const PERP = 'binance:BTC/USDT:USDT'
  const rowMs = NOW_MS - 2 * 3_600_000
  await using api = await testApi({
    config: { rawDays: 30 },
    storedRowsMax: 1,
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
      const perp = await insertInstrument(db, { key: PERP, spotId: spot })
      await insertBasis(db, perp, spot, [{ atMs: rowMs, basisBps: 10, spanMs: 60_000 }])
      await insertSettlements(db, perp, [{ atMs: rowMs, rate: '0.0001' }])
      await db.query(
        `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at) values ($1, 'binance', 'market', $2, $3, 'timeout', $3)`,
        [perp, new Date(rowMs + 60_000), new Date(rowMs + 3_600_000)]
      )
    }
  })
  const paid = await explain(api.url, { metric: 'fundingRealised.sumRate', instrument: PERP })
  const { settlements } = paid.rows as { settlements: Record<string, unknown>[] }
  assert.deepEqual(
    [paid.value, settlements[0]!.intervalSource, settlements[0]!.formulaVersion],
    [0.0001, 'declared', 1]
  )
  assert.deepEqual([paid.formulaVersion, paid.codeVersion], [1, service.version])
  // Of one request all explanations count together.
  const field = (name: string) => `${name}: explain(metric: "fundingRealised.sumRate", instrument: "${PERP}") { value }`
  const asking = (...names: string[]) =>
    request(api.url)
      .post('/graphql')
      .send({ query: `{ ${names.map(field).join(' ')} }` })
  assert.equal((await asking('a')).body.data.a.value, 0.0001)
  assert.equal((await asking('a', 'b')).body.errors[0].extensions.code, 'range_too_long')
  const at = async (metric: string, atMs: number) => {
    const { value, row, rows, absent } = await explain(api.url, { metric, instrument: PERP, at: String(atMs) })
    return value === null ? [row, rows, absent] : value
  }
  const noRow = [null, null, { value: 'no_row', recomputed: 'no_row' }]
  for (const [afterMs, wanted] of [
    [-1, noRow],
    [0, '100.1'],
    [59_999, '100.1'],
    [60_000, noRow],
    [1_800_000, noRow]
  ] as const) {
    assert.deepEqual(await at('contractMid', rowMs + afterMs), wanted, String(afterMs))
  }
  assert.deepEqual(await at('mark', rowMs), noRow)
  assert.deepEqual(await at('contractMid', NOW_MS - 29 * 86_400_000), noRow)
  assert.deepEqual(await at('depth.mid', rowMs), noRow)
  // A settlement is the last one for a day, and settlements are kept for good.
  assert.equal(await at('settledRate', NOW_MS), 0.0001)
  assert.deepEqual(await at('settledRate', rowMs - 1), noRow)
  assert.deepEqual(await at('settledRate', NOW_MS - 400 * 86_400_000), noRow)
  for (const metric of ['contractMid', 'depth.mid', 'carry.netFrac']) {
    const query = { metric, instrument: PERP, at: String(NOW_MS - 60 * 86_400_000) }
    const { status, body } = await request(api.url).get('/v1/explain').query(query)
    assert.deepEqual([status, body.code, body.errors[0].path], [400, 'history_not_kept', 'at'], metric)
  }
})

test('a field of another answer is refused with its whole name, and what an instrument has not is null with the reason', async () => {
  const PERP = 'binance:BTC/USDT:USDT'
  await using api = await testApi({
    seed: async (db) => {
      await insertInstrument(db, { key: PERP, spotId: await insertInstrument(db, { key: 'binance:BTC/USDT' }) })
    }
  })
  const refused = await request(api.url).get('/v1/explain').query({ metric: 'netAprCapital', instrument: PERP })
  assert.match(refused.body.errors[0].message, /did you mean carry\.netAprCapital\?/)
  const why = async (metric: string, instrument: string) => {
    const { value, recomputed, absent } = await explain(api.url, { metric, instrument })
    return [value, recomputed, absent.value]
  }
  for (const [metric, instrument, reason] of [
    ['carry.netFrac', PERP, 'missing_quote'],
    ['carry.netFrac', 'binance:BTC/USDT', 'not_a_contract'],
    ['depth.imbalance10', PERP, 'not_observed'],
    ['flow.longShare', 'binance:BTC/USDT', 'not_a_contract'],
    ['fundingTrailing.realised7dApr', PERP, 'no_settlements'],
    ['fundingSpreads.aprSpread', PERP, 'against_not_given'],
    ['termStructure.aprSimple', PERP, 'no_dated_contracts'],
    ['termStructureHistory.levelMean', PERP, 'no_dated_contracts'],
    ['termStructureRolled.price', PERP, 'no_dated_contracts'],
    ['fundingRealised.realisedApr', PERP, 'no_settlements'],
    ['fundingRealised.sumRate', 'binance:BTC/USDT', 'not_a_contract'],
    ['fundingSpreadsRealised.aprSpread', PERP, 'against_not_given'],
    ['liquidations.totalUsd', PERP, 'not_observed'],
    ['driversAttribution.endFlowBps', PERP, 'no_basis'],
    ['stablecoins.rate', 'binance:BTC/USDT', 'not_a_stablecoin'],
    ['aggregates.fundingApr', PERP, 'no_open_interest'],
    ['aggregates.breadthCheap', PERP, 'borrow_unknown']
  ] as const) {
    assert.deepEqual(await why(metric, instrument), [null, null, reason], `${metric} ${instrument}`)
  }
  // What changes nothing is refused, not passed over.
  for (const [metric, path, given] of [
    ['depth.imbalance10', 'borrowApr', '0.05'],
    ['aggregates.fundingApr', 'borrowApr', '0.05'],
    ['depth.imbalance10', 'direction', 'reverse'],
    ['basisBps', 'against', PERP],
    ['fundingTrailing.realised7dApr', 'against', PERP]
  ] as const) {
    const { status, body } = await request(api.url)
      .get('/v1/explain')
      .query({ metric, instrument: PERP, [path]: given })
    assert.deepEqual([status, body.errors[0].path], [400, path], `${metric} ${path}`)
  }
  // Only a window has a beginning, and none longer than its answer has it.
  for (const [metric, days] of [
    ['basisBps', 1],
    ['depth.imbalance10', 1],
    ['liquidations.looks', 8],
    ['driversAttribution.rSquared', 32],
    ['fundingRealised.sumRate', -1],
    ['termStructureRolled.price', 3_000]
  ] as const) {
    const query = { metric, instrument: PERP, from: NOW_MS - days * 86_400_000, at: NOW_MS }
    const { status, body } = await request(api.url).get('/v1/explain').query(query)
    assert.deepEqual([status, body.errors[0].path], [400, 'from'], metric)
  }
  // Made again of nothing is nothing, and what comes after it is made again all the same.
  const nothing = await explain(api.url, { metric: 'carry.netFrac', instrument: 'binance:BTC/USDT' })
  const withheld = await explain(api.url, { metric: 'carry.netFrac', instrument: PERP })
  assert.deepEqual([nothing.rows, withheld.rows === null], [null, false])
  assert.deepEqual(remade([nothing, withheld, nothing]), [null, null, null])
  await api.db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since)
     select id, 'quarantined', 'ticker_collision', 4, now() from instrument where key = $1`,
    [PERP]
  )
  api.clock.advance(6_000)
  // It may be another coin with this name: what is told of the asset is not told of it.
  for (const metric of [
    'aggregates.fundingApr',
    'termStructure.levelMean',
    'termStructureHistory.levelMean',
    'termStructureRolled.price'
  ])
    assert.deepEqual(await why(metric, PERP), [null, null, 'quarantined'], metric)
})

const MISSING: Readonly<Record<string, string>> = {
  cap: 'not_published',
  floor: 'not_published',
  openInterestUsd: 'not_observed',
  volume24hUsd: 'not_observed'
}

test('a stored row is explained as it was stored, before its day is sealed and after', async () => {
  const nowMs = NOW_MS - 58_000
  const clock = { now: () => nowMs }
  const PERP = 'binance:BTC/USDT:USDT'
  await using api = await testApi({
    seed: async (db) => {
      await using exchange = await startExchange(clock)
      await using line = await openLine(db, exchange, { clock })
      const tickAt = NOW_MS - 60_000
      await Promise.all(Object.values(line.venues).map((venue) => collect(line.deps, venue, tickAt)))
      for (const id of Object.keys(line.venues)) await derive(line.deps, id, tickAt)
      const { rows } = await db.query<{ id: number }>('select id from instrument where key = $1', [PERP])
      await insertSettlements(db, rows[0]!.id, [{ atMs: NOW_MS - 4 * 3_600_000, rate: '0.00012' }])
      await db.query(`update settlement set estimate_rate = 0.00011, estimate_at = settled_at`)
    }
  })
  const stored = METRIC_NAMES.filter((name) => METRICS[name].stored !== null)
  const askAll = () =>
    Promise.all(stored.map((metric) => explain(api.url, { metric, instrument: PERP, at: String(NOW_MS - 30_000) })))
  const hot = await askAll()
  const range = { instrument: PERP, from: NOW_MS - 60_000, to: NOW_MS }
  const { body: history } = await request(api.url)
    .get('/v1/basis/history')
    .query({ ...range, resolution: 'raw' })
  const { body: rates } = await request(api.url)
    .get('/v1/funding/history')
    .query({ ...range, kind: 'estimate' })
  const told = (name: string) => hot.find(({ metric }) => metric === name)!.value
  for (const field of ['basisBps', 'adjustedBasisBps', 'premiumBps', 'contractMid', 'spotMid', 'fx', 'grade', 'skewMs'])
    assert.deepEqual(told(field), history.data[0][field], field)
  assert.deepEqual([told('fundingApr'), told('fundingRate')], [rates.data[0].apr, rates.data[0].rate])
  assert.equal(told('settledApr'), 0.00012 * (8_760 / 8))
  for (const { metric, value, recomputed, absent } of hot) {
    // The simulated exchange says no bounds, and was not asked everything at this tick.
    if (value === null) assert.equal(MISSING[metric], absent.value, metric)
    if (metric === 'grade') assert.equal(absent.recomputed, 'inputs_not_stored')
    else assert.deepEqual(recomputed, value, metric)
  }
  const numbers = hot.filter(({ metric, value }) => metric !== 'grade' && value !== null)
  assert.deepEqual(
    remade(numbers),
    numbers.map(({ value }) => value)
  )
  // Only what has been known for long is sealed, and it became known by the database's own clock.
  const laterMs = Math.max(Date.now(), NOW_MS) + 30 * 86_400_000
  const keeper = { db: api.db, clock: { now: () => laterMs }, config: { hotDays: 1, rawDays: null } }
  await keepHistory(keeper as Parameters<typeof keepHistory>[0], () => true)
  const { rows } = await api.db.query<{ count: number }>(`select count(*)::int from sealed_day where fact = 'basis'`)
  assert.ok(rows[0]!.count > 0)
  assert.deepEqual(await askAll(), hot)
})
