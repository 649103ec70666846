import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deribit } from '../../src/venues/deribit.ts'
import { kraken } from '../../src/venues/kraken.ts'
import { readLiquidations, type ToldLiquidation } from '../../src/venues/liquidations.ts'
import { okx } from '../../src/venues/okx.ts'
import { emptyReading, type Untrusted, type VenueAdapter } from '../../src/venues/venue.ts'

const NOW_MS = Date.UTC(2026, 5, 15, 12)
const MINUTE = 60_000

/** What an adapter reads of one contract, its exchange answering as `exchange` says. */
async function lookOf(adapter: VenueAdapter, market: Untrusted, answers: Untrusted, inverse = market.inverse) {
  const exchange = { market: () => market, markets: { [market.symbol]: market }, ...answers }
  const covered = { kind: 'perpetual' as const, inverse }
  const call = adapter.calls.find(({ facts, covers }) => facts.includes('liquidation') && covers(covered))!
  const reading = emptyReading()
  call.read(await call.ask(exchange, market.symbol), { reading, exchange, observedAt: NOW_MS, intervals: new Map() })
  return reading
}

test('OKX: contracts become coins and dollars, other contracts of the family are another’s', async () => {
  const market = { id: 'BTC-USDT-SWAP', symbol: 'BTC/USDT:USDT', swap: true, inverse: false, contractSize: 0.01 }
  const order = {
    bkLoss: '0',
    bkPx: '64000',
    ccy: '',
    posSide: 'long',
    side: 'sell',
    sz: '50',
    ts: String(NOW_MS - MINUTE)
  }
  const asked: Untrusted[] = []
  const request = async (...question: Untrusted[]) => {
    asked.push(question)
    const other = { instId: 'BTC-USDT-260626', details: [{ ...order, ts: String(NOW_MS - 9 * MINUTE) }] }
    const net = { ...order, posSide: 'net', side: 'buy', sz: '1' }
    return { data: [{ instId: market.id, details: [order, net] }, other] }
  }
  const { liquidations, skipped } = await lookOf(okx, { ...market, info: { instFamily: 'BTC-USDT' } }, { request })
  assert.deepEqual(asked[0].slice(0, 3), ['public/liquidation-orders', 'public', 'GET'])
  assert.deepEqual([asked[0][3].instType, asked[0][3].instFamily, asked[0][3].state], ['SWAP', 'BTC-USDT', 'filled'])
  const [look] = liquidations
  assert.deepEqual(skipped, [])
  assert.deepEqual([look!.sampleOf, look!.reachesFrom], ['newest_100_orders', NOW_MS - 9 * MINUTE])
  assert.deepEqual(
    look!.liquidations.map(({ position, base, quote, price }) => [position, base, quote, price]),
    [
      ['long', '0.5', '32000', '64000'],
      ['short', '0.01', '640', '64000']
    ]
  )
  // No id of its own: the same order, told again, is the same.
  const again = await lookOf(okx, { ...market, info: { instFamily: 'BTC-USDT' } }, { request })
  assert.deepEqual(again.liquidations[0]!.liquidations, look!.liquidations)
})

test('Deribit: the taker’s, the maker’s or both sides of a trade were liquidated; other trades were not', async () => {
  const market = { id: 'BTC-PERPETUAL', symbol: 'BTC/USD:BTC', swap: true, inverse: true, contractSize: 10 }
  const trade = (trade_id: string, liquidation?: string) => ({
    info: {
      trade_id,
      timestamp: NOW_MS - MINUTE,
      price: 64000,
      amount: 3200,
      direction: 'sell',
      ...(liquidation ? { liquidation } : {})
    }
  })
  const trades = [trade('1'), trade('2', 'T'), trade('3', 'M'), trade('4', 'MT')]
  const { liquidations } = await lookOf(deribit, market, { fetchTrades: async () => trades })
  assert.deepEqual(
    liquidations[0]!.liquidations.map(({ nativeId, position, base, quote }) => [nativeId, position, base, quote]),
    [
      ['2', 'long', '0.05', '3200'],
      ['3', 'short', '0.05', '3200'],
      ['4', 'long', '0.05', '3200'],
      ['4', 'short', '0.05', '3200']
    ]
  )
})

test('Kraken: trades of the type liquidation, without saying whose position it was', async () => {
  const market = { id: 'PF_XBTUSD', symbol: 'BTC/USD:USD', swap: true, inverse: false, contractSize: 1 }
  const trade = (uid: string, type: string) => ({
    timestamp: NOW_MS - MINUTE,
    info: { uid, type, time: new Date(NOW_MS - MINUTE).toISOString(), price: 64000, size: 0.25, side: 'sell' }
  })
  const trades = [trade('a', 'fill'), trade('b', 'liquidation'), trade('c', 'termination')]
  const { liquidations } = await lookOf(kraken, market, { fetchTrades: async () => trades })
  const [only] = liquidations[0]!.liquidations
  assert.deepEqual([only!.nativeId, only!.position, only!.base, only!.quote], ['b', 'unknown', '0.25', '16000'])
  assert.equal(liquidations[0]!.liquidations.length, 1)
})

const CIRCUMSTANCES = { market: {}, unit: 'base', sampleOf: 'newest_100_trades', observedAt: NOW_MS } as const
const told = (said: Partial<ToldLiquidation>): ToldLiquidation => ({
  id: 'x',
  at: NOW_MS - MINUTE,
  position: 'long',
  price: '64000',
  amount: '1',
  ...said
})
const read = (rows: readonly ToldLiquidation[], circumstances: Partial<Parameters<typeof readLiquidations>[1]> = {}) =>
  readLiquidations({ symbol: 'BTC/USD:USD', told: rows, reachesFrom: null }, { ...CIRCUMSTANCES, ...circumstances })

test('garbage is no liquidation, and where nothing can be read it is not taken for a look that saw none', () => {
  const bad = [{ id: '' }, { at: 0 }, { at: NOW_MS + MINUTE }, { price: 'NaN' }, { amount: '0' }, { amount: null }].map(
    told
  )
  assert.deepEqual(read(bad), { symbol: 'BTC/USD:USD', reason: 'liquidations_unusable' })
  const some = read([...bad, told({})])
  assert.ok('liquidations' in some)
  assert.equal(some.liquidations.length, 1)
  const noSize = read([told({})], { unit: 'contracts' })
  assert.deepEqual(noSize, { symbol: 'BTC/USD:USD', reason: 'contract_size_unknown' })
})

test('a look that saw none, or old ones alone, is a look', () => {
  for (const rows of [[], [told({ at: NOW_MS - 25 * 60 * MINUTE })]]) {
    const look = read(rows)
    assert.ok('liquidations' in look)
    assert.deepEqual(look.liquidations, [])
  }
})
