import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BookUnit, readBook } from '../../src/venues/books.ts'
import type { OrderBook, Skipped, Untrusted } from '../../src/venues/venue.ts'

const NOW_MS = Date.UTC(2026, 5, 15)
const book = (size: string): Untrusted => ({
  symbol: 'BTC/USDT:USDT',
  bids: [['43466.3', size]],
  asks: [['43466.4', size]],
  timestamp: NOW_MS - 50
})
const sizeOf = (read: OrderBook | Skipped) => ('bids' in read ? Number(read.bids[0]!.size) : read.reason)
const read = (size: string, market: Untrusted, unit: BookUnit) => sizeOf(readBook(book(size), market, unit, NOW_MS))

test('sizes of a book become base, whatever the venue counts', () => {
  assert.equal(read('172.404', { inverse: false }, 'base'), 172.404)
  // OKX, recorded: 14,881 contracts of 0.01 BTC.
  assert.equal(read('14881', { inverse: false, contractSize: '0.01', info: { ctMult: '1' } }, 'contracts'), 148.81)
  // COIN-M: contracts of 100 dollars; Bybit's inverse: dollars.
  const of = (dollars: number) => Math.round((dollars / 43466.3) * 1e12)
  assert.equal(Math.round(Number(read('7', { inverse: true, contractSize: '100' }, 'contracts')) * 1e12), of(700))
  assert.equal(Math.round(Number(read('700', { inverse: true }, 'usd')) * 1e12), of(700))
})

test('a book without its contract’s size, or without levels, is none; one side alone is a book', () => {
  assert.equal(read('7', { inverse: true }, 'contracts'), 'contract_size_unknown')
  const empty = readBook(
    {
      ...book('1'),
      bids: [],
      asks: [
        ['0', '5'],
        ['NaN', '1']
      ]
    },
    {},
    'base',
    NOW_MS
  )
  assert.deepEqual(empty, { symbol: 'BTC/USDT:USDT', reason: 'empty_book' })
  const oneSided = readBook({ ...book('1'), bids: [], timestamp: 0 }, {}, 'base', NOW_MS)
  assert.ok('asks' in oneSided)
  assert.deepEqual([oneSided.bids.length, oneSided.asks.length, oneSided.venueTime], [0, 1, null])
})
