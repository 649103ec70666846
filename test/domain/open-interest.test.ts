import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Decimal, decimalToString, parseDecimal } from '../../src/domain/decimal.ts'
import {
  bybitOpenInterest,
  openInterestInverse,
  openInterestLinear,
  openInterestOf,
  valuedOpenInterest
} from '../../src/domain/open-interest.ts'

const exact = (text: string) => parseDecimal(text)!
const text = (value: Decimal | null) => (value === null ? null : decimalToString(value))

test('linear contracts count base and are worth base times mark', () => {
  const linear = {
    contracts: exact('2851725'),
    contractSizeBase: exact('10'),
    mark: exact('0.34619'),
    usdPerQuote: exact('1')
  }
  const { oiBase, oiUsd } = openInterestLinear(linear)
  assert.deepEqual([text(oiBase), text(oiUsd)], ['28517250', '9872386.7775'])
  const unpriced = openInterestLinear({ ...linear, usdPerQuote: null })
  assert.deepEqual([text(unpriced.oiBase), unpriced.oiUsd], ['28517250', null])
})

test('inverse contracts count USD and are divided by the mark once', () => {
  const inverse = { contracts: exact('1000000'), contractSizeUsd: exact('100'), mark: exact('64000') }
  const { oiBase, oiUsd } = openInterestInverse(inverse)
  assert.deepEqual([text(oiBase), text(oiUsd)], ['1562.5', '100000000'])
  assert.deepEqual(openInterestInverse({ ...inverse, mark: exact('0') }).oiBase, null)
})

test('a quanto, a negative amount and an unknown size are refused; nobody holding any is zero', () => {
  const open = { contracts: exact('10'), contractSize: exact('1'), mark: exact('2'), usdPerQuote: exact('1') }
  const refused = { oiBase: null, oiUsd: null }
  assert.deepEqual(openInterestOf({ ...open, settlement: 'quanto' }), refused)
  assert.deepEqual(openInterestOf({ ...open, settlement: 'linear', contracts: exact('-1') }), refused)
  assert.deepEqual(openInterestOf({ ...open, settlement: 'inverse', contractSize: null }), refused)
  assert.equal(text(openInterestOf({ ...open, settlement: 'linear', contracts: exact('0') }).oiUsd), '0')
  assert.equal(text(openInterestOf({ ...open, settlement: 'inverse' }).oiBase), '5')
})

test('Bybit open interest is one side: the given one, else half of both, which is said', () => {
  const given = bybitOpenInterest({
    category: 'linear',
    openInterest: exact('97500.5'),
    singleOpenInterest: exact('48750.25'),
    mark: exact('64000')
  })
  assert.deepEqual([text(given.oiBase), text(given.oiUsd), given.inferred], ['48750.25', '3120016000', false])
  const halved = bybitOpenInterest({
    category: 'inverse',
    openInterest: exact('450000000'),
    singleOpenInterest: null,
    mark: exact('64000')
  })
  assert.deepEqual([text(halved.oiBase), text(halved.oiUsd), halved.inferred], ['3515.625', '225000000', true])
})

test('whichever unit is said, the others follow from the mark and agree with it', () => {
  const positive = fc.integer({ min: 1, max: 1e9 }).map((digits) => ({ digits: BigInt(digits), scale: 3 }))
  fc.assert(
    fc.property(positive, positive, fc.boolean(), (amount, mark, isBase) => {
      const said = { base: isBase ? amount : null, quote: isBase ? null : amount, usd: null }
      const { base, quote, usd } = valuedOpenInterest(said, { mark, isDollarQuoted: true })
      assert.equal(text(isBase ? base : quote), text(amount))
      assert.ok(Math.abs(Number(text(quote)) / (Number(text(base)) * Number(text(mark))) - 1) < 1e-12)
      assert.equal(text(usd), text(quote))
    })
  )
})

test('without a mark nothing is valued, and a quote that is no dollar is not told as dollars', () => {
  const said = { base: exact('2'), quote: null, usd: null }
  assert.deepEqual(valuedOpenInterest(said, { mark: null, isDollarQuoted: true }), said)
  const inBitcoin = valuedOpenInterest(said, { mark: exact('0.05'), isDollarQuoted: false })
  assert.deepEqual([text(inBitcoin.quote), inBitcoin.usd], ['0.1', null])
  const none = valuedOpenInterest(
    { base: exact('0'), quote: null, usd: null },
    { mark: exact('5'), isDollarQuoted: true }
  )
  assert.deepEqual([text(none.base), text(none.quote), text(none.usd)], ['0', '0', '0'])
})
