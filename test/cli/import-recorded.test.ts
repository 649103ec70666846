import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ask, openAsk } from '../../scripts/report/ask.ts'
import { follow } from '../../scripts/report/open.ts'
import { argumentsOf } from '../../scripts/report/recorded.ts'
import { realisedFunding } from '../../src/domain/funding.ts'
import type { Database } from '../../src/store/database.ts'
import { testApi } from '../api/fixture.ts'
import { silentLog } from '../support/line.ts'
import { fileFolder, importJson, listStored } from './import-run.ts'
import { type FileOf, type Imported, importRecorded, openCutter, RECORDED, skip } from './recorded.ts'
import { checkGaps } from './recorded-gaps.ts'
import { checkLayerOne, checkReport, checkStandings } from './report-figures.ts'

test('every recorded history comes in with its traps, and the API tells what it paid and what it lacks', {
  skip,
  timeout: 600_000
}, async (t) => {
  await using api = await testApi()
  const { db } = api
  const ask = openAsk(api.url)
  await using folder = await fileFolder()
  const fileOf = await openCutter(folder)
  const imported = await importRecorded(db, fileOf)
  // Binance's linear contracts come from three of the files and Bybit's from two, and they agree to the last digit.
  const lost = imported.filter(
    ({ report: { stored, duplicate, refused, differs, matched } }) =>
      stored + duplicate !== matched || refused + differs > 0
  )
  assert.deepEqual(lost, [], 'every row is usable, and none has another value than another file')
  const settled = new Set(imported.flatMap(({ kind, instrument }) => (kind === 'funding' ? [instrument] : [])))
  await t.test('the ledger names every hole and every irregular interval, and no other', () => checkGaps(ask, settled))
  await t.test('what a year paid is what was published of it', () => checkYears(ask))
  await t.test('every stamp becomes the full hour at which the venue settles', () => checkHours(db, settled))
  await t.test('closes of both legs, in either order, give the known mean basis of every venue', () =>
    checkBases(db, imported)
  )
  await t.test('an inverse contract takes the coin against another dollar as its spot leg', () => checkInverse(db))
  await t.test('settlements give the known realised funding of 2023', () => checkRealised(db, imported))
  await t.test('a fixed offset in CSV, and decimal strings in a JSON array', () => checkOthers(db, imported))
  await follow(db, silentLog)
  await t.test('the report’s figures come out of the API again', () => checkReport(ask))
  await t.test('… and so do percentiles of funding over 30, 90 and 365 days', () => checkStandings(ask, api))
  await t.test('layer 1 of what is recorded adds up to the last digit', () => checkLayerOne(ask))
  await t.test('a second run of the same file stores nothing and derives nothing', () => checkAgain(db, fileOf))
})

/** London's clocks and those three hours ahead of UTC leave no trace: what is off its venue's hours is an irregular interval. */
async function checkHours(db: Database, settled: ReadonlySet<string>) {
  const { rows } = await db.query<{ key: string; hours: number[]; intervals: number[]; off: number }>(
    `select key, array_agg(distinct hour order by hour) filter (where not is_odd) as hours,
       array_agg(distinct interval_hours) as intervals, count(*) filter (where is_odd)::int as off
     from (
       select key, interval_hours, extract(hour from settled_at at time zone 'UTC')::int as hour,
         exists (select from gap g where g.instrument_id = i.id and reason = 'irregular_interval' and g.to_at = settled_at
           and not exists (select from gap n where n.instrument_id = i.id and n.reason = g.reason and n.to_at = g.from_at)) as is_odd
       from settlement s join instrument i on i.id = s.instrument_id
     ) s group by key`
  )
  const every = Array.from({ length: 24 }, (_, hour) => hour)
  assert.deepEqual(new Set(rows.map(({ key }) => key)), settled)
  for (const { key, ...found } of rows) {
    const [venue] = key.split(':')
    const isHourly = venue === 'dydx' || venue === 'hyperliquid'
    const hours = isHourly ? every : venue === 'kucoin' ? [4, 12, 20] : [0, 8, 16]
    assert.deepEqual(found, { hours, intervals: [isHourly ? 1 : 8], off: venue === 'htx' ? 7 : 0 }, key)
  }
}

const PUBLISHED = [
  [2022, 4.16, 0.79],
  [2023, 7.87, 8.26],
  [2024, 11.92, 12.96]
] as const

async function checkYears(ask: Ask) {
  for (const [year, ...published] of PUBLISHED) {
    // Published of the settlements of a calendar year; a window of ours has its end and not its beginning.
    const [from, to] = [year, year + 1].map((each) => new Date(Date.UTC(each, 0) - 1).toISOString())
    for (const [index, base] of ['BTC', 'ETH'].entries()) {
      const query = { instrument: `binance:${base}/USDT:USDT`, from: from!, to: to! }
      const paid = await ask<{ realisedApr: number; settlements: number; coverage: number }>(
        '/v1/funding/realised',
        query
      )
      assert.equal(Number((paid.realisedApr * 100).toFixed(2)), published[index], `${base} ${year}`)
      assert.deepEqual([paid.settlements, paid.coverage], [year === 2024 ? 1_098 : 1_095, 1])
    }
  }
}

const CLOSES = 1_642

const BASES = [
  ['binance:BTC/USDT:USDT', -1.212],
  ['binance:ETH/USDT:USDT', -0.968],
  ['okx:BTC/USDT:USDT', 0.814],
  ['bybit:BTC/USDT:USDT', -0.791]
] as const

async function checkBases(db: Database, imported: readonly Imported[]) {
  for (const { instrument, report } of imported.filter(({ kind }) => kind === 'prices')) {
    const { stored, refused, bases, code } = report
    const expected = { stored: CLOSES, refused: 0, bases: basesOf(instrument), code: 0 }
    assert.deepEqual({ stored, refused, bases, code }, expected, instrument)
  }
  for (const [key, mean] of BASES) {
    const found = await meanBasis(db, key)
    assert.equal(found.points, CLOSES)
    assert.equal(found.hours, '0,16,8')
    assert.equal(Number(found.mean.toFixed(3)), mean, key)
  }
}

/** Bitcoin's coin comes before its two contracts, Ether's after them; until it does, Binance's is their spot leg. */
function basesOf(instrument: string): number {
  const isSpot = instrument.endsWith('/USDT')
  if (instrument.includes('BTC')) return isSpot ? 0 : CLOSES
  return isSpot ? 2 * CLOSES : instrument.startsWith('binance') ? 0 : CLOSES
}

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

async function checkInverse(db: Database) {
  const { rows } = await db.query(
    `select distinct spot.key as spot, reasons, adjusted_basis_bps is null as unadjusted
     from basis_snapshot b join instrument i on i.id = b.instrument_id join instrument spot on spot.id = b.spot_id
     where i.key = 'binance:BTC/USD:BTC' and grade <> 'none'`
  )
  assert.ok(rows.length > 0)
  for (const { spot, reasons, unadjusted } of rows) {
    assert.equal(spot, 'binance:BTC/USDT')
    assert.ok(unadjusted && reasons.includes('fx_unadjusted') && reasons.includes('price_last'))
  }
  const settled = await listStored(db, 'binance:BTC/USD:BTC')
  assert.equal(settled.length, CLOSES)
  assert.equal(settled[0]!.rate, '-0.00001609')
}

const REALISED = [
  ['binance', 0.078931],
  ['bybit', 0.089017],
  ['okx', 0.060282]
] as const

async function checkRealised(db: Database, imported: readonly Imported[]) {
  for (const [venue, apr] of REALISED) {
    const key = `${venue}:BTC/USDT:USDT`
    const { report } = imported.find(({ instrument, kind }) => instrument === key && kind === 'funding')!
    assert.deepEqual([report.matched, report.stored, report.refused], [CLOSES, CLOSES, 0])
    const stored = await listStored(db, key)
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
}

async function checkOthers(db: Database, imported: readonly Imported[]) {
  const reportOf = (key: string) => imported.find(({ instrument }) => instrument === key)!.report
  const csv = reportOf('kucoin:BTC/USDT:USDT')
  assert.equal(csv.stored, csv.read)
  const kucoin = await listStored(db, 'kucoin:BTC/USDT:USDT')
  assert.ok(kucoin.every(({ settled_at }) => /T(04|12|20):00/.test(settled_at)))
  assert.equal(reportOf('hyperliquid:BTC/USDC:USDC').stored, 12_192)
  const hourly = await listStored(db, 'hyperliquid:BTC/USDC:USDC')
  assert.ok(hourly.every(({ interval_hours }) => interval_hours === 1))
  assert.equal(hourly[0]!.venue_time, '2024-01-01T00:00:00.151Z')
  assert.equal(hourly[0]!.settled_at, '2024-01-01T00:00:00.000Z')
}

async function checkAgain(db: Database, fileOf: FileOf) {
  const wanted = ['binance:BTC/USDT prices', 'binance:BTC/USDT:USDT prices', 'binance:BTC/USDT:USDT funding']
  const runs = wanted.map((name) => RECORDED.find(({ instrument, kind }) => `${instrument} ${kind}` === name)!)
  const state = async () =>
    (
      await db.query(
        `select (select md5(string_agg(s::text, '' order by instrument_id, settled_at, revision)) from settlement s) as settled,
           (select md5(string_agg(m::text, '' order by instrument_id, tick_at)) from market_snapshot m) as prices,
           (select md5(string_agg(b::text, '' order by instrument_id, tick_at)) from basis_snapshot b) as bases`
      )
    ).rows
  const before = await state()
  for (const run of runs) {
    const { stored, duplicate, differs, refused, bases, code } = await importJson(
      db,
      argumentsOf({ ...run, file: await fileOf(run) })
    )
    assert.deepEqual(
      { stored, duplicate, differs, refused, bases, code },
      { stored: 0, duplicate: CLOSES, differs: 0, refused: 0, bases: 0, code: 0 }
    )
  }
  assert.deepEqual(await state(), before)
}
