import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { contractRuleOf, fairWithNoise } from '../../src/domain/fair-premium.ts'
import type { Database } from '../../src/store/database.ts'
import { remade } from '../support/remade.ts'
import { observeDepth, observeEstimate, observeFlow, observeQuote, observeSizes } from '../support/sizes.ts'
import { DEEP, HOUR, PERP, quoteAt, SPOT, seed } from './carry-market.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const DATED = 'binance:BTC/USDT:USDT-260901'
const GONE = 'binance:BTC/USDT:USDT-260615'

const ask = (api: { url: string }, query = '') => request(api.url).get(`/v1/carry?asset=BTC${query}`)
const rowsOf = async (api: { url: string }, query = '') => (await ask(api, query)).body.data
const forwardOf = async (api: { url: string }, query = '') => (await rowsOf(api, `&direction=forward${query}`))[0]

test('a carry of a size tells every term: fills, funding at the settlements of the horizon, costs once, three ends', async () => {
  await using api = await testApi({ seed })
  const row = await forwardOf(api, '&notional=50000&horizonHours=168')
  assert.deepEqual([row.instrument, row.spot, row.mode, row.refusal, row.books], [PERP, SPOT, 'harvest', null, 'bands'])
  // Best sizes hold 50,000: the legs fill at their best prices, and cross one spread each in all.
  assert.deepEqual([row.entry.spotVwap, row.entry.contractVwap], ['64001', '64019'])
  assert.ok(Math.abs(row.entry.entryBasisBps - 10_000 * (18 / 64_001)) < 1e-9)
  // Four hours to the next, then every eight: 4, 12, … 164.
  assert.deepEqual([row.funding.settlements, row.funding.intervalHours, row.funding.method], [21, 8, 'short_history'])
  assert.ok(Math.abs(row.funding.sumFrac - 0.0021) < 1e-12)
  const [unchanged, fair, ...rest] = row.exits
  assert.deepEqual(
    [unchanged.exit, fair.exit, rest, row.absent['exits.adverse']],
    ['unchanged', 'fair', [], 'short_history']
  )
  const crossing = (row.entry.midBasisBps - row.entry.entryBasisBps + row.entry.exitSlippageBps) / 10_000
  assert.ok(Math.abs(row.netFrac - (0.0021 - 2 * 0.0015 - crossing)) < 1e-12)
  assert.ok(Math.abs(row.netAprCapital - (row.netFrac * 8760) / 168 / 1.2) < 1e-12)
  assert.equal(row.breakEvenSettlements, Math.ceil(row.costToRecoverFrac / 0.0001))
  assert.equal(row.breakEvenHours, 4 + (row.breakEvenSettlements - 1) * 8)
  assert.equal(row.fees.tableVersion, 1)
})

test('a reverse carry is refused without a borrow rate, and told with one', async () => {
  await using api = await testApi({ seed })
  const [reverse] = await rowsOf(api, '&direction=reverse')
  assert.deepEqual([reverse.refusal, reverse.entry, reverse.netFrac], ['borrow_unknown', null, null])
  assert.match(reverse.refusalDetail, /borrowApr/)
  const [told] = await rowsOf(api, '&direction=reverse&borrowApr=0.1')
  assert.deepEqual([told.refusal, told.borrowFrac], [null, (0.1 * 168) / 8760])
  assert.equal((await rowsOf(api)).length, 2)
})

test('a dated contract returns at its expiry: it is cheap where its reverse carry nets, and fair for the days that are left when it is closed', async () => {
  const days = 40
  await using api = await testApi({
    seed: async (db) => {
      const { spot } = await seed(db)
      const dated = await insertInstrument(db, { key: DATED, spotId: spot })
      await db.query('update instrument set expires_at = $2 where id = $1', [
        dated,
        new Date(NOW_MS + days * 24 * HOUR)
      ])
      await observeDepth(db, dated, DEEP)
      // A per cent and a half below spot.
      await observeQuote(db, dated, { bid: '63039', ask: '63041', bidSize: '2', askSize: '2' })
    }
  })
  const datedOf = async (query: string) => (await rowsOf(api, `&instrument=${DATED}${query}`))[0]
  for (const borrowApr of [0, 0.05, 0.09, 0.12, 0.2]) {
    const { fair, netFrac, entry } = await datedOf(`&direction=reverse&quoteRate=0&borrowApr=${borrowApr}`)
    assert.equal(fair.place === 'cheap', netFrac > 0, `borrowed at ${borrowApr}: ${fair.place}, ${netFrac}`)
    const crossed = fair.excessBps === 0 ? fair.lowerBps - entry.midBasisBps : -fair.excessBps
    assert.ok(Math.abs(crossed - netFrac * 10_000) < 0.5, `${crossed} is not ${netFrac}`)
    assert.equal(fair.worstLowerBps, fair.lowerBps)
  }
  const { fair, exits } = await datedOf('&direction=forward&horizonHours=168')
  const exitOf = (name: string) => exits.find(({ exit }: { exit: string }) => exit === name)
  assert.ok(Math.abs(fair.fairBps - (500 * days) / 365) < 1e-9)
  assert.ok(Math.abs(exitOf('fair').exitBasisBps - (500 * (days - 7)) / 365) < 1e-9)
  const explained = []
  for (const metric of ['fairBps', 'fairExitBasisBps', 'fairNetFrac', 'fairLowerBps', 'fairPlace', 'fairExcessBps']) {
    const query = { metric: `carry.${metric}`, instrument: DATED, direction: 'reverse', borrowApr: 0.05 }
    explained.push((await request(api.url).get('/v1/explain').query(query)).body.data)
  }
  assert.deepEqual(
    explained.map(({ recomputed }) => recomputed),
    explained.map(({ value }) => value)
  )
  assert.deepEqual(
    remade(explained),
    explained.map(({ value }) => value)
  )
})

test('a size beyond what is known to rest in the books is refused, and so is a leg whose prices are old', async () => {
  await using api = await testApi({ seed })
  assert.equal((await forwardOf(api, '&notional=9500000')).refusal, 'book_too_thin')
  const large = await forwardOf(api, '&notional=5000000')
  assert.ok(large.entry.spotSlippageBps > 10)
  api.clock.advance(25_000)
  const stale = await forwardOf(api)
  assert.deepEqual([stale.refusal, stale.ageMs], ['stale', 35_000])
})

test('where the books behind the best prices are not known, what is at the best prices is all there is', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { spot, perp } = await seed(db)
      await db.query('delete from depth_snapshot')
      for (const id of [spot, perp]) await observeSizes(db, id, { usd: '5000000000' })
    }
  })
  const small = await forwardOf(api)
  assert.deepEqual([small.refusal, small.books, small.booksObservedAt], [null, 'best_price', null])
  assert.equal((await forwardOf(api, '&notional=200000')).refusal, 'no_book')
  const paying = '&spotTaker=0&contractTaker=0'
  const limitOf = async () => {
    const { capacity, absent } = await forwardOf(api, paying)
    const { bookBound, capacityUsd, binding } = capacity
    return [bookBound, capacityUsd, binding, absent['capacity.capacityUsd'], absent['capacity.binding']]
  }
  assert.deepEqual(await limitOf(), ['book_ends', 12_800, 'volume', undefined, undefined])
  await api.db.query('update market_latest set volume_24h_usd = 1e9')
  assert.deepEqual(await limitOf(), ['book_ends', null, null, 'book_ends', 'book_ends'])
})

test('an adverse end takes what basis has moved by in seven days', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { spot, perp } = await seed(db)
      const today = Math.floor(NOW_MS / (24 * HOUR)) * 24 * HOUR
      const rows = Array.from({ length: 20 }, (_, day) => ({
        atMs: today - (day + 1) * 24 * HOUR + HOUR,
        basisBps: (day % 3) * 4
      }))
      await insertBasis(db, perp, spot, rows)
    }
  })
  const { exits, fair, risks, absent } = await forwardOf(api)
  assert.deepEqual(
    exits.map(({ exit }: { exit: string }) => exit),
    ['unchanged', 'fair', 'adverse']
  )
  // A short that pays the floor of 0.3 % for nine periods of 8 h, until the third day.
  assert.ok(Math.abs(fair.worstUpperBps - fair.upperBps - 9 * 30) < 1e-9)
  assert.deepEqual([fair.worstLowerBps, absent['fair.worstLowerBps']], [null, 'borrow_unknown'])
  assert.ok(fair.sigmaBps > 1 && risks.adverseBps === fair.sigmaBps)
  assert.ok(Math.abs(exits[0].netFrac - exits[2].netFrac - fair.sigmaBps / 10_000) < 1e-12)
})

test('a path of funding is fitted on what was settled, and a tier of fees is that of its venue', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp } = await seed(db)
      const rows = Array.from({ length: 60 }, (_, k) => ({
        atMs: NOW_MS - 4 * HOUR - k * 8 * HOUR,
        rate: k % 3 === 0 ? '0.0003' : '0.0002'
      }))
      await insertSettlements(db, perp, rows)
    }
  })
  const { funding, fees } = await forwardOf(api, '&feeTier=VIP3')
  assert.deepEqual([funding.settlementsUsed, funding.longRun8h, funding.method], [60, 0.0002, 'fitted'])
  assert.deepEqual([fees.spotTaker, fees.contractTaker, fees.spotTier], [0.0006, 0.00032, 'vip3'])
  const own = await forwardOf(api, '&spotTaker=0&contractTaker=0.0001')
  assert.deepEqual([own.fees.roundTripFrac, own.fees.spotTier, own.fees.sources], [0.0002, null, []])
})

test('a moment of the past is answered from what was kept of it', async () => {
  const atMs = NOW_MS - 3 * HOUR
  await using api = await testApi({
    seed: async (db) => {
      const { spot, perp } = await seed(db)
      const [gone, longGone] = [
        await insertInstrument(db, { key: GONE, spotId: spot }),
        await insertInstrument(db, { key: 'binance:BTC/USDT:USDT-260612', spotId: spot })
      ]
      await db.query(
        `update instrument set tracked = false, status = 'expired', expires_at = delisted, delisted_at = delisted
         from (values ($1::int, $3::timestamptz), ($2, $4)) as of (instrument, delisted) where id = instrument`,
        [gone, longGone, new Date(NOW_MS - HOUR), new Date(atMs - HOUR)]
      )
      for (const id of [spot, perp]) await observeDepth(db, id, { ...DEEP, observedAt: atMs - 20_000 })
      await quoteAt(db, { spot, perp }, atMs - 30_000)
    }
  })
  const row = await forwardOf(api, `&at=${atMs}`)
  assert.deepEqual([row.refusal, row.entry.spotVwap, row.ageMs, row.funding.rate8h], [null, '50001', 30_000, 0.0002])
  assert.equal((await forwardOf(api, `&at=${atMs - 2 * HOUR}`)).refusal, 'missing_quote')
  const keysOf = async (query: string) =>
    (await rowsOf(api, `&direction=forward${query}`)).map(({ instrument }: { instrument: string }) => instrument)
  assert.deepEqual(await keysOf(`&at=${atMs}`), [PERP, GONE], 'with what has gone since, without what had gone before')
  assert.deepEqual(await keysOf(''), [PERP])
  const future = await ask(api, `&at=${NOW_MS + HOUR}`)
  assert.deepEqual([future.status, future.body.errors[0].path], [400, 'at'])
})

test('what was received, corrected or fetched after a moment is not in an answer about it, nor in what explains it', async () => {
  const atMs = NOW_MS - 3 * HOUR
  let legs = { spot: 0, perp: 0 }
  await using api = await testApi({
    seed: async (db) => {
      legs = await seed(db)
      for (const id of [legs.spot, legs.perp]) await observeDepth(db, id, { ...DEEP, observedAt: atMs - 20_000 })
      await observeFlow(db, legs.perp, { observedAt: atMs - 60_000 })
      await quoteAt(db, legs, atMs - 30_000)
    }
  })
  const explained = async (metric: string) => {
    const { body } = await request(api.url).get('/v1/explain').query({ metric, instrument: PERP, at: atMs })
    return body.data.value
  }
  const told = await forwardOf(api, `&at=${atMs}`)
  assert.deepEqual([told.entry.spotVwap, told.ageMs, told.books], ['50001', 30_000, 'bands'])
  assert.equal(await explained('carry.entryBasisBps'), told.entry.entryBasisBps)
  // Of ticks before it, whose answers came after it.
  for (const table of ['market_snapshot', 'funding_estimate', 'depth_snapshot', 'flow_snapshot']) {
    await addRow(api.db, table, {
      tick_at: atMs - 5_000,
      observed_at: atMs + 1,
      available_at: atMs + 1,
      known_at: atMs + 1
    })
    await addRow(api.db, table, { revision: 1, known_at: NOW_MS })
  }
  // An hour that was fetched later has no best prices.
  const fetched = { bid: null, ask: null, bid_size: null, ask_size: null, mark: 1, mark_observed_at: atMs - 10_000 }
  await addRow(api.db, 'market_snapshot', { tick_at: atMs - 10_000, source: 'backfill', known_at: NOW_MS, ...fetched })
  assert.deepEqual(await forwardOf(api, `&at=${atMs}`), told)
  assert.equal(await explained('carry.entryBasisBps'), told.entry.entryBasisBps)
  assert.equal(await explained('flow.longShortAccountRatio'), 1.5)
  await api.db.query(`update market_snapshot set known_at = $1 where revision = 1`, [new Date(atMs)])
  assert.notEqual(
    (await forwardOf(api, `&at=${atMs}`)).entry.spotVwap,
    '50001',
    'from when it was corrected on, as corrected'
  )
  for (const receivedMs of [atMs - 20_000, atMs + 1])
    await addRow(api.db, 'market_snapshot', {
      tick_at: Math.min(receivedMs, atMs),
      open_interest_usd: 7,
      open_interest_at: receivedMs
    })
  assert.equal(await explained('openInterest.openInterestAgeMs'), 20_000, 'each group of a row by its own receipt')
})

/** The oldest row of each instrument once more, with other stamps and amounts of its own. */
async function addRow(
  db: Database,
  table: string,
  said: Readonly<Record<string, number | string | null>>
): Promise<void> {
  const { rows } = await db.query<Record<string, unknown>>(
    `select distinct on (instrument_id) * from ${table} order by instrument_id, tick_at, revision`
  )
  const other = { bid: 1, ask: 2, rate: 0.01, bid_depth_10: 1, ask_depth_10: 1, long_short_ratio: 9, ...said }
  for (const row of rows) {
    const names = Object.keys(row)
    const values = names.map((name) => {
      const value = name in other ? other[name as keyof typeof other] : row[name]
      return name.endsWith('_at') && typeof value === 'number' ? new Date(value) : value
    })
    await db.query(`insert into ${table} (${names}) values (${names.map((_, at) => `$${at + 1}`)})`, values)
  }
}

test('how a basis has moved is at a moment what it had been told to be by then, whatever was corrected or fetched later', async () => {
  const atMs = NOW_MS - 3 * HOUR
  const DAY = 24 * HOUR
  const today = Math.floor(NOW_MS / DAY) * DAY
  let legs = { spot: 0, perp: 0 }
  await using api = await testApi({
    seed: async (db) => {
      legs = await seed(db)
      // What was fetched later was to be had then.
      const fetched = thirds(today).map((row, place) => (place < 15 ? { ...row, knownAtMs: NOW_MS - HOUR } : row))
      await insertBasis(db, legs.perp, legs.spot, fetched)
      for (const quotedMs of [atMs, NOW_MS - HOUR]) await quoteAt(db, legs, quotedMs - 30_000)
    }
  })
  const sigmasAt = async (query = '') => {
    const { sigmaBps, premiumSigmaBps } = (await forwardOf(api, query)).fair
    return { sigmaBps, premiumSigmaBps }
  }
  const told = await sigmasAt(`&at=${atMs}`)
  assert.deepEqual(told, await sigmasAt())
  const correction = { atMs: today - 3 * DAY + 16 * HOUR, basisBps: 900, revision: 1, spanMs: 8 * HOUR }
  await insertBasis(api.db, legs.perp, legs.spot, [{ ...correction, knownAtMs: NOW_MS - HOUR }])
  const corrected = await sigmasAt()
  assert.ok(corrected.sigmaBps > 2 * told.sigmaBps && corrected.premiumSigmaBps > 2 * told.premiumSigmaBps)
  assert.deepEqual(await sigmasAt(`&at=${atMs}`), told)
  assert.deepEqual(await sigmasAt(`&at=${NOW_MS - HOUR}`), corrected, 'from when it was corrected on, as corrected')
  await api.db.query('update basis_snapshot set available_at = $1, known_at = $1 where tick_at = $2', [
    new Date(NOW_MS - HOUR),
    new Date(today - 2 * DAY + 16 * HOUR)
  ])
  const without = await sigmasAt(`&at=${atMs}`)
  assert.notEqual(without.sigmaBps, told.sigmaBps, 'what was to be had later is not in it')
  assert.notEqual(without.premiumSigmaBps, told.premiumSigmaBps)
})

/** Thirty days by thirds, newest day first, each known whole. */
const thirds = (today: number) =>
  Array.from({ length: 90 }, (_, place) => {
    const [day, third] = [Math.floor(place / 3), place % 3]
    const atMs = today - (day + 1) * 24 * HOUR + third * 8 * HOUR
    return { atMs, basisBps: (day % 3) * 4 + third, spanMs: 8 * HOUR }
  })

test('noise of a fair premium is that of averages of 8 h, unless too few are known whole or the legs are in different dollars', async () => {
  const today = Math.floor(NOW_MS / (24 * HOUR)) * 24 * HOUR
  const rows = thirds(today)
  let legs = { spot: 0, perp: 0 }
  await using api = await testApi({
    seed: async (db) => {
      legs = await seed(db)
      // Of older ones nothing is taken, and of a third the mean, whenever in it most was seen.
      const before = { atMs: today - 31 * 24 * HOUR, basisBps: 500, spanMs: 8 * HOUR }
      const halves = rows.flatMap(({ atMs, basisBps }) =>
        [-1, 1].map((side) => ({ atMs: atMs + (4 + side) * HOUR, basisBps: basisBps + side, spanMs: 4 * HOUR }))
      )
      await insertBasis(db, legs.perp, legs.spot, [before, ...halves])
    }
  })
  const { fair, absent } = await forwardOf(api)
  const values = rows.map(({ basisBps }) => basisBps)
  const mean = values.reduce((sum, value) => sum + value, 0) / 90
  const expected = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 89)
  assert.ok(Math.abs(fair.premiumSigmaBps - expected) < 1e-9 && fair.sigmaBps > 1.2 * expected)
  const rule = contractRuleOf({ venue: 'binance', base: 'BTC' })!
  const noisy = fairWithNoise({ ...rule, rQuote: 0.05, rBase: 0, sigmaBps: fair.premiumSigmaBps })
  assert.deepEqual([fair.noisyFairBps, absent['fair.premiumSigmaBps']], [noisy, undefined])
  for (const field of ['premiumSigmaBps', 'noisyFairBps'] as const) {
    const query = { metric: `carry.${field}`, instrument: PERP }
    const { body } = await request(api.url).get('/v1/explain').query(query)
    assert.deepEqual([body.data.value, body.data.recomputed, ...remade([body.data])], Array(3).fill(fair[field]), field)
  }
  const isNull = async (reason: string) => {
    const { fair, absent } = await forwardOf(api)
    assert.deepEqual([fair.premiumSigmaBps, fair.noisyFairBps, fair.sigmaBps !== null], [null, null, true])
    assert.deepEqual([absent['fair.premiumSigmaBps'], absent['fair.noisyFairBps']], [reason, reason])
  }
  const thin = `update basis_snapshot set span_ms = 3600000 where tick_at >= $1`
  await api.db.query(thin, [new Date(today - 21 * 24 * HOUR)])
  await isNull('short_history')
  await api.db.query(`update basis_snapshot set span_ms = 28800000`)
  await api.db.query(`update instrument set quote = 'USDC' where id = $1`, [legs.spot])
  const pair = await insertInstrument(api.db, { key: 'binance:USDC/USDT' })
  await observeQuote(api.db, pair, { bid: '0.9999', ask: '1.0001' })
  api.clock.advance(10_000)
  await isNull('fx_unadjusted')
})

test('a moment of before observations are kept is refused, of a carry and of a curve', async () => {
  await using api = await testApi({ seed, config: { rawDays: 40 } })
  for (const path of ['carry', 'term-structure']) {
    const { status, body } = await request(api.url).get(`/v1/${path}?asset=BTC&at=${NOW_MS - 100 * 24 * HOUR}`)
    assert.deepEqual([status, body.code, body.errors?.[0]?.path], [400, 'history_not_kept', 'at'], path)
  }
})

test('a settlement that was told later is not in a carry of before, one that was corrected later as it was told first', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp } = await seed(db)
      await insertSettlements(db, perp, [
        { atMs: NOW_MS - 4 * HOUR, rate: '0.0003' },
        { atMs: NOW_MS - 12 * HOUR, rate: '0.0003' }
      ])
      await db.query('update settlement set available_at = $1 where settled_at = $2', [
        new Date(NOW_MS + HOUR),
        new Date(NOW_MS - 4 * HOUR)
      ])
    }
  })
  const before = await forwardOf(api)
  assert.equal(before.funding.settlementsUsed, 1)
  const correctAt = async (revision: number, knownAtMs: number) => {
    const { rows } = await api.db.query<{ id: number }>('select id from instrument where key = $1', [PERP])
    const correction = { rate: '0.0003', intervalHours: null, revision, knownAtMs }
    await insertSettlements(api.db, rows[0]!.id, [{ atMs: NOW_MS - 12 * HOUR, ...correction }])
  }
  await correctAt(1, NOW_MS + HOUR)
  assert.deepEqual(await forwardOf(api), before)
  await correctAt(2, NOW_MS)
  assert.equal((await forwardOf(api)).funding.settlementsUsed, 0, 'from when it was corrected on, as corrected')
})

test('Binance takes no interest of its own coin: its carry rests and is fair above nothing, where others’ are below', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const { perp, spot } = await seed(db)
      const today = Math.floor(NOW_MS / (24 * HOUR)) * 24 * HOUR
      await insertBasis(db, perp, spot, thirds(today))
      await db.query(`update instrument set base = 'BNB' where id = any ($1)`, [[perp, spot]])
    }
  })
  const { funding, fair } = await forwardOf(api)
  const carryBps = (0.05 * 8 * 10_000) / 8760
  assert.ok(Math.abs(fair.fairBps - (carryBps + 5)) < 1e-9)
  assert.ok(fair.noisyFairBps > 0)
  assert.equal(funding.longRun8h, 0)
})

test('what cannot be a carry is refused by the name of its parameter', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seed(db)
      await insertInstrument(db, { key: 'binance:DOGE/USDT:USDT' })
    }
  })
  const wrong: readonly (readonly [string, string])[] = [
    ...['0', '-1', '1e12', '1000000000000', 'NaN', 'Infinity', '1e999', 'abc', ''].map(
      (value) => ['notional', value] as const
    ),
    ...['0', '-5', 'NaN', '9000'].map((value) => ['horizonHours', value] as const),
    ['borrowApr', '-0.1'],
    ['margin', '-1'],
    ['spotTaker', '2'],
    ['feeTier', 'vip33'],
    ['direction', 'sideways']
  ]
  for (const [name, value] of wrong) {
    const { status, body } = await ask(api, `&${name}=${value}`)
    assert.deepEqual([status, body.errors?.[0]?.path], [400, name], `${name}=${value}`)
  }
  const tier = await ask(api, '&feeTier=vip33')
  assert.match(tier.body.errors[0].message, /did you mean vip3\?/)
  const legless = await request(api.url).get('/v1/carry?asset=DOGE')
  assert.deepEqual([legless.status, legless.body.code, legless.body.errors[0].path], [400, 'no_spot_leg', 'asset'])
  assert.equal((await request(api.url).get('/v1/carry?asset=NOPE')).status, 400)
})

test('legs in different dollars need a traded rate between them that has kept its par', async () => {
  const seedUsd = async (db: Database, usdt: string | null) => {
    const spot = await insertInstrument(db, { key: 'kraken:BTC/USD' })
    const perp = await insertInstrument(db, { key: PERP, spotId: spot })
    for (const id of [spot, perp]) {
      await observeDepth(db, id, DEEP)
      await observeQuote(db, id, { bid: '63999', ask: '64001', bidSize: '2', askSize: '2' })
    }
    await observeEstimate(db, perp, {})
    if (usdt === null) return
    const pair = await insertInstrument(db, { key: 'kraken:USDT/USD' })
    await observeQuote(db, pair, { bid: usdt, ask: String(Number(usdt) + 0.0001) })
  }
  const refusalWith = async (usdt: string | null) => {
    await using api = await testApi({ seed: (db) => seedUsd(db, usdt) })
    const { refusal, entry } = await forwardOf(api)
    return [refusal, entry?.midBasisBps ?? null]
  }
  assert.deepEqual(await refusalWith(null), ['fx_unadjusted', null])
  assert.deepEqual(await refusalWith('0.99'), ['depeg', null])
  const [refusal, midBasisBps] = await refusalWith('0.9991')
  assert.equal(refusal, null)
  assert.ok(Math.abs(midBasisBps + 8.5) < 0.1, String(midBasisBps))
})
