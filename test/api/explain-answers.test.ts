import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { isOfSignal, MADE_NAMES, madeMetricOf } from '../../src/domain/made-metrics.ts'
import { METRIC_NAMES, METRICS, type Metric } from '../../src/domain/metrics.ts'
import { moveDue } from '../../src/jobs/movements.ts'
import { sumDue } from '../../src/jobs/realised.ts'
import { rankDue } from '../../src/jobs/standings.ts'
import type { Database } from '../../src/store/database.ts'
import { observeHours } from '../support/heated.ts'
import { remade } from '../support/remade.ts'
import { buildTo, rollUp } from '../support/rolled-up.ts'
import { observeDepth, observeEstimate, observeFlow, observeQuote, observeSizes } from '../support/sizes.ts'
import { readWindows, seedFar, seedHours, seedLooks, seedWindows, WINDOWS } from './explained-windows.ts'
import { boardRow, insertBasis, insertInstrument, insertSettlements, NOW_MS, putOnBoard, testApi } from './fixture.ts'
import { putBoard, sampleInputs } from './random-board.ts'
import { seedMarket } from './random-market.ts'

type Fields = Record<string, unknown>
type Answer = Fields & {
  metric: string
  value: unknown
  recomputed: unknown
  absent: Record<string, string>
  rows: object | null
}
type Query = { metric: string; instrument: string; against?: string; at?: string; from?: string } & Terms
/** Of a carry, and of how many bases are cheap. */
type Terms = { borrowApr?: string; direction?: string }

const HOUR = 3_600_000
const DAY = 24 * HOUR
const PAIR = 'kraken:USDT/USD'
const DRAWS = 1_000
/** Of bases, open interest and flow of the contract of which everything is known. */
const HOURS = 210
const RICH = 'binance:BTC/USDC:USDC'
/** Contracts of which there is a day of bases: perpetuals and dated ones. */
const SPLIT = /^(binance|bybit):BTC\/.+:/

async function seed(db: Database): Promise<void> {
  await seedMarket(db)
  await putBoard(db, sampleInputs(12, 4_000))
  await seedRich(db)
  await seedDeep(db)
  const { rows } = await db.query<{ id: number; key: string }>(
    `select id, key from instrument where kind = 'perpetual' and asset = 'BTC'`
  )
  for (const [index, { id, key }] of rows.entries()) {
    await putOnBoard(
      db,
      boardRow({
        instrument: key,
        openInterestUsd: String(1_000_000.25 * (index + 1)),
        adjustedBasisBps: ((index % 3) - 1) * 90 + index * 1.1,
        ...(index === 4 ? { grade: 'none', absent: {} } : {})
      })
    )
    await observeFlow(db, id, { longShortRatio: `1.${index}7`, takerBuy: `30.${index}3` })
    for (const table of ['funding_realised', 'funding_standing'])
      await db.query(`insert into ${table} (instrument_id) values ($1) on conflict do nothing`, [id])
  }
  await observeQuote(db, await insertInstrument(db, { key: PAIR }), {})
  // What the mids of the fixture come to.
  await db.query('update basis_snapshot set basis_bps = 10, adjusted_basis_bps = 10')
  await seedFar(db)
  await seedDay(db)
  await seedWindows(db)
  await seedHours(db)
  await seedLooks(db)
  // No two settlements in a row alike: a window that begins too late has another sum.
  await db.query('update settlement set rate = rate + 0.0000001 * (extract(epoch from settled_at)::int8 / 3600 % 97)')
  await db.query('update settlement set estimate_rate = 0.00011, estimate_at = settled_at')
  const clock = { now: () => NOW_MS }
  await sumDue({ db, clock })
  await rankDue({ db, clock })
  await buildTo(db, NOW_MS)
  await moveDue({ db, clock })
}

/** A day of bases that are partly the currency's. */
async function seedDay(db: Database): Promise<void> {
  const { rows } = await db.query<{ id: number; spot: number }>(
    `select id, spot_id as spot from instrument where key ~ $1 and spot_id is not null`,
    [SPLIT.source]
  )
  const stored = [20, 9, 1, 0].map((hour) => ({ atMs: NOW_MS - hour * HOUR - 60_000, basisBps: 12.3 - hour / 7 }))
  for (const { id, spot } of rows) await insertBasis(db, id, spot, stored)
  await db.query('update basis_snapshot set adjusted_basis_bps = 0.7 * basis_bps - 8.00000001 where tick_at > $1', [
    new Date(NOW_MS - DAY)
  ])
}

/** A perpetual of which everything is known, above what costs allow. */
async function seedRich(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDC' })
  const perp = await insertInstrument(db, { key: RICH, spotId: spot })
  await observeQuote(db, spot, { bid: '63999', ask: '64001', bidSize: '3', askSize: '3' })
  await observeQuote(db, perp, { bid: '65599', ask: '65601', bidSize: '3', askSize: '3' })
  await observeEstimate(db, perp, {})
  const settled = Array.from({ length: 380 }, (_, turn) => ({
    atMs: NOW_MS - 4 * HOUR - turn * 8 * HOUR,
    rate: rateOf(turn)
  }))
  await insertSettlements(db, perp, settled)
  // A basis that is drawn back, with a hole.
  const hours = Array.from({ length: HOURS }, (_, turn) => ({
    start: NOW_MS - (HOURS - turn) * HOUR,
    close: 3 + Math.sin(turn / 5)
  }))
  await rollUp(
    db,
    perp,
    spot,
    hours.filter((_, turn) => turn !== 20)
  )
  // As large as nothing else of its asset, and ever again of other numbers.
  const held = hours.map(({ start }, turn) => ({
    observedAt: start + 60_000,
    base: String(40_000 + ((turn * 37) % 11)),
    longShortRatio: `1.${(turn * 29) % 13}`
  }))
  await observeHours(db, perp, held)
  await observeSizes(db, perp, { base: '40013', usd: '2560832000' })
  await observeSizes(db, spot, {})
}

/** A perpetual with deep books, of whose basis there is a month by thirds of days. */
async function seedDeep(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'gate:BTC/USDC' })
  const perp = await insertInstrument(db, { key: 'gate:BTC/USDC:USDC', spotId: spot })
  const sums = ['2000000.5', '9000000.25', '40000000']
  for (const [place, id] of [spot, perp].entries()) {
    await observeQuote(db, id, { bid: String(64_000 + 77 * place), ask: String(64_003 + 77 * place) })
    const [of10, of25, of50] = sums as [string, string, string]
    await observeDepth(db, id, { bid10: of10, ask10: of10, bid25: of25, ask25: of25, bid50: of50, ask50: of50 })
  }
  await observeEstimate(db, perp, { rate: '0.0021' })
  const thirds = Array.from({ length: 90 }, (_, turn) => ({
    start: Math.floor(NOW_MS / DAY) * DAY - (turn + 1) * 8 * HOUR,
    close: 4 + ((turn * 37) % 11),
    spanMs: 8 * HOUR
  }))
  await rollUp(db, perp, spot, thirds)
}

const rateOf = (turn: number) => `0.000${(turn * 37) % 11}`

/** Every number that there may be: of the board, of stored rows, of every other answer, now and as it was kept. */
function questionsOf(metric: string, instruments: readonly string[]): Query[] {
  const made = madeMetricOf(metric)
  const before = String(NOW_MS - 5_000)
  if (made === undefined) {
    const { stored, formula } = METRICS[metric as keyof typeof METRICS] as Metric
    const ofBoard = formula === undefined ? [] : instruments.filter((key) => /^binance:C\d+\/.+:/.test(key))
    const at = stored?.row === 'basis' ? String(NOW_MS - 1.5 * DAY + 3_630_000) : before
    const isOfFunding = stored?.row === 'settlement' || stored?.row === 'estimate'
    const kept = instruments.filter((key) => (isOfFunding ? /:BTC\/.+:[A-Z]+$/ : /:BTC\/.+:/).test(key))
    const past = stored === null ? [] : kept.map((instrument) => ({ metric, instrument, at }))
    return [...ofBoard.map((instrument) => ({ metric, instrument })), ...past]
  }
  const windowed = WINDOWS[made.answer]
  if (windowed !== undefined) return windowed.asked(instruments).map((asked) => ({ metric, ...asked }))
  const contracts = instruments.filter((key) => /:BTC\/[A-Z]+:/.test(key))
  const perpetuals = contracts.filter((key) => !key.includes('-'))
  const { answer } = made
  if (answer === 'fundingSpreads')
    return perpetuals.flatMap((instrument) =>
      perpetuals.filter((key) => key !== instrument).map((against) => ({ metric, instrument, against }))
    )
  const of =
    answer === 'stablecoins' || answer === 'sentiment'
      ? [answer === 'sentiment' ? RICH : PAIR]
      : ['openInterest', 'basisMovement', 'depth', 'termStructure', 'carry'].includes(answer)
        ? contracts
        : answer === 'drivers'
          ? contracts.filter((key) => SPLIT.test(key))
          : perpetuals
  const now = of.map((instrument) => ({ metric, instrument }))
  // A short position in the coin is borrowed: only who says at what rate is told how cheap is cheap.
  if (metric.startsWith('aggregates.breadth')) return now.flatMap((query) => [{ ...query, borrowApr: '0.05' }, query])
  if (answer === 'carry') {
    const turned = now.flatMap((query) => CARRY_TERMS.map((terms) => ({ ...query, ...terms })))
    return [...turned, ...now.map((query) => ({ ...query, at: before }))]
  }
  return answer === 'aggregates' || answer === 'basisMovement'
    ? now
    : [...now, ...now.map((query) => ({ ...query, at: before }))]
}

const CARRY_TERMS: readonly Terms[] = [{}, { borrowApr: '0.05' }, { borrowApr: '0.02', direction: 'reverse' }]
const termsKey = ({ borrowApr, direction = 'forward' }: Terms) => `${direction} ${borrowApr}`

/** Rows of carry by contract, their sizes and ends by name. */
async function readCarries(url: string, terms: Terms): Promise<ReadonlyMap<string, Fields>> {
  const query = { asset: 'BTC', direction: 'forward', limit: 200, ...terms }
  const { body } = await request(url).get('/v1/carry').query(query)
  const named = (row: Fields) => {
    const { mode, capacity } = row as { mode: string; capacity: { curve: { notional: number }[] } | null }
    const exits = Object.fromEntries((row.exits as { exit: string }[]).map((each) => [each.exit, each]))
    const sizes = Object.fromEntries((capacity?.curve ?? []).map((each) => [each.notional, each]))
    return { ...row, exits, end: exits[mode === 'lock' ? 'locked' : 'unchanged'], capacity: { ...capacity, sizes } }
  }
  return new Map((body.data as Fields[]).map((row) => [String(row.instrument), named(row)]))
}

/** What the answers themselves say, by metric and instrument. */
async function readServed(url: string, instruments: readonly string[]): Promise<(query: Query) => unknown> {
  const windows = await readWindows(url, instruments)
  const rowsOf = async (path: string): Promise<Fields[]> => (await request(url).get(path)).body.data
  const [depth, spreads] = await Promise.all([
    rowsOf('/v1/depth?limit=1000'),
    rowsOf('/v1/funding/spreads?asset=BTC&limit=200&notional=50000')
  ])
  const drivers = new Map<string, Fields>()
  for (const key of instruments.filter((each) => SPLIT.test(each)))
    drivers.set(key, (await request(url).get('/v1/drivers').query({ instrument: key })).body.data ?? {})
  const curves = await rowsOf('/v1/term-structure?asset=BTC')
  const byInstrument = (rows: Fields[]) => new Map(rows.map((row) => [String(row.instrument), row]))
  const tables: Record<string, ReadonlyMap<string, Fields>> = {
    board: byInstrument(await rowsOf('/v1/basis?limit=1000')),
    openInterest: byInstrument(await rowsOf('/v1/open-interest?limit=1000')),
    flow: byInstrument(await rowsOf('/v1/flow?limit=1000')),
    stablecoins: byInstrument(await rowsOf('/v1/stablecoins')),
    fundingTrailing: byInstrument(await rowsOf('/v1/funding/trailing?limit=1000')),
    fundingStandings: byInstrument(await rowsOf('/v1/funding/standings?limit=1000')),
    basisMovement: byInstrument(await rowsOf('/v1/basis/movement?limit=1000')),
    drivers,
    depth: byInstrument(depth.map(({ contractBook }) => (contractBook ?? {}) as Fields)),
    termStructure: byInstrument(
      curves.flatMap((curve) => (curve.points as Fields[]).map((point) => ({ ...point, ...partsOf(curve, point) })))
    ),
    aggregates: new Map((await rowsOf('/v1/aggregates?asset=BTC')).map((row) => ['BTC', row])),
    sentiment: byInstrument(await rowsOf('/v1/sentiment?asset=BTC')),
    'sentiment then': byInstrument(
      await rowsOf(`/v1/sentiment/history?asset=BTC&from=${NOW_MS - HOUR}&to=${NOW_MS - HOUR / 2}`)
    ),
    'aggregates 0.05': new Map((await rowsOf('/v1/aggregates?asset=BTC&borrowApr=0.05')).map((row) => ['BTC', row]))
  }
  const carries = new Map<string, ReadonlyMap<string, Fields>>()
  for (const terms of CARRY_TERMS) carries.set(termsKey(terms), await readCarries(url, terms))
  return (query) => {
    const { metric, instrument, against, at, borrowApr } = query
    const made = madeMetricOf(metric)
    const isThen = made?.answer === 'sentiment' && at !== undefined
    const row =
      made && WINDOWS[made.answer]
        ? windows(made.answer, query)
        : made?.answer === 'fundingSpreads'
          ? spreads.find(({ short, long }) => new Set([short, long, instrument, against]).size === 2)
          : made?.answer === 'carry'
            ? carries.get(termsKey(query))!.get(instrument)
            : made?.answer === 'aggregates'
              ? tables[borrowApr === undefined ? 'aggregates' : `aggregates ${borrowApr}`]!.get('BTC')
              : tables[isThen ? 'sentiment then' : (made?.answer ?? 'board')]!.get(instrument)
    const path = made?.metric.path ?? metric
    return path.split('.').reduce<unknown>((part, name) => (part as Fields | null | undefined)?.[name], row)
  }
}

/** What of a curve is a contract’s own, and its maturities by their days. */
function partsOf(curve: Fields, point: Fields) {
  const { days } = point
  const [forwards, maturities] = [curve.forwards as Fields[], curve.constantMaturities as Fields[]]
  return {
    curve,
    mids: point,
    funding: point,
    forward: forwards.find(({ toDays }) => toDays === days),
    maturities: Object.fromEntries(maturities.map((of) => [of.days, of]))
  }
}

test('of 1,000 random numbers over every metric, now and as kept, the value is what is served and is made again exactly, by a script of the answer alone as well', async () => {
  await using api = await testApi({ seed })
  const { rows } = await api.db.query<{ key: string }>('select key from instrument order by id')
  const instruments = rows.map(({ key }) => key)
  const served = await readServed(api.url, instruments)
  // A model of drivers takes two months of hours: its numbers are explained in `drivers.test.ts`, all those of signals in their own test.
  const made = MADE_NAMES.filter((name) => !isOfSignal(madeMetricOf(name)!.answer))
  const metrics = [...METRIC_NAMES, ...made].filter(
    (name) => name !== 'grade' && !name.startsWith('driversAttribution.')
  )
  const isNow = ({ metric, at }: Query) =>
    WINDOWS[metric.split('.')[0]!] !== undefined ||
    ((at === undefined || metric.startsWith('sentiment.')) && !/^(settled|estimateDifference)/.test(metric))
  // Of what is served now only what is a number; what was kept is found out by asking.
  const numbers = new Map(
    metrics.map((metric) => [
      metric,
      questionsOf(metric, instruments).filter((query) => !isNow(query) || (served(query) ?? null) !== null)
    ])
  )
  const numbersOf = (metric: string) => numbers.get(metric)!
  assert.deepEqual(
    metrics.filter((metric) => numbersOf(metric).length === 0),
    [],
    'nothing to draw from'
  )
  // Each metric once by a number that is served, the rest by chance.
  const certain = metrics.flatMap((metric) => numbersOf(metric).filter(isNow).slice(0, 1))
  const byChance = fc.sample(
    fc.constantFrom(...metrics).chain((metric) => fc.constantFrom(...numbersOf(metric))),
    { numRuns: DRAWS - certain.length, seed: 20_261 }
  )
  const drawn = [...certain, ...byChance]
  const [told, seen] = [[] as Answer[], new Set<string>()]
  const ask = async (query: Query) => {
    const { body, status } = await request(api.url).get('/v1/explain').query(query)
    const label = JSON.stringify(query)
    assert.equal(status, 200, `${label}: ${JSON.stringify(body)}`)
    const answer: Answer = body.data
    assert.deepEqual(answer.recomputed, answer.value, label)
    assert.equal('value' in answer.absent, answer.value === null, label)
    if (isNow(query)) assert.deepEqual(answer.value, served(query) ?? null, label)
    if (answer.value === null) return
    told.push(answer)
    seen.add(query.metric)
  }
  for (const query of drawn) await ask(query)
  // A metric that none of them was a number of is asked until there is one.
  for (const metric of metrics) for (const query of numbersOf(metric)) if (!seen.has(metric)) await ask(query)
  for (const [index, value] of remade(told).entries()) {
    const { metric, instrument, asOf, value: wanted } = told[index]!
    assert.deepEqual(value, wanted, `${metric} ${instrument} ${asOf}: ${JSON.stringify(told[index])}`)
  }
  const unseen = metrics.filter((name) => !seen.has(name))
  assert.deepEqual(unseen, [])
  assert.ok(told.length > DRAWS / 3, String(told.length))
})
