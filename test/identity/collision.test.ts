import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config.ts'
import { ASSETS } from '../../src/sim/market/assets.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { claimEvaluation, markSettlements } from '../../src/store/signal-progress.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { openStage, POLL_MS } from './stage.ts'

/** A contract called NEIRO whose price is that of another coin of the market. */
const neiro = (venue: string, symbol: string, as: string, base: string) => ({
  venue,
  kind: 'listing',
  symbol,
  as,
  base,
  asBase: 'NEIRO'
})
const ON_BINANCE = { ...neiro('binance', 'DOGEUSDT', 'NEIROUSDT', 'DOGE') }
const ON_BYBIT = { ...neiro('bybit', 'XRPUSDT', 'NEIROUSDT', 'XRP') }
const ON_KRAKEN = { ...neiro('kraken', 'PF_DOGEUSD', 'PF_NEIROUSD', 'DOGE'), path: '/derivatives' }

test('of one ticker on three venues, the one whose price two others contradict is put under quarantine with the reason', async () => {
  await using stage = await openStage(['binance', 'bybit', 'kraken'], {
    assets: ['BTC', 'NEIRO'],
    faults: [ON_BINANCE, ON_BYBIT, ON_KRAKEN]
  })
  await stage.tick()
  const odd = await stage.instrument('bybit:NEIRO/USDT:USDT')
  assert.equal(odd.quarantine.reason, 'ticker_collision')
  assert.ok(odd.quarantine.ratio > 3, 'its price over that of the others')
  assert.equal((await stage.instrument('binance:NEIRO/USDT:USDT')).quarantine, null)
  await stage.tick()
  const row = (await stage.row('bybit:NEIRO/USDT:USDT'))!
  assert.equal(row.grade, 'none')
  assert.ok(row.reasons.includes('quarantined'))
  assert.equal(row.spot, null)
  assert.equal(row.basisBps, null)
  assert.equal(row.absent.basisBps, 'quarantined')
  assert.notEqual(row.contractMid, null, 'its own price is shown')
  const { data } = await stage.get('/v1/assets?asset=NEIRO')
  assert.deepEqual(data[0].venues, ['binance', 'kraken'], 'it is counted with nothing')
  const { data: kept } = await stage.graphql(
    '{ instruments(venue: ["bybit"], first: 1000) { nodes { instrument quarantine { reason } } } }'
  )
  const node = kept.instruments.nodes.find(
    ({ instrument }: { instrument: string }) => instrument === 'bybit:NEIRO/USDT:USDT'
  )
  assert.equal(node.quarantine.reason, 'ticker_collision')
})

test('two venues that contradict each other are both held back, until a human has said which is which', async () => {
  await using stage = await openStage(['binance', 'bybit'], {
    assets: ['BTC', 'NEIRO', 'NEIROETH'],
    faults: [ON_BINANCE, ON_BYBIT]
  })
  await stage.tick()
  for (const key of ['binance:NEIRO/USDT:USDT', 'bybit:NEIRO/USDT:USDT']) {
    assert.equal((await stage.instrument(key)).quarantine.reason, 'no_majority')
  }
  assert.equal((await stage.instrument('binance:BTC/USDT:USDT')).quarantine, null)
  await stage.override([
    { key: 'bybit:NEIRO/USDT', asset: 'NEIROETH' },
    { key: 'bybit:NEIRO/USDT:USDT', asset: 'NEIROETH' }
  ])
  await stage.reload()
  const said = await stage.instrument('bybit:NEIRO/USDT:USDT')
  assert.equal(said.asset, 'NEIROETH')
  assert.equal(said.multiplierSource, 'override')
  // Nothing contradicts either any more: after ten minutes of it both are free.
  await stage.tick()
  assert.notEqual((await stage.instrument('binance:NEIRO/USDT:USDT')).quarantine, null)
  for (let minutes = 0; minutes <= 10; minutes += 1) await stage.tick(stage.now() + 60_000)
  assert.equal((await stage.instrument('binance:NEIRO/USDT:USDT')).quarantine, null)
  assert.equal((await stage.instrument('bybit:NEIRO/USDT:USDT')).quarantine, null)
})

test('a wrong multiplier is told from another coin', async () => {
  // A thousand by its name, one by its price.
  const misnamed = {
    venue: 'bybit',
    kind: 'listing',
    symbol: 'DOGEUSDT',
    as: '1000DOGEUSDT',
    base: 'DOGE',
    asBase: '1000DOGE'
  }
  await using stage = await openStage(['binance', 'bybit', 'okx'], {
    assets: ['PEPE', 'DOGE'],
    faults: [{ ...misnamed, path: 'category=linear' }]
  })
  await stage.tick()
  const { quarantine } = await stage.instrument('bybit:1000DOGE/USDT:USDT')
  assert.equal(quarantine.reason, 'multiplier_mismatch')
  assert.ok(Math.abs(quarantine.ratio * 1000 - 1) < 0.1)
  assert.equal((await stage.instrument('bybit:DOGE/USDT:USDT')).quarantine, null)
  await stage.override([{ key: 'bybit:1000PEPE/USDT:USDT', asset: 'PEPE', multiplier: '100' }])
  await stage.reload()
  await stage.tick()
  // A slip of a human's hand is held back like one of a venue's: two other venues say otherwise.
  assert.equal((await stage.instrument('binance:1000PEPE/USDT:USDT')).quarantine, null)
  assert.equal((await stage.instrument('bybit:1000PEPE/USDT:USDT')).quarantine.reason, 'multiplier_mismatch')
})

test('a fast market is no collision: what is apart for one or two polls is not put under quarantine', async () => {
  await using stage = await openStage(['binance', 'bybit', 'okx'], { assets: ['ETH'] })
  await stage.tick()
  await stage.setFaults([{ venue: 'bybit', kind: 'price_off', factor: 1.35, path: '/v5/market/tickers' }])
  await stage.tick()
  await stage.tick()
  await stage.setFaults([])
  await stage.tick()
  await stage.tick()
  assert.equal((await stage.instrument('bybit:ETH/USDT:USDT')).quarantine, null)
  await stage.setFaults([{ venue: 'bybit', kind: 'price_off', factor: 1.35, path: '/v5/market/tickers' }])
  for (let polls = 0; polls < 6; polls += 1) await stage.tick(stage.now() + POLL_MS)
  assert.equal((await stage.instrument('bybit:ETH/USDT:USDT')).quarantine.reason, 'ticker_collision', 'what lasts is')
})

test('over all venues and coins of a market without collisions nothing is held back', async () => {
  await using stage = await openStage(
    ADAPTERS.map(({ id }) => id),
    { assets: ASSETS.map(({ name }) => name) }
  )
  for (let polls = 0; polls < 4; polls += 1) await stage.tick()
  const { rows } = await stage.db.query('select * from identity_check')
  assert.deepEqual(rows, [])
})

test('what is under quarantine opens no signal', async () => {
  await using stage = await openStage(['binance', 'bybit', 'kraken'], {
    assets: ['BTC', 'NEIRO'],
    faults: [ON_BINANCE, ON_BYBIT, ON_KRAKEN]
  })
  await stage.tick()
  const idOf = async (key: string) =>
    (await stage.db.query<{ id: number }>('select id from instrument where key = $1', [key])).rows[0]!.id
  const [held, free] = [await idOf('bybit:NEIRO/USDT:USDT'), await idOf('binance:NEIRO/USDT:USDT')]
  for (const id of [held, free]) await stage.db.transaction((client) => markSettlements(client, id, stage.now()))
  await activate(stage.db, 'funding_regime', { hash: 'x', set: loadConfig({}).fundingRegime })
  const claim = () =>
    claimEvaluation(stage.db, { type: 'funding_regime', parameters: 'x', holder: 'test', leaseMs: 60_000 })
  assert.equal((await claim())?.instrumentId, free)
  assert.equal(await claim(), undefined)
})
