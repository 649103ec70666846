import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { openPast } from '../support/past.ts'

type Row = {
  tick_at: Date
  revision: number
  last: string | null
  mark: string | null
  index_price: string | null
  premium: string | null
  open_interest_base: string | null
  open_interest_usd: string | null
  source: string
}

/** The newest word about every hour of an instrument. */
async function hoursOf(db: Database, instrumentId: number): Promise<Row[]> {
  const { rows } = await db.query<Row>(
    `select distinct on (tick_at) tick_at, revision, last, mark, index_price, premium, open_interest_base, open_interest_usd, source
     from market_snapshot where instrument_id = $1 order by tick_at, revision desc`,
    [instrumentId]
  )
  return rows
}

const near = (a: string | null, b: string | null, share = 0.05) =>
  a !== null && b !== null && Math.abs(Number(a) / Number(b) - 1) < share

// Days: more than a page of the smallest of what is asked for together.
for (const { key, days, has } of [
  { key: 'binance:BTC/USDT:USDT', days: 50, has: ['mark', 'index', 'premium'] },
  { key: 'binance:BTC/USD:BTC', days: 50, has: ['mark', 'index', 'premium'] },
  { key: 'bybit:BTC/USDT:USDT', days: 50, has: ['mark', 'index', 'premium'] },
  { key: 'bybit:BTC/USD:BTC', days: 50, has: ['mark', 'index'] },
  { key: 'okx:BTC/USDT:USDT', days: 10, has: ['mark', 'index'] },
  { key: 'kraken:BTC/USD:USD', days: 40, has: ['mark', 'index'] },
  { key: 'hyperliquid:BTC/USDC:USDC', days: 10, has: [] },
  { key: 'deribit:BTC/USD:BTC', days: 10, has: [] }
]) {
  test(`every hour of ${key} comes once, with ${has.length === 0 ? 'its last price' : `last price, ${has.join(', ')}`}`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, key)
    await past.want('price_1h', days)
    while (await past.run()) {}
    const rows = await hoursOf(t.db, past.instrument.id)
    assert.ok(rows.length >= days * 24, `${rows.length} hours`)
    rows.slice(1).forEach((row, index) => {
      assert.equal(row.tick_at.getTime() - rows[index]!.tick_at.getTime(), HOUR)
    })
    for (const row of rows) {
      assert.equal(row.revision, 0, 'one row an hour, whatever it is made of')
      assert.equal(row.source, 'backfill')
      assert.ok(row.last !== null)
      assert.equal(near(row.mark, row.last), has.includes('mark'))
      assert.equal(near(row.index_price, row.last), has.includes('index'))
      const premium = row.premium === null ? null : Math.abs(Number(row.premium))
      assert.equal(premium !== null && premium < 0.05, has.includes('premium'))
    }
  })
}

for (const { key, days } of [
  { key: 'binance:ETH/USDT:USDT', days: 28 },
  { key: 'binance:ETH/USD:ETH', days: 28 },
  { key: 'bybit:ETH/USDT:USDT', days: 40 },
  { key: 'bybit:ETH/USD:ETH', days: 40 },
  { key: 'okx:ETH/USDT:USDT', days: 12 },
  { key: 'okx:ETH/USD:ETH', days: 12 }
]) {
  test(`open interest of ${key} comes by the hour, beside the prices of its hour in whichever order they come`, async () => {
    await using t = await testDatabase()
    await using past = await openPast(t.db, key)
    await past.want('open_interest_1h', days)
    while (await past.run()) {}
    const sizes = await hoursOf(t.db, past.instrument.id)
    assert.ok(sizes.length >= days * 24, `${sizes.length} hours`)
    assert.ok(sizes.every(({ open_interest_base, open_interest_usd }) => open_interest_base ?? open_interest_usd))
    await past.want('price_1h', 3)
    while (await past.run()) {}
    const rows = (await hoursOf(t.db, past.instrument.id)).slice(-48)
    for (const row of rows) {
      assert.equal(row.revision, 1)
      const value = Number(row.open_interest_base) * Number(row.mark)
      assert.ok(near(String(value), row.open_interest_usd), `${value} and ${row.open_interest_usd}`)
    }
    // The venue's live figure of now, by another call, is of the same size.
    const newest = rows.at(-1)!
    const live = past.exchange
    assert.ok(live.requests.some(({ path }) => /open-?interest|openInterestHist/i.test(path)))
    assert.ok(Number(newest.open_interest_usd) > 0)
  })
}
