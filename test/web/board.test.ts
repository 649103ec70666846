import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { DAY, HOUR, isoOf, SECOND } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { createKey } from '../../src/store/keys.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { bpsText, percentText } from '../../web/numbers.ts'
import {
  boardRow,
  eventually,
  insertBasis,
  insertInstrument,
  insertSettlements,
  NOW_MS,
  putOnBoard,
  type TestApi,
  testApi
} from '../api/fixture.ts'
import { aSignal } from '../support/signals.ts'
import { NO_BROWSER, openBrowser, type TestBrowser } from './browser.ts'

const BTC = 'binance:BTC/USDT:USDT'
const PEPE = 'bybit:1000PEPE/USDT:USDT'
const FUTURE = 'deribit:BTC/USD:BTC-260626'
const NO_SPOT = 'okx:XYZ/USDT:USDT'

let browser: TestBrowser
const needsBrowser = { skip: NO_BROWSER }
before(async () => {
  if (NO_BROWSER === false) browser = await openBrowser()
})
after(() => browser?.[Symbol.asyncDispose]())

async function seed(db: Database): Promise<void> {
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const contract = await insertInstrument(db, { key: BTC, spotId: spot })
  const hours = Array.from({ length: 48 }, (_, index) => NOW_MS - (48 - index) * HOUR)
  await insertBasis(
    db,
    contract,
    spot,
    hours.map((atMs, index) => ({ atMs, basisBps: index % 7, spanMs: HOUR }))
  )
  const settled = Array.from({ length: 30 }, (_, index) => ({ atMs: NOW_MS - (30 - index) * 8 * HOUR, rate: '0.0001' }))
  await insertSettlements(db, contract, settled)
  const noFunding = {
    fundingRate: null,
    fundingIntervalHours: null,
    fundingIntervalSource: null,
    fundingKind: null,
    fundingRate8h: null,
    fundingApr: null,
    nextSettlementAt: null
  }
  const noBasis = { basisBps: null, basisAbs: null, adjustedBasisBps: null, fxBps: null, ageMs: null, observedAt: null }
  await putOnBoard(db, boardRow({ instrument: BTC, basisBps: 12.3456, openInterestUsd: '4900000000.5' }))
  await putOnBoard(
    db,
    boardRow({
      instrument: PEPE,
      asset: 'PEPE',
      multiplier: 1000,
      basisBps: -4.5,
      adjustedBasisBps: -4.5,
      openInterestUsd: '81000000',
      fundingRate: -0.0003,
      fundingIntervalHours: 4,
      fundingIntervalSource: 'observed',
      fundingApr: -0.657
    })
  )
  await putOnBoard(
    db,
    boardRow({
      instrument: FUTURE,
      kind: 'future',
      quote: 'USD',
      settle: 'BTC',
      ...noFunding,
      basisBps: 31,
      expiresAt: isoOf(NOW_MS + 11 * DAY),
      daysToExpiry: 11,
      basisApr: 0.0625,
      openInterestUsd: '1200000'
    })
  )
  await putOnBoard(
    db,
    boardRow({
      instrument: NO_SPOT,
      asset: 'XYZ',
      spot: null,
      spotBid: null,
      spotMid: null,
      spotAsk: null,
      spotObservedAt: null,
      ...noBasis,
      grade: 'none',
      reasons: ['no_spot_leg'],
      openInterestUsd: null,
      absent: { basisBps: 'no_spot_leg', openInterestUsd: 'unit_unknown' }
    })
  )
}

const rowOf = (page: Page, instrument: string) => page.locator(`tr[data-instrument="${instrument}"]`)
const cellOf = (page: Page, instrument: string, field: string) =>
  rowOf(page, instrument).locator(`[data-field="${field}"]`)
const shownIn = (page: Page) =>
  page.locator('tr[data-instrument]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-instrument')))

async function boardOf(api: TestApi, query = ''): Promise<BoardRow[]> {
  const response = await fetch(`${api.url}/v1/basis${query}`)
  return ((await response.json()) as { data: BoardRow[] }).data
}

test('the board shows the API’s own numbers; what is null is a dash that says why', needsBrowser, async () => {
  await using api = await testApi({ seed })
  await using opened = await browser.open(api.url, '/')
  const { page } = opened
  await rowOf(page, BTC).waitFor()
  for (const row of await boardOf(api)) {
    const read = (field: string) => cellOf(page, row.instrument, field).innerText()
    for (const field of ['basisBps', 'adjustedBasisBps', 'premiumBps'] as const) {
      const value = row[field]
      assert.equal(await read(field), value === null ? '–' : bpsText(value), `${row.instrument} ${field}`)
    }
    for (const field of ['fundingApr', 'basisApr'] as const) {
      const value = row[field]
      assert.equal(await read(field), value === null ? '–' : percentText(value), `${row.instrument} ${field}`)
    }
    assert.match(await read('grade'), new RegExp(`^${row.grade}`))
  }
  assert.equal(await cellOf(page, PEPE, 'fundingIntervalHours').innerText(), '4 h observed')
  assert.equal(await cellOf(page, BTC, 'openInterestUsd').innerText(), '4.9B')
  const reasonFor = (instrument: string, field: string) =>
    cellOf(page, instrument, field).locator('.missing').getAttribute('title')
  assert.equal(await reasonFor(NO_SPOT, 'basisBps'), 'no spot market to hold it against')
  assert.equal(await reasonFor(NO_SPOT, 'openInterestUsd'), 'the venue does not say in which unit')
  assert.equal(await reasonFor(FUTURE, 'fundingApr'), 'a dated future pays no funding')
  assert.equal(await reasonFor(BTC, 'basisApr'), 'a perpetual does not expire')
  assert.match((await cellOf(page, NO_SPOT, 'grade').locator('.grade').getAttribute('title')) ?? '', /no spot market/)
  await page.getByText('none of these numbers is a market’s').waitFor()
  opened.assertSound()
})

test('filters and order are the API’s, stay in the address and survive a reload', needsBrowser, async () => {
  await using api = await testApi({ seed })
  await using opened = await browser.open(api.url, '/')
  const { page } = opened
  await rowOf(page, BTC).waitFor()
  const heading = page.locator('thead th[data-field="basisBps"]')
  await heading.getByRole('button').click()
  assert.equal(await heading.getAttribute('aria-sort'), 'descending')
  await page.getByRole('button', { name: 'perp', exact: true }).click()
  await page.getByLabel('Grade').selectOption('display')
  const asked = await page.getByRole('link', { name: 'as JSON' }).getAttribute('href')
  assert.equal(asked, '/v1/basis?kind=perpetual&minGrade=display&sort=-basisBps')
  const response = await fetch(`${api.url}${asked}`)
  const wanted = ((await response.json()) as { data: BoardRow[] }).data.map(({ instrument }) => instrument)
  assert.deepEqual(wanted, [BTC, PEPE])
  assert.deepEqual(await shownIn(page), wanted)
  await page.reload()
  await rowOf(page, BTC).waitFor()
  assert.deepEqual(await shownIn(page), wanted)
  assert.equal(await heading.getAttribute('aria-sort'), 'descending')
  await page.getByLabel('Search').fill('pepe')
  assert.deepEqual(await shownIn(page), [PEPE])
  assert.match(page.url(), /search=pepe/)
  await page.getByRole('button', { name: 'Reset' }).click()
  await rowOf(page, NO_SPOT).waitFor()
  assert.equal((await shownIn(page)).at(-1), NO_SPOT, 'rows without the value come last')
  opened.assertSound()
})

test(
  'the detail has both legs, both histories and the questions behind them; Escape closes it',
  needsBrowser,
  async () => {
    await using api = await testApi({ seed })
    await using opened = await browser.open(api.url, '/')
    const { page } = opened
    await rowOf(page, BTC).getByRole('button').focus()
    await page.keyboard.press('Enter')
    const detail = page.getByRole('complementary', { name: 'Contract' })
    await detail.getByRole('heading', { name: BTC }).waitFor()
    assert.match(
      await detail.locator('.legs').innerText(),
      /contract\s+100\.1\s+100\.15\s+100\.2\s+11:59:59\s+11:59:59/
    )
    await detail.getByText('48 of 168 hours with a basis; 0.00 to +6.00, last +5.00').waitFor()
    await detail.getByText('30 of 30 settlements').waitFor()
    await detail.locator('canvas').nth(1).waitFor()
    assert.equal(await detail.locator('canvas').count(), 2)
    await detail.getByText('A short was paid +0.300 %').waitFor()
    const sources = await detail
      .locator('.sources a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
    assert.equal(sources.length, 7)
    for (const source of sources) assert.equal((await fetch(`${api.url}${source}`)).status, 200, String(source))
    await page.reload()
    await detail.getByRole('heading', { name: BTC }).waitFor()
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    opened.assertSound()
  }
)

test('a change on the board comes by the stream, and by asking where there is no stream', needsBrowser, async () => {
  await using api = await testApi({ seed })
  await using opened = await browser.open(api.url, '/')
  await using deaf = await browser.open(api.url, '/docs')
  await opened.page.locator('.dot-streaming').waitFor()
  await deaf.page.route('**/v1/stream**', (route) => route.abort())
  await deaf.page.goto(`${api.url}/`)
  await deaf.page.getByText('asking every 5 s').waitFor()
  await putOnBoard(api.db, boardRow({ instrument: BTC, basisBps: 77.7 }))
  await eventually(
    () => boardOf(api, `?instrument=${BTC}`),
    ([row]) => {
      // Answers are made anew when a second has passed.
      if (row?.basisBps !== 77.7) api.clock.advance(SECOND)
      return row?.basisBps === 77.7
    }
  )
  for (const { page } of [opened, deaf]) await cellOf(page, BTC, 'basisBps').getByText('+77.70').waitFor()
  opened.assertSound()
})

test(
  'a row that ages is dimmed with the grade that the API gives it, and a page that hears nothing says so',
  needsBrowser,
  async () => {
    await using api = await testApi({ seed })
    await using opened = await browser.open(api.url, '/docs')
    const { page } = opened
    // It runs from where it is installed until it is paused, and never backwards.
    await page.clock.install({ time: NOW_MS - HOUR })
    await page.clock.pauseAt(NOW_MS)
    await page.goto(`${api.url}/`)
    await rowOf(page, BTC).waitFor()
    assert.equal(await rowOf(page, BTC).getAttribute('class'), '')
    // The page first: it believes an answer that is ahead of it.
    await page.clock.fastForward(20 * SECOND)
    api.clock.advance(20 * SECOND)
    await page.locator(`tr.stale[data-instrument="${BTC}"]`).waitFor()
    const [row] = await boardOf(api, `?instrument=${BTC}`)
    assert.equal(row?.grade, 'display')
    assert.match(await cellOf(page, BTC, 'grade').innerText(), /^display/)
    assert.equal(await cellOf(page, BTC, 'ageMs').innerText(), '21 s')
    await page.clock.resume()
    await page.context().setOffline(true)
    await page.clock.fastForward(31 * SECOND)
    await page.getByRole('alert').getByText('Nothing has arrived for').waitFor()
    await page.locator(`tr.useless[data-instrument="${BTC}"]`).waitFor()
    assert.match(await cellOf(page, BTC, 'grade').innerText(), /^none/)
    await page.context().setOffline(false)
    await page.clock.fastForward(31 * SECOND)
    await page.getByRole('alert').waitFor({ state: 'detached' })
    opened.assertSound(/\/v1\/|net::ERR_/)
  }
)

test('open signals are above the board; one leads to its contract and says what it means', needsBrowser, async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seed(db)
      const { rows } = await db.query<{ id: number }>('select id from instrument where key = $1', [BTC])
      const instrumentId = rows[0]!.id
      const signals = [
        aSignal({
          id: 'sig_open',
          instrumentId,
          label: 'PANIC',
          openedAt: NOW_MS - 50 * HOUR,
          value: -0.001,
          peakValue: -0.002
        }),
        aSignal({ id: 'sig_closed', instrumentId, openedAt: NOW_MS - 90 * HOUR, closedAt: NOW_MS - 80 * HOUR })
      ]
      await db.transaction((client) => writeSignals(client, signals))
    }
  })
  await using opened = await browser.open(api.url, '/')
  const { page } = opened
  const strip = page.getByRole('region', { name: 'Open signals' })
  await strip.getByRole('heading', { name: 'PANIC 1' }).waitFor()
  assert.equal(await strip.getByRole('button').count(), 1)
  await rowOf(page, BTC).getByLabel('open signal: PANIC').waitFor()
  await strip.getByRole('button', { name: 'BTC' }).click()
  const detail = page.getByRole('complementary', { name: 'Contract' })
  await detail.getByRole('heading', { name: BTC }).waitFor()
  const response = await fetch(`${api.url}/v1/signals?state=open`)
  const { data } = (await response.json()) as { data: { explanation: { meaning: string } }[] }
  await detail.getByText(data[0]!.explanation.meaning).waitFor()
  await detail.getByText('open for 2 d 2 h').waitFor()
  opened.assertSound()
})

test('where a key is needed the page asks for one and keeps it in the tab', needsBrowser, async () => {
  let secret = ''
  await using api = await testApi({
    config: { host: '0.0.0.0' },
    seed: async (db) => {
      await seed(db)
      secret = (await createKey(db, { name: 'page', scopes: ['read'] })).secret
    }
  })
  const origin = api.url.replace('0.0.0.0', '127.0.0.1')
  await using opened = await browser.open(origin, '/')
  const { page } = opened
  await page.getByLabel('API key').fill(secret)
  await page.getByRole('button', { name: 'Use' }).click()
  await rowOf(page, BTC).waitFor()
  await page.locator('.dot-streaming').waitFor()
  await page.reload()
  await rowOf(page, BTC).waitFor()
  assert.equal(await page.getByLabel('API key').count(), 0)
  assert.ok(!opened.requests.some((url) => url.includes(secret)))
  opened.assertSound(/401/)
})

test('five thousand rows are all there, few are drawn, and the page stays quick', needsBrowser, async (t) => {
  await using api = await testApi({ seed })
  await using opened = await browser.open(api.url, '/docs')
  const { page } = opened
  const rows = Array.from({ length: 5_000 }, (_, index) => ({
    ...boardRow({
      instrument: `binance:A${index}/USDT:USDT`,
      asset: `A${index}`,
      openInterestUsd: String(5_000 - index)
    })
  }))
  await page.route('**/v1/stream**', (route) => route.abort())
  await page.route('**/v1/basis?limit=5000', (route) =>
    route.fulfill({ json: { data: rows, page: { next: null }, meta: { asOf: isoOf(NOW_MS) } } })
  )
  await page.addInitScript(`
    window.longest = 0
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration)
    }).observe({ type: 'longtask', buffered: true })`)
  const startedAt = performance.now()
  await page.goto(`${api.url}/`)
  await rowOf(page, 'binance:A0/USDT:USDT').waitFor()
  const shownMs = performance.now() - startedAt
  assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '5001')
  const drawnMs = Number(await page.evaluate('window.longest'))
  await page.evaluate('window.longest = 0')
  await page.locator('.board').evaluate((board) => {
    board.scrollTop = board.scrollHeight
  })
  await rowOf(page, 'binance:A4999/USDT:USDT').waitFor()
  assert.ok((await page.locator('tr[data-instrument]').count()) < 120)
  assert.equal(await rowOf(page, 'binance:A4999/USDT:USDT').getAttribute('aria-rowindex'), '5001')
  await page.locator('thead th[data-field="ageMs"] button').click()
  // Three times the clock's tick: each grades and sorts all rows anew.
  const first = page.locator('tr[data-instrument] [data-field="ageMs"]').first()
  for (let age = 0; age < 3; age += 1) {
    await first.filter({ hasText: await first.innerText() }).waitFor({ state: 'detached' })
  }
  const longestMs = Number(await page.evaluate('window.longest'))
  t.diagnostic(
    `5,000 rows: shown after ${shownMs.toFixed(0)} ms, longest pause ${drawnMs.toFixed(0)} ms, afterwards ${longestMs.toFixed(0)} ms`
  )
})
