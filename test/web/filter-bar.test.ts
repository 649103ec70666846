import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../src/store/database.ts'
import { boardRow, putOnBoard, testApi } from '../api/fixture.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

/** Every supported venue, both kinds, and the currencies that their contracts are priced in. */
const CONTRACTS = [
  'binance:BTC/USDT:USDT',
  'bybit:BTC/USDT:USDT',
  'okx:BTC/USDT:USDT',
  'hyperliquid:BTC/USDC:USDC',
  'kraken:BTC/USD:USD',
  'deribit:BTC/USD:BTC-260626'
]

async function seed(db: Database): Promise<void> {
  for (const instrument of CONTRACTS) {
    const kind = instrument.includes('-') ? 'future' : 'perpetual'
    await putOnBoard(db, boardRow({ instrument, kind, quote: /\/(\w+)/.exec(instrument)![1]! }))
  }
}

test('on a page of 1400 pixels the filters of all venues are one line', { skip: NO_BROWSER }, async () => {
  await using browser = await openBrowser()
  await using api = await testApi({ seed })
  await using watched = await browser.open(api.url, '/')
  const { page } = watched
  await page.getByRole('group', { name: 'Venue' }).getByRole('button', { name: 'okx' }).waitFor()
  const places = await page.locator('.filters > *').evaluateAll((fields) =>
    fields.map((field) => {
      const { top, bottom, left, right } = field.getBoundingClientRect()
      return { text: field.textContent, top, bottom, left, right }
    })
  )
  const tallest = Math.max(...places.map(({ top, bottom }) => bottom - top))
  const highest = Math.min(...places.map(({ top }) => top))
  assert.ok(tallest < 40, `nothing in it is broken over lines: ${JSON.stringify(places)}`)
  const below = places.filter(({ top }) => top > highest + tallest / 2)
  assert.deepEqual(below, [])
  const count = places.findIndex(({ text }) => text === '6 of 6')
  const room = places[count]!.left - places[count - 1]!.right
  assert.ok(room > 60, `room for “5000 of 5000”: ${room} pixels`)
})
