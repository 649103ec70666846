import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { standingOf } from '../../src/domain/aggregates.ts'
import { listFundingStandings } from '../../src/store/funding-standing.ts'
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
  // What has expired on the board is in no sum.
  api.clock.advance(40_000)
  const [later] = await aggregatesOf(api)
  assert.deepEqual([later.fundingApr.value, later.fundingApr.absent], [null, { value: 'not_observed' }])
})

test('standing in 90 days is that of the domain, of all contracts in one query, whatever was corrected and however intervals changed', async () => {
  const rate = fc.integer({ min: -3, max: 3 }).map((step) => String(step / 1e4))
  const settled = fc.record({ rate, intervalHours: fc.constantFrom(4, 8), corrected: fc.option(rate, { freq: 4 }) })
  const history = fc
    .constantFrom(1, 60, 95, 200, 300)
    .chain((length) => fc.array(settled, { minLength: length, maxLength: length, size: 'max' }))
    .map((rows) => rows.map((row, index) => ({ ...row, atMs: NOW_MS - (rows.length - 1 - index) * 8 * HOUR - HOUR })))
  const histories = fc.sample(history, { numRuns: 6, seed: 11 })
  await using api = await testApi({
    seed: async (db) => {
      for (const [index, rows] of histories.entries()) {
        const id = await insertInstrument(db, { key: key(`venue${index}`) })
        await insertSettlements(db, id, rows)
        const corrected = rows.flatMap((row) =>
          row.corrected === null ? [] : [{ ...row, rate: row.corrected, revision: 1 }]
        )
        await insertSettlements(db, id, corrected)
      }
      await insertInstrument(db, { key: key('silent') })
      const gone = await insertInstrument(db, { key: key('gone') })
      await insertSettlements(db, gone, [{ atMs: NOW_MS - 50 * HOUR, rate: '0.0001' }])
    }
  })
  const { rows: known } = await api.db.query<{ id: number; key: string }>('select id, key from instrument')
  const ids = known.map(({ id }) => id)
  const standings = await listFundingStandings(api.db, ids, { days: 90, nowMs: NOW_MS })
  for (const [index, rows] of histories.entries()) {
    const observed = rows.map(({ atMs, rate: paid, corrected, intervalHours }) => ({
      at: atMs,
      value: (Number(corrected ?? paid) * 8) / intervalHours
    }))
    const expected = standingOf(observed, 90)
    const found = standings.get(known.find((each) => each.key === key(`venue${index}`))!.id)!
    assert.deepEqual([found.observations, found.spanDays], [expected.observations, expected.spanDays])
    if (expected.percentile !== null) assert.ok(Math.abs(found.percentile - expected.percentile) < 1e-9)
    assert.equal(found.rate8h, observed.at(-1)!.value)
  }
  api.statements.length = 0
  const [btc] = await aggregatesOf(api)
  assert.equal(api.statements.filter((text) => text.includes('from settlement')).length, 1)
  const reasonOf = (venue: string) =>
    btc.fundingStandings.find(({ instrument }: { instrument: string }) => instrument === key(venue)).absent.percentile
  assert.deepEqual([reasonOf('silent'), reasonOf('gone')], ['no_recent_settlement', 'no_recent_settlement'])
  for (const [index, rows] of histories.entries()) {
    assert.equal(reasonOf(`venue${index}`), rows.length < 91 ? 'short_history' : undefined, `${rows.length}`)
  }
  assert.ok(histories.some(({ length }) => length > 275) && histories.some(({ length }) => length < 90))
})
