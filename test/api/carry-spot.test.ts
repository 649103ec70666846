import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { remade } from '../support/remade.ts'
import { observeDepth, observeQuote, observeSizes } from '../support/sizes.ts'
import { DEEP, HOUR, PERP, quoteAt, SPOT, seed } from './carry-market.ts'
import { insertBasis, insertInstrument, NOW_MS, testApi } from './fixture.ts'

const DAY = 24 * HOUR
const FAR = 'bybit:BTC/USDT'
const DOLLARS = 'kraken:BTC/USD'
const TENTHS = 'okx:DECIBTC/USDT'
const ETHER = 'bybit:ETH/USDT'
const AT_MS = NOW_MS - 3 * HOUR

/** A perpetual with its own leg, and spots of the same coin elsewhere: dearer, in dollars, by tenths. */
async function seedVenues(db: Database) {
  const { spot, perp } = await seed(db)
  const far = await insertInstrument(db, { key: FAR })
  const dollars = await insertInstrument(db, { key: DOLLARS })
  const tenths = await insertInstrument(db, { key: TENTHS, asset: 'BTC', multiplier: '0.1' })
  const pair = await insertInstrument(db, { key: 'kraken:USDT/USD' })
  await insertInstrument(db, { key: ETHER })
  for (const id of [far, dollars]) {
    await observeDepth(db, id, DEEP)
    await observeQuote(db, id, { bid: '64099', ask: '64101', bidSize: '2', askSize: '2' })
  }
  await observeQuote(db, tenths, { bid: '6409.9', ask: '6410.1', bidSize: '20', askSize: '20' })
  await observeQuote(db, pair, { bid: '0.9989', ask: '0.9991' })
  await observeSizes(db, far, {})
  await quoteAt(db, { spot, perp }, AT_MS - 30_000)
  await quoteAt(db, { spot: far, perp: tenths }, AT_MS - 30_000)
  await insertBasis(db, perp, spot, daysOf(4))
  return { perp, far }
}
const daysOf = (step: number) => {
  const today = Math.floor(NOW_MS / DAY) * DAY
  return Array.from({ length: 20 }, (_, day) => ({
    atMs: today - (day + 1) * DAY + HOUR,
    basisBps: (day % 3) * step
  }))
}

const ask = (api: { url: string }, query: object) => request(api.url).get('/v1/carry').query(query)

test('a contract is carried against the spot that the caller names: prices, fees, currency, multiplier, past and credit are that pair’s', async () => {
  let ids = { perp: 0, far: 0 }
  await using api = await testApi({
    seed: async (db) => {
      ids = await seedVenues(db)
    }
  })
  const carryOf = async (query: object) => {
    const { body, status } = await ask(api, { instrument: PERP, direction: 'forward', ...query })
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(body.data.length, 1)
    return body.data[0]
  }
  const [own, named, far] = [await carryOf({}), await carryOf({ spot: SPOT }), await carryOf({ spot: FAR })]
  assert.deepEqual(named, own, 'its own leg by name is its own leg')
  assert.deepEqual([own.risks.isCrossVenue, own.risks.venues], [false, ['binance']])
  assert.deepEqual([far.spot, far.venue, far.refusal], [FAR, 'binance', null])
  assert.deepEqual([far.risks.isCrossVenue, far.risks.venues], [true, ['binance', 'bybit']])
  assert.deepEqual([own.entry.spotVwap, far.entry.spotVwap], ['64001', '64101'])
  assert.ok(Math.abs(far.entry.entryBasisBps - 10_000 * (64_019 / 64_101 - 1)) < 1e-9)
  assert.match(far.fees.sources.join(), /bybit:.*binance:/)
  // What is traded of its own leg is not known.
  assert.deepEqual([own.capacity.volumeLimit, far.capacity.volumeLimit], [null, 12_800])
  assert.ok(own.fair.sigmaBps > 0)
  assert.deepEqual([far.fair.sigmaBps, far.absent['fair.sigmaBps']], [null, 'short_history'])
  await insertBasis(api.db, ids.perp, ids.far, daysOf(8))
  const observed = await carryOf({ spot: FAR })
  assert.ok(Math.abs(observed.fair.sigmaBps - 2 * own.fair.sigmaBps) < 1e-9)
  assert.equal((await carryOf({})).fair.sigmaBps, own.fair.sigmaBps)

  const tenths = await carryOf({ spot: TENTHS })
  assert.ok(Math.abs(tenths.entry.midBasisBps - far.entry.midBasisBps) < 1e-9, 'ten of them are one')
  const dollars = await carryOf({ spot: DOLLARS })
  assert.ok(Math.abs(dollars.entry.midBasisBps - far.entry.midBasisBps + 10) < 0.1, 'a dollar is more than a tether')
  assert.deepEqual(dollars.risks.stablecoins, ['USDT'])

  const then = await carryOf({ spot: FAR, at: AT_MS })
  assert.deepEqual([then.spot, then.entry.spotVwap, then.ageMs], [FAR, '50001', 30_000])

  const explained = []
  for (const at of [undefined, AT_MS])
    for (const metric of ['entryBasisBps', 'midBasisBps', 'netFrac', 'fairUpperBps', 'adverseNetFrac', 'spotTaker']) {
      const query = { metric: `carry.${metric}`, instrument: PERP, spot: FAR, ...(at === undefined ? {} : { at }) }
      const { body, status } = await request(api.url).get('/v1/explain').query(query)
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual([body.data.spot, body.data.recomputed], [FAR, body.data.value])
      if (metric === 'netFrac') assert.equal(body.data.value, (at === undefined ? observed : then).netFrac)
      explained.push(body.data)
    }
  assert.deepEqual(
    remade(explained),
    explained.map(({ value }) => value)
  )

  const nodes = 'nodes { spot netFrac risks { isCrossVenue venues } }'
  const query = `{ carry(instrument: ["${PERP}"], spot: "${FAR}", direction: "forward") { ${nodes} } }`
  const { body } = await request(api.url).post('/graphql').send({ query })
  const { isCrossVenue, venues } = observed.risks
  assert.deepEqual(body.data?.carry.nodes, [{ spot: FAR, netFrac: observed.netFrac, risks: { isCrossVenue, venues } }])
})

test('a spot leg that cannot be one is refused by name: of another coin, no spot, not known, of no one contract', async () => {
  await using api = await testApi({ seed: seedVenues })
  const refused = async (path: string, query: object) => {
    const { body, status } = await request(api.url).get(path).query(query)
    return [status, body.code, body.errors?.[0]?.path ?? body.detail?.split(':')[0]]
  }
  const wrong = (field: string) => [400, 'invalid_parameter', field]
  const ofCarry = (query: object) => refused('/v1/carry', query)
  assert.deepEqual(await ofCarry({ instrument: PERP, spot: ETHER }), wrong('spot'))
  assert.deepEqual(await ofCarry({ instrument: PERP, spot: PERP }), wrong('spot'))
  assert.deepEqual(await ofCarry({ instrument: PERP, spot: 'a,b' }), wrong('spot'))
  assert.deepEqual(await ofCarry({ instrument: PERP, spot: 'bybit:BTC/NOPE' }), [404, 'unknown_instrument', 'spot'])
  assert.deepEqual(await ofCarry({ asset: 'BTC', spot: FAR }), wrong('spot'))
  assert.deepEqual(await ofCarry({ instrument: `${PERP},${SPOT}`, spot: FAR }), wrong('spot'))
  assert.deepEqual(await ofCarry({ instrument: SPOT, spot: FAR }), wrong('instrument'))
  const ofExplain = (metric: string, query: object = {}) =>
    refused('/v1/explain', { metric, instrument: PERP, spot: FAR, ...query })
  assert.deepEqual(await ofExplain('carry.netFrac', { spot: ETHER }), wrong('spot'))
  for (const metric of ['basisBps', 'depth.mid', 'signals.value'])
    assert.deepEqual(await ofExplain(metric), wrong('spot'), metric)
})
