import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { openStage, type Stage } from '../identity/stage.ts'

const rest = async (stage: Stage, key: string) => {
  const row = await stage.row(key)
  assert.ok(row, `${key} is on the board`)
  return row
}

test('a stablecoin off its peg is told with what it costs, and bars signals for as long as it is', async () => {
  await using stage = await openStage(['binance', 'kraken'], { assets: ['BTC'] })
  const [crossed, same] = ['binance:BTC/USD:BTC', 'binance:BTC/USDT:USDT']
  await stage.tick()
  const well = await rest(stage, crossed)
  assert.equal(well.spot, 'binance:BTC/USDT')
  assert.deepEqual([well.grade, well.reasons], ['signal', []])
  const [bid, ask] = [
    ['0.9690', '1', '1'],
    ['0.9710', '1', '1']
  ]
  await stage.setFaults([{ venue: 'kraken', kind: 'fields', symbol: 'USDTZUSD', set: { b: bid, a: ask } }])
  await stage.tick()
  const off = await rest(stage, crossed)
  assert.deepEqual([off.grade, off.reasons], ['display', ['depeg']])
  assert.ok(Math.abs(off.fx! - 0.97) < 1e-9)
  // Before conversion the basis is the prices'; after it, it carries the three per cent.
  assert.ok(Math.abs(off.basisBps! - well.basisBps!) < 20)
  assert.ok(off.adjustedBasisBps! > 280 && Math.abs(off.basisBps! - off.adjustedBasisBps! - off.fxBps!) < 1e-6)
  assert.equal((await rest(stage, same)).grade, 'signal', 'legs of one currency have no peg to lose')
  await stage.setFaults([])
  await stage.tick()
  assert.deepEqual((await rest(stage, crossed)).reasons, [])
})

test('mark and index that have changed places are not taken, on any venue, whose state says so; books go on', async () => {
  const venues = ADAPTERS.map(({ id }) => id)
  await using stage = await openStage(venues, { assets: ['BTC', 'ETH', 'SOL', 'PEPE', 'XRP', 'DOGE'] })
  await stage.tick()
  const keys: Record<string, string> = {
    binance: 'binance:BTC/USDT:USDT',
    bybit: 'bybit:BTC/USDT:USDT',
    okx: 'okx:BTC/USDT:USDT',
    deribit: 'deribit:BTC/USD:BTC',
    hyperliquid: 'hyperliquid:BTC/USDC:USDC',
    kraken: 'kraken:BTC/USD:USD'
  }
  const rowsOf = async () => await Promise.all(venues.map((venue) => rest(stage, keys[venue]!)))
  const well = await rowsOf()
  await stage.setFaults(venues.map((venue) => ({ venue, kind: 'mark_swapped' })))
  for (let poll = 0; poll < 2; poll += 1) await stage.tick()
  for (const [index, swapped] of (await rowsOf()).entries()) {
    const { instrument, markObservedAt, premiumBps, grade } = well[index]!
    assert.equal(
      swapped.markObservedAt,
      markObservedAt,
      `${instrument}: the last mark that was believed, with its own time`
    )
    assert.equal(swapped.premiumBps, premiumBps)
    assert.equal(swapped.grade, grade, `${instrument}: the basis is of books`)
    const venue = await stage.venue(swapped.venue)
    assert.equal(venue.state, 'degraded', swapped.venue)
    assert.match(venue.reason, /^mark_index_swapped: refused for \d+ of \d+/)
  }
  await stage.setFaults([])
  await stage.tick()
  for (const [index, row] of (await rowsOf()).entries()) {
    assert.notEqual(row.markObservedAt, well[index]!.markObservedAt)
    assert.equal((await stage.venue(row.venue)).state, 'up')
  }
})

test('a venue whose marks and indices stand in each other’s place from its first word on has no mark', async () => {
  const faults = ['bybit', 'deribit', 'okx'].map((venue) => ({ venue, kind: 'mark_swapped' }))
  await using stage = await openStage(['bybit', 'deribit', 'okx'], { assets: ['BTC', 'ETH', 'SOL', 'PEPE'], faults })
  await stage.tick()
  for (const key of ['bybit:BTC/USDT:USDT', 'deribit:BTC/USD:BTC', 'okx:BTC/USDT:USDT']) {
    const row = await rest(stage, key)
    assert.deepEqual([row.mark, row.index, row.premiumBps], [null, null, null], key)
    assert.notEqual(row.contractMid, null)
    assert.match((await stage.venue(row.venue)).reason, /^mark_index_swapped: /)
  }
})

test('a rate given as a percentage for one symbol is refused with the reason, and its neighbours are not', async () => {
  await using stage = await openStage(['binance'], { assets: ['BTC', 'ETH', 'SOL'] })
  await stage.tick()
  const key = 'binance:SOL/USDT:USDT'
  const well = await rest(stage, key)
  const other = await rest(stage, 'binance:ETH/USDT:USDT')
  const percent = String(Number(well.fundingRate) * 100)
  await stage.setFaults([{ venue: 'binance', kind: 'fields', symbol: 'SOLUSDT', set: { lastFundingRate: percent } }])
  for (let poll = 0; poll < 2; poll += 1) await stage.tick()
  const wrong = await rest(stage, key)
  assert.equal(wrong.fundingRate, well.fundingRate, 'the last rate that was believed')
  assert.equal(wrong.fundingObservedAt, well.fundingObservedAt, 'with its own time')
  const { data } = await stage.get(`/v1/gaps?instrument=${encodeURIComponent(key)}`)
  const gap = data.find(({ fact }: { fact: string }) => fact === 'funding_estimate')
  assert.equal(gap.reason, 'rate_implausible')
  assert.notEqual((await rest(stage, 'binance:ETH/USDT:USDT')).fundingObservedAt, other.fundingObservedAt)
  await stage.setFaults([])
  await stage.tick()
  assert.notEqual((await rest(stage, key)).fundingObservedAt, well.fundingObservedAt)
})
