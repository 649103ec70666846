import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { movementOf } from '../../src/domain/aggregates.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { moveDue } from '../../src/jobs/movements.ts'
import type { Database } from '../../src/store/database.ts'
import { insertInstrument, NOW_MS, type TestApi, testApi } from '../api/fixture.ts'
import { buildTo, type Hour, rollUp } from '../support/rolled-up.ts'

async function moveAll({ db, clock }: Pick<TestApi, 'db' | 'clock'>): Promise<number> {
  let moved = 0
  for (let more = 1; more > 0; moved += more) more = await moveDue({ db, clock })
  return moved
}

/** A basis that is drawn back to 3 bps, with a hole and an hour that nobody vouches for. */
const hoursOf = (count: number): Hour[] =>
  Array.from({ length: count }, (_, n) => ({
    start: NOW_MS - (count - n) * HOUR,
    close: 3 + Math.sin(n * n) * 2 ** -(n % 5)
  }))
    .filter((_, n) => n !== 50)
    .map((hour, n) => (n === 80 ? { ...hour, grade: 'none', close: 900 } : hour))

test('volatility and half-life are those of the hours that the history shows, and follow them', async () => {
  await using api = await testApi()
  const { db } = api
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const perp = await insertInstrument(db, { key: 'binance:BTC/USDT:USDT', spotId: spot })
  const few = await insertInstrument(db, { key: 'bybit:BTC/USDT:USDT', spotId: spot })
  await insertInstrument(db, { key: 'okx:BTC/USDT:USDT' })
  const hours = hoursOf(200)
  await rollUp(db, perp, spot, hours)
  await rollUp(db, few, spot, hours.slice(-20))
  // Two grades in one hour: the later basis is its last.
  await rollUp(db, perp, spot, [{ start: NOW_MS - HOUR, close: 7, grade: 'display', minute: 60 }])
  await buildTo(db, NOW_MS)
  const rowsOf = async (query = '?sort=-volatilityPerDayBps') =>
    (await request(api.url).get(`/v1/basis/movement${query}`)).body.data
  const [before] = await rowsOf('?instrument=binance:BTC/USDT:USDT')
  assert.equal(before.absent.volatilityPerDayBps, 'not_looked_at_yet')
  assert.equal(await moveAll(api), 2, 'a contract without a spot leg has no basis')
  assert.equal(await moveAll(api), 0, 'no hour was rolled up since')

  const [first, ...others] = await rowsOf()
  const { body } = await request(api.url).get(
    `/v1/basis/history?instrument=binance:BTC/USDT:USDT&resolution=1h&minGrade=display&limit=5000&from=${NOW_MS - 30 * DAY}&to=${NOW_MS}`
  )
  const shown = body.data
    .filter(({ close }: { close: number | null }) => close !== null)
    .map(({ start, close }: { start: string; close: number }) => ({ at: Date.parse(start), value: close }))
  assert.equal(shown.length, 198)
  const expected = movementOf(shown, HOUR)
  assert.ok(expected.perDay !== null)
  assert.deepEqual(
    [first.instrument, first.volatilityPerHourBps, first.volatilityPerDayBps, first.persistence, first.pairs],
    ['binance:BTC/USDT:USDT', expected.perStep, expected.perDay, expected.persistence, expected.pairs]
  )
  assert.deepEqual([first.hours, first.coverage, first.spot], [198, 198 / 720, 'binance:BTC/USDT'])
  assert.equal(first.pairs, 195, 'a hole is jumped over')
  const reasonOf = (venue: string) => others.find((row: { venue: string }) => row.venue === venue).absent
  assert.equal(reasonOf('bybit').volatilityPerDayBps, 'short_history')
  assert.equal(reasonOf('okx').volatilityPerDayBps, 'no_spot_leg')

  api.clock.advance(HOUR)
  await rollUp(db, perp, spot, [{ start: NOW_MS, close: 40 }])
  await buildTo(db, NOW_MS + HOUR)
  assert.equal(await moveAll(api), 2)
  const [later] = await rowsOf()
  assert.ok(later.volatilityPerDayBps > first.volatilityPerDayBps && later.hours === 199)
  api.clock.advance(4 * HOUR)
  const [stale] = await rowsOf('?instrument=binance:BTC/USDT:USDT')
  assert.deepEqual([stale.volatilityPerDayBps, stale.absent.volatilityPerDayBps], [null, 'stale'])
})

test('several instances look once at each, and another spot leg is looked at anew', async () => {
  await using api = await testApi()
  const { db, clock } = api
  const [spot, other] = [
    await insertInstrument(db, { key: 'binance:BTC/USDT' }),
    await insertInstrument(db, { key: 'kraken:BTC/USD' })
  ]
  const ids: number[] = []
  for (let n = 0; n < 120; n += 1) {
    ids.push(await insertInstrument(db, { key: `venue${n}:BTC/USDT:USDT`, spotId: spot }))
  }
  await rollUp(db, ids[0]!, other, hoursOf(100))
  await buildTo(db, NOW_MS)
  const dying: Database = {
    ...db,
    transaction: (work) =>
      db.transaction(async (client) => {
        await work(client)
        throw new Error('killed before the commit')
      })
  }
  await assert.rejects(moveDue({ db: dying, clock }), /killed/)
  let moved = 0
  // Who finds another at work does nothing, and comes again.
  while (moved < ids.length) {
    const counts = await Promise.all([1, 2, 3].map(() => moveDue(api)))
    const working = counts.filter((count) => count > 0)
    assert.ok(working.length > 0)
    moved += working.reduce((sum, count) => sum + count, 0)
  }
  assert.equal(moved, ids.length)
  await db.query('update instrument set spot_id = $1 where id = $2', [other, ids[0]])
  api.clock.advance(6_000)
  const rowOf = async () =>
    (await request(api.url).get('/v1/basis/movement?instrument=venue0:BTC/USDT:USDT')).body.data[0]
  assert.equal((await rowOf()).absent.pairs, 'not_looked_at_yet', 'another leg is another series')
  assert.equal(await moveAll(api), 1)
  assert.equal((await rowOf()).spot, 'kraken:BTC/USD')
})
