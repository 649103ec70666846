import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assetName, settlementOf } from '../../src/domain/instrument.ts'
import { assetClassOf } from '../../src/venues/asset-class.ts'

test('what a price is about is read from the word that each venue has for it', () => {
  const told: [venue: string, info: object, expected: string][] = [
    ['binance', { underlyingType: 'COIN', contractType: 'PERPETUAL' }, 'crypto'],
    ['binance', { underlyingType: 'EQUITY', contractType: 'TRADIFI_PERPETUAL' }, 'stock'],
    ['binance', { underlyingType: 'KR_EQUITY', contractType: 'TRADIFI_PERPETUAL' }, 'stock'],
    ['binance', { underlyingType: 'COMMODITY' }, 'commodity'],
    ['binance', { underlyingType: 'PREMARKET', contractType: 'TRADIFI_PERPETUAL' }, 'other'],
    ['binance', { underlyingType: 'SOMETHING_NEW' }, 'other'],
    ['binance', {}, 'crypto'],
    ['bybit', { symbolType: '' }, 'crypto'],
    ['bybit', { symbolType: 'innovation' }, 'crypto'],
    ['bybit', { symbolType: 'stock' }, 'stock'],
    ['okx', { instCategory: '1' }, 'crypto'],
    ['okx', { instCategory: '3' }, 'stock'],
    ['okx', { instCategory: '9' }, 'other'],
    ['kraken', { tradfi: true }, 'other'],
    ['kraken', { tradfi: false }, 'crypto'],
    ['deribit', {}, 'crypto']
  ]
  for (const [venue, info, expected] of told) {
    assert.equal(assetClassOf(venue, { info }), expected, `${venue} ${JSON.stringify(info)}`)
  }
  assert.equal(assetClassOf('binance', { stock: true, info: {} }), 'stock')
})

test('assets of two classes have two names', () => {
  assert.deepEqual([assetName('ON', 'crypto'), assetName('ON', 'stock')], ['ON', 'ON.STOCK'])
})

test('a contract is linear, inverse or quanto by what it pays in', () => {
  const paid = (base: string, quote: string, settle: string | null) => settlementOf({ base, quote, settle })
  assert.equal(paid('BTC', 'USDT', 'USDT'), 'linear')
  assert.equal(paid('BTC', 'USD', 'USDC'), 'linear')
  assert.equal(paid('BTC', 'USD', 'BTC'), 'inverse')
  assert.equal(paid('ETH', 'USD', 'BTC'), 'quanto')
  assert.equal(paid('BTC', 'USDT', null), null)
})
