import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStage } from './stage.ts'

test('1000SATS, kPEPE, 1INCH, KAVA and KAS are what they are, and each basis is of one coin', async () => {
  await using stage = await openStage(['binance', 'bybit', 'okx', 'hyperliquid'], {
    assets: ['1000SATS', 'SATS', 'PEPE', '1INCH', 'KAVA', 'KAS']
  })
  await stage.tick()
  const expected: Record<string, [asset: string, multiplier: number, spot: string]> = {
    // A spot coin itself there: an exact name goes first.
    'binance:1000SATS/USDT:USDT': ['1000SATS', 1, 'binance:1000SATS/USDT'],
    'bybit:10000SATS/USDT:USDT': ['SATS', 10_000, 'bybit:SATS/USDT'],
    'binance:1000PEPE/USDT:USDT': ['PEPE', 1_000, 'binance:PEPE/USDT'],
    'hyperliquid:KPEPE/USDC:USDC': ['PEPE', 1_000, 'binance:PEPE/USDT'],
    'binance:1INCH/USDT:USDT': ['1INCH', 1, 'binance:1INCH/USDT'],
    'bybit:1INCH/USDT:USDT': ['1INCH', 1, 'bybit:1INCH/USDT'],
    'hyperliquid:KAVA/USDC:USDC': ['KAVA', 1, 'binance:KAVA/USDT'],
    'hyperliquid:KAS/USDC:USDC': ['KAS', 1, 'bybit:KAS/USDT']
  }
  for (const [key, [asset, multiplier, spot]] of Object.entries(expected)) {
    const told = await stage.instrument(key)
    assert.deepEqual([key, told.asset, told.multiplier, told.spot], [key, asset, multiplier, spot])
    assert.equal(told.quarantine, null)
    const row = (await stage.row(key))!
    assert.equal(row.multiplier, multiplier)
    assert.ok(Math.abs(row.basisBps!) < 200, `${key} ${row.basisBps}`)
    assert.ok(!row.reasons.includes('multiplier_unresolved'))
  }
})

test('one asset under two tickers is one asset once a human has said so, with each leg in its own units', async () => {
  await using stage = await openStage(['binance', 'bybit', 'okx'], { assets: ['SATS'] })
  await stage.override([
    { key: 'binance:1000SATS/USDT', asset: 'SATS', multiplier: '1000' },
    { key: 'binance:1000SATS/USDT:USDT', asset: 'SATS', multiplier: '1000' }
  ])
  await stage.reload()
  await stage.tick()
  const { data } = await stage.get('/v1/basis?asset=SATS')
  assert.deepEqual(data.map(({ instrument }: { instrument: string }) => instrument).sort(), [
    'binance:1000SATS/USDT:USDT',
    'bybit:10000SATS/USDT:USDT',
    'okx:SATS/USDT:USDT'
  ])
  const own = (await stage.row('binance:1000SATS/USDT:USDT'))!
  assert.equal(own.spot, 'binance:1000SATS/USDT')
  assert.equal(own.multiplier, 1, 'a thousand in the contract, a thousand in the coin')
  assert.ok(Math.abs(own.basisBps!) < 200)
  const told = await stage.instrument('binance:1000SATS/USDT:USDT')
  assert.equal(told.multiplier, 1_000)
  assert.equal(told.multiplierSource, 'override')
  assert.equal(told.quarantine, null, 'its price of one coin is that of the others')
})

test('an inverse contract is told from a linear one, with its size in money', async () => {
  await using stage = await openStage(['binance', 'deribit'], { assets: ['BTC'] })
  await stage.tick()
  const inverse = await stage.instrument('binance:BTC/USD:BTC')
  assert.deepEqual(
    [inverse.inverse, inverse.linear, inverse.quanto, inverse.quote, inverse.settle, inverse.contractSize],
    [true, false, false, 'USD', 'BTC', '100']
  )
  const linear = await stage.instrument('binance:BTC/USDT:USDT')
  assert.deepEqual([linear.inverse, linear.linear, linear.quanto, linear.settle], [false, true, false, 'USDT'])
  const spot = await stage.instrument('binance:BTC/USDT')
  assert.deepEqual([spot.inverse, spot.linear, spot.quanto, spot.settle], [null, null, null, null])
  const row = (await stage.row('binance:BTC/USD:BTC'))!
  assert.equal(row.inverse, true)
  assert.ok(Math.abs(row.basisBps!) < 200)
})

test('a share with the ticker of a coin is an asset of its own, and takes no coin for its spot leg', async () => {
  await using stage = await openStage(['binance', 'bybit'], {
    assets: ['SOL', 'SOL.STOCK'],
    faults: [
      {
        venue: 'binance',
        kind: 'fields',
        symbol: 'SOLUSDT',
        set: { underlyingType: 'EQUITY' },
        path: '/fapi/v1/exchangeInfo'
      }
    ]
  })
  await stage.tick()
  const share = await stage.instrument('binance:SOL/USDT:USDT')
  assert.deepEqual([share.asset, share.assetClass, share.spot], ['SOL.STOCK', 'stock', null])
  const row = (await stage.row('binance:SOL/USDT:USDT'))!
  assert.equal(row.asset, 'SOL.STOCK')
  assert.equal(row.absent.basisBps, 'no_spot_leg')
  assert.equal((await stage.instrument('bybit:SOL/USDT:USDT')).asset, 'SOL')
  assert.equal((await stage.instrument('binance:SOL/USDT')).asset, 'SOL', 'the coin stays a coin')
})
