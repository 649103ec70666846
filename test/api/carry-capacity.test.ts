import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capacityView } from '../../src/contract/carry-capacity.ts'
import type { Level } from '../../src/domain/book.ts'
import type { CarryFacts } from '../../src/domain/carry-case.ts'
import type { CarryCase } from '../../src/domain/carry-quote.ts'
import { decimalOf, ONE } from '../../src/domain/decimal.ts'

const level = (price: number, size: number): Level => ({ price: decimalOf(price)!, size: decimalOf(size)! })
const latest = { openInterest: { usd: '5000000' }, volume: { volume24hUsd: '9000000' } }
const facts = { contractFacts: { latest }, spotFacts: { latest } } as unknown as CarryFacts

/** A dated contract 1 % above a spot leg, both with so much at their best prices. */
const caseOf = (size: number, contractPrice = 101): CarryCase => ({
  nowMs: 0,
  direction: 'forward',
  spot: { bids: [level(99.99, size)], asks: [level(100.01, size)] },
  contract: { bids: [level(contractPrice - 0.01, size)], asks: [level(contractPrice + 0.01, size)] },
  multiplier: ONE,
  fx: ONE,
  horizonHours: 168,
  fees: { spotTaker: 0.001, perpTaker: 0.0005 },
  deliveryFrac: 0,
  perpMarginFrac: 0.2,
  borrowApr: null,
  funding: null,
  expiryMs: 40 * 86_400_000,
  fairBps: null,
  fairAtHorizonBps: null,
  sigmaBps: null
})
const viewOf = (input: CarryCase, of = facts) => capacityView(input, { facts: of, notional: 500, minNetApr: 0 })
/** Of a market in which nothing but the books would limit anybody. */
const vast = (usd: string) => {
  const latest = { openInterest: { usd }, volume: { volume24hUsd: usd } }
  return { contractFacts: { latest }, spotFacts: { latest } } as unknown as CarryFacts
}

test('books that end before the smallest size tell of no capacity: it is missing, not nothing', () => {
  const { halvingNotional, halvingBound, bookNotional, capacityUsd, binding } = viewOf(caseOf(6))
  assert.deepEqual(
    [halvingNotional, halvingBound, bookNotional, capacityUsd, binding],
    [null, 'book_ends', null, null, null]
  )
})

test('where no size pays the books bear none', () => {
  const { halvingBound, bookNotional, capacityUsd, binding } = viewOf(caseOf(1_000, 99))
  assert.deepEqual([halvingBound, bookNotional, capacityUsd, binding], ['none_pays', 0, 0, 'book'])
})

test('where a size pays, the largest that the books were seen to bear is told, and what ends there', () => {
  const { halvingBound, bookNotional, bookBound, capacityUsd, binding } = viewOf(caseOf(1_000))
  assert.deepEqual([halvingBound, bookBound], ['book_ends', 'book_ends'])
  assert.ok(Math.abs(bookNotional! - 100_000) < 100, String(bookNotional))
  assert.deepEqual([capacityUsd, binding], [50_000, 'openInterest'], 'met before the books end')
})

test('where the end of what was seen of a book is the least, nobody knows what binds', () => {
  const ended = viewOf(caseOf(1_000), vast('1e11'))
  assert.deepEqual([ended.bookBound, ended.capacityUsd, ended.binding], ['book_ends', null, null])
  const endless = viewOf(caseOf(1e7), vast('1e13'))
  assert.deepEqual([endless.bookNotional, endless.bookBound, endless.capacityUsd], [1e8, 'beyond_search', null])
})

test('a book of which more was seen than pays is a limit', () => {
  const { spot, contract, ...rest } = caseOf(1_000)
  const deeper = { ...contract, bids: [...contract.bids, level(90, 1e6)] }
  const deep = { ...rest, contract: deeper, spot: { bids: spot.bids, asks: [...spot.asks, level(110, 1e6)] } }
  const { bookNotional, bookBound, capacityUsd, binding } = viewOf(
    { ...deep, spot: { ...deep.spot, bids: [level(99.99, 1e6)] } },
    vast('1e11')
  )
  assert.deepEqual([bookBound, capacityUsd, binding], ['net_apr', bookNotional, 'book'])
  assert.ok(bookNotional! > 100_000 && bookNotional! < 200_000, String(bookNotional))
})
