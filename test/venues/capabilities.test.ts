import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { capabilitiesOf, unusedRows, weightOf } from '../../src/venues/capabilities.ts'
import { openClient } from '../../src/venues/ccxt-client.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import {
  type Call,
  type CcxtExchange,
  type CcxtMarket,
  emptyReading,
  type Fact,
  type Reading
} from '../../src/venues/venue.ts'
import { type Exchange, startExchange } from '../support/exchange.ts'

let exchange: Exchange
before(async () => {
  exchange = await startExchange(systemClock)
})
after(() => exchange[Symbol.asyncDispose]())

const BRINGS: Readonly<Record<Fact, (reading: Reading, intervals: number) => number>> = {
  quote: ({ quotes }) => quotes.length,
  last: ({ lasts }) => lasts.length,
  mark: ({ marks }) => marks.length,
  estimate: ({ estimates }) => estimates.length,
  open_interest: ({ openInterest }) => openInterest.length,
  volume: ({ volumes }) => volumes.length,
  book: ({ books }) => books.length,
  interval: (_reading, intervals) => intervals
}

/** Counts what ccxt would space the requests of a call by. */
function weigh(ccxt: CcxtExchange): { costs: number[] } {
  const weighed = { costs: [] as number[] }
  ccxt.enableRateLimit = true
  ccxt.throttle = async (cost = 1) => void weighed.costs.push(cost)
  return weighed
}

for (const adapter of ADAPTERS) {
  test(`${adapter.id}: every call brings what its row says, at the weight that ccxt gives it`, async () => {
    const urls = exchange.urls[adapter.id as keyof Exchange['urls']]
    const client = await openClient(adapter, {
      clock: systemClock,
      timeoutMs: 10_000,
      maxBytes: 50e6,
      urls,
      throttled: false
    })
    const markets: CcxtMarket[] = await client.loadMarkets()
    const symbolFor = (call: Call): string => {
      const kindOf = ({ spot, swap }: CcxtMarket) => (spot ? 'spot' : swap ? 'perpetual' : 'future')
      const isFit = (market: CcxtMarket) =>
        call.covers({ kind: kindOf(market), inverse: market.contract ? market.inverse : null })
      return call.reach === 'bulk' ? '' : markets.find((market) => market.active !== false && isFit(market)).symbol
    }
    for (const call of adapter.calls) {
      const ccxt = client.exchangeOf(call.ccxtId)
      const weighed = weigh(ccxt)
      const { value, observedAt } = await client.call((asked) => call.ask(asked, symbolFor(call)), call)
      const reading = emptyReading()
      const intervals = new Map()
      call.read(value, { reading, observedAt, exchange: ccxt, intervals })
      const label = `${adapter.id} ${call.name}`
      for (const fact of call.facts) assert.ok(BRINGS[fact](reading, intervals.size) > 0, `${label} brings ${fact}`)
      const total = weighed.costs.reduce((sum, cost) => sum + cost, 0) * ccxt.rateLimit
      const perRequest = total / weighed.costs.length
      const weight = weightOf(adapter.id, call)
      assert.ok(
        [total, perRequest].some((measured) => Math.abs(measured - weight) < 1),
        `${label}: ${weight} ms in the table, ccxt spaces its ${weighed.costs.length} requests by ${total} ms`
      )
    }
    await client.close()
  })
}

test('no row stands for a call or a fact that is not there, and none is missing', () => {
  for (const adapter of ADAPTERS) {
    assert.deepEqual(unusedRows(adapter), [], adapter.id)
    assert.equal(capabilitiesOf(adapter).length, adapter.calls.flatMap(({ facts }) => facts).length)
  }
})

/** The field of docs/venues.md that stands for a fact. */
const FIELDS: Readonly<Record<Fact, string>> = {
  quote: 'bid',
  last: 'last',
  mark: 'mark',
  estimate: 'fundingRate',
  open_interest: 'openInterest…',
  volume: 'volume24hUsd',
  book: 'bidDepth',
  interval: 'fundingIntervalHours'
}

test('every fact has its evidence in docs/venues.md, the same as in the table', async () => {
  const text = await readFile(new URL('../../docs/venues.md', import.meta.url), 'utf8')
  for (const adapter of ADAPTERS) {
    const [section = ''] = text.split(`## ${adapter.name}\n`)[1]?.split('\n## ') ?? []
    const rows = section
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()))
    for (const { fact, evidence } of capabilitiesOf(adapter)) {
      const row = rows.find(([, field]) =>
        [...(field?.matchAll(/`([^`]+)`/g) ?? [])].some(([, name]) => name === FIELDS[fact])
      )
      assert.ok(row, `${adapter.id}: no row for ${FIELDS[fact]}`)
      assert.deepEqual(row[4]!.match(/body|ccxt|docs/g), evidence, `${adapter.id} ${fact}`)
    }
  }
})
