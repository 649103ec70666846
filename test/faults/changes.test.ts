import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR } from '../../src/domain/time.ts'
import { loadMarkets } from '../../src/jobs/markets.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { openRig, type Rig } from './rig.ts'

const reload = async (rig: Rig, venue: string) => {
  const { adapter, client } = rig.line.venues[venue]!
  await loadMarkets(rig.line.deps, adapter, client)
  const instruments = await listInstruments(rig.db)
  return (symbol: string) => instruments.find((each) => each.venue === venue && each.symbol === symbol)
}
const rowOf = async (rig: Rig, instrument: string) =>
  (await rig.board(instrument.split(':')[0]!)).find((row) => row.instrument === instrument)

test('a delisted contract leaves the board with its last prices kept, and is not a zero anywhere', async () => {
  await using rig = await openRig()
  await rig.tick()
  assert.equal((await rowOf(rig, 'bybit:SOL/USDT:USDT'))!.grade, 'signal')
  await rig.setFaults([{ venue: 'bybit', kind: 'delisting', symbol: 'SOLUSDT', path: 'category=linear' }])
  await rig.tick()
  assert.equal((await rowOf(rig, 'bybit:SOL/USDT:USDT'))!.grade, 'display', 'its last quote is a poll old')
  for (let poll = 0; poll < 4; poll += 1) await rig.tick()
  const aged = (await rowOf(rig, 'bybit:SOL/USDT:USDT'))!
  assert.equal(aged.grade, 'none')
  assert.ok(aged.fundingRate === null || aged.fundingRate !== 0)
  const find = await reload(rig, 'bybit')
  assert.ok((await rig.injected()) > 0)
  assert.equal(find('SOL/USDT:USDT')!.status, 'delisted')
  await rig.tick()
  assert.equal(await rowOf(rig, 'bybit:SOL/USDT:USDT'), undefined)
  assert.equal((await rowOf(rig, 'binance:SOL/USDT:USDT'))!.grade, 'signal')
  const { rows } = await rig.db.query<{ n: number }>(
    'select count(*) as n from market_snapshot where bid = 0 or ask = 0'
  )
  assert.equal(Number(rows[0]!.n), 0)
})

test('a new contract, and one under a new name, are known after the next reload; the old name is gone', async () => {
  await using rig = await openRig()
  await rig.setFaults([
    {
      venue: 'binance',
      kind: 'rename',
      symbol: 'SOLUSDT',
      as: 'LUNEUSDT',
      base: 'SOL',
      asBase: 'LUNE',
      path: '/fapi/'
    },
    { venue: 'bybit', kind: 'listing', symbol: 'ETHUSDT', as: 'NEWUSDT', base: 'ETH', asBase: 'NEW' }
  ])
  const onBinance = await reload(rig, 'binance')
  assert.equal(onBinance('LUNE/USDT:USDT')!.status, 'listed')
  assert.equal(onBinance('SOL/USDT:USDT')!.status, 'delisted')
  assert.equal(onBinance('SOL/USDT')!.status, 'listed')
  const onBybit = await reload(rig, 'bybit')
  assert.equal(onBybit('NEW/USDT:USDT')!.status, 'listed')
  assert.equal(onBybit('ETH/USDT:USDT')!.status, 'listed')
  assert.ok((await rig.injected()) > 0)
})

test('a funding interval that changes is the one of every row from the next poll on, with its own yearly figure', async () => {
  await using rig = await openRig()
  await rig.tick()
  const before = (await rowOf(rig, 'bybit:BTC/USDT:USDT'))!
  assert.equal(before.fundingIntervalHours, 8)
  await rig.setFaults([{ venue: 'bybit', kind: 'interval', symbol: 'BTCUSDT', hours: 1, path: 'category=linear' }])
  await rig.tick()
  const after = (await rowOf(rig, 'bybit:BTC/USDT:USDT'))!
  assert.ok((await rig.injected()) > 0)
  assert.equal(after.fundingIntervalHours, 1)
  assert.ok(Math.abs(after.fundingApr! - after.fundingRate! * 8_760) < 1e-9)
  assert.ok(Date.parse(after.nextSettlementAt!) - rig.clock.now() <= HOUR)
  const { rows } = await rig.db.query<{ interval_hours: number }>(
    `select e.interval_hours from funding_estimate e join instrument i on i.id = e.instrument_id
     where i.venue_id = 'bybit' and i.symbol = 'BTC/USDT:USDT' order by e.tick_at`
  )
  assert.deepEqual(
    rows.map(({ interval_hours }) => interval_hours),
    [8, 1]
  )
})

test('a crash of a quarter comes through at the second poll, and a price ten times off never does', async () => {
  await using rig = await openRig()
  await rig.tick()
  const mid = async () => Number((await rowOf(rig, 'bybit:ETH/USDT:USDT'))!.contractMid)
  const start = await mid()
  await rig.setFaults([{ venue: 'bybit', kind: 'price_off', factor: 0.75, path: '/v5/market/tickers' }])
  await rig.tick()
  assert.ok(Math.abs((await mid()) / start - 1) < 0.01, 'heard once')
  assert.match((await rig.venue('bybit')).reason ?? '', /^implausible_move: /)
  await rig.tick()
  assert.ok(Math.abs((await mid()) / start - 0.75) < 0.01, 'heard twice')
  assert.equal((await rig.venue('bybit')).state, 'up')
  await rig.setFaults([{ venue: 'bybit', kind: 'price_off', factor: 7.5, path: '/v5/market/tickers' }])
  for (let poll = 0; poll < 4; poll += 1) {
    await rig.tick()
    assert.ok(Math.abs((await mid()) / start - 0.75) < 0.01)
  }
  assert.ok((await rig.injected()) > 0)
  await rig.setFaults([{ venue: 'bybit', kind: 'price_off', factor: 0.75, path: '/v5/market/tickers' }])
  await rig.tick()
  assert.equal((await rig.venue('bybit')).state, 'up')
})
