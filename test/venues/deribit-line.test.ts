import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo, HOUR } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { readBoard } from '../../src/store/board.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { type Line, openLine } from '../support/line.ts'
import { openPast } from '../support/past.ts'

/** Its own contracts need spot legs and stablecoin pairs of other venues too. */
async function sweep(line: Line): Promise<void> {
  const tickAt = floorTo(systemClock.now(), 60_000)
  const venues = ['binance', 'deribit'].map((id) => line.venues[id]!)
  const outcomes = await Promise.all(venues.map((venue) => collect(line.deps, venue, tickAt)))
  assert.ok(outcomes.every((outcome) => outcome?.isSuccess))
  await derive(line.deps, 'deribit', tickAt)
}

test('its contracts are on the board with trailing funding per 8 h; those with a coin in their quote are for signals', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, {
    assets: ['BTC', 'ETH', 'SOL', 'PEPE', 'KAS'],
    adapters: ['binance', 'deribit'].map((id) => findAdapter(id)!)
  })
  await sweep(line)
  const rows = (await readBoard(t.db)).filter(({ venue }) => venue === 'deribit')
  const perpetuals = rows.filter(({ kind }) => kind === 'perpetual')
  assert.deepEqual(
    perpetuals.map(({ instrument }) => instrument).sort(),
    [
      '1000PEPE/USDC:USDC',
      'BTC/USD:BTC',
      'BTC/USDC:USDC',
      'ETH/USD:ETH',
      'ETH/USDC:USDC',
      'KAS/USDC:USDC',
      'SOL/USDC:USDC'
    ]
      .map((symbol) => `deribit:${symbol}`)
      .sort()
  )
  for (const row of perpetuals) {
    const label = `${row.instrument} ${row.reasons.join()}`
    assert.deepEqual(
      [row.fundingKind, row.fundingIntervalHours, row.fundingIntervalSource],
      ['trailing', 8, 'declared']
    )
    assert.ok(
      Math.abs(row.fundingApr! - row.fundingRate! * 1095) < 1e-12 && row.fundingRate8h === row.fundingRate,
      label
    )
    assert.deepEqual([row.nextSettlementAt, row.determined, row.absent.nextSettlementAt], [null, null, 'not_published'])
    const premium = (Number(row.mark) / Number(row.index) - 1) * 1e4
    assert.ok(Math.abs(row.premiumBps! - premium) < 1e-6, label)
    assert.ok(Math.abs(row.basisBps!) < 200, `${label} ${row.basisBps}`)
    assert.ok(Number(row.openInterestUsd) > 1000 && Number(row.volume24hUsd) > 0, label)
    assert.ok(row.contractVenueTime !== null, label)
  }
  for (const base of ['BTC', 'ETH', 'SOL']) {
    const row = rows.find(({ instrument }) => instrument === `deribit:${base}/USDC:USDC`)!
    assert.deepEqual([row.spot, row.grade, row.reasons], [`deribit:${base}/USDC`, 'signal', []])
  }
  const pepe = rows.find(({ instrument }) => instrument === 'deribit:1000PEPE/USDC:USDC')!
  assert.deepEqual([pepe.asset, pepe.multiplier], ['PEPE', 1000])
  const dated = rows.filter(({ kind }) => kind === 'future')
  assert.ok(dated.length >= 35, `${dated.length} dated contracts`)
  assert.ok(
    dated.every(({ fundingRate, expiresAt, basisBps }) => fundingRate === null && expiresAt && basisBps !== null)
  )
})

for (const symbol of ['BTC/USD:BTC', 'SOL/USDC:USDC']) {
  test(`the past of ${symbol}: 40 days of hours without a hole, each paid for one hour, and hourly bases`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, `deribit:${symbol}`)
    const { exchange, instrument } = past
    await past.want('settlement', 40)
    await past.want('price_1h', 10)
    await past.want('price_1h', 10, instrument.spotId!)
    while (await past.run()) {}
    const { rows } = await t.db.query<{ settled_at: Date; interval_hours: number; interval_source: string }>(
      'select settled_at, interval_hours, interval_source from settlement order by settled_at'
    )
    assert.ok(rows.length >= 40 * 24, `${rows.length} settlements`)
    rows.forEach((row, index) => {
      if (index > 0) assert.equal(row.settled_at.getTime() - rows[index - 1]!.settled_at.getTime(), HOUR)
      assert.deepEqual([row.interval_hours, row.interval_source], [1, 'observed'])
    })
    const asked = exchange.requests.filter(({ path }) => path.includes('get_funding_rate_history'))
    assert.ok(asked.length <= 4, `${asked.length} questions`)
    const { rows: closes } = await t.db.query<{ n: number }>(
      `select count(*)::int as n from market_snapshot where instrument_id = $1 and source = 'backfill'`,
      [instrument.id]
    )
    assert.ok(closes[0]!.n >= 240, `${closes[0]!.n} hourly closes`)
  })
}

test('a currency that is refused leaves the others as they are, and its contracts as a gap with the reason', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, { adapters: [findAdapter('deribit')!] })
  const refusal = '{"jsonrpc":"2.0","error":{"message":"too_many_requests","code":10028},"testnet":false}'
  exchange.fault = (venue, path) =>
    venue === 'deribit' && path.includes('currency=ETH&kind=future')
      ? { kind: 'answer', status: 400, body: refusal }
      : undefined
  const outcome = await collect(line.deps, line.venues.deribit!, floorTo(systemClock.now(), 60_000))
  assert.ok(exchange.injected > 0)
  assert.equal(outcome?.isSuccess, true)
  const { rows } = await t.db.query<{ symbol: string; reason: string }>(
    `select i.symbol, g.reason from gap g join instrument i on i.id = g.instrument_id where g.venue_id = 'deribit'`
  )
  assert.ok(rows.length > 0 && rows.every(({ symbol }) => symbol.startsWith('ETH/USD:ETH')), JSON.stringify(rows))
  assert.ok(rows.every(({ reason }) => reason === 'rate_limited'))
  const { rows: venues } = await t.db.query<{ reason: string }>(
    `select state_reason as reason from venue where id = 'deribit'`
  )
  assert.match(venues[0]!.reason, /rate_limited/)
})
