import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { basisBetween, basisOfPrices, premiumBps, quoteAdjustedBasis, quotedSpreadBps } from '../../src/domain/basis.ts'
import { type Decimal, decimalToString, parseDecimal } from '../../src/domain/decimal.ts'

const exact = (text: string): Decimal => parseDecimal(text)!
const prices = fc.integer({ min: 1, max: 10_000_000 }).map((cents) => exact(`${cents}e-4`))

function books(contractBid: string | null, contractAsk: string | null, spotBid: string | null, spotAsk: string | null) {
  const side = (text: string | null) => (text === null ? null : exact(text))
  return {
    contractBid: side(contractBid),
    contractAsk: side(contractAsk),
    spotBid: side(spotBid),
    spotAsk: side(spotAsk),
    multiplier: 1,
    fx: 1
  }
}

function close(actual: number | null, expected: number, tolerance = 1e-9): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`
  )
}

test('a contract above spot has a positive basis, exact in price and in bps', () => {
  const basis = basisBetween(books('64028.50', '64028.60', '64000.00', '64000.01'))
  assert.equal(decimalToString(basis.basisAbs!), '28.545')
  close(basis.basisBps, 4.46015590155)
  close(basis.logBasisBps, 4.45916154767)
})

test('a multiplied spot is shown and compared in contract units', () => {
  const basis = basisBetween({ ...books('0.0123455', '0.0123457', '0.00001233', '0.00001235'), multiplier: 1000 })
  assert.equal(decimalToString(basis.spotBid!), '0.01233')
  assert.equal(decimalToString(basis.spotMid!), '0.01234')
  close(basis.basisBps, 4.53808752026)
})

test('a missing side makes null of what needs it and leaves the rest', () => {
  const basis = basisBetween(books('100.1', '100.2', null, '100'))
  assert.equal(basis.spotMid, null)
  assert.equal(basis.basisAbs, null)
  assert.equal(basis.basisBps, null)
  assert.equal(basis.adjustedBasisBps, null)
  assert.equal(basis.reverseEntryBps, null)
  assert.equal(basis.crossCostBps, null)
  close(basis.carryEntryBps, 10)
  assert.equal(decimalToString(basis.contractMid!), '100.15')
})

test('a price of zero or below is no price', () => {
  for (const bad of ['0', '-1']) {
    const basis = basisBetween(books('100.1', '100.2', bad, '100'))
    assert.equal(basis.spotMid, null)
    assert.equal(basis.basisBps, null)
    assert.equal(premiumBps({ mark: exact('1'), index: exact(bad) }), null)
    const single = basisOfPrices({ contractPrice: exact(bad), spotPrice: exact(bad), multiplier: 1, fx: 1 })
    assert.deepEqual([single.contractMid, single.spotMid, single.basisAbs], [null, null, null])
  }
})

test('swapping the legs turns the sign of the logarithm and of the difference', () => {
  fc.assert(
    fc.property(prices, prices, (a, b) => {
      const there = basisOfPrices({ contractPrice: a, spotPrice: b, multiplier: 1, fx: 1 })
      const back = basisOfPrices({ contractPrice: b, spotPrice: a, multiplier: 1, fx: 1 })
      assert.equal(there.basisAbs!.digits, -back.basisAbs!.digits)
      close(there.logBasisBps, -back.logBasisBps!)
      assert.equal(Math.sign(there.basisBps!), -Math.sign(back.basisBps!) + 0)
    })
  )
})

test('scaling both legs by the same factor leaves every ratio as it was', () => {
  fc.assert(
    fc.property(prices, prices, fc.constantFrom(10, 1000, 1_000_000), (contractPrice, spotPrice, factor) => {
      const plain = basisOfPrices({ contractPrice, spotPrice, multiplier: 1, fx: 1 })
      const scaledPrice = { digits: contractPrice.digits * BigInt(factor), scale: contractPrice.scale }
      const scaled = basisOfPrices({ contractPrice: scaledPrice, spotPrice, multiplier: factor, fx: 1 })
      assert.equal(scaled.basisBps, plain.basisBps)
    })
  )
})

test('crossing the spread never beats the mid, either way', () => {
  fc.assert(
    fc.property(prices, prices, prices, prices, (a, b, c, d) => {
      const [contractBid, contractAsk] =
        a.digits * 10n ** BigInt(9 - a.scale) < b.digits * 10n ** BigInt(9 - b.scale) ? [a, b] : [b, a]
      const [spotBid, spotAsk] =
        c.digits * 10n ** BigInt(9 - c.scale) < d.digits * 10n ** BigInt(9 - d.scale) ? [c, d] : [d, c]
      const basis = basisBetween({ contractBid, contractAsk, spotBid, spotAsk, multiplier: 1, fx: 1 })
      assert.ok(basis.carryEntryBps! <= basis.basisBps! && basis.basisBps! <= basis.reverseEntryBps!)
      close(basis.basisBps! - basis.crossCostBps!, basis.carryEntryBps!, 1e-9)
    })
  )
})

test('the quote currency explains what it explains: adjusted plus fx part is the raw basis', () => {
  const adjusted = quoteAdjustedBasis({
    contractMid: exact('64030'),
    spotMid: exact('63980'),
    usdPerContractQuote: exact('0.9992'),
    usdPerSpotQuote: exact('1')
  })
  close(adjusted.basisBpsRaw, 7.81494216943)
  close(adjusted.basisBpsAdj, -0.191309784308)
  const { basisBps, adjustedBasisBps, fxBps } = basisOfPrices({
    contractPrice: exact('64030'),
    spotPrice: exact('63980'),
    multiplier: 1,
    fx: 1 / 0.9992
  })
  close(adjustedBasisBps, -0.191309784308)
  close(adjustedBasisBps! + fxBps!, basisBps!)
})

test('without a traded rate of both currencies only the raw basis is given', () => {
  const adjusted = quoteAdjustedBasis({
    contractMid: exact('64030'),
    spotMid: exact('63980'),
    usdPerContractQuote: null,
    usdPerSpotQuote: exact('1')
  })
  assert.deepEqual(
    { ...adjusted, basisBpsRaw: null },
    { spotAdj: null, basisBpsRaw: null, basisBpsAdj: null, fxContributionBps: null }
  )
  close(adjusted.basisBpsRaw, 7.81494216943)
  const unknown = basisOfPrices({ contractPrice: exact('101'), spotPrice: exact('100'), multiplier: 1, fx: null })
  assert.equal(unknown.adjustedBasisBps, null)
  assert.equal(unknown.fxBps, null)
  close(unknown.basisBps, 100)
})

test('single prices claim nothing executable', () => {
  const basis = basisOfPrices({ contractPrice: exact('101'), spotPrice: exact('100'), multiplier: 1, fx: 1 })
  assert.equal(basis.carryEntryBps, null)
  assert.equal(basis.reverseEntryBps, null)
})

test('the quoted spread is measured against the mid', () => {
  close(quotedSpreadBps({ bid: exact('99.5'), ask: exact('100.5') }), 100)
  assert.equal(quotedSpreadBps({ bid: null, ask: exact('1') }), null)
})
