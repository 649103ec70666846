import assert from 'node:assert/strict'
import type { Database } from '../../src/store/database.ts'
import type { Rig } from './rig.ts'

/** A price may be as far from the truth as a market moves in a few seconds; a rate by what a period's average does. */
const PRICE_TOLERANCE = 0.004
const RATE_TOLERANCE = 0.0006
const OLDEST = Date.UTC(2020, 0, 1)

type Stored = Readonly<Record<string, Date | string | number | null>> & { readonly symbol: string }

/** Fails when a number of this venue that was stored at `tickAt`, or is on its board, is not what it would have said when well. */
export async function assertNoWrongNumbers(rig: Rig, venue: string, tickAt: number, label: string): Promise<void> {
  const truth = await rig.truth(venue)
  const quotes = new Map(truth.quotes.map((row) => [row.symbol, row]))
  const marks = new Map(truth.marks.map((row) => [row.symbol, row]))
  const rates = new Map(truth.estimates.map((row) => [row.symbol, row]))
  for (const row of await stored(rig.db, 'market_snapshot', venue, tickAt)) {
    const where = `${label}: stored ${row.symbol}`
    for (const side of ['bid', 'ask'] as const)
      assertPrice(row[side], quotes.get(row.symbol)?.[side], `${where} ${side}`)
    assertPrice(row.mark, marks.get(row.symbol)?.mark, `${where} mark`)
    assertPrice(row.index_price, marks.get(row.symbol)?.index, `${where} index`)
    assertTimes(row, where)
  }
  for (const row of await stored(rig.db, 'funding_estimate', venue, tickAt)) {
    assertRate(row.rate, rates.get(row.symbol)?.rate, `${label}: stored ${row.symbol} rate`)
    assertTimes(row, `${label}: stored ${row.symbol}`)
  }
  for (const row of await rig.board(venue)) {
    const symbol = row.instrument.slice(venue.length + 1)
    const where = `${label}: served ${symbol}`
    assertRate(row.fundingRate, rates.get(symbol)?.rate, `${where} rate`)
    assertTimes(row as unknown as Stored, where)
    if (row.grade === 'none') continue
    assertPrice(row.contractMid, quotes.get(symbol)?.bid, `${where} mid`)
    assertPrice(row.mark, marks.get(symbol)?.mark, `${where} mark`)
    assertPrice(row.index, marks.get(symbol)?.index, `${where} index`)
    const spot = quotes.get(row.spot?.slice(venue.length + 1) ?? '')
    if (spot?.bid && row.spot?.startsWith(venue)) {
      assertPrice(row.spotMid, String(Number(spot.bid) * row.multiplier!), `${where} spot`)
    }
  }
}

async function stored(db: Database, table: string, venue: string, tickAt: number): Promise<Stored[]> {
  const { rows } = await db.query<Stored>(
    `select i.symbol, t.* from ${table} t join instrument i on i.id = t.instrument_id where i.venue_id = $1 and t.tick_at = $2`,
    [venue, new Date(tickAt)]
  )
  return rows
}

function assertPrice(value: unknown, truth: string | null | undefined, where: string): void {
  if (value === null || value === undefined) return
  assert.ok(truth, `${where}: ${value} where there is none`)
  const off = Math.abs(Number(value) / Number(truth) - 1)
  assert.ok(off < PRICE_TOLERANCE, `${where}: ${value} where ${truth} is true`)
}

function assertRate(value: unknown, truth: string | undefined, where: string): void {
  if (value === null || value === undefined) return
  assert.ok(truth, `${where}: ${value} where there is none`)
  assert.ok(Math.abs(Number(value) - Number(truth)) < RATE_TOLERANCE, `${where}: ${value} where ${truth} is true`)
}

function assertTimes(row: Stored, where: string): void {
  for (const [name, value] of Object.entries(row)) {
    const isTime = value instanceof Date || (/(At|Time)$/.test(name) && typeof value === 'string')
    if (isTime) assert.ok(new Date(value).getTime() > OLDEST, `${where}: ${name} is ${value}`)
  }
}
