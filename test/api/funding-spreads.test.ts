import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeDepth, observeEstimate, observeQuote } from '../support/sizes.ts'
import { insertInstrument, insertSettlements, NOW_MS, testApi } from './fixture.ts'

const [BINANCE, BYBIT, HYPER] = ['binance:BTC/USDT:USDT', 'bybit:BTC/USDT:USDT', 'hyperliquid:BTC/USDC:USDC']
const HOUR = 3_600_000

async function seed(db: Database): Promise<Record<string, number>> {
  const ids: Record<string, number> = {}
  for (const key of [BINANCE!, BYBIT!, HYPER!]) ids[key] = await insertInstrument(db, { key })
  // Noon: the next 8 h print of both is at 16:00, the hourly one at 13:00.
  await observeEstimate(db, ids[BINANCE!]!, { rate: '0.0006' })
  await observeEstimate(db, ids[BYBIT!]!, { rate: '0.0001' })
  await observeEstimate(db, ids[HYPER!]!, { rate: '0.0000125', intervalHours: 1, nextSettlementAt: NOW_MS + HOUR })
  await observeQuote(db, ids[BINANCE!]!, { bid: '64019', ask: '64021' })
  await observeQuote(db, ids[BYBIT!]!, { bid: '63999', ask: '64001' })
  return ids
}

const ask = (api: { url: string }, query = '') => request(api.url).get(`/v1/funding/spreads?asset=BTC${query}`)
const rowsOf = async (api: { url: string }, query = '') => (await ask(api, query)).body.data

test('every venue is set against every other, short where funding is higher, the widest first', async () => {
  await using api = await testApi({ seed })
  const rows = await rowsOf(api)
  assert.deepEqual(
    rows.map(({ short, long }: Record<string, string>) => [short, long]),
    [
      [BINANCE, BYBIT],
      [BINANCE, HYPER],
      [BYBIT, HYPER]
    ]
  )
  const [wide] = rows
  assert.ok(Math.abs(wide.aprSpread - 0.0005 * 1095) < 1e-12)
  assert.ok(Math.abs(wide.priceBasisBps - 10_000 * (64020 / 64000 - 1)) < 1e-9)
  assert.deepEqual([wide.shortSettlements, wide.longSettlements], [3, 3])
  // Both quoted spreads are crossed, in and out.
  assert.ok(Math.abs(wide.crossingFrac - (2 / 64_020 + 2 / 64_000)) < 1e-12)
  assert.ok(Math.abs(wide.netFrac - (3 * 0.0005 - 2 * (0.0005 + 0.00055) - wide.crossingFrac)) < 1e-12)
  assert.equal(rows[1].absent.priceBasisBps, 'different_currencies')
  assert.deepEqual([wide.execution, wide.absent.execution], [null, 'notional_not_given'])
  // Without a quote nobody knows what crossing costs.
  for (const field of ['crossingFrac', 'netFrac', 'netApr'])
    assert.deepEqual([rows[1][field], rows[1].absent[field]], [null, 'missing_quote'], field)
})

test('the widest funding is not the best to have where its quotes are wide: ranks are by the net that is shown', async () => {
  await using api = await testApi({ seed })
  const hyper = (await seedIds(api.db))[HYPER!]!
  await observeEstimate(api.db, hyper, { rate: '-0.0006', intervalHours: 1, nextSettlementAt: NOW_MS + HOUR })
  await observeQuote(api.db, hyper, { bid: '60000', ask: '68000' })
  const first = async (query: string) => (await rowsOf(api, query))[0]
  assert.equal((await first('')).long, HYPER)
  for (const query of ['&sort=-netFrac', '&sort=-netApr&notional=1000']) {
    const rows = await rowsOf(api, query)
    assert.equal(rows[0].long, BYBIT, query)
    const nets: number[] = rows.map(({ netFrac }: { netFrac: number }) => netFrac)
    assert.deepEqual(
      nets,
      nets.toSorted((a, b) => b - a)
    )
  }
})

type Execution = Record<string, number | string | null>
const between = (rows: Record<string, unknown>[], a: string, b: string) =>
  rows.find(({ short, long }) => new Set([short, long, a, b]).size === 2) as {
    readonly execution: Execution
    readonly absent: Record<string, string>
  } & Record<string, number>

test('for a size both books are filled of the same base, in and out, and what that costs is counted once', async () => {
  await using api = await testApi({ seed })
  const row = between(await rowsOf(api, '&notional=50000&margin=0.1'), BINANCE!, BYBIT!)
  const { execution } = row
  const near = (found: unknown, wanted: number, what: string) =>
    assert.ok(Math.abs(Number(found) - wanted) < 1e-9 * Math.abs(wanted), `${what}: ${found}, ${wanted}`)
  // The long leg is bought at its ask, the short one sold at its bid; both leave on the other sides.
  assert.deepEqual([execution.refusal, execution.longVwap, execution.shortVwap], [null, '64001', '64019'])
  near(execution.baseQuantity, 50_000 / 64_001, 'base')
  near(execution.entryBasisBps, 10_000 * (64_019 / 64_001 - 1), 'entry')
  near(execution.midBasisBps, 10_000 * (64_020 / 64_000 - 1), 'mids')
  near(execution.shortExitSlippageBps, 10_000 / 64_020, 'short exit')
  near(execution.longExitSlippageBps, 10_000 / 64_000, 'long exit')
  const impact = 64_020 / 64_000 - 64_019 / 64_001 + 1 / 64_020 + 1 / 64_000
  near(execution.impactFrac, impact, 'impact')
  assert.ok(
    Math.abs(impact - row.crossingFrac!) < 1e-7,
    'best prices hold this size: it is what both quoted spreads are'
  )
  near(execution.netFrac, 3 * 0.0005 - 0.0021 - impact, 'net')
  near(execution.netApr, Number(execution.netFrac) * 365, 'a year')
  near(execution.netAprCapital, Number(execution.netApr) / 0.2, 'on both margins')
  // 0.0005 at 16:00 and every eight hours: five of them pay for 0.0021 and the crossing.
  assert.equal(execution.breakEvenHours, 4 + 4 * 8)
  assert.deepEqual([execution.sizeLimit, row.absent['execution.sizeLimit']], [null, 'none_pays'])
  assert.deepEqual(
    [execution.books, execution.booksObservedAt, row.absent['execution.booksObservedAt']],
    ['best_price', null, 'no_book']
  )
  const longer = between(await rowsOf(api, '&notional=50000&horizonHours=240'), BINANCE!, BYBIT!).execution
  assert.ok(Number(longer.netFrac) > 0)
  // One coin rests at each best price.
  assert.ok(Number(longer.sizeLimit) > 63_000 && Number(longer.sizeLimit) < 64_001, String(longer.sizeLimit))
  assert.equal(longer.sizeBound, 'book_ends')
  const { body } = await request(api.url)
    .get('/v1/explain')
    .query({ metric: 'fundingSpreads.executionImpactFrac', instrument: BYBIT, against: BINANCE })
  assert.deepEqual([body.data.value, body.data.recomputed], [execution.impactFrac, execution.impactFrac])
  for (const { name, instrument } of body.data.inputs as { name: string; instrument: string }[])
    if (/^(short|long)[.]/.test(name)) assert.equal(instrument, name.startsWith('short') ? BINANCE : BYBIT, name)
  const unmargined = between(await rowsOf(api, '&notional=50000&margin=0'), BINANCE!, BYBIT!)
  assert.equal(unmargined.absent['execution.netAprCapital'], 'no_margin')
})

test('a size that cannot be filled, or not in one currency, is refused with the reason of every number', async () => {
  await using api = await testApi({ seed })
  const ids = await seedIds(api.db)
  const refusalOf = async (other: string, query = '&notional=100000') => {
    const { execution, absent } = between(await rowsOf(api, query), BINANCE!, other)
    for (const [field, value] of Object.entries(execution))
      if (value === null && field !== 'refusal')
        assert.equal(typeof absent[`execution.${field}`], 'string', `${other} ${field}`)
    if (execution.refusal !== null) assert.equal(absent['execution.netFrac'], execution.refusal)
    return execution.refusal
  }
  // More than rests at the best prices, and nothing is known of what is behind them.
  assert.equal(await refusalOf(BYBIT!), 'no_book')
  const deep = { bid10: '150000', ask10: '150000', bid25: '190000', ask25: '190000', bid50: '200000', ask50: '200000' }
  for (const key of [BINANCE!, BYBIT!]) await observeDepth(api.db, ids[key]!, deep)
  assert.equal(await refusalOf(BYBIT!), null)
  const filled = between(await rowsOf(api, '&notional=100000'), BINANCE!, BYBIT!)
  assert.equal(filled.execution.books, 'bands')
  assert.ok(Number(filled.execution.impactFrac) > filled.crossingFrac!, 'size costs more than the quoted spreads')
  assert.equal(await refusalOf(BYBIT!, '&notional=300000'), 'book_too_thin')
  assert.equal(await refusalOf(HYPER!), 'missing_quote')
  await observeQuote(api.db, ids[HYPER!]!, { bid: '63999', ask: '64001', bidSize: '9', askSize: '9' })
  assert.equal(await refusalOf(HYPER!), 'different_currencies')
  const pair = await insertInstrument(api.db, { key: 'binance:USDC/USDT' })
  await observeQuote(api.db, pair, { bid: '0.9989', ask: '0.9991' })
  api.clock.advance(6_000)
  assert.equal(await refusalOf(HYPER!), null)
  const { execution } = between(await rowsOf(api, '&notional=50000'), BINANCE!, HYPER!)
  assert.equal(execution.fx, 0.999)
  assert.ok(Math.abs(Number(execution.midBasisBps) - 10_000 * (64_020 / (64_000 * 0.999) - 1)) < 1e-9)
  await observeQuote(api.db, pair, { bid: '0.9899', ask: '0.9901' })
  assert.equal(await refusalOf(HYPER!), 'depeg')
  await api.db.query('update instrument set multiplier = null where key = $1', [BYBIT])
  api.clock.advance(6_000)
  assert.equal(await refusalOf(BYBIT!), 'multiplier_unresolved')
  api.clock.advance(60_000)
  assert.equal(await refusalOf(HYPER!), 'stale')
})

test('closed before the eight-hour print, the headline has paid nothing and the hourly leg has cost', async () => {
  await using api = await testApi({ seed })
  const row = (await rowsOf(api, '&horizonHours=3.5')).find(({ long }: { long: string }) => long === HYPER)
  assert.deepEqual([row.short, row.shortSettlements, row.longSettlements], [BINANCE, 0, 3])
  assert.ok(Math.abs(row.grossFrac + 3 * 0.0000125) < 1e-12)
})

test('a rate that is old has no spread, and says so', async () => {
  await using api = await testApi({ seed })
  await observeEstimate(api.db, (await seedIds(api.db))[HYPER!]!, { rate: '0.00002', intervalHours: null })
  const row = (await rowsOf(api)).find(({ long, short }: Record<string, string>) => [long, short].includes(HYPER!))
  assert.equal(row.aprSpread, null)
  assert.ok(Object.values(row.absent).includes('interval_unknown'))
  const basisOfMids = async () => {
    const query = { metric: 'fundingSpreads.priceBasisBps', instrument: BINANCE, against: BYBIT }
    return (await request(api.url).get('/v1/explain').query(query)).body.data
  }
  const quotedMs = NOW_MS - 9_000
  await observeQuote(api.db, (await seedIds(api.db))[BYBIT!]!, { bid: '63999', ask: '64001', observedAt: quotedMs })
  const { value, inputs } = await basisOfMids()
  assert.equal(typeof value, 'number')
  const own = inputs.find(({ instrument }: { instrument: string }) => instrument === BYBIT)
  assert.equal(own.observedAt, new Date(quotedMs).toISOString(), 'the time of the quote, not of the rate')
  api.clock.advance(60_000)
  const [old] = await rowsOf(api)
  assert.deepEqual([old.aprSpread, old.absent.shortRate], [null, 'stale'])
  const { crossingFrac, priceBasisBps, absent } = between(await rowsOf(api), BINANCE!, BYBIT!)
  assert.deepEqual([crossingFrac, absent.crossingFrac], [null, 'stale'], 'nor have quotes that are old')
  assert.deepEqual([priceBasisBps, absent.priceBasisBps], [null, 'stale'])
})

test('a contract under quarantine may be another coin of its name: it is in no spread, and none is explained', async () => {
  await using api = await testApi({ seed })
  const explain = async () => {
    const query = { metric: 'fundingSpreads.aprSpread', instrument: BINANCE, against: BYBIT }
    return (await request(api.url).get('/v1/explain').query(query)).body.data
  }
  const everySpread = async (): Promise<Record<string, string>[]> =>
    (await request(api.url).get('/v1/funding/spreads')).body.data
  assert.equal((await everySpread()).length, 3)
  assert.ok((await explain()).value > 0)
  await api.db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since)
     select id, 'quarantined', 'ticker_collision', 4, now() from instrument where key = $1`,
    [BYBIT]
  )
  api.clock.advance(6_000)
  const [own, ...others] = await everySpread()
  assert.deepEqual([new Set([own!.short, own!.long]), others], [new Set([BINANCE, HYPER]), []])
  assert.deepEqual([(await explain()).value, (await explain()).absent.value], [null, 'quarantined'])
})

async function seedIds(db: Database): Promise<Record<string, number>> {
  const { rows } = await db.query<{ id: number; key: string }>('select id, key from instrument')
  return Object.fromEntries(rows.map(({ id, key }) => [key, id]))
}

test('over a window what settled is told, with its coverage; three blocks of one sign make a spread of it', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const ids = await seed(db)
      const start = NOW_MS - 4 * HOUR - 5 * 8 * HOUR
      const eights = (rate: string, skip = -1) =>
        [0, 1, 2, 3, 4, 5].filter((k) => k !== skip).map((k) => ({ atMs: start + k * 8 * HOUR, rate }))
      await insertSettlements(db, ids[BINANCE!]!, eights('0.0003'))
      await insertSettlements(db, ids[BYBIT!]!, eights('0.0001', 2))
    }
  })
  const from = NOW_MS - 4 * HOUR - 5 * 8 * HOUR
  const row = (await rowsOf(api, `&from=${from}`)).find(({ long }: { long: string }) => long === BYBIT)
  // The settlement at `from` is not received.
  assert.deepEqual([row.kind, row.shortSettlements, row.longSettlements, row.longCoverage], ['realised', 5, 4, 0.8])
  // Four of five against five is no spread.
  assert.deepEqual([row.grossFrac, row.netFrac, row.netApr], [null, null, null])
  for (const field of ['grossFrac', 'netFrac', 'netApr']) assert.equal(row.absent[field], 'low_coverage')
  assert.ok(Math.abs(row.aprSpread - 0.0002 * 1095) < 1e-9)
  for (const field of ['priceBasisBps', 'crossingFrac', 'execution'])
    assert.deepEqual([row[field], row.absent[field]], [null, 'not_of_a_window'], 'quotes and books are of now')
  assert.deepEqual([row.blocks, row.isPersistent], [4, true])
  const now = (await rowsOf(api)).find(({ long }: { long: string }) => long === BYBIT)
  assert.equal(now.isPersistent, true)
})

const eights = (count: number, rate: string) =>
  Array.from({ length: count }, (_, k) => ({ atMs: NOW_MS - 4 * HOUR - k * 8 * HOUR, rate }))

test('a leg that was listed within the window is set against what the other settled since', async () => {
  const listedAt = NOW_MS - 4 * HOUR - 24 * HOUR
  await using api = await testApi({
    seed: async (db) => {
      const ids = await seed(db)
      await insertSettlements(db, ids[BINANCE!]!, eights(6, '0.0003'))
      await insertSettlements(db, ids[BYBIT!]!, eights(3, '0.0001'))
      await db.query('update instrument set listed_at = $2 where id = $1', [ids[BYBIT!], new Date(listedAt)])
    }
  })
  const from = NOW_MS - 4 * HOUR - 48 * HOUR
  const row = (await rowsOf(api, `&from=${from}&to=${NOW_MS + 24 * HOUR}`)).find(
    ({ long }: { long: string }) => long === BYBIT
  )
  assert.deepEqual([row.shortSettlements, row.longSettlements, row.blocks], [3, 3, 3])
  assert.deepEqual([Date.parse(row.from), Date.parse(row.to)], [listedAt, NOW_MS], 'nothing is of after now')
  assert.ok(Math.abs(row.grossFrac - 3 * 0.0002) < 1e-12)
  assert.ok(Math.abs(row.netApr - (row.netFrac * 8760) / 28) < 1e-12)
  // No longer followed or gone since, it is in the window all the same, and not in spreads of now.
  await api.db.query('update instrument set tracked = false where key = $1', [BYBIT])
  api.clock.advance(6_000)
  const left = await rowsOf(api, `&from=${from}&to=${NOW_MS}`)
  assert.deepEqual(
    left.find(({ long }: { long: string }) => long === BYBIT),
    row
  )
  const delistedAt = NOW_MS - 12 * HOUR
  await api.db.query(`update instrument set tracked = false, status = 'delisted', delisted_at = $2 where key = $1`, [
    BYBIT,
    new Date(delistedAt)
  ])
  api.clock.advance(6_000)
  const isOfBybit = ({ long, short }: Record<string, string>) => [long, short].includes(BYBIT!)
  const gone = (await rowsOf(api, `&from=${from}&to=${NOW_MS}`)).find(isOfBybit)
  assert.deepEqual([gone.short, gone.shortSettlements, Date.parse(gone.to)], [BINANCE, 2, delistedAt])
  assert.equal((await rowsOf(api)).some(isOfBybit), false)
  const after = await rowsOf(api, `&from=${NOW_MS - 2 * HOUR}&to=${NOW_MS}`)
  assert.equal(after.some(isOfBybit), false, 'nor in one that begins later')
})

test('a block that is not over, or began before the window, is not counted', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const ids = await seed(db)
      const hours = Array.from({ length: 20 }, (_, k) => ({
        atMs: NOW_MS - k * HOUR,
        rate: '0.0001',
        intervalHours: 1
      }))
      await insertSettlements(db, ids[HYPER!]!, hours)
      // Twice within the day, each alone in its own part of a block.
      const four = [0, 4, 8, 12, 16].map((k) => ({ atMs: NOW_MS - k * HOUR, rate: '0.0009', intervalHours: 4 }))
      await insertSettlements(db, ids[BINANCE!]!, four)
    }
  })
  const row = (await rowsOf(api, `&from=${NOW_MS - 18 * HOUR}`)).find(
    ({ long, short }: Record<string, string>) => short === BINANCE && long === HYPER
  )
  // 18:00 to 12:00: of four blocks that are touched one is whole, (00:00, 08:00].
  assert.equal(row.blocks, 1)
})

test('a block counts where both legs are known whole: a settlement that is missing is no rate of nothing', async () => {
  const hoursBack = (count: number, rate: string, skip: readonly number[] = []) =>
    Array.from({ length: count }, (_, k) => ({ atMs: NOW_MS - 4 * HOUR - k * HOUR, rate, intervalHours: 1 })).filter(
      (_, k) => !skip.includes(k)
    )
  await using api = await testApi({
    seed: async (db) => {
      const ids = await seed(db)
      await insertSettlements(db, ids[BINANCE!]!, eights(4, '0.0008'))
      // As much as the other, by the hour: without one of them it would seem to have paid less.
      await insertSettlements(db, ids[HYPER!]!, hoursBack(32, '0.0001', [3, 12]))
      // A day at once, a block that is whole, and one with a settlement too many, of whose length nothing is known.
      const day = { atMs: NOW_MS - 4 * HOUR, rate: '0.0001', intervalHours: 24 }
      const unknown = { atMs: NOW_MS - 20.5 * HOUR, rate: '0.0001', intervalHours: null }
      await insertSettlements(db, ids[BYBIT!]!, [day, ...hoursBack(24, '0.00005').slice(8), unknown])
    }
  })
  const from = NOW_MS - 4 * HOUR - 32 * HOUR
  for (const query of ['', `&from=${from}`]) {
    const rows: Record<string, unknown>[] = await rowsOf(api, query)
    const of = (key: string) => rows.find(({ short, long }) => new Set([short, long, BINANCE, key]).size === 2)!
    const [hyper, bybit] = [of(HYPER!), of(BYBIT!)]
    assert.deepEqual([hyper.blocks, hyper.isPersistent], [0, false], `two whole blocks, alike in both: ${query}`)
    assert.deepEqual([bybit.blocks, bybit.isPersistent], [1, false], query)
  }
  await api.db.query('delete from settlement where interval_hours = 1')
  const left = (await rowsOf(api)).find(({ long }: { long: string }) => long === BYBIT)
  assert.deepEqual([left.blocks, left.isPersistent, left.absent.isPersistent], [0, null, 'no_whole_block'])
})

test('what cannot be a window is refused by name', async () => {
  await using api = await testApi({ seed })
  for (const [query, path] of [
    ['&from=2026-01-01', 'from'],
    [`&from=${NOW_MS + 2 * HOUR}&to=${NOW_MS + HOUR}`, 'from'],
    [`&from=${NOW_MS + HOUR}`, 'from'],
    [`&from=${NOW_MS}&to=${NOW_MS + HOUR}`, 'from'],
    ['&horizonHours=0', 'horizonHours'],
    ['&sort=netfrac', 'sort'],
    ['&feeTier=vipp1', 'feeTier'],
    ['&notional=0', 'notional'],
    ['&notional=1e10', 'notional'],
    [`&notional=1000&from=${NOW_MS - HOUR}`, 'notional'],
    ['&notional=1000&limit=201', 'limit'],
    ['&margin=11', 'margin']
  ]) {
    const { status, body } = await ask(api, query)
    assert.deepEqual([status, body.errors?.[0]?.path], [400, path], query)
  }
  const all = await request(api.url).get('/v1/funding/spreads?from=2026-06-14')
  assert.deepEqual([all.status, all.body.errors[0].path], [400, 'asset'])
  const paged = await ask(api, '&limit=2')
  const rest = await ask(api, `&limit=2&cursor=${paged.body.page.next}`)
  assert.deepEqual([paged.body.data.length, rest.body.data.length, rest.body.page.next], [2, 1, null])
})
