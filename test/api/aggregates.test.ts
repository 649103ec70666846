import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { rankDue } from '../../src/jobs/standings.ts'
import { markStanding } from '../../src/store/funding-standing.ts'
import { boardRow, insertInstrument, insertSettlements, NOW_MS, putOnBoard, testApi } from './fixture.ts'

const HOUR = 3_600_000
const key = (venue: string, asset = 'BTC') => `${venue}:${asset}/USDT:USDT`

const aggregatesOf = async (api: { url: string }, query = '?asset=BTC') =>
  (await request(api.url).get(`/v1/aggregates${query}`)).body.data

test('funding and basis of an asset are weighed by open interest, and say of how much of it they are', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const rows = [
        { venue: 'binance', fundingApr: 0.1, adjustedBasisBps: 4, openInterestUsd: '3000000' },
        { venue: 'bybit', fundingApr: 0.3, adjustedBasisBps: 8, openInterestUsd: '1000000', grade: 'none' as const },
        { venue: 'okx', fundingApr: null, adjustedBasisBps: null, openInterestUsd: '1000000' },
        { venue: 'kraken', fundingApr: 0.9, adjustedBasisBps: 90, openInterestUsd: null }
      ]
      for (const { venue, ...fields } of rows) await putOnBoard(db, boardRow({ instrument: key(venue), ...fields }))
      await putOnBoard(db, boardRow({ instrument: key('okx', 'ETH'), asset: 'ETH', openInterestUsd: null }))
    }
  })
  const [btc] = await aggregatesOf(api)
  const { value, ...funding } = btc.fundingApr
  assert.ok(Math.abs(value - 0.15) < 1e-12, JSON.stringify(btc.fundingApr))
  assert.deepEqual(funding, { counted: 2, of: 4, openInterestUsd: 4e6, coverage: 0.8, withoutWeight: 1, absent: {} })
  // A basis without a grade is none.
  assert.deepEqual([btc.adjustedBasisBps.value, btc.adjustedBasisBps.coverage], [4, 0.6])
  const [eth] = await aggregatesOf(api, '?asset=ETH')
  assert.deepEqual(
    [eth.fundingApr.value, eth.fundingApr.absent],
    [null, { coverage: 'no_open_interest', value: 'no_open_interest' }]
  )
  assert.deepEqual(
    [btc.basisVolatilityPerDayBps.value, btc.basisVolatilityPerDayBps.absent],
    [null, { value: 'no_history' }],
    'nobody has looked'
  )
  // What has expired on the board is in no sum.
  api.clock.advance(40_000)
  const [later] = await aggregatesOf(api)
  assert.deepEqual([later.fundingApr.value, later.fundingApr.absent], [null, { value: 'not_observed' }])
})

test('each perpetual of an asset shows where its funding stands, of all of them in one query, or why it does not', async () => {
  await using api = await testApi({
    seed: async (db) => {
      for (const [venue, rows] of Object.entries({ long: 300, short: 60, silent: 0 })) {
        const id = await insertInstrument(db, { key: key(venue) })
        const settled = Array.from({ length: rows }, (_, n) => ({
          atMs: NOW_MS - n * 8 * HOUR,
          rate: `0.000${n % 10}`
        }))
        await insertSettlements(db, id, settled)
        if (rows > 0) await markStanding(db, id)
      }
    }
  })
  const shown = async () => {
    const [btc] = await aggregatesOf(api)
    return Object.fromEntries(
      btc.fundingStandings.map((row: { venue: string; percentile90d: number | null; absent: object }) => [
        row.venue,
        row
      ])
    )
  }
  const before = await shown()
  assert.equal(before.long.absent.percentile90d, 'not_ranked_yet')
  assert.equal(before.silent.absent.percentile90d, 'no_settlements')
  await rankDue(api)
  api.statements.length = 0
  const { long, short } = await shown()
  assert.equal(api.statements.filter((text) => /from (settlement|funding_standing)/.test(text)).length, 1)
  assert.deepEqual([long.rate, long.intervalHours, long.intervalSource, long.apr], [0, 8, 'declared', 0])
  assert.deepEqual([long.percentile90d, long.settlements90d, long.coverage90d], [5, 270, 1])
  assert.deepEqual([long.percentile365d, long.absent], [null, everyWindow(365, 'short_history')])
  assert.deepEqual([short.percentile90d, short.absent.percentile90d, short.settlements90d], [null, 'short_history', 60])
  const assumed = await api.db.query<{ id: number }>(
    `update settlement s set interval_source = 'assumed' from instrument i
     where i.id = s.instrument_id and i.venue_id = 'short' and s.settled_at = $1 returning i.id`,
    [new Date(NOW_MS)]
  )
  await markStanding(api.db, assumed.rows[0]!.id)
  await rankDue(api)
  const unranked = (await shown()).short
  assert.deepEqual([unranked.rate, unranked.percentile30d, unranked.settledAt], [null, null, long.settledAt])
  assert.deepEqual([unranked.absent.rate, unranked.absent.percentile30d], ['interval_unknown', 'interval_unknown'])
  api.clock.advance(24 * HOUR)
  assert.equal((await shown()).long.rate, 0, 'three intervals are not too many')
  api.clock.advance(1)
  const later = await shown()
  assert.deepEqual([later.long.rate, later.long.percentile90d], [null, null], 'what is old is nobody’s newest')
  assert.equal(later.long.absent.percentile90d, 'no_recent_settlement')
  assert.equal(later.long.settledAt, new Date(NOW_MS).toISOString())
  await api.db.query(
    `insert into market_latest (instrument_id, tick_at, funding_interval_hours, funding_interval_source)
     select id, now(), 24, 'declared' from instrument where venue_id = 'long'`
  )
  assert.equal((await shown()).long.percentile90d, 5, 'the next one may be a longer interval’s')
  assert.equal((await shown()).short.absent.rate, 'interval_unknown')
  api.clock.advance(48 * HOUR)
  assert.equal((await shown()).short.absent.rate, 'no_recent_settlement')
})

test('a perpetual that was only imported is there where its venue or asset is asked for, and says that it was', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await putOnBoard(db, boardRow({ instrument: key('binance'), openInterestUsd: '3000000' }))
      const id = await insertInstrument(db, { key: key('filed') })
      await db.query(`update instrument set tracked = false, source = 'import', status = 'unknown' where id = $1`, [id])
      const settled = Array.from({ length: 300 }, (_, n) => ({ atMs: NOW_MS - n * 8 * HOUR, rate: `0.000${n % 10}` }))
      await insertSettlements(db, id, settled)
      await markStanding(db, id)
    }
  })
  await rankDue(api)
  type Row = { venue: string; reasons: string[]; absent: object }
  for (const path of ['funding/standings', 'funding/trailing']) {
    const rowsOf = async (query: string): Promise<Row[]> =>
      (await request(api.url).get(`/v1/${path}${query}`).expect(200)).body.data
    const [filed, ...others] = await rowsOf('?venue=filed')
    assert.deepEqual([filed!.venue, filed!.reasons, others], ['filed', ['only_imported'], []], path)
    const ofAsset = await rowsOf('?asset=BTC')
    assert.deepEqual(ofAsset.map(({ venue, reasons }) => [venue, reasons]).sort(), [
      ['binance', []],
      ['filed', ['only_imported']]
    ])
    assert.deepEqual(
      (await rowsOf('')).map(({ venue }) => venue),
      ['binance'],
      'nobody follows it'
    )
  }
  // An aggregate is of what is there now, however it is asked for.
  const gone = await insertInstrument(api.db, { key: key('gone') })
  await api.db.query('update instrument set delisted_at = $2 where id = $1', [gone, new Date(NOW_MS - HOUR)])
  api.clock.advance(6_000)
  for (const query of ['?asset=BTC', '']) {
    const [btc] = await aggregatesOf(api, query)
    assert.deepEqual(
      btc.fundingStandings.map((row: Row) => row.venue),
      ['binance'],
      query
    )
    assert.equal(btc.fundingApr.of, 1)
  }
  const explained = { metric: 'aggregates.fundingApr', instrument: key('filed') }
  const { body } = await request(api.url).get('/v1/explain').query(explained)
  assert.deepEqual(
    body.data.rows.contracts.map(({ instrument }: { instrument: string }) => instrument),
    [key('binance')]
  )
})

const everyWindow = (days: number, reason: string) => ({
  [`percentile${days}d`]: reason,
  [`z${days}d`]: reason,
  [`zMethod${days}d`]: reason
})

test('the share of an asset’s contracts that are rich is of those that could be placed; who is cheap takes a borrow rate', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const at = (adjustedBasisBps: number) => ({
        adjustedBasisBps,
        basisBps: adjustedBasisBps,
        carryEntryBps: adjustedBasisBps - 1,
        reverseEntryBps: adjustedBasisBps + 1
      })
      for (const [venue, fields] of Object.entries({
        binance: at(80),
        bybit: at(0),
        okx: at(-90),
        kraken: { ...at(80), grade: 'none' as const }
      })) {
        await putOnBoard(db, boardRow({ instrument: key(venue), ...fields }))
      }
      const id = await insertInstrument(db, { key: key('deribit') })
      assert.ok(id > 0)
    }
  })
  const [unborrowed] = await aggregatesOf(api)
  const { rich, cheap, inside, upperKnown, lowerKnown, of, absent } = unborrowed.breadth
  assert.deepEqual([rich, upperKnown, of], [1 / 3, 3, 5])
  assert.deepEqual([cheap, inside, lowerKnown], [null, null, 0])
  assert.deepEqual(absent, { cheap: 'borrow_unknown', inside: 'borrow_unknown' })
  const [borrowed] = await aggregatesOf(api, '?asset=BTC&borrowApr=0.05')
  const shares = [borrowed.breadth.rich, borrowed.breadth.cheap, borrowed.breadth.inside, borrowed.breadth.absent]
  assert.deepEqual(shares, [1 / 3, 1 / 3, 1 / 3, {}])
  const [dear] = await aggregatesOf(api, '?asset=BTC&borrowApr=20')
  assert.equal(dear.breadth.cheap, 0, 'what costs that much to borrow is not cheap')
  const { body, status } = await request(api.url).get('/v1/aggregates?borrowApr=NaN&feeTier=vip99')
  assert.equal(status, 400)
  assert.deepEqual(
    body.errors.map(({ path }: { path: string }) => path),
    ['feeTier', 'borrowApr']
  )
})
