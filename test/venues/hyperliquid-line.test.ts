import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { readBoard } from '../../src/store/board.ts'
import { binance } from '../../src/venues/binance.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { hyperliquid } from '../../src/venues/hyperliquid.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { openPast } from '../support/past.ts'

const ASSETS = ['BTC', 'ETH', 'XRP', 'PEPE', 'KAS', 'BONK']
const ADAPTERS = [binance, bybit, hyperliquid]
const PAST = { assets: ASSETS, adapters: [binance, hyperliquid] }
const keyOf = (base: string) => `hyperliquid:${base}/USDC:USDC`

test('its contracts are on the board as impact prices, for display, with hourly funding and everything known', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, { assets: ASSETS, adapters: ADAPTERS })
  const tickAt = floorTo(systemClock.now(), MINUTE)
  for (const { id } of ADAPTERS)
    assert.deepEqual(await collect(line.deps, line.venues[id]!, tickAt), { isSuccess: true })
  for (const { id } of ADAPTERS) await derive(line.deps, id, tickAt)
  const rows = (await readBoard(t.db)).filter(({ venue }) => venue === 'hyperliquid')
  const keys = rows.map(({ instrument }) => instrument).sort()
  assert.deepEqual(keys, ['BTC', 'ETH', 'KAS', 'KBONK', 'KPEPE', 'XRP'].map(keyOf))
  const row = (base: string) => rows.find(({ instrument }) => instrument === keyOf(base))!
  for (const each of rows) {
    const label = `${each.instrument} ${each.reasons.join()}`
    assert.deepEqual([each.grade, each.priceKind, each.reasons], ['display', 'impact', ['price_impact']], label)
    assert.deepEqual([each.fundingIntervalHours, each.fundingIntervalSource], [1, 'declared'], label)
    assert.deepEqual([each.fundingKind, each.cap, each.floor], ['indicative', 0.04, -0.04], label)
    const next = Date.parse(each.nextSettlementAt!)
    assert.ok(next % HOUR === 0 && next > tickAt && next <= tickAt + HOUR + MINUTE, label)
    assert.ok(Math.abs(each.basisBps!) < 200 && Math.abs(each.adjustedBasisBps!) < 200, `${label} ${each.basisBps}`)
    assert.ok(Number(each.openInterestUsd) > 0 && Number(each.volume24hUsd) > 0, label)
    assert.ok(Number(each.mark) > 0 && Math.abs(Number(each.mark) / Number(each.index) - 1) < 0.02, label)
  }
  // A pair of its own, a coin in USDC elsewhere, a coin in USDT elsewhere at the traded price of USDC.
  const legs = ['BTC', 'XRP', 'KAS', 'KPEPE', 'KBONK'].map((base) => [row(base).spot, row(base).multiplier])
  assert.deepEqual(legs, [
    ['hyperliquid:BTC/USDC', 1],
    ['binance:XRP/USDC', 1],
    ['bybit:KAS/USDT', 1],
    ['binance:PEPE/USDT', 1000],
    ['binance:BONK/USDT', 1000]
  ])
  assert.deepEqual([row('BTC').fx, row('XRP').fx], [1, 1])
  assert.ok(row('KPEPE').fx !== 1 && Math.abs(row('KPEPE').fx! - 1) < 0.01)
})

test('two lists of unequal length are no answer: nothing is stored, the gap says why, and its coins are not mixed up', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, { assets: ASSETS, adapters: [hyperliquid] })
  exchange.fault = (_venue, path) =>
    path.includes('type=metaAndAssetCtxs')
      ? {
          kind: 'rewrite',
          rewrite: (body) => {
            const [meta, contexts] = JSON.parse(body)
            return JSON.stringify([{ ...meta, universe: meta.universe.slice(1) }, contexts])
          }
        }
      : undefined
  await collect(line.deps, line.venues.hyperliquid!, floorTo(systemClock.now(), MINUTE))
  assert.ok(exchange.injected > 0)
  const { rows } = await t.db.query<{ kind: string }>(
    `select distinct i.kind from market_snapshot s join instrument i on i.id = s.instrument_id`
  )
  assert.deepEqual(rows, [{ kind: 'spot' }])
  const { rows: gaps } = await t.db.query<{ reason: string }>(`select distinct reason from gap where instrument_id > 0`)
  assert.deepEqual(gaps, [{ reason: 'bad_response' }])
})

for (const base of ['BTC', 'KPEPE']) {
  test(`40 days of hourly settlements of ${base} come in without a hole, over pages of 500`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, keyOf(base), PAST)
    await past.want('settlement', 40)
    assert.equal(await past.run(), true)
    const { rows } = await t.db.query<{ settled_at: Date; interval_hours: number; interval_source: string }>(
      'select settled_at, interval_hours, interval_source from settlement order by settled_at'
    )
    assert.ok(rows.length >= 40 * 24, `${rows.length}`)
    for (const [index, { settled_at, interval_hours, interval_source }] of rows.entries()) {
      assert.deepEqual([settled_at.getTime() % HOUR, interval_hours, interval_source], [0, 1, 'observed'])
      if (index > 0) assert.equal(settled_at.getTime() - rows[index - 1]!.settled_at.getTime(), HOUR)
    }
    const pages = past.exchange.requests.filter(({ path }) => path.includes('type=fundingHistory'))
    assert.ok(pages.length >= 2 && pages.length <= 4, `${pages.length} pages`)
  })
}

test('hourly closes of a contract and of its pair make hourly bases', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, keyOf('BTC'), PAST)
  await past.want('price_1h', 10)
  await past.want('price_1h', 10, past.instrument.spotId!)
  while (await past.run()) {}
  const { rows } = await t.db.query<{ n: number; worst: number; kinds: string }>(
    `select count(*) as n, max(abs(basis_bps)) as worst, string_agg(distinct price_kind, ',') as kinds from basis_snapshot`
  )
  assert.ok(rows[0]!.n >= 240 && rows[0]!.worst < 300, JSON.stringify(rows[0]))
  assert.equal(rows[0]!.kinds, 'last')
})
