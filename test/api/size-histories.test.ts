import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { observeDepth, observeFlow } from '../support/sizes.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const SPOT = 'binance:BTC/USDT'
const BTC = 'binance:BTC/USDT:USDT'
const FUTURE = 'binance:BTC/USDT:USDT-261225'
const AT_MS = NOW_MS - 10_000
const MINUTE = 60_000

async function seed(db: Database): Promise<void> {
  const perp = await insertInstrument(db, { key: BTC })
  await insertInstrument(db, { key: FUTURE })
  await observeDepth(db, await insertInstrument(db, { key: SPOT }), { mid: '63990' })
  for (const minutes of [3, 2, 1, 0]) {
    const observedAt = AT_MS - minutes * MINUTE
    await observeDepth(db, perp, { observedAt, mid: String(64_000 + minutes), ...(minutes === 2 ? CROSSED : {}) })
    await observeFlow(db, perp, { observedAt, longShortAt: AT_MS - MINUTE, ...(minutes === 2 ? NO_TAKER : {}) })
  }
}
const CROSSED = {
  mid: null,
  spreadBps: null,
  venueTime: null,
  bid10: null,
  ask10: null,
  bid25: null,
  ask25: null,
  bid50: null,
  ask50: null
}
const NO_TAKER = { takerBuy: null, takerSell: null, takerAt: null }

const ask = async (api: { url: string }, path: string) => await request(api.url).get(`/v1/${path}`)

test('the history of a book says spread and depth as they were, each row with its reasons where it says nothing', async () => {
  await using api = await testApi({ seed })
  const { body } = await ask(api, `depth/history?instrument=${BTC}&from=2026-06-15`)
  const [first, crossed] = body.data
  assert.deepEqual(
    body.data.map(({ mid }: { mid: string | null }) => mid),
    ['64003', null, '64001', '64000']
  )
  const { knownAt, ...rest } = first
  assert.ok(Date.parse(knownAt) > 0)
  assert.deepEqual(rest, {
    instrument: BTC,
    quote: 'USDT',
    observedAt: new Date(AT_MS - 3 * MINUTE).toISOString(),
    tickAt: new Date(AT_MS - 3 * MINUTE).toISOString(),
    venueTime: new Date(AT_MS - 3 * MINUTE - 40).toISOString(),
    mid: '64003',
    quotedSpreadBps: 0.5,
    bidDepth10: '300.00000000',
    askDepth10: '100.00000000',
    imbalance10: 0.5,
    bidDepth25: '800.00000000',
    askDepth25: '700.00000000',
    imbalance25: 100 / 1500,
    bidDepth50: '2000.00000000',
    askDepth50: '1500.00000000',
    imbalance50: 500 / 3500,
    spanMs: 60_000,
    absent: {},
    source: 'polled',
    availableAt: new Date(AT_MS - 3 * MINUTE).toISOString(),
    revision: 0,
    reasons: []
  })
  assert.deepEqual(
    [crossed.absent.mid, crossed.absent.bidDepth10, crossed.absent.imbalance50, crossed.absent.venueTime],
    ['crossed_or_empty_book', 'crossed_or_empty_book', 'crossed_or_empty_book', 'not_published']
  )
  const spot = await ask(api, `depth/history?instrument=${SPOT}&from=2026-06-15`)
  assert.deepEqual(
    spot.body.data.map(({ mid }: { mid: string }) => mid),
    ['63990']
  )
})

test('the history of flow repeats a sample with its stamps, and tells what the venue did not', async () => {
  await using api = await testApi({ seed })
  const { body } = await ask(api, `flow/history?instrument=${BTC}&from=2026-06-15`)
  const [first, untold] = body.data
  assert.equal(body.data.length, 4)
  assert.deepEqual(
    [
      first.longShortAccountRatio,
      first.longShare,
      first.takerBuyVolume,
      first.takerImbalance,
      first.windowMs,
      first.absent
    ],
    [1.5, 0.6, '30', 0.5, 300_000, {}]
  )
  assert.equal(new Set(body.data.map(({ longShortAt }: { longShortAt: string }) => longShortAt)).size, 1)
  assert.deepEqual([untold.takerBuyVolume, untold.takerImbalance, untold.takerAt], [null, null, null])
  assert.equal(untold.absent.takerImbalance, 'not_published')
  for (const key of [SPOT, FUTURE]) {
    const { status, body } = await ask(api, `flow/history?instrument=${key}`)
    assert.deepEqual([status, body.errors[0].path], [400, 'instrument'], key)
  }
})

test('both are paged, cut by what was known, and come as tables', async () => {
  await using api = await testApi({ seed })
  for (const what of ['depth', 'flow']) {
    const path = `${what}/history?instrument=${BTC}&from=2026-06-15`
    const page = (await ask(api, `${path}&limit=3`)).body
    const rest = (await ask(api, `${path}&limit=3&cursor=${page.page.next}`)).body
    const times = [...page.data, ...rest.data].map(({ tickAt }) => tickAt)
    assert.deepEqual([times.length, times], [4, times.toSorted()], what)
    assert.deepEqual((await ask(api, `${path}&knownAt=2020-01-01`)).body.data, [], what)
    const csv = (await ask(api, `${path}&format=csv`)).text.trim().split('\n')
    assert.equal(csv.length, 5, what)
  }
})
