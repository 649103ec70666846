import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { startSim } from '../../src/sim/server.ts'
import { capabilitiesOf, weightOf } from '../../src/venues/capability.ts'
import { createExchange, openClient } from '../../src/venues/ccxt-client.ts'
import { EVIDENCE } from '../../src/venues/evidence.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import type { Call, CcxtMarket, VenueAdapter } from '../../src/venues/venue.ts'

const SHARED = new URL('../../../shared/data/', import.meta.url)
const skip = existsSync(SHARED) ? false : 'the recorded answers of ../shared/data are not here'
/** The folders of the recorded samples; Deribit has ccxt's fixtures only. */
const FOLDERS: Readonly<Record<string, string>> = {
  binance: 'Binance.Net',
  bybit: 'Bybit.Net',
  okx: 'OKX.Net',
  hyperliquid: 'HyperLiquid.Net',
  kraken: 'Kraken.Net'
}

test('every fact that is asked for has its evidence, and every evidence a call that uses it', () => {
  for (const adapter of ADAPTERS) {
    const facts = adapter.calls.map(({ name, facts }) => [name, [...facts].sort()] as const)
    const rows = Object.entries(EVIDENCE[adapter.id]!).map(
      ([name, row]) => [name, Object.keys(row.facts).sort()] as const
    )
    assert.deepEqual(new Map(rows), new Map(facts), adapter.id)
    assert.ok(capabilitiesOf(adapter).every(({ unit, fields, kinds }) => unit && fields.length > 0 && kinds.length > 0))
  }
  const unproven = { ...ADAPTERS[0]!.calls[0]!, name: 'unheard-of call' }
  assert.throws(() => capabilitiesOf({ id: 'binance', calls: [unproven] }), /no row for binance, "unheard-of call"/)
})

test('fields that are said to be in recorded bodies are in them', { skip }, () => {
  for (const adapter of ADAPTERS) {
    const recorded = recordedText(adapter)
    const claims = capabilitiesOf(adapter).filter(({ kinds }) => kinds.includes('body'))
    const missing = claims.flatMap(({ call, fact, fields }) =>
      fields.filter((field) => !recorded.includes(`"${field}":`)).map((field) => `${call}, ${fact}: ${field}`)
    )
    assert.deepEqual(missing, [], adapter.id)
  }
})

test('fields that ccxt is said to read are in its source', () => {
  for (const adapter of ADAPTERS) {
    const files = adapter.ccxtIds.map((id) => new URL(`./src/${id}.js`, import.meta.resolve('ccxt')))
    // The two sides of a book are named in what all its classes share.
    const source = [`'bids' 'asks'`, ...files.map((file) => readFileSync(file, 'utf8'))].join('\n')
    const claims = capabilitiesOf(adapter).filter(({ kinds }) => kinds.includes('ccxt'))
    const missing = claims.flatMap(({ call, fact, fields }) =>
      fields.filter((field) => !source.includes(`'${field}'`)).map((field) => `${call}, ${fact}: ${field}`)
    )
    assert.deepEqual(missing, [], adapter.id)
  }
})

/** What ccxt's `has` does not admit to, and we use all the same. */
const UNSAID = ['hyperliquid publicPostInfo', 'okx request']
/** What ccxt's `has` promises in bulk, and why it is not what we ask. */
const PROMISED_IN_VAIN: Readonly<Record<string, string>> = {
  'hyperliquid fetchFundingRates': 'joins two lists without looking at their lengths',
  'hyperliquid fetchOpenInterests': 'comes with the contexts, in the same answer',
  'kraken fetchFundingRates': 'divides an absolute rate by the mark, and bounds it at 25 % an hour',
  'bybit fetchFundingRates': 'comes with the tickers, whose interval ccxt takes from an old market list',
  'binance fetchMarkPrices': 'comes with the funding rates, in the same answer',
  'bybit fetchBidsAsks': 'comes with the tickers'
}
const BULK = ['fetchFundingRates', 'fetchOpenInterests', 'fetchBidsAsks', 'fetchMarkPrices', 'fetchFundingIntervals']

test('where the registry and the flags of ccxt disagree, it is known why', async () => {
  for (const { id, ccxtIds, calls } of ADAPTERS) {
    const classes = await Promise.all(ccxtIds.map((ccxtId) => createExchange(ccxtId, {})))
    const used = new Set(calls.map(({ method }) => method))
    for (const method of used) {
      assert.ok(
        classes.some((exchange) => typeof exchange[method] === 'function'),
        `${id} has no ${method}`
      )
      const isSaid = classes.some((exchange) => exchange.has[method] === true)
      assert.equal(isSaid, !UNSAID.includes(`${id} ${method}`), `${id} ${method}`)
    }
    const unused = BULK.filter((method) => !used.has(method) && classes.some(({ has }) => has[method] === true))
    for (const method of unused) assert.ok(PROMISED_IN_VAIN[`${id} ${method}`], `${id} ${method}: why is it not used?`)
  }
})

test('a call weighs what ccxt makes it wait for', async () => {
  const sim = await startSim({ seed: 7, clock: systemClock })
  try {
    for (const adapter of ADAPTERS) await assertWeights(adapter, sim.urls[adapter.id as 'binance'])
  } finally {
    await sim.close()
  }
})

async function assertWeights(adapter: VenueAdapter, urls: Parameters<typeof openClient>[1]['urls']): Promise<void> {
  const options = { clock: systemClock, timeoutMs: 20_000, maxBytes: 20e6, urls, throttled: false }
  const client = await openClient(adapter, options)
  await client.loadMarkets()
  for (const call of adapter.calls) {
    const exchange = client.exchangeOf(call.ccxtId)
    const costs: number[] = []
    exchange.enableRateLimit = true
    for (const symbol of symbolsFor(call, exchange.markets)) {
      let cost = 0
      exchange.throttle = async (units: number) => {
        cost += Number(units ?? 1)
      }
      // A market that is only listed has no book; what ccxt spaced is known all the same.
      await client.call((asked) => call.ask(asked, symbol), { ccxtId: call.ccxtId }).catch(() => {})
      costs.push(cost)
    }
    const weightMs = weightOf(adapter.id, call)
    // What is more for some contracts than for others is weighed at its most.
    const measured = Math.round(Math.max(...costs) * exchange.rateLimit)
    // The simulator lists three of Hyperliquid's four pairs.
    const isPart = adapter.id === 'hyperliquid' && call.name === 'spot books'
    assert.equal(isPart ? (measured * 4) / 3 : measured, weightMs, `${adapter.id} ${call.name}`)
  }
  await client.close()
}

/** A market of each sort that a call covers; a bulk call needs none. */
function symbolsFor(call: Call, markets: Readonly<Record<string, CcxtMarket>>): string[] {
  if (call.reach === 'bulk') return ['']
  const found = new Map<string, string>()
  for (const { symbol, spot, swap, future, inverse } of Object.values(markets)) {
    const kind = spot ? 'spot' : swap ? 'perpetual' : future ? 'future' : null
    const isCovered = kind !== null && call.covers({ kind, inverse: spot ? null : inverse })
    if (isCovered && !found.has(`${kind} ${inverse}`)) found.set(`${kind} ${inverse}`, symbol)
  }
  return [...found.values()]
}

/** Every recorded body of a venue, as one text. */
function recordedText({ id, ccxtIds }: VenueAdapter): string {
  const file = new URL('ccxt-static/response-fixtures.json', SHARED)
  const fixtures = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { httpResponse: unknown }[]>
  const bodies = ccxtIds.flatMap((ccxtId) => fixtures[ccxtId] ?? []).map(({ httpResponse }) => httpResponse)
  const folder = FOLDERS[id]
  const wire = folder === undefined ? [] : textsUnder(new URL(`wire/jkorf/${folder}/`, SHARED))
  return [JSON.stringify(bodies), ...wire].join('\n').replaceAll(/"\s*:/g, '":')
}

function textsUnder(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
}
