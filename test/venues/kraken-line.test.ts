import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo, HOUR } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { readBoard } from '../../src/store/board.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { openPast } from '../support/past.ts'

test("Kraken's contracts are on the board, and its stablecoin pairs adjust the dollar contracts of others", async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, {
    assets: ['BTC', 'ETH', 'PEPE', 'DOGE', 'ORDI'],
    adapters: ['kraken', 'binance'].map((id) => findAdapter(id)!)
  })
  const tickAt = floorTo(systemClock.now(), 60_000)
  const venues = ['kraken', 'binance'].map((id) => line.venues[id]!)
  await Promise.all(venues.map((venue) => collect(line.deps, venue, tickAt)))
  for (const id of ['kraken', 'binance']) await derive(line.deps, id, tickAt)
  const board = await readBoard(t.db)
  const rows = board.filter(({ instrument }) => instrument.startsWith('kraken:'))
  const rowOf = (key: string) => board.find(({ instrument }) => instrument === key)!
  assert.equal(rows.filter(({ kind }) => kind === 'perpetual').length, 5 + 2)
  assert.ok(rows.filter(({ kind }) => kind === 'future').length >= 4 * 3)
  for (const row of rows) {
    const label = `${row.instrument} ${row.grade} ${row.reasons.join()}`
    assert.equal(row.grade, 'signal', label)
    assert.ok(Number(row.openInterestUsd) > 0 && Number(row.volume24hUsd) > 0 && Math.abs(row.basisBps!) < 300, label)
    if (row.instrument.includes('ORDI')) continue
    assert.equal(row.spot, `kraken:${row.asset}/USD`)
    assert.equal(row.fx, 1)
    if (row.kind === 'future') assert.ok(Math.abs(row.basisApr!) < 0.5, label)
    else
      assert.deepEqual([row.fundingKind, row.fundingIntervalHours, row.fundingIntervalSource], ['fixed', 1, 'declared'])
    if (row.kind === 'perpetual') assert.ok(Math.abs(row.fundingRate!) <= 0.0025, label)
  }
  // Kraken has no coin of this one: its leg is another venue's, in Tether.
  const abroad = rowOf('kraken:ORDI/USD:USD')
  assert.equal(abroad.spot, 'binance:ORDI/USDT')
  assert.ok(abroad.fx !== null && Math.abs(abroad.fx - 1) < 0.0016)
  const inverse = rowOf('binance:BTC/USD:BTC')
  assert.ok(inverse.fx !== null && inverse.fx !== 1)
  assert.ok(Math.abs(inverse.fxBps! - (inverse.basisBps! - inverse.adjustedBasisBps!)) < 1e-9)
  assert.ok(!inverse.reasons.includes('fx_unadjusted'))
})

test("Kraken's past comes without a hole: 40 days of settlements in one page, hourly closes of both legs", async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'kraken:BTC/USD:USD')
  const instruments = await listInstruments(t.db)
  const idOf = (key: string) => instruments.find((each) => each.key === key)!.id
  const contracts = ['kraken:BTC/USD:USD', 'kraken:BTC/USD:BTC', 'kraken:PEPE/USD:USD']
  for (const key of contracts) await past.want('settlement', 40, idOf(key), 3)
  for (const key of ['kraken:BTC/USD:USD', 'kraken:BTC/USD']) await past.want('price_1h', 20, idOf(key))
  while (await past.run()) {}
  for (const key of contracts) {
    const { rows } = await t.db.query<{ settled_at: Date; interval_hours: number; interval_source: string }>(
      'select settled_at, interval_hours, interval_source from settlement where instrument_id = $1 order by settled_at',
      [idOf(key)]
    )
    assert.ok(rows.length >= 40 * 24, `${key} ${rows.length}`)
    for (const [index, row] of rows.entries()) {
      assert.deepEqual([row.interval_hours, row.interval_source], [1, 'observed'])
      if (index > 0) assert.equal(row.settled_at.getTime() - rows[index - 1]!.settled_at.getTime(), HOUR)
    }
  }
  const asked = past.exchange.requests.filter(({ path }) => path.includes('historicalfundingrates'))
  assert.equal(asked.length, 3, 'one answer has all of it')
  const { rows: bases } = await t.db.query<{ n: number; worst: number }>(
    'select count(*)::int as n, max(abs(basis_bps)) as worst from basis_snapshot where instrument_id = $1',
    [idOf('kraken:BTC/USD:USD')]
  )
  assert.ok(bases[0]!.n >= 20 * 24, `${bases[0]!.n} hourly bases`)
  assert.ok(bases[0]!.worst < 100)
})
