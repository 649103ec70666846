import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Decimal, decimalToString, parseDecimal } from '../../src/domain/decimal.ts'
import {
  bybitOpenInterest,
  openInterestInverse,
  openInterestLinear,
  openInterestOf
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
