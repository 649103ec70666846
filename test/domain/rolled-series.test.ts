import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type DatedContract,
  type DatedPrice,
  type DatedPrices,
  type Holding,
  ROLL_BEFORE_MS,
  walkHoldings
} from '../../src/domain/rolled-series.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]

/** Answers a walk from prices that are at hand. */
function holdingsOf(
  contracts: readonly DatedContract[],
  prices: DatedPrices,
  range: { fromMs: number; toMs: number }
): Holding[] {
  const walk = walkHoldings(contracts, range)
  let step = walk.next(new Map())
  while (!step.done) {
    const { instruments, fromMs, toMs } = step.value
    const within = (key: string) => (prices.get(key) ?? []).filter(({ at }) => at >= fromMs && at < toMs)
    step = walk.next(new Map(instruments.map((key) => [key, within(key)])))
  }
  return step.value
}

const contract = (instrument: string, expiryDay: number) => ({ instrument, expiresAt: expiryDay * DAY })
const priced = (byHour: Readonly<Record<number, number | string>>, kind = 'mid'): DatedPrice[] =>
  Object.entries(byHour)
    .map(([hour, price]) => ({ at: Number(hour) * HOUR, price: String(price), kind }))
    .sort((a, b) => a.at - b.at)
const told = (holdings: readonly Holding[]) =>
  holdings.map(({ instrument, fromMs, toMs, stretch, factor }) => [
    instrument,
    fromMs / HOUR,
    toMs / HOUR,
    stretch,
    factor
  ])

const FRONT = contract('front', 10)
const NEXT = contract('next', 40)
const RANGE = { fromMs: 6 * DAY, toMs: 12 * DAY }

test('a series keeps both prices of its roll: the first that both have from two days before expiry on', () => {
  const prices = new Map([
    ['front', priced({ 144: 100, 191: 101, 193: 102, 194: 500 })],
    ['next', priced({ 144: 110, 192: 111, 193: 112.2, 200: 113.322 })]
  ])
  const holdings = holdingsOf([NEXT, FRONT], prices, RANGE)
  assert.deepEqual(told(holdings), [
    ['front', 144, 193, 0, 1],
    ['next', 193, 288, 0, 1.1]
  ])
  assert.deepEqual(holdings[1]?.roll, {
    rollAt: 193 * HOUR,
    from: 'front',
    to: 'next',
    fromPrice: '102',
    toPrice: '112.2',
    ratio: 1.1
  })
})

test('contracts that never have a price of one kind together are two series, not one', () => {
  const alone = new Map([
    ['front', priced({ 144: 100, 193: 101 })],
    ['next', priced({ 250: 120 })]
  ])
  assert.deepEqual(told(holdingsOf([FRONT, NEXT], alone, RANGE)), [
    ['front', 144, 240, 0, 1],
    ['next', 250, 288, 1, 1]
  ])
  const mixed = new Map([
    ['front', priced({ 144: 100, 193: 101 })],
    ['next', priced({ 193: 120, 239: 121 }, 'last')]
  ])
  assert.deepEqual(told(holdingsOf([FRONT, NEXT], mixed, RANGE)), [
    ['front', 144, 240, 0, 1],
    ['next', 240, 288, 1, 1]
  ])
})

test('a missing quote of the next contract passes it over for no later one, a contract without prices does not stop the roll', () => {
  const far = contract('far', 100)
  const silent = contract('silent', 30)
  const prices = new Map([
    ['front', priced({ 191.5: 100, 192: 100, 192.1: 100 })],
    ['next', priced({ 191.5: 110, 192.1: 110 })],
    ['far', priced({ 191.5: 120, 192: 120, 192.1: 120 })]
  ])
  const holdings = holdingsOf([far, NEXT, silent, FRONT], prices, { ...RANGE, fromMs: 191.5 * HOUR })
  assert.deepEqual(told(holdings), [
    ['front', 191.5, 192.1, 0, 1],
    ['next', 192.1, 288, 0, 1.1]
  ])
})

test('a range that begins after a roll begins with the contract that was held then, at its own prices', () => {
  const both = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [150 + index, 100]))
  const prices = new Map([
    ['front', priced(both)],
    ['next', priced(both)]
  ])
  const [first, ...more] = holdingsOf([FRONT, NEXT], prices, { fromMs: 200 * HOUR, toMs: 230 * HOUR })
  assert.deepEqual([told([first!]), more], [[['next', 200, 230, 0, 1]], []])
})

test('a nearer contract that comes, or comes back, is taken at its first price together, wherever the range began', () => {
  const far = contract('far', 100)
  const hours = (from: number, to: number, price: number) =>
    priced(Object.fromEntries(Array.from({ length: to - from }, (_, index) => [from + index, price])))
  const prices = new Map([
    ['next', [...hours(144, 150, 110), ...hours(200.5, 201, 110), ...hours(210, 288, 110)]],
    ['far', hours(140, 288, 121)]
  ])
  const held = (fromHour: number) => told(holdingsOf([far, NEXT], prices, { ...RANGE, fromMs: fromHour * HOUR }))
  assert.deepEqual(held(144), [['next', 144, 288, 0, 1]])
  assert.deepEqual(held(141), [
    ['far', 141, 144, 0, 1],
    ['next', 144, 288, 0, 110 / 121]
  ])
  // Begun while it had no price.
  assert.deepEqual(held(180), [
    ['far', 180, 210, 0, 1],
    ['next', 210, 288, 0, 110 / 121]
  ])
})

/** Contracts that expire days apart, each with prices at some of the hours of its life. */
const market = fc
  .record({
    expiries: fc.uniqueArray(fc.integer({ min: 3, max: 40 }), { minLength: 2, maxLength: 5 }),
    seed: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 50, max: 200 })), {
      minLength: 5,
      maxLength: 20
    }),
    missing: fc.integer({ min: 0, max: 7 })
  })
  .map(({ expiries, seed, missing }) => {
    const contracts = expiries.map((day) => contract(`c${day}`, day))
    const prices = new Map(
      contracts.map(({ instrument, expiresAt }, own) => {
        const hours = Array.from({ length: expiresAt / HOUR }, (_, hour) => hour)
        const kept = hours.filter((hour) => (hour * 7 + own * 3) % 10 >= missing)
        return [
          instrument,
          kept.map((hour) => {
            const [step, price] = seed[(hour + own) % seed.length]!
            return { at: hour * HOUR, price: String(price + step * own), kind: 'mid' }
          })
        ] as const
      })
    )
    return { contracts, prices }
  })
const WHOLE = { fromMs: 0, toMs: 41 * DAY }

test('a roll is no return: at its moment both contracts’ prices are the same in terms of the stretch’s first', () => {
  fc.assert(
    fc.property(market, ({ contracts, prices }) => {
      const holdings = holdingsOf(contracts, prices, WHOLE)
      for (const [index, { roll, factor, fromMs }] of holdings.entries()) {
        if (roll === null) continue
        const before = holdings[index - 1]!
        const expiryOf = (key: string) => contracts.find(({ instrument }) => instrument === key)!.expiresAt
        const [expiresAt, nextAt] = [expiryOf(roll.from), expiryOf(roll.to)]
        const isNearer = nextAt < expiresAt && roll.rollAt < nextAt - ROLL_BEFORE_MS
        assert.ok(isNearer || (nextAt > expiresAt && roll.rollAt >= expiresAt - ROLL_BEFORE_MS))
        assert.ok(roll.rollAt < expiresAt)
        assert.deepEqual([roll.from, before.toMs, fromMs], [before.instrument, roll.rollAt, roll.rollAt])
        const [left, entered] = [Number(roll.fromPrice) / before.factor, Number(roll.toPrice) / factor]
        assert.ok(Math.abs(left / entered - 1) < 1e-12)
      }
    })
  )
})

test('the order of contracts changes nothing, nor does anything that happened after a moment what was held until then', () => {
  const cut = fc.tuple(market, fc.integer({ min: 1, max: 40 * 24 }), fc.integer({ min: 0, max: 9 }))
  fc.assert(
    fc.property(cut, ([{ contracts, prices }, hour, change]) => {
      const holdings = holdingsOf(contracts, prices, WHOLE)
      assert.deepEqual(holdingsOf(contracts.toReversed(), prices, WHOLE), holdings)
      const untilMs = hour * HOUR
      const changed = new Map(
        [...prices].map(([key, own]) => [
          key,
          own.flatMap((point) =>
            point.at <= untilMs
              ? [point]
              : change === 0
                ? []
                : [{ ...point, price: String(Number(point.price) * change) }]
          )
        ])
      )
      const until = (found: readonly Holding[]) =>
        found
          .filter(({ fromMs }) => fromMs <= untilMs)
          .map(({ toMs, ...holding }) => ({ ...holding, toMs: Math.min(toMs, untilMs + 1) }))
      assert.deepEqual(until(holdingsOf(contracts, changed, WHOLE)), until(holdings))
      const short = holdingsOf(contracts, prices, { fromMs: 0, toMs: untilMs + 1 })
      assert.deepEqual(short, until(holdings))
    })
  )
})

test('ranges that begin apart hold the same from the first moment at which what they hold have a price together', () => {
  const begins = fc.tuple(market, fc.integer({ min: 0, max: 40 * 24 }), fc.integer({ min: 0, max: 40 * 24 }))
  fc.assert(
    fc.property(begins, ([{ contracts, prices }, one, other]) => {
      const [early, late] = [Math.min(one, other), Math.max(one, other)].map((hour) =>
        holdingsOf(contracts, prices, { ...WHOLE, fromMs: hour * HOUR })
      )
      const heldAt = (holdings: readonly Holding[], at: number) =>
        holdings.findLast(({ fromMs, toMs }) => fromMs <= at && at < toMs)
      const pricedAt = (key: string, at: number) => prices.get(key)!.some((price) => price.at === at)
      let haveMet = false
      for (let at = Math.max(one, other) * HOUR; at < WHOLE.toMs; at += HOUR) {
        const [a, b] = [heldAt(early!, at), heldAt(late!, at)]
        if (haveMet) assert.equal(b?.instrument, a?.instrument, `at ${at / HOUR}`)
        haveMet ||= a !== undefined && a.instrument === b?.instrument
        if (haveMet || a === undefined || b === undefined) continue
        const nearer = Math.min(a.expiresAt, b.expiresAt)
        const areTogether = [a, b].every(({ instrument }) => pricedAt(instrument, at))
        assert.ok(!areTogether || at >= nearer - ROLL_BEFORE_MS, `at ${at / HOUR}`)
      }
    })
  )
})
