import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'
import { HOUR, isoOf, MINUTE } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { listOutcomes } from '../../src/store/signal-outcomes.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { AT_ENTRY, AT_EXIT, insertPrices, type Prices, workOutCarries } from '../support/carries.ts'
import { aCarry, aSignal, QUOTED } from '../support/signals.ts'
import { insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const BTC = 'binance:BTC/USDT:USDT'
const SEALING = { beforeMs: NOW_MS, nowMs: NOW_MS, knownBeforeMs: Number.POSITIVE_INFINITY }
const ago = (hours: number) => NOW_MS - hours * HOUR

// biome-ignore lint/suspicious/noExplicitAny: bodies are what is under test.
type Any = any

/** Three of BTC: closed with prices and settlements, closed without a price at its end, and open; one of ETH against spot elsewhere. */
async function seed(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const btc = await insertInstrument(db, { key: BTC, spotId: spot })
  const far = await insertInstrument(db, { key: 'kraken:ETH/USD', asset: 'ETH' })
  const eth = await insertInstrument(db, { key: 'bybit:ETH/USDT:USDT', asset: 'ETH', spotId: far })
  const pair = { instrumentId: btc, spotId: spot }
  const told = { peakAt: ago(99), halvedAt: ago(80) }
  const signals = [
    aCarry({ id: 'sig_a', ...pair, openedAt: ago(100), closedAt: ago(76), ...told }),
    aCarry({ id: 'sig_b', ...pair, openedAt: ago(60), closedAt: ago(50) }),
    aCarry({ id: 'sig_c', ...pair, openedAt: ago(10), peakValue: 0.9 }),
    aCarry({ id: 'sig_d', instrumentId: eth, spotId: far, venue: 'bybit', openedAt: ago(5) })
  ]
  await db.transaction((client) => writeSignals(client, signals))
  const [entry, exit] = [ago(100), ago(76)]
  // The prices that made the signal, what was fetched later, and those that could be had.
  await insertPrices(
    db,
    [btc, spot],
    [
      { atMs: entry, prices: { spot: [1, 2], contract: [3, 4] } },
      { atMs: entry + MINUTE, prices: { spot: [5, 6], contract: [7, 8] }, source: 'backfill' },
      { atMs: entry + 2 * MINUTE, prices: AT_ENTRY },
      { atMs: exit + 2 * MINUTE, prices: AT_EXIT },
      { atMs: ago(60) + MINUTE, prices: AT_ENTRY }
    ]
  )
  await insertSettlements(
    db,
    btc,
    [100, 92, 84, 76].map((hours) => ({ atMs: ago(hours), rate: '0.001' }))
  )
}

/** The same, and what came of those that are over. */
async function seedOutcomes(db: Database): Promise<void> {
  await seed(db)
  await workOutCarries(db)
}

test('every carry is told with its life, what it was quoted at and what it came to, from sealed days as well', async () => {
  await using api = await testApi({ seed: seedOutcomes })
  const ask = async (query: string): Promise<Any> => {
    const { status, body } = await request(api.url).get(`/v1/opportunities${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body
  }
  const ids = async (query: string) => (await ask(query)).data.map(({ id }: Any) => id.slice(4)).join('')
  for (const [query, wanted] of [
    ['', 'dcba'],
    ['?open=true', 'dc'],
    ['?open=false', 'ba'],
    ['?asset=btc', 'cba'],
    ['?venue=bybit', 'd'],
    ['?type=cross_venue', 'd'],
    ['?type=perpetual,dated', 'cba'],
    ['?type=dated', ''],
    [`?from=${ago(55)}&to=${ago(8)}`, 'cb'],
    ['?sort=-peakValue&limit=1', 'c']
  ] as const)
    assert.equal(await ids(query), wanted, query)

  const { data } = await ask('')
  const [d, c, b, a] = data
  assert.deepEqual([a.type, a.hours, a.halfLifeHours, a.quoted], ['perpetual', 24, 19, QUOTED])
  const { realised } = a
  assert.deepEqual(
    [realised.entryAt, realised.exitAt, realised.settlements, realised.expectedSettlements, realised.coverage],
    [isoOf(ago(100) + 2 * MINUTE), isoOf(ago(76) + 2 * MINUTE), 3, 3, 1]
  )
  // By hand: 100 → 110 of spot, 101 → 110.3 of the contract, three settlements, fees of what was traded, impact as quoted.
  assert.deepEqual(
    [realised.entrySpot, realised.entryContract, realised.exitSpot, realised.exitContract, realised.revision],
    ['100', '101', '110', '110.3', 0]
  )
  const net = 0.1 - 0.093 + 0.003 - (0.001 * 2.1 + 0.0005 * 2.113) - 0.0002
  assert.ok(Math.abs(realised.netFrac - net) < 1e-12)
  assert.ok(Math.abs(realised.netAprCapital - (net * 365) / 1.2) < 1e-9)
  assert.deepEqual([b.realised, b.absent.realised], [null, 'no_prices_at_exit'])
  assert.deepEqual([c.realised, c.absent.realised, c.absent.halfLifeHours], [null, 'still_open', 'not_yet'])
  assert.deepEqual([d.type, d.absent.realised], ['cross_venue', 'still_open'])

  await sealFact(api.db, FACTS.basis, SEALING)
  assert.equal((await api.db.query('select 1 from basis_snapshot')).rows.length, 0)
  assert.deepEqual((await ask('')).data, data)
  for (const query of ['type=perp', 'open=yes', `from=${ago(1)}&to=${ago(2)}`, 'sort=apr', 'limit=0', 'cursor=x'])
    assert.equal((await request(api.url).get(`/v1/opportunities?${query}`)).status, 400, query)
  const csv = await request(api.url).get('/v1/opportunities?format=csv')
  assert.match(csv.text, /^id,type,state,instrument,/)
  assert.equal(csv.text.trim().split('\n').length, 5)
  const first = await ask('?limit=3')
  assert.equal(await ids(`?limit=3&cursor=${first.page.next}`), 'a')
})

/** Dislocations of BTC a day apart, the newest first known no outcome; of each what stood so many hours later. */
async function seedDislocations(db: Database, count: number): Promise<void> {
  await seed(db)
  const { rows } = await db.query('select id, spot_id from instrument where key = $1', [BTC])
  const { id, spot_id } = rows[0]!
  const signals = Array.from({ length: count }, (_, index) => {
    const openedAt = ago(24 * (index + 1))
    const told = { openedAt, closedAt: openedAt + 2 * HOUR, peakAt: openedAt, halvedAt: openedAt + HOUR }
    const common = { id: `sig_${index}`, instrumentId: id, spotId: spot_id, value: 30, parameters: 'd1', ...told }
    return aCarry({
      ...common,
      type: 'basis_dislocation',
      label: 'RICH',
      parameterSet: BUCKET_PARAMETERS.basis_dislocation
    })
  })
  await db.transaction((client) => writeSignals(client, signals))
  for (const [index, signal] of signals.entries())
    await db.query('insert into signal_outcome values ($1, 1, $2, $3, now())', [
      signal.id,
      new Date(signal.openedAt + HOUR),
      index === 0 ? null : index % 4 === 0 ? 40 : 10
    ])
}

/** A regime of BTC, and what settled 8, 16 and 24 hours after it opened. */
async function seedRegime(db: Database): Promise<void> {
  const { rows } = await db.query('select id from instrument where key = $1', [BTC])
  const instrumentId = rows[0]!.id
  const openedAt = ago(30)
  const value = 0.0006
  await db.transaction((client) => writeSignals(client, [aSignal({ id: 'sig_regime', instrumentId, openedAt, value })]))
  await ensurePartitions(db, 'signal_input', [openedAt], NOW_MS)
  for (const [index, settled] of [value, 0.0004, 0.0009, 0.0003].entries())
    await db.query(
      `insert into signal_input (instrument_id, spot_id, type, at, known_at, value, span_hours, percentile, observations, held_hours, state, flags, parameters)
       values ($1, 0, 'funding_regime', $2, now(), $3, 8, 98, 200, 24, 'OVERHEATED', '{}', 'p1')`,
      [instrumentId, new Date(openedAt + index * 8 * HOUR), settled]
    )
}

test('each type tells its own track record: a rate with its interval, or that there is too little', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seedDislocations(db, 33)
      await seedRegime(db)
      await workOutCarries(db)
    }
  })
  await activate(api.db, 'basis_dislocation', { hash: 'd1', set: BUCKET_PARAMETERS.basis_dislocation })
  const ask = async (query: string): Promise<Any> => {
    const { status, body } = await request(api.url).get(`/v1/signals/records${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body.data
  }
  const [hour, ...later] = await ask('?type=basis_dislocation')
  assert.deepEqual(
    [
      hour.label,
      hour.parametersId,
      hour.isInForce,
      hour.claim,
      hour.hours,
      hour.fired,
      hour.medianHours,
      hour.medianHalfLifeHours
    ],
    ['RICH', 'd1', true, 'back', 1, 33, 2, 1]
  )
  // By hand: 32 outcomes are known, of which every fourth went further; p = 0.75, z = 1.959964.
  assert.deepEqual([hour.scored, hour.unscored, hour.independent, hour.hits, hour.hitRate], [32, 1, 32, 24, 0.75])
  assert.ok(Math.abs(hour.low - 0.5789) < 1e-4 && Math.abs(hour.high - 0.8675) < 1e-4, `${hour.low} ${hour.high}`)
  assert.deepEqual([hour.verdict, hour.medianChange, hour.absent], ['above_half', -20, {}])
  assert.deepEqual(
    later.map((row: Any) => [row.hours, row.scored, row.verdict, row.hitRate, row.absent.hitRate]),
    [8, 24, 72, 168].map((hours) => [hours, 0, 'insufficient', null, 'insufficient'])
  )
  const carries = await ask('?type=carry_opportunity')
  const earned = carries.find(({ claim }: Any) => claim === 'earned')
  assert.deepEqual(
    [earned.fired, earned.open, earned.scored, earned.unscored, earned.hits, earned.hours, earned.verdict],
    [4, 2, 1, 3, 1, null, 'insufficient']
  )
  assert.ok(Math.abs(earned.medianChange - 0.0066435) < 1e-9)
  assert.equal((await ask(`?type=basis_dislocation&from=${ago(24 * 10)}&to=${ago(24)}`))[0].fired, 9)
  const regimes = await ask('?type=funding_regime')
  assert.deepEqual(
    regimes.map((row: Any) => [
      row.hours,
      row.scored,
      row.hits,
      row.medianChange === null ? null : Math.round(row.medianChange * 1e4)
    ]),
    // After an hour nothing had settled; after 72 nobody knows yet.
    [
      [1, 0, 0, null],
      [8, 1, 1, -2],
      [24, 1, 1, -3],
      [72, 0, 0, null],
      [168, 0, 0, null]
    ]
  )
  assert.deepEqual(await ask('?label=CHEAP'), [])
  // What each is counted of is listed.
  const { body: listed } = await request(api.url).get('/v1/signals/outcomes?limit=100')
  const records = await ask('')
  for (const { type, label, claim, hours, scored, fired, hits, independent } of records) {
    const own = listed.data.filter((row: Any) => row.type === type && row.label === label)
    const known = own.flatMap((row: Any) => (hours === null ? row.isEarned : row[`isHit${hours}h`]) ?? [])
    assert.deepEqual([own.length, known.length], [fired, scored], `${type} ${claim} ${hours}`)
    if (independent === scored) assert.equal(known.filter(Boolean).length, hits)
  }
  const [open] = (await request(api.url).get('/v1/signals/outcomes?type=carry_opportunity&state=open')).body.data
  assert.deepEqual([open.isEarned, open.absent.isEarned, open.absent.isHit168h], [null, 'still_open', 'not_due'])
  const regime = listed.data.find((row: Any) => row.type === 'funding_regime')
  assert.deepEqual([regime.value8h, regime.isHit8h, regime.absent.value1h], [0.0004, true, 'nothing_known'])
  // What was not asked for is not read: of all types together there is far more.
  const outcomes = await listOutcomes(api.db, ['sig_1', 'sig_regime'], NOW_MS)
  assert.deepEqual([...outcomes.keys()].sort(), ['sig_1', 'sig_regime'])
  assert.equal((await listOutcomes(api.db, ['sig_2'], NOW_MS)).get('sig_2')?.get(1), 10)
  assert.equal((await listOutcomes(api.db, [], NOW_MS)).size, 0)
  for (const query of ['type=basis', `from=${ago(1)}&to=${ago(2)}`, 'label=RICHE', 'limit=0'])
    assert.equal((await request(api.url).get(`/v1/signals/records?${query}`)).status, 400, query)
})

test('the record of a year of a whole universe is told without narrowing it, and that of some assets or venues alone', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await insertInstrument(db, { key: BTC })
      await insertInstrument(db, { key: 'bybit:ETH/USDT:USDT', asset: 'ETH' })
      // One in ten of ETH; two in each moment, so that pages end between them.
      await db.query(
        `insert into signal (id, type, instrument_id, venue_id, label, state, opened_at, closed_at, close_reason, known_at, updated_at, value, last_value,
           last_at, peak_value, opening, parameters, parameter_set, formula_version)
         select 'sig_n' || n, 'interval_change', i.id, i.venue_id, 'SHORTER', 'closed', t, t + interval '1 day', 'exit', t, t, 1, 0, t, 1, '{}', 'n1', '{}', 1
         from generate_series(0, 20999) as n
           join instrument i on i.asset = case when n % 10 = 0 then 'ETH' else 'BTC' end,
           lateral (select $1::timestamptz - (n / 2) * interval '10 minutes' as t) at`,
        [new Date(NOW_MS - 2 * 24 * HOUR)]
      )
    }
  })
  const ask = async (query: string): Promise<Any> => {
    const { status, body } = await request(api.url).get(`/v1/signals/records${query}`)
    return status === 200 ? body.data.map(({ fired, closed }: Any) => [fired, closed]) : body
  }
  assert.deepEqual(await ask(''), [[21_000, 21_000]])
  assert.deepEqual(await ask('?asset=eth'), [[2_100, 2_100]])
  assert.deepEqual(await ask('?venue=binance'), [[18_900, 18_900]])
  assert.deepEqual(await ask('?asset=ETH&venue=binance'), [])
  assert.match((await ask('?asset=EHT')).errors[0].path, /asset/)
})

test('signals of a contract under quarantine are in no track record, and each row says how many they are', async () => {
  await using api = await testApi({ seed: (db) => seedDislocations(db, 3) })
  const ask = async (type: string): Promise<Any[]> =>
    (await request(api.url).get(`/v1/signals/records?type=${type}`)).body.data
  const [before] = await ask('basis_dislocation')
  assert.deepEqual([before.fired, before.scored, before.heldBack], [3, 2, 0])
  const outcomesOf = async (): Promise<Any[]> => (await request(api.url).get('/v1/signals/outcomes')).body.data
  assert.equal((await outcomesOf()).filter(({ isHit1h }) => isHit1h !== null).length, 2)
  await api.db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since)
     select id, 'quarantined', 'ticker_collision', 4, now() from instrument where key = $1`,
    [BTC]
  )
  const [held] = await ask('basis_dislocation')
  assert.deepEqual([held.fired, held.scored, held.unscored, held.heldBack], [0, 0, 0, 3])
  const ofHeld = (await outcomesOf()).filter(({ type }) => type === 'basis_dislocation')
  assert.deepEqual(
    [...new Set(ofHeld.map(({ isHit1h, absent }) => `${isHit1h} ${absent.isHit1h}`))],
    ['null quarantined']
  )
  assert.deepEqual([held.medianHours, held.absent.medianHours], [null, 'none_is_over'])
  const earned = (await ask('carry_opportunity')).find(({ claim }: Any) => claim === 'earned')
  assert.deepEqual([earned.fired, earned.open, earned.scored, earned.heldBack], [1, 1, 0, 3], 'what is of ETH stays')
})

test('of any number of carries in sealed days the record says what they earned, the same bytes before and after, and worked out anew', async () => {
  const count = 500
  // Fifty a day, each of five minutes, and no price of theirs in the hot table in the end.
  const openedAt = (index: number) => ago(24 * 12) + index * 25 * MINUTE
  await using api = await testApi({
    storedRowsMax: 5,
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
      const btc = await insertInstrument(db, { key: BTC, spotId: spot })
      const signals = Array.from({ length: count }, (_, index) => {
        const [opened, pair] = [openedAt(index), { instrumentId: btc, spotId: spot }]
        return aCarry({ id: `sig_${index}`, ...pair, openedAt: opened, closedAt: opened + 5 * MINUTE })
      })
      const sold = (index: number): Prices => ({ spot: [index % 4 === 0 ? 99 : 101, 102], contract: [99, 100.5] })
      const prices = signals.flatMap((signal, index) => [
        { atMs: signal.openedAt + MINUTE, prices: AT_ENTRY },
        { atMs: signal.closedAt! + MINUTE, prices: sold(index) }
      ])
      const settled = Array.from({ length: 40 }, (_, index) => ({
        atMs: ago(24 * 12 + 4) + index * 8 * HOUR,
        rate: '0.0001'
      }))
      await db.transaction((client) => writeSignals(client, signals))
      await insertPrices(db, [btc, spot], prices)
      await insertSettlements(db, btc, settled)
    }
  })
  const range = `from=${isoOf(openedAt(0))}&to=${isoOf(openedAt(count))}`
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`${api.url}${path}`)
    assert.equal(answer.status, 200)
    return JSON.stringify(((await answer.json()) as Any).data)
  }
  const record = () => ask(`/v1/signals/records?type=carry_opportunity&${range}`)
  const page = () => ask('/v1/opportunities?limit=200')
  const earnedOf = (text: string) => JSON.parse(text).find(({ claim }: Any) => claim === 'earned')
  const unknown = earnedOf(await record())
  assert.deepEqual([unknown.scored, unknown.unscored, unknown.absent.medianChange], [0, count, 'nothing_scored'])
  assert.equal(JSON.parse(await page())[0].absent.realised, 'not_known_yet')

  assert.equal(await workOutCarries(api.db), count)
  const [before, carries] = [await record(), await page()]
  const { scored, unscored, independent, hits, verdict } = earnedOf(before)
  assert.deepEqual([scored, unscored, independent, hits, verdict], [count, 0, count, count * 0.75, 'above_half'])
  assert.equal(JSON.parse(carries).length, 200)
  await sealFact(api.db, FACTS.basis, SEALING)
  assert.equal((await api.db.query('select 1 from basis_snapshot')).rows.length, 0)
  assert.deepEqual([await record(), await page()], [before, carries])

  // As if all of it happened again: from sealed days, in other batches.
  const kept = async () =>
    (
      await api.db.query(
        'select signal_id, revision, entry, exit, net_frac, outcome from carry_outcome order by signal_id'
      )
    ).rows
  const first = await kept()
  await api.db.query('update carry_due set is_due = true')
  assert.equal(await workOutCarries(api.db), count)
  assert.deepEqual(await kept(), first, 'what comes out the same is not stored again')
  await api.db.query('truncate carry_outcome')
  await api.db.query('update carry_due set is_due = true')
  await workOutCarries(api.db)
  assert.deepEqual(await kept(), first)
  assert.equal(await record(), before)
})
