import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Ask } from '../../scripts/report/ask.ts'
import { measureIdentity } from '../../scripts/report/identity.ts'
import { measureRealised, realisedTable } from '../../scripts/report/realised.ts'
import { PRICED } from '../../scripts/report/recorded.ts'
import { measureSpreads, netTable } from '../../scripts/report/spreads.ts'
import { measureStandings, standingsTable } from '../../scripts/report/standings.ts'
import { DAY } from '../../src/domain/time.ts'

const REPORT = new URL('../../docs/report.md', import.meta.url)
const PAID = ['binance:BTC/USDT:USDT', 'okx:ETH/USD:ETH', 'htx:BTC/USDT:USDT', 'hyperliquid:ETH/USDC:USDC']
const STOOD = ['binance:BTC/USDT:USDT', 'bybit:ETH/USD:ETH']
const QUARTERS = [90]

/** Lines of docs/report.md, measured again: a formula that changes changes the document, or fails here. */
export async function checkReport(ask: Ask): Promise<void> {
  const report = new Set((await readFile(REPORT, 'utf8')).split('\n'))
  const again = [
    realisedTable(await measureRealised(ask, PAID)),
    standingsTable(await measureStandings(ask, STOOD, PRICED.toMs)),
    netTable(await measureSpreads(ask, QUARTERS), QUARTERS)
  ]
  for (const table of again) {
    assert.ok(table.length > 2)
    assert.deepEqual(
      table.filter((line) => !report.has(line)),
      [],
      'docs/report.md has these lines; npm run report writes it'
    )
  }
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
