import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { pollLiquidations } from '../../src/jobs/liquidations.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'

const never = new AbortController().signal
const LIQUIDATION = { contracts: 4, everyMs: 60_000 }

test('liquidations are kept once, by the venue’s own id, however often they are seen; looks are kept as well', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  await using line = await openLine(t.db, exchange)
  const tickAt = floorTo(systemClock.now(), 60_000)
  const deps = { ...line.deps, liquidation: LIQUIDATION }
  for (const [id, isShown] of Object.entries({ okx: true, deribit: true, kraken: true, binance: false })) {
    const venue = line.venues[id]!
    await collect(line.deps, venue, tickAt)
    // Open interest of OKX comes behind the poll, and is there at the next.
    await collect({ ...line.deps, storeMs: 10_000 }, venue, tickAt + 10_000)
    await pollLiquidations(deps, venue, tickAt, never)
    const known = () =>
      t.db.query(
        `select i.symbol, l.* from liquidation l join instrument i on i.id = l.instrument_id where i.venue_id = $1
         order by 1, 3, 4`,
        [id]
      )
    const { rows } = await known()
    assert.equal(rows.length > 0, isShown, id)
    await pollLiquidations(deps, venue, tickAt + 60_000, never)
    const again = (await known()).rows
    const names = again.map(({ symbol, native_id, position }) => `${symbol} ${native_id} ${position}`)
    assert.equal(new Set(names).size, names.length, id)
    assert.deepEqual(
      rows.filter((row) => !names.includes(`${row.symbol} ${row.native_id} ${row.position}`)),
      []
    )
    // Nothing that was known is written anew.
    for (const row of rows)
      assert.deepEqual(
        again.find(
          (each) => each.native_id === row.native_id && each.symbol === row.symbol && each.position === row.position
        ),
        row
      )
    for (const row of rows) {
      const label = JSON.stringify(row)
      assert.ok(Math.abs(Number(row.base) * Number(row.price) - Number(row.quote)) < 1e-6 * Number(row.quote), label)
      assert.ok(Number(row.quote) > 50 && Number(row.quote) < 100_000, label)
      assert.equal(row.position === 'unknown', id === 'kraken', label)
    }
    const looks = await t.db.query(
      `select l.* from liquidation_look l join instrument i on i.id = l.instrument_id where i.venue_id = $1`,
      [id]
    )
    assert.equal(looks.rows.length > 0, isShown, id)
    assert.ok(
      looks.rows.every(({ reaches_from, observed_at }) => reaches_from < observed_at),
      id
    )
  }
})
