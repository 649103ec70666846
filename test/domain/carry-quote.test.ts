import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bookOfBands } from '../../src/domain/band-book.ts'
import type { Level } from '../../src/domain/book.ts'
import { type CarryCase, netAprOf, quoteCarry, type SizedCarry, wholeCostBps } from '../../src/domain/carry-quote.ts'
import { type Decimal, decimalOf, ONE, parseDecimal, toNumber } from '../../src/domain/decimal.ts'
import { depthOf } from '../../src/domain/depth.ts'
import { type FundingToCome, fundingToCome } from '../../src/domain/funding-to-come.ts'

const HOUR = 3_600_000
const exact = (text: string) => parseDecimal(text)!
const level = (price: number, size: number): Level => ({ price: decimalOf(price)!, size: decimalOf(size)! })
const near = (actual: number | null | undefined, expected: number, tolerance = 1e-9) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)

const funding = (rate8h: number, count: number, intervalHours = 8): FundingToCome =>
  fundingToCome({
    fitted: {
      path: { next: rate8h, longRun: rate8h, persistence: 0 },
      next8h: rate8h,
      settlements: 90,
      method: 'fitted'
    },
    intervalHours,
    settlements: Array.from({ length: count }, (_, index) => (1 + index * intervalHours) * HOUR),
    nextSettlementAt: HOUR
  })

const base: CarryCase = {
  nowMs: 0,
  direction: 'forward',
  spot: { bids: [level(99.99, 100), level(99.9, 1000)], asks: [level(100.01, 100), level(100.1, 1000)] },
  contract: { bids: [level(100.19, 100), level(100.1, 1000)], asks: [level(100.21, 100), level(100.3, 1000)] },
  multiplier: ONE,
  fx: ONE,
  horizonHours: 168,
  fees: { spotTaker: 0.001, perpTaker: 0.0005 },
  deliveryFrac: 0.00025,
  perpMarginFrac: 0.2,
  borrowApr: null,
  funding: funding(0.0002, 21),
  expiryMs: null,
  fairBps: -4.5,
  fairAtHorizonBps: -4.5,
  sigmaBps: 3
}
const sized = (change: Partial<CarryCase>, notional = '5000'): SizedCarry => {
  const quoted = quoteCarry({ ...base, ...change }, exact(notional))
  assert.notEqual(typeof quoted, 'string', String(quoted))
  return quoted as SizedCarry
}
const exitOf = (quoted: SizedCarry, exit: string) => quoted.exits.find((each) => each.exit === exit)

test('with basis unchanged a round trip costs both crossings once, and the fees', () => {
  const unchanged = exitOf(sized({ funding: funding(0, 21) }), 'unchanged')!
  const spread = 1 / 100 + 1 / 100.2
  // Entry and exit cross half of each spread: one whole spread of each leg, in bps of 1e-2 around 100.
  near(-unchanged.netFrac, 2 * 0.0015 + (spread * 2) / 100, 3e-6)
})

test('what settles inside the horizon is received, at the venue’s own interval', () => {
  near(sized({}).fundingSum, 21 * 0.0002)
  near(sized({ funding: funding(0.0002, 168, 1) }).fundingSum, (168 * 0.0002) / 8)
  near(sized({ funding: funding(0.0002, 0) }).fundingSum, 0)
})

test('the three ends differ by the basis at which the carry is closed, adverse against its holder', () => {
  const forward = sized({})
  const [unchanged, fair, adverse] = ['unchanged', 'fair', 'adverse'].map((exit) => exitOf(forward, exit)!)
  near(adverse!.netFrac, unchanged!.netFrac - 0.0003)
  near(fair!.netFrac - unchanged!.netFrac, (forward.midBasisBps + 4.5) / 10_000)
  const reverse = sized({ direction: 'reverse', borrowApr: 0 })
  near(exitOf(reverse, 'adverse')!.netFrac, exitOf(reverse, 'unchanged')!.netFrac - 0.0003)
  assert.deepEqual(
    sized({ fairAtHorizonBps: null, sigmaBps: null }).exits.map(({ exit }) => exit),
    ['unchanged']
  )
})

test('a perpetual is harvested, a dated contract locked: its basis is nothing at expiry and it crosses nothing there', () => {
  const dated = { funding: null, expiryMs: 40 * 24 * HOUR }
  const quoted = sized(dated)
  const locked = exitOf(quoted, 'locked')!
  assert.equal(locked.hours, 960)
  near(
    locked.netFrac,
    (quoted.entry.entryBasisBps! - quoted.spotExitSlippageBps) / 10_000 - (2 * 0.001 + 0.0005 + 0.00025)
  )
  assert.equal(quoted.breakEvenSettlements, null)
  assert.equal(exitOf(sized({}), 'locked'), undefined)
  assert.deepEqual(
    sized({ ...dated, horizonHours: 1000 }).exits.map(({ exit }) => exit),
    ['locked']
  )
})

test('what a dated contract costs is what it pays to expiry: one taker fee of the contract, its delivery, the loan until then', () => {
  const dated = { funding: null, expiryMs: 40 * 24 * HOUR }
  const quoted = sized(dated)
  const { entry, spotExitSlippageBps } = quoted
  assert.equal(quoted.perpExitSlippageBps, 0)
  const fees = 10_000 * (2 * 0.001 + 0.0005 + 0.00025)
  near(
    wholeCostBps({ ...base, ...dated }, quoted),
    entry.spotSlippageBps! + entry.perpSlippageBps! + spotExitSlippageBps + fees
  )
  const reverse = sized({ ...dated, direction: 'reverse', borrowApr: 0.1 })
  near(reverse.borrowFrac, (0.1 * 960) / 8760)
  near(sized({ direction: 'reverse', borrowApr: 0.1 }).borrowFrac, (0.1 * 168) / 8760)
})

test('a dated contract that nobody could buy back is locked all the same, and has no earlier end', () => {
  const contract = { bids: base.contract.bids, asks: [level(100.21, 1)] }
  const thin = sized({ funding: null, expiryMs: 40 * 24 * HOUR, contract })
  assert.deepEqual(
    thin.exits.map(({ exit }) => exit),
    ['locked']
  )
  assert.equal(quoteCarry({ ...base, contract }, exact('5000')), 'book_too_thin')
})

test('funding must pay for fees and for both crossings; the hours count from now to the settlement that does', () => {
  const quoted = sized({})
  const cost = quoted.costToRecoverFrac!
  assert.equal(quoted.breakEvenSettlements, Math.ceil(cost / 0.0002))
  assert.equal(quoted.breakEvenHours, 1 + (quoted.breakEvenSettlements! - 1) * 8)
  assert.equal(sized({ funding: funding(-0.0002, 21) }).breakEvenSettlements, null)
})

test('in reverse the coin is borrowed: without its rate nothing is said, with it every hour costs', () => {
  const reverse = { direction: 'reverse', funding: funding(-0.0008, 21) } as const
  assert.equal(quoteCarry({ ...base, ...reverse }, exact('5000')), 'borrow_unknown')
  const [free, dear] = [sized({ ...reverse, borrowApr: 0 }), sized({ ...reverse, borrowApr: 0.25 })]
  near(exitOf(free, 'unchanged')!.netFrac - exitOf(dear, 'unchanged')!.netFrac, (0.25 * 168) / 8760)
  assert.ok(dear.breakEvenSettlements! > free.breakEvenSettlements!)
})

test('books that end before the size are refused, on whichever leg and side', () => {
  assert.equal(quoteCarry(base, exact('200000')), 'book_too_thin')
  const { asks } = base.contract
  assert.equal(
    quoteCarry({ ...base, contract: { bids: base.contract.bids, asks: asks.slice(0, 0) } }, exact('5000')),
    'book_too_thin'
  )
  assert.equal(netAprOf(base, 1e9), null)
})

test('currencies that differ are converted: a discount of the spot’s money is not basis', () => {
  const converted = sized({ fx: exact('1.002') })
  near(converted.midBasisBps, sized({}).midBasisBps - 20.04, 0.05)
  assert.ok(converted.entry.entryBasisBps! < sized({}).entry.entryBasisBps! - 19)
})

test('a larger size never nets more', () => {
  const sizes = fc.integer({ min: 100, max: 100_000 })
  fc.assert(
    fc.property(sizes, sizes, (one, other) => {
      const [small, large] = [netAprOf(base, Math.min(one, other)), netAprOf(base, Math.max(one, other))]
      if (large !== null) assert.ok(small !== null && small >= large - 1e-9)
    })
  )
})

const side = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 50 })), {
  minLength: 1,
  maxLength: 12
})
const cost = (levels: readonly Level[], amount: number): number | null => {
  let [left, base] = [amount, 0]
  for (const { price, size } of levels) {
    const value = toNumber(price) * toNumber(size)
    if (value >= left) return base + left / toNumber(price)
    left -= value
    base += toNumber(size)
  }
  return null
}

test('a book made of band depths is never better than the book that they were summed from', () => {
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 400_000 }), (below, above, amount) => {
      const at = (bps: number, sign: 1 | -1) => 1000 * (1 + (sign * bps) / 10_000)
      const levels = (made: typeof below, sign: 1 | -1) =>
        made
          .map(([bps, size]) => level(Number(at(bps, sign).toFixed(4)), size))
          .sort((a, b) => sign * (toNumber(a.price) - toNumber(b.price)))
      // A last level far away: the real book reaches beyond every band.
      const book = { bids: [...levels(below, -1), level(900, 1)], asks: [...levels(above, 1), level(1100, 1)] }
      const { bands } = depthOf(
        book,
        [10, 25, 50].map((bps) => decimalOf(bps)!)
      )
      const amounts = (pick: (band: (typeof bands)[number]) => Decimal | null) => bands.map(pick)
      const made = bookOfBands({
        bid: book.bids[0]!,
        ask: book.asks[0]!,
        bids: amounts(({ bidDepth }) => bidDepth),
        asks: amounts(({ askDepth }) => askDepth)
      })
      const [bought, could] = [cost(made.asks, amount), cost(book.asks, amount)]
      if (bought !== null) assert.ok(could !== null && bought <= could * (1 + 1e-9))
      const [sold, must] = [cost(made.bids, amount), cost(book.bids, amount)]
      if (sold !== null) assert.ok(must !== null && sold >= must * (1 - 1e-9))
    })
  )
})

test('a band that the book ended in adds nothing', () => {
  const best = { price: exact('100.01'), size: exact('2') }
  const book = bookOfBands({
    bid: { price: exact('99.99'), size: null },
    ask: best,
    bids: [null, null, null],
    asks: [exact('500.05'), null, null]
  })
  assert.equal(book.bids.length, 0)
  assert.deepEqual(
    book.asks.map(({ price, size }) => [toNumber(price), Math.round(toNumber(size) * 1000)]),
    [
      [100.01, 2000],
      [100.1, Math.round((300.03 / 100.1) * 1000)]
    ]
  )
})
