import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Ask } from '../../scripts/report/ask.ts'
import { measureIdentity } from '../../scripts/report/identity.ts'
import { rankStandings } from '../../scripts/report/open.ts'
import { measureRealised, realisedTable } from '../../scripts/report/realised.ts'
import { PRICED } from '../../scripts/report/recorded.ts'
import { measureSpreads, netTable } from '../../scripts/report/spreads.ts'
import { measureStandings, standingsTable } from '../../scripts/report/standings.ts'
import { DAY } from '../../src/domain/time.ts'
import type { TestApi } from '../api/fixture.ts'

const REPORT = new URL('../../docs/report.md', import.meta.url)
const PAID = ['binance:BTC/USDT:USDT', 'okx:ETH/USD:ETH', 'htx:BTC/USDT:USDT', 'hyperliquid:ETH/USDC:USDC']
const STOOD = ['binance:BTC/USDT:USDT', 'bybit:ETH/USD:ETH']
const QUARTERS = [90]

const readReport = async () => new Set((await readFile(REPORT, 'utf8')).split('\n'))

/** Lines of docs/report.md, measured again: a formula that changes changes the document, or fails here. */
export async function checkReport(ask: Ask): Promise<void> {
  const report = await readReport()
  const again = [
    realisedTable(await measureRealised(ask, PAID)),
    netTable(await measureSpreads(ask, QUARTERS), QUARTERS)
  ]
  for (const table of again) assertIn(report, table)
}

function assertIn(report: ReadonlySet<string>, table: readonly string[]): void {
  assert.ok(table.length > 2)
  const others = table.filter((line) => !report.has(line))
  assert.deepEqual(others, [], 'docs/report.md has these lines; npm run report writes it')
}

/** The same of percentiles, which are of a moment: the clock goes there and comes back. */
export async function checkStandings(ask: Ask, { db, clock }: TestApi): Promise<void> {
  const backMs = clock.now() - PRICED.toMs
  clock.advance(-backMs)
  await rankStandings(db, clock)
  const table = standingsTable(await measureStandings(ask, ask, STOOD, PRICED.toMs))
  clock.advance(backMs)
  assertIn(await readReport(), table)
}

/** Layer 1 of a month of closes: its parts are the basis to the last digit, and where no rate of the two dollars is known there are none. */
export async function checkLayerOne(ask: Ask): Promise<void> {
  const month = { fromMs: PRICED.fromMs + DAY, toMs: PRICED.fromMs + 31 * DAY, everyMs: 5 * DAY }
  const linear = await measureIdentity(ask, 'okx:ETH/USDT:USDT', month)
  assert.deepEqual([linear.splits, linear.checked, linear.worst], [12, 18, '0'])
  assert.deepEqual([...linear.absent], [])
  const inverse = await measureIdentity(ask, 'binance:BTC/USD:BTC', month)
  assert.deepEqual([inverse.splits, [...inverse.absent]], [0, [['no_fx', 6]]])
}
