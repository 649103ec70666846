import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { realisedFunding } from '../../src/domain/funding.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { importJson, listStored } from './import-run.ts'

const HISTORY = fileURLToPath(new URL('../../../shared/data/history/', import.meta.url))
const AHA = `${HISTORY}aha-hh/all_exchanges.csv`
const skip = existsSync(AHA) ? false : 'the recorded histories in ../shared/data are not here'
const LONDON = ['--time-zone', 'Europe/London']

const prices = (instrument: string, where: string) => [
  ...[AHA, '--kind', 'prices', '--instrument', instrument, '--where', where, ...LONDON],
  ...['--columns', 'time=time,price=close', '--shift', '8h']
]
const funding = (instrument: string, where: string) => [
  ...[AHA, '--kind', 'funding', '--instrument', instrument, '--where', where, ...LONDON],
  ...['--columns', 'time=time,rate=funding rate']
]

async function meanBasis(db: Database, key: string): Promise<{ points: number; mean: number; hours: string }> {
  const { rows } = await db.query<{ points: number; mean: number; hours: string }>(
    `select count(*)::int as points, avg(basis_bps) as mean,
       string_agg(distinct extract(hour from tick_at)::text, ',') as hours
     from basis_snapshot b join instrument i on i.id = b.instrument_id and i.spot_id = b.spot_id
     where i.key = $1 and price_kind = 'last'`,
    [key]
  )
  return rows[0]!
}

const BASES = [
  ['binance', 'BTC', 'BTC/USDT', 'BTCUSDT', -1.212],
  ['binance', 'ETH', 'ETH/USDT', 'ETHUSDT', -0.968],
  ['okx', 'BTC', 'BTC/USDT', 'BTCUSDT', 0.814],
  ['bybit', 'BTC', 'BTC/USDT', 'BTCUSDT', -0.791]
] as const

test('recorded closes of both legs, in either order, give the known mean basis of every venue', { skip }, async () => {
  await using t = await testDatabase()
  for (const [index, [venue, base, spotPair, pair, mean]] of BASES.entries()) {
    const legs = [
      prices(`${venue}:${base}/USDT`, `exchange=${venue},pair=${spotPair},contract=spot`),
      prices(`${venue}:${base}/USDT:USDT`, `exchange=${venue},pair=${pair},contract=perpetual`)
    ]
    const [first, second] = index % 2 === 0 ? legs : legs.reverse()
    const { stored, refused, code } = await importJson(t.db, first!)
    assert.deepEqual({ stored, refused, code }, { stored: 1642, refused: 0, code: 0 })
    assert.equal((await importJson(t.db, second!)).bases, 1642)
    const found = await meanBasis(t.db, `${venue}:${base}/USDT:USDT`)
    assert.equal(found.points, 1642)
    assert.equal(found.hours, '0,16,8')
    assert.equal(Number(found.mean.toFixed(3)), mean, `${venue} ${base}`)
  }
})

test('an inverse contract takes the coin against another dollar as its spot leg', { skip }, async () => {
  await using t = await testDatabase()
  await importJson(t.db, prices('binance:BTC/USD:BTC', 'exchange=binance,pair=BTCUSDCM'))
  const report = await importJson(t.db, prices('binance:BTC/USDT', 'exchange=binance,pair=BTC/USDT'))
  assert.equal(report.bases, 1642)
  const { rows } = await t.db.query(
    `select distinct reasons, adjusted_basis_bps is null as unadjusted from basis_snapshot where grade <> 'none'`
  )
  assert.ok(rows.every(({ reasons }) => reasons.includes('fx_unadjusted') && reasons.includes('price_last')))
  const settled = await importJson(t.db, funding('binance:BTC/USD:BTC', 'exchange=binance,pair=BTCUSDCM'))
  assert.equal(settled.stored, 1642)
  assert.equal((await listStored(t.db, 'binance:BTC/USD:BTC'))[0]!.rate, '-0.00001609')
})

test('a second run of the same file stores nothing and derives nothing', { skip }, async () => {
  await using t = await testDatabase()
  const runs = [
    prices('binance:BTC/USDT', 'exchange=binance,pair=BTC/USDT'),
    prices('binance:BTC/USDT:USDT', 'exchange=binance,pair=BTCUSDT'),
    funding('binance:BTC/USDT:USDT', 'exchange=binance,pair=BTCUSDT')
  ]
  const state = async () =>
    (
      await t.db.query(
        `select (select md5(string_agg(s::text, '' order by instrument_id, settled_at, revision)) from settlement s) as settled,
           (select md5(string_agg(m::text, '' order by instrument_id, tick_at)) from market_snapshot m) as prices,
           (select md5(string_agg(b::text, '' order by instrument_id, tick_at)) from basis_snapshot b) as bases`
      )
    ).rows
  for (const run of runs) await importJson(t.db, run)
  const before = await state()
  for (const run of runs) {
    const { stored, duplicate, differs, refused, bases, code } = await importJson(t.db, run)
    assert.deepEqual(
      { stored, duplicate, differs, refused, bases, code },
      { stored: 0, duplicate: 1642, differs: 0, refused: 0, bases: 0, code: 0 }
    )
  }
  assert.deepEqual(await state(), before)
})

const REALISED = [
  ['binance', 0.078931],
  ['bybit', 0.089017],
  ['okx', 0.060282]
] as const

test('recorded settlements give the known realised funding of 2023', { skip }, async () => {
  await using t = await testDatabase()
  for (const [venue, apr] of REALISED) {
    const key = `${venue}:BTC/USDT:USDT`
    const report = await importJson(t.db, funding(key, `exchange=${venue},pair=BTCUSDT`))
    assert.deepEqual([report.matched, report.stored, report.refused], [1642, 1642, 0])
    const stored = await listStored(t.db, key)
    assert.ok(stored.every(({ settled_at }) => /T(00|08|16):00:00.000Z$/.test(settled_at)))
    const year = stored.filter(
      ({ settled_at }) => settled_at > '2023-01-01T00:00:00.000Z' && settled_at <= '2024-01-01T00:00:00.000Z'
    )
    assert.equal(year.length, 1095)
    const realised = realisedFunding(
      year.map(({ rate, interval_hours }) => ({ rate: Number(rate), intervalHours: interval_hours }))
    )
    assert.equal(Number(realised.apr!.toFixed(6)), apr, venue)
  }
})

test('the other recorded histories: a fixed offset in CSV, and decimal strings in a JSON array', { skip }, async () => {
  await using t = await testDatabase()
  const csv = await importJson(t.db, [
    `${HISTORY}supervik/BTC-USDT_kucoin_2021-01-01_2024-01-01_funding_history.csv`,
    ...['--kind', 'funding', '--instrument', 'kucoin:BTC/USDT:USDT', '--columns', 'time=Date,rate=Funding Rate'],
    ...['--time-zone', 'Etc/GMT-3']
  ])
  assert.equal(csv.stored, csv.read)
  const kucoin = await listStored(t.db, 'kucoin:BTC/USDT:USDT')
  assert.ok(kucoin.every(({ settled_at }) => /T(04|12|20):00/.test(settled_at)))
  const json = await importJson(t.db, [
    `${HISTORY}yuchengzhang966/hl_BTC_funding_rates.json`,
    ...['--kind', 'funding', '--instrument', 'hyperliquid:BTC/USDC:USDC', '--columns', 'rate=funding_rate']
  ])
  assert.equal(json.stored, 12_192)
  const hourly = await listStored(t.db, 'hyperliquid:BTC/USDC:USDC')
  assert.ok(hourly.every(({ interval_hours }) => interval_hours === 1))
  assert.equal(hourly[0]!.venue_time, '2024-01-01T00:00:00.151Z')
  assert.equal(hourly[0]!.settled_at, '2024-01-01T00:00:00.000Z')
})
