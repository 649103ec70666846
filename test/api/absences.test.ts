import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { isPlain, nullsWithoutReason, reasonsOfValues } from '../support/nulls.ts'
import { NOW_MS, testApi } from './fixture.ts'
import { putBoard, sampleInputs } from './random-board.ts'
import { seedMarket } from './random-market.ts'

type Row = Record<string, unknown> & { absent: Record<string, string> }
const HOUR = 3_600_000
const DAY = 24 * HOUR

const answered = async (url: string, path: string): Promise<Row[]> => {
  const { body, status } = await request(url).get(path)
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
  return body.data
}

/** How many nulls there were; each with its reason, and no reason of what is there. */
function countNulls(rows: readonly Row[], label: string): number {
  for (const row of rows) {
    const name = `${label} ${row.instrument ?? row.short ?? row.venue}`
    assert.deepEqual(nullsWithoutReason(row, isPlain), [], `${name}: ${JSON.stringify(row)}`)
    assert.deepEqual(reasonsOfValues(row), [], `${name}: ${JSON.stringify(row)}`)
  }
  return rows.reduce((count, row) => count + Object.keys(row.absent).length, 0)
}

test('every null of the board and of funding has its reason, over REST and GraphQL, as made and after a part of it is too old', async () => {
  const all = sampleInputs(60, 9_000)
  await using api = await testApi({ seed: (db) => putBoard(db, all) })
  for (const afterMs of [0, 31_000, 900_000]) {
    api.clock.advance(afterMs)
    const basis = await answered(api.url, '/v1/basis?limit=1000')
    assert.equal(basis.length, all.length)
    const funding = await answered(api.url, '/v1/funding?limit=1000')
    assert.ok(countNulls(basis, 'basis') > 100 && countNulls(funding, 'funding') > 20)
    const fields = 'instrument basisApr fundingRate8h determined multiplier premiumBps absent'
    const { body } = await request(api.url)
      .post('/graphql')
      .send({ query: `{ basis(first: 100) { nodes { ${fields} } } }` })
    const told = new Map(basis.map((row) => [row.instrument, row]))
    for (const node of body.data.basis.nodes) {
      const row = told.get(node.instrument)!
      assert.deepEqual(node, Object.fromEntries(fields.split(' ').map((field) => [field, row[field]])))
    }
  }
})

test('every null of carries, spreads and curves has its reason, whatever is not known of the legs', async () => {
  await using api = await testApi({ seed: seedMarket })
  const refusals = new Set<unknown>()
  for (const afterMs of [0, 25_000, 700_000]) {
    api.clock.advance(afterMs)
    for (const query of [
      '',
      '&notional=1000&borrowApr=0.1&spotTaker=0',
      '&notional=9000000',
      '&horizonHours=1200&limit=60'
    ]) {
      const carries = await answered(api.url, `/v1/carry?asset=BTC${query}`)
      countNulls(carries, `carry${query}`)
      for (const { refusal } of carries) refusals.add(refusal)
    }
    const windows = ['', `&from=${NOW_MS - 3 * DAY}`, `&from=${NOW_MS - 300 * DAY}&to=${NOW_MS - 299 * DAY}`]
    for (const query of windows)
      countNulls(await answered(api.url, `/v1/funding/spreads?asset=BTC${query}`), `spreads${query}`)
    const curves = await answered(api.url, '/v1/term-structure?asset=BTC')
    countNulls(curves, 'curve')
    for (const path of ['history?venue=binance', 'rolled?venue=binance&settle=USDT']) {
      countNulls(await answered(api.url, `/v1/term-structure/${path}&asset=BTC`), path)
    }
    for (const { points, absent } of curves) {
      for (const point of points as Row[]) {
        const isTold = `points.${point.instrument}.realisedFundingApr` in absent
        assert.equal(isTold, point.kind === 'perpetual' && point.realisedFundingApr === null, String(point.instrument))
      }
    }
  }
  for (const refusal of [
    null,
    'stale',
    'missing_quote',
    'no_spot_leg',
    'near_expiry',
    'borrow_unknown',
    'book_too_thin'
  ]) {
    assert.ok(refusals.has(refusal), `no carry was ${refusal}: ${[...refusals]}`)
  }
})
