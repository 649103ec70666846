import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { pollFlow } from '../../src/jobs/flow.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'

const never = new AbortController().signal
const FLOW = { contracts: 4, everyMs: 300_000 }

test('accounts and taker flow of the largest perpetuals are kept where venues publish them', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange)
  const tickAt = floorTo(systemClock.now(), 60_000)
  for (const [id, hasTaker] of Object.entries({ binance: true, okx: true, bybit: false, kraken: null })) {
    const venue = line.venues[id]!
    await collect(line.deps, venue, tickAt)
    await collect({ ...line.deps, storeMs: 10_000 }, venue, tickAt + 10_000)
    await pollOpenInterest(line.deps, venue, tickAt, never)
    await pollFlow({ ...line.deps, flow: FLOW }, venue, tickAt, never)
    const { rows } = await t.db.query(
      `select i.key, i.inverse, f.* from flow_snapshot f join instrument i on i.id = f.instrument_id where i.venue_id = $1`,
      [id]
    )
    assert.equal(rows.length > 0, hasTaker !== null, id)
    // Where a venue publishes none, none is missing.
    assert.deepEqual((await t.db.query(`select * from gap where fact = 'flow'`)).rows, [], id)
    for (const row of rows) {
      const label = JSON.stringify(row)
      assert.ok(Number(row.long_short_ratio) > 0.1 && Number(row.long_short_ratio) < 10, label)
      // The window of taker flow is over, the ratio is the newest.
      assert.ok(systemClock.now() - row.long_short_at.getTime() < 301_000, label)
      if (!hasTaker || (id === 'binance' && row.inverse)) {
        assert.deepEqual([row.taker_buy, row.taker_at], [null, null], label)
        continue
      }
      const ageMs = row.observed_at.getTime() - row.taker_at.getTime()
      assert.ok(ageMs >= 300_000 && ageMs < 600_000, label)
      // The simulator's takers buy where accounts are long.
      const isLong = Number(row.long_short_ratio) > 1
      assert.equal(Number(row.taker_buy) > Number(row.taker_sell), isLong, label)
    }
  }
})

test('a round of flow that is refused is a gap of flow', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange, { adapters: [bybit] })
  const venue = line.venues.bybit!
  const tickAt = floorTo(systemClock.now(), 60_000)
  await collect(line.deps, venue, tickAt)
  exchange.fault = (_, path) =>
    path.includes('account-ratio') ? { kind: 'answer', status: 429, body: '{}' } : undefined
  await pollFlow({ ...line.deps, flow: FLOW }, venue, tickAt, never)
  const { rows } = await t.db.query(`select fact, reason, from_at, to_at from gap where fact = 'flow'`)
  const span = { from_at: new Date(tickAt), to_at: new Date(tickAt + FLOW.everyMs) }
  assert.deepEqual(rows, [{ fact: 'flow', reason: 'rate_limited', ...span }])
})
