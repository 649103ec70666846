import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { readBoard } from '../../src/store/board.ts'
import { okx } from '../../src/venues/okx.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { openPast } from '../support/past.ts'

const OKX = { assets: ['BTC', 'ETH', 'PEPE', 'GALA', 'JTO', 'TRX'], adapters: [okx] }

test('swaps and dated contracts are on the board, for signals, with marks, indices, funding and open interest', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, OKX)
  const tickAt = floorTo(systemClock.now(), MINUTE)
  assert.deepEqual(await collect(line.deps, line.venues.okx!, tickAt), { isSuccess: true })
  // What is asked for once a minute comes with the sweep after.
  assert.deepEqual(await collect(line.deps, line.venues.okx!, tickAt + 10_000), { isSuccess: true })
  await derive(line.deps, 'okx', tickAt + 10_000)
  const rows = await readBoard(t.db)
  const row = (symbol: string) => rows.find(({ instrument }) => instrument === `okx:${symbol}`)!
  for (const each of rows) {
    const label = `${each.instrument} ${each.reasons.join()}`
    if (each.quote !== 'USD') assert.equal(each.grade, 'signal', label)
    assert.ok(Number(each.mark) > 0 && Number(each.index) > 0, label)
    assert.ok(Math.abs(Number(each.mark) / Number(each.index) - 1) < 0.05, label)
    assert.ok(Number(each.volume24hUsd) > 1_000, `${label} ${each.volume24hUsd}`)
    if (each.kind === 'future') continue
    assert.ok(Math.abs(each.basisBps!) < 200, `${label} ${each.basisBps}`)
    assert.deepEqual([each.fundingIntervalSource, each.fundingKind], ['declared', 'indicative'], label)
    assert.ok(each.cap! > 0 && each.floor === -each.cap!, label)
  }
  const hours = ['TRX', 'PEPE', 'JTO', 'GALA'].map((base) => row(`${base}/USDT:USDT`).fundingIntervalHours)
  assert.deepEqual(hours, [8, 8, 2, 1])
  assert.deepEqual([row('PEPE/USDT:USDT').multiplier, row('PEPE/USDT:USDT').spot], [1, 'okx:PEPE/USDT'])
  assert.ok(rows.filter(({ kind, settle }) => kind === 'future' && settle === 'USDT').length >= 8)
  assert.ok(row('BTC/USD:BTC') && row('BTC/USDC:USDC'))
})

for (const [symbol, hours] of [
  ['BTC/USDT:USDT', 8],
  ['BTC/USD:BTC', 8],
  ['PEPE/USDT:USDT', 8],
  ['JTO/USDT:USDT', 2],
  ['GALA/USDT:USDT', 1]
] as const) {
  test(`40 days of settlements of ${symbol} come in without a hole, each ${hours} h after the last`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, `okx:${symbol}`, OKX)
    await past.want('settlement', 40)
    assert.equal(await past.run(), true)
    const { rows } = await t.db.query<{ settled_at: Date; interval_hours: number; interval_source: string }>(
      'select settled_at, interval_hours, interval_source from settlement order by settled_at'
    )
    assert.ok(rows.length >= (40 * 24) / hours, `${rows.length} settlements`)
    for (const [index, row] of rows.entries()) {
      assert.deepEqual([row.interval_hours, row.interval_source], [hours, 'observed'])
      if (index > 0) assert.equal(row.settled_at.getTime() - rows[index - 1]!.settled_at.getTime(), hours * HOUR)
    }
    const pages = past.exchange.requests.filter(({ path }) => path.includes('funding-rate-history'))
    assert.ok(pages.length <= Math.ceil(rows.length / 98) + 3, `${pages.length} pages`)
  })
}

test('what OKX no longer keeps ends the search, and what it has is stored', async () => {
  await using t = await testDatabase()
  await using past = await openPast(t.db, 'okx:ETH/USDT:USDT', OKX)
  await past.want('settlement', 120)
  assert.equal(await past.run(), true)
  const { rows } = await t.db.query<{ n: number; state: string }>(
    'select (select count(*) from settlement) as n, state from backfill'
  )
  assert.equal(rows[0]!.state, 'done')
  assert.ok(rows[0]!.n >= 270 && rows[0]!.n <= 277, `${rows[0]!.n} settlements of three months`)
})

test('hourly closes of both legs, recent and older than the recent candles reach, make hourly bases', async () => {
  await using t = await testDatabase()
  const days = 70
  const listedBy = systemClock.now() - (days + 1) * DAY
  await using past = await openPast(
    t.db,
    ({ kind, base, quote, listedAt }) =>
      kind === 'future' && base === 'BTC' && quote === 'USDT' && listedAt !== null && listedAt < listedBy,
    OKX
  )
  await past.want('price_1h', days)
  await past.want('price_1h', days, past.instrument.spotId!)
  while (await past.run()) {}
  const { rows } = await t.db.query<{ n: number; kinds: string; worst: number }>(
    `select count(*) as n, string_agg(distinct price_kind, ',') as kinds, max(abs(basis_bps)) as worst from basis_snapshot`
  )
  assert.ok(rows[0]!.n >= days * 24, `${rows[0]!.n} hourly bases`)
  assert.deepEqual([rows[0]!.kinds, rows[0]!.worst < 500], ['last', true])
  const paths = past.exchange.requests.map(({ path }) => path)
  assert.ok(
    paths.some((path) => path.includes('/market/candles')) && paths.some((path) => path.includes('/history-candles'))
  )
})
