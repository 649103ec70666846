import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { bookProblem, settlementProblems, type ToldBefore } from '../../src/domain/told-plausibility.ts'

const AT = Date.UTC(2026, 10, 25, 8)
const told = (rate: number, more: Partial<ToldBefore> = {}): ToldBefore => ({
  rate,
  intervalHours: 8,
  nextSettlementAt: AT,
  observedAt: AT - MINUTE,
  ...more
})
const saidAt = AT + DAY
const problem = (
  rate: number,
  before: ToldBefore | null,
  stored: number | null = null,
  settledAt = AT,
  saidAt = AT + MINUTE
) => settlementProblems([{ settledAt, saidAt, rate, told: before, stored }])[0]

test('a settlement in per cent, or one whose rate was not filled, is refused beside what was told a minute before', () => {
  assert.equal(problem(0.01, told(0.0001)), 'rate_implausible')
  assert.equal(problem(-0.02, told(0.0002)), 'rate_implausible')
  assert.equal(problem(0, told(0.0001)), 'rate_implausible')
  assert.equal(problem(0, told(0.00001)), null, 'nothing was paid')
  assert.equal(problem(0.0009, told(0.0001)), null, 'ninefold is a market')
  assert.equal(problem(0.00009, told(0.0000009)), null, 'both are about nothing')
  assert.equal(problem(0.01, null), null, 'nothing was told')
  assert.equal(problem(0.0004, told(0)), null, 'an estimate of nothing may not have been filled')
})

test('an old word does not speak against a settlement: an hour of eight, and minutes of one, may change a rate', () => {
  assert.equal(problem(0.01, told(0.0001, { observedAt: AT - HOUR })), null)
  assert.equal(problem(0.01, told(0.0001, { observedAt: AT - 10 * MINUTE })), 'rate_implausible')
  assert.equal(problem(0.01, told(0.0001, { intervalHours: 1, observedAt: AT - 10 * MINUTE })), null)
})

test('what is stored may be put right, but not by two digits at once', () => {
  assert.equal(problem(0.00012, told(0.0001), 0.0001), null)
  assert.equal(problem(0.01, null, 0.0001), 'rate_implausible')
  assert.equal(problem(0.0001, told(0.0001), 0), null, 'a zero may be filled')
  assert.equal(problem(0.0001, null, 0.01), null, 'what was a percentage may be put right')
  assert.equal(problem(0, null, 0.0001), 'rate_implausible')
  assert.equal(problem(0.0001, told(0.0001, { nextSettlementAt: AT + HOUR }), 0.0001), null, 'it is there')
})

test('where what is told anew of a stored settlement is a hundredfold of it, nothing of the answer is believed', () => {
  const unknown = { told: null, stored: null }
  const answer = (factor: number) =>
    settlementProblems([
      { settledAt: AT, saidAt, rate: 0.0001 * factor, told: null, stored: 0.0001 },
      { settledAt: AT + 8 * HOUR, saidAt, rate: 0.0002 * factor, ...unknown },
      { settledAt: AT + 16 * HOUR, saidAt, rate: 0.004 * factor, ...unknown }
    ])
  assert.deepEqual(answer(1), [null, null, null])
  assert.deepEqual(answer(100), ['rate_implausible', 'rate_implausible', 'rate_implausible'])
  const one = settlementProblems([
    { settledAt: AT, saidAt, rate: 0.0001, told: null, stored: 0.0001 },
    { settledAt: AT + 8 * HOUR, saidAt, rate: 0.02, told: null, stored: 0.0001 },
    { settledAt: AT + 16 * HOUR, saidAt, rate: 0.004, ...unknown }
  ])
  assert.deepEqual(one, [null, 'rate_implausible', null], 'one that is wrong is that one')
})

test('a settlement at a time for which the venue had told a later one is refused; without a word, or at its time, it is not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 480 }), fc.integer({ min: 0, max: 300 }), (minutes, seconds) => {
      const next = AT + minutes * MINUTE
      assert.equal(problem(0.0001, told(0.0001, { nextSettlementAt: next })), 'not_due')
      assert.equal(problem(0.0001, told(0.0001, { nextSettlementAt: AT + seconds * SECOND })), null)
      assert.equal(problem(0.0001, null), null)
    })
  )
})

test('what the venue still says an hour later is believed, whatever was told before it', () => {
  const later = (rate: number, before: ToldBefore) => problem(rate, before, null, AT, AT + HOUR)
  assert.equal(problem(0.01, told(0.0001), null, AT, AT + HOUR - 1), 'rate_implausible')
  assert.equal(later(0.01, told(0.0001)), null)
})

test('one that was not told of is believed with the one that was: the interval has become shorter', () => {
  const early = {
    settledAt: AT,
    saidAt: AT + 4 * HOUR,
    rate: 0.0001,
    told: told(0.0001, { nextSettlementAt: AT + 4 * HOUR }),
    stored: null
  }
  assert.deepEqual(settlementProblems([early]), ['not_due'])
  const next = { ...early, settledAt: AT + 4 * HOUR, told: null }
  assert.deepEqual(settlementProblems([early, next]), [null, null])
})

const level = (price: string, size: string) => ({ price: parseDecimal(price)!, size: parseDecimal(size)! })
const top = { bid: 99.9, ask: 100.1, bidSize: parseDecimal('2')!, askSize: parseDecimal('3')!, observedAt: AT }
const book = (factor: number, size: string) => ({
  bids: [level(String(99 * factor), size)],
  asks: [level(String(101 * factor), size)]
})

test('a book of other prices, or of a hundredth of what is quoted at its best, is not the one that was polled', () => {
  assert.equal(bookProblem(book(1, '1'), AT, top), null)
  assert.equal(bookProblem(book(1.15, '1'), AT, top), null)
  assert.equal(bookProblem(book(10, '1'), AT, top), 'off_quote')
  assert.equal(bookProblem(book(0.5, '1'), AT, top), 'off_quote')
  assert.equal(bookProblem(book(1, '0.01'), AT, top), 'size_implausible')
  assert.equal(bookProblem(book(1, '0.05'), AT, top), null)
  assert.equal(bookProblem({ bids: [], asks: [] }, AT, top), null)
  assert.equal(bookProblem(book(1.4, '1'), AT, { ...top, ask: 200 }), null, 'the book lies in a wide quote')
  assert.equal(bookProblem(book(10, '0.001'), AT + 6 * MINUTE, top), null, 'the quote is old')
  assert.equal(bookProblem(book(10, '0.001'), AT, null), null)
})
