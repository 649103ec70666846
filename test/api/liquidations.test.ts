import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { aLiquidation, observeLiquidations } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const OKX = 'okx:BTC/USDT:USDT'
const KRAKEN = 'kraken:BTC/USD:USD'
const QUIET = 'okx:ETH/USDT:USDT'
const BINANCE = 'binance:BTC/USDT:USDT'
const MINUTE = 60_000
const AT_MS = NOW_MS - 10_000

const shown = (fact: string) => [
  { fact, call: '', method: '', reach: 'single', cadence: '', weightMs: 1, unit: '', fields: [], kinds: [] }
]
const capabilities = { okx: shown('liquidation'), kraken: shown('liquidation'), binance: shown('flow') }

async function seed(db: Database): Promise<void> {
  const okx = await insertInstrument(db, { key: OKX })
  const long = aLiquidation({ nativeId: 'a' })
  const liquidations = [long, aLiquidation({ nativeId: 'b', position: 'short', base: '0.5', quote: '32000' })]
  await observeLiquidations(db, okx, { observedAt: AT_MS - MINUTE, liquidations: [long] })
  await observeLiquidations(db, okx, { liquidations })
  await observeLiquidations(db, await insertInstrument(db, { key: KRAKEN }), {
    sampleOf: 'newest_100_trades',
    liquidations: [aLiquidation({ position: 'unknown' })]
  })
  await observeLiquidations(db, await insertInstrument(db, { key: QUIET }), {})
  await insertInstrument(db, { key: BINANCE })
}

const open = () => testApi({ seed, capabilities })
const ask = async (api: { url: string }, query = '') => (await request(api.url).get(`/v1/liquidations${query}`)).body
const rowsOf = async (api: { url: string }, query = '') => (await ask(api, query)).data

test('what looks have shown is summed by position, each liquidation once, and is said to be a sample', async () => {
  await using api = await open()
  const { data, meta } = await ask(api, `?instrument=${OKX}`)
  assert.deepEqual(data, [
    {
      instrument: OKX,
      venue: 'okx',
      asset: 'BTC',
      kind: 'perpetual',
      sampled: true,
      sampleOf: 'newest_100_orders',
      looks: 2,
      liquidations: 2,
      longBase: '1',
      shortBase: '0.5',
      totalBase: '1.5',
      longUsd: '64000',
      shortUsd: '32000',
      totalUsd: '96000',
      largestUsd: '64000',
      lastAt: new Date(AT_MS - MINUTE).toISOString(),
      reasons: [],
      absent: {},
      firstLookAt: new Date(AT_MS - MINUTE).toISOString(),
      lastLookAt: new Date(AT_MS).toISOString()
    }
  ])
  assert.deepEqual(
    [meta.from, meta.to],
    [NOW_MS - 60 * MINUTE, NOW_MS].map((at) => new Date(at).toISOString())
  )
})

test('nothing seen is zero, nobody looking is null, and a venue that shows none says so', async () => {
  await using api = await open()
  assert.deepEqual(
    (await rowsOf(api)).map(({ instrument }: { instrument: string }) => instrument),
    [KRAKEN, OKX, QUIET]
  )
  const [quiet] = await rowsOf(api, `?instrument=${QUIET}`)
  assert.deepEqual([quiet.looks, quiet.liquidations, quiet.longUsd, quiet.lastAt], [1, 0, '0', null])
  assert.deepEqual(quiet.absent, { largestUsd: 'nothing_seen', lastAt: 'nothing_seen' })
  const [before] = await rowsOf(api, `?instrument=${OKX}&from=2026-06-14&to=2026-06-15`)
  assert.deepEqual([before.sampled, before.liquidations, before.totalUsd], [true, null, null])
  assert.deepEqual([before.absent.liquidations, before.absent.totalUsd], ['not_observed', 'not_observed'])
  for (const query of ['?venue=binance', `?instrument=${BINANCE}`]) {
    const [none] = await rowsOf(api, query)
    assert.deepEqual([none.instrument, none.liquidations, none.sampleOf], [BINANCE, null, null])
    assert.deepEqual([none.absent.liquidations, none.absent.sampleOf], ['not_published', 'not_published'])
  }
})

test('where the venue does not say whose position it was, only the total is told', async () => {
  await using api = await open()
  const [row] = await rowsOf(api, '?venue=kraken')
  assert.deepEqual(
    [row.longUsd, row.shortUsd, row.longBase, row.totalBase, row.totalUsd],
    [null, null, null, '1', '64000']
  )
  assert.equal(row.absent.longUsd, 'position_unknown')
  assert.equal(row.sampleOf, 'newest_100_trades')
})

test('a window that is turned round, or longer than a week, is refused by its name', async () => {
  await using api = await open()
  for (const query of ['?from=2026-06-15&to=2026-06-14', '?from=2026-06-01&to=2026-06-15']) {
    const { status, body } = await request(api.url).get(`/v1/liquidations${query}`)
    assert.deepEqual([status, body.errors[0].path], [400, 'from'], query)
  }
})
