import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Book, Level } from '../../src/domain/book.ts'
import { enterCarry } from '../../src/domain/carry-entry.ts'
import { type Decimal, multiply, ONE, parseDecimal, toNumber } from '../../src/domain/decimal.ts'

const exact = (text: string) => parseDecimal(text)!
type Rows = readonly (readonly [string, string])[]
const levels = (rows: Rows): Level[] => rows.map(([price, size]) => ({ price: exact(price), size: exact(size) }))
const book = (bids: Rows, asks: Rows): Book => ({ bids: levels(bids), asks: levels(asks) })
const number = (value: Decimal | null) => (value === null ? null : toNumber(value))

const SPOT = book(
  [['99', '10']],
  [
    ['100', '1'],
    ['102', '1']
  ]
)
const CONTRACT = book(
  [
    ['104', '1'],
    ['103', '1']
  ],
  [['106', '10']]
)
const entry = (notional: string, { spot = SPOT, contract = CONTRACT, multiplier = ONE } = {}) =>
  enterCarry({ spot, contract, notionalQuote: exact(notional), multiplier })

test('the contract is sold for as much base as was bought, not for as much money', () => {
  const { sufficient, baseQty, spotVwap, perpVwap, entryBasisBps } = entry('151')
  assert.ok(sufficient)
  assert.deepEqual([number(baseQty), number(perpVwap)], [1.5, 155.5 / 1.5])
  assert.ok(Math.abs(number(spotVwap)! - 151 / 1.5) < 1e-9)
  assert.ok(Math.abs(entryBasisBps! - 10_000 * (155.5 / 151 - 1)) < 1e-9)
})

test('the last coin of both books is enough; a little more is refused, whichever leg ends first', () => {
  assert.ok(entry('202').sufficient)
  const refused = {
    sufficient: false,
    baseQty: null,
    spotVwap: null,
    perpVwap: null,
    entryBasisBps: null,
    spotSlippageBps: null,
    perpSlippageBps: null
  }
  assert.deepEqual(entry('202.01'), refused)
  assert.deepEqual(entry('151', { contract: book([['104', '1.4']], []) }), refused)
  assert.deepEqual(entry('0'), refused)
  assert.deepEqual(entry('100', { spot: book([], []) }), refused)
})

test('slippage is against each mid, positive for the worse, and unknown where the other side is', () => {
  const { spotSlippageBps, perpSlippageBps } = entry('100')
  assert.ok(Math.abs(spotSlippageBps! - 10_000 * (100 / 99.5 - 1)) < 1e-9)
  assert.ok(Math.abs(perpSlippageBps! - 10_000 * (1 - 104 / 105)) < 1e-9)
  const oneSided = entry('100', { spot: { bids: [], asks: SPOT.asks } })
  assert.deepEqual([oneSided.sufficient, oneSided.spotSlippageBps], [true, null])
})

const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 1000 })), {
  minLength: 1,
  maxLength: 8
})
const written = (made: readonly (readonly [number, number])[]): Rows => made.map(([p, s]) => [`${p}`, `${s}`])

test('a larger entry never has a better basis', () => {
  fc.assert(
    fc.property(
      rows,
      rows,
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      (asks, bids, n, more) => {
        const legs = { spot: book([], written(asks)), contract: book(written(bids), []) }
        const [small, large] = [entry(`${n}`, legs), entry(`${n + more}`, legs)]
        if (!large.sufficient) return
        assert.ok(small.sufficient)
        assert.ok(large.entryBasisBps! <= small.entryBasisBps! + 1e-6)
      }
    )
  )
})

test('a contract of a thousand coins at a thousand times the price is the same entry', () => {
  const thousand = exact('1000')
  const milli = exact('0.001')
  fc.assert(
    fc.property(rows, rows, fc.integer({ min: 1, max: 5000 }), (asks, bids, n) => {
      const [spot, contract] = [book([], written(asks)), book(written(bids), [])]
      const bundled = contract.bids.map(({ price, size }) => ({
        price: multiply(price, thousand),
        size: multiply(size, milli)
      }))
      const plain = entry(`${n}`, { spot, contract })
      const multiplied = entry(`${n}`, { spot, contract: { bids: bundled, asks: [] }, multiplier: thousand })
      assert.equal(multiplied.sufficient, plain.sufficient)
      assert.deepEqual(multiplied.baseQty, plain.baseQty)
      if (plain.entryBasisBps === null) return
      const tolerance = 1e-9 * (1 + Math.abs(plain.entryBasisBps))
      assert.ok(Math.abs(multiplied.entryBasisBps! - plain.entryBasisBps) < tolerance)
    })
  )
})
