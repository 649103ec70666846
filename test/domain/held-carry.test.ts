import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { carryOutcomeOf } from '../../src/contract/carry-outcome.ts'
import type { Quotes } from '../../src/domain/carry-return.ts'
import { tradingWindows } from '../../src/domain/carry-windows.ts'
import { decimalOf } from '../../src/domain/decimal.ts'
import { heldCarry } from '../../src/domain/held-carry.ts'
import { sumOf } from '../../src/domain/statistics.ts'
import { HOUR, MINUTE } from '../../src/domain/time.ts'
import { aCarry } from '../support/signals.ts'

const quotes = (ts: number, spot: readonly [number, number], contract: readonly [number, number]): Quotes => {
  const [spotBid, spotAsk, perpBid, perpAsk] = [...spot, ...contract].map((price) => decimalOf(price)!)
  return { ts, spotBid: spotBid!, spotAsk: spotAsk!, perpBid: perpBid!, perpAsk: perpAsk! }
}
const near = (seen: number | null, wanted: number) => assert.ok(Math.abs(seen! - wanted) < 1e-12, `${seen} ${wanted}`)
const FEES = { spotTaker: 0.001, perpTaker: 0.0005, impactFrac: 0.0002, marginFrac: 0.2 }

test('a carry comes to what both legs gained, and what really settled, less fees and impact', () => {
  const held = heldCarry({
    entry: quotes(0, [99.9, 100], [101, 101.1]),
    exit: quotes(24 * HOUR, [110, 110.1], [110.2, 110.3]),
    settledFunding: [0, 8, 16, 24, 32].map((hours) => ({ ts: hours * HOUR, rate: 0.001 })),
    ...FEES
  })
  // By hand: spot bought at 100, sold at 110; contract sold at 101, bought at 110.3. Fees of 100 + 110 and of 101 + 110.3.
  near(held.priceFrac, 0.1 - 0.093)
  near(held.fundingFrac, 0.003)
  near(held.feesFrac, 0.001 * 2.1 + 0.0005 * 2.113)
  near(held.costFrac, 0.0031565 + 0.0002)
  near(held.netFrac, 0.007 + 0.003 - 0.0033565)
  near(held.netAprNotional, 0.0066435 * 365)
  near(held.netAprCapital, (0.0066435 * 365) / 1.2)
})

const price = fc.integer({ min: 50, max: 200 })
const rates = fc.array(fc.integer({ min: -300, max: 300 }), { maxLength: 30 })

test('with prices that stand still a carry is the sum of its settlements less its cost, and cutting it in two changes nothing but the cost', () => {
  fc.assert(
    fc.property(fc.tuple(price, price, price, price, price, price), rates, fc.nat(30), (prices, settled, cutAt) => {
      const [s0, c0, s1, c1, s2, c2] = prices
      const end = 31 * HOUR
      const cut = cutAt * HOUR + MINUTE
      const settledFunding = settled.map((rate, index) => ({ ts: (index + 1) * HOUR, rate: rate / 1e5 }))
      const at = (ts: number, spot: number, contract: number) => quotes(ts, [spot, spot], [contract, contract])
      const hold = (entry: Quotes, exit: Quotes) => heldCarry({ entry, exit, settledFunding, ...FEES })
      const still = hold(at(0, s0, c0), at(end, s0, c0))
      near(still.netFrac, sumOf(settledFunding.map(({ rate }) => rate)) - still.costFrac)
      const whole = hold(at(0, s0, c0), at(end, s2, c2))
      const parts = [hold(at(0, s0, c0), at(cut, s1, c1)), hold(at(cut, s1, c1), at(end, s2, c2))]
      // Parts are of what spot cost at each beginning; as money of one coin they add up.
      near(whole.priceFrac * s0, parts[0]!.priceFrac * s0 + parts[1]!.priceFrac * s1)
      near(whole.fundingFrac, parts[0]!.fundingFrac + parts[1]!.fundingFrac)
      near(whole.netFrac, whole.priceFrac + whole.fundingFrac - whole.costFrac)
    })
  )
})

const OPENED = Date.UTC(2026, 5, 14, 8)
const CLOSED = OPENED + 20 * HOUR
const episode = aCarry({ id: 'sig', instrumentId: 1, spotId: 2, openedAt: OPENED, closedAt: CLOSED })
const settledAt = (hours: number, intervalHours: number | null = 8) => ({
  settledAt: OPENED + hours * HOUR,
  rate: '0.0005',
  intervalHours
})
const FACTS = {
  isPerpetual: true,
  entry: quotes(OPENED + MINUTE, [99.9, 100], [101, 101.1]),
  exit: quotes(CLOSED + MINUTE, [99.9, 100], [101, 101.1]),
  settled: [settledAt(0), settledAt(8), settledAt(16), settledAt(24)]
}

test('a carry is entered and left at prices after it was told of, never at those that made the signal', () => {
  const { entry, exit } = tradingWindows({ openedAt: OPENED, closedAt: CLOSED })
  assert.deepEqual([entry.fromMs, exit.fromMs], [OPENED + MINUTE, CLOSED + MINUTE])
  assert.ok(entry.toMs <= exit.fromMs)
  assert.ok(tradingWindows({ openedAt: OPENED, closedAt: OPENED + 5 * MINUTE }).entry.toMs <= OPENED + 6 * MINUTE)
})

test('what a carry came to is told only when it is over, quoted, priced at both ends and wholly settled', () => {
  const outcome = carryOutcomeOf(episode, FACTS)
  assert.ok(outcome.absent === null && outcome.netAbsent === null)
  near(outcome.held.fundingFrac, 0.001)
  assert.deepEqual([outcome.funding!.settlements, outcome.funding!.expected, outcome.funding!.coverage], [2, 2, 1])
  const absentOf = (...asked: Parameters<typeof carryOutcomeOf>) => {
    const found = carryOutcomeOf(...asked)
    return found.absent ?? found.netAbsent
  }
  const { carry: _none, ...opening } = episode.opening
  assert.equal(absentOf({ ...episode, closedAt: null }, FACTS), 'still_open')
  assert.equal(absentOf({ ...episode, opening }, FACTS), 'quote_not_kept')
  assert.equal(absentOf(episode, { ...FACTS, entry: null }), 'no_prices_at_entry')
  assert.equal(absentOf(episode, { ...FACTS, exit: null }), 'no_prices_at_exit')
  assert.equal(absentOf(episode, { ...FACTS, settled: [settledAt(16)] }), 'funding_missing')
  assert.equal(absentOf(episode, { ...FACTS, settled: [] }), 'funding_missing')
  assert.equal(absentOf(episode, { ...FACTS, settled: [settledAt(8), settledAt(16, null)] }), 'interval_unknown')
  const dated = carryOutcomeOf(episode, { ...FACTS, isPerpetual: false })
  assert.ok(dated.absent === null && dated.funding === null && dated.held.fundingFrac === 0)
})
