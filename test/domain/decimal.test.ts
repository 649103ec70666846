import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  add,
  compare,
  type Decimal,
  decimalOf,
  decimalToString,
  divideDecimal,
  isZero,
  midOf,
  multiply,
  negate,
  parseDecimal,
  ratioOf,
  subtract,
  toNumber
} from '../../src/domain/decimal.ts'

const PLACES = 12
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), fc.integer({ min: 0, max: PLACES }))
  .map(([digits, scale]) => parse(`${digits}e-${scale}`))

function parse(text: string): Decimal {
  const value = parseDecimal(text)
  assert.ok(value, `${text} is a decimal`)
  return value
}

/** The value in units of 10^-places, as a plain integer. */
function units(value: Decimal, places: number): bigint {
  return value.digits * 10n ** BigInt(places - value.scale)
}

test('plain and exponent notation are read exactly and printed without an exponent', () => {
  const cases = [
    ['64000.00', '64000'],
    ['0.00001234', '0.00001234'],
    ['1e-8', '0.00000001'],
    ['-1.5E+3', '-1500'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-0', '0'],
    ['-0.0012300', '-0.00123'],
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789']
  ] as const
  for (const [text, printed] of cases) assert.equal(decimalToString(parse(text)), printed)
})

test('what is not a decimal, or absurdly large, is refused', () => {
  const texts = [
    '',
    ' ',
    '.',
    '-',
    'NaN',
    'Infinity',
    '0x10',
    '1 000',
    ' 1',
    '1\n',
    '1e',
    '1e41',
    '1e-41',
    '1,5',
    '1_000',
    '--1',
    '1e99999'
  ]
  for (const text of [...texts, '1'.repeat(61)]) assert.equal(parseDecimal(text), undefined, JSON.stringify(text))
  assert.equal(decimalOf(Number.NaN), undefined)
  assert.equal(decimalOf(Number.POSITIVE_INFINITY), undefined)
})

test('printing and reading again gives the same value', () => {
  fc.assert(fc.property(decimals, (value) => assert.deepEqual(parse(decimalToString(value)), value)))
})

test('sums, differences, products and order agree with integer arithmetic', () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      assert.equal(units(add(a, b), PLACES), units(a, PLACES) + units(b, PLACES))
      assert.equal(units(subtract(a, b), PLACES), units(a, PLACES) - units(b, PLACES))
      assert.equal(units(multiply(a, b), 2 * PLACES), units(a, PLACES) * units(b, PLACES))
      assert.equal(compare(a, b), Math.sign(Number(units(a, PLACES) - units(b, PLACES))))
      assert.deepEqual(add(negate(a), a), parse('0'))
    })
  )
})

test('the middle is exact: twice it is the sum of the sides', () => {
  fc.assert(fc.property(decimals, decimals, (a, b) => assert.deepEqual(add(midOf(a, b), midOf(a, b)), add(a, b))))
  assert.equal(decimalToString(midOf(parse('64000.00'), parse('64000.01'))), '64000.005')
})

test('a ratio is the nearest float64 and turns over with its sides', () => {
  assert.equal(ratioOf(parse('1'), parse('3')), 1 / 3)
  assert.equal(ratioOf(parse('0.1'), parse('0.3')), 1 / 3)
  assert.equal(ratioOf(parse('0.0000000123456'), parse('0.00000001234')), 123456 / 123400)
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      fc.pre(!isZero(a) && !isZero(b))
      const ratio = ratioOf(a, b)!
      assert.equal(ratioOf(negate(a), b), -ratio)
      assert.ok(Math.abs(ratio * ratioOf(b, a)! - 1) < 1e-15 * 3)
    })
  )
})

test('a ratio of whole numbers is the quotient that float64 division gives', () => {
  const whole = fc.integer({ min: 1, max: 2 ** 31 - 1 })
  fc.assert(fc.property(whole, whole, (a, b) => assert.equal(ratioOf(parse(String(a)), parse(String(b))), a / b)))
})

test('dividing by zero has no answer', () => {
  assert.equal(ratioOf(parse('1'), parse('0')), undefined)
  assert.equal(divideDecimal(parse('1'), parse('0')), undefined)
})

test('a quotient keeps the digits asked for and rounds halves away from zero', () => {
  const cases = [
    ['2', '3', 4, '0.6667'],
    ['-2', '3', 4, '-0.6667'],
    ['1', '8', 2, '0.13'],
    ['100000000', '64000', 24, '1562.5'],
    ['123456', '1', 3, '123000']
  ] as const
  for (const [a, b, digits, expected] of cases) {
    assert.equal(decimalToString(divideDecimal(parse(a), parse(b), digits)!), expected)
  }
})

test('a float64 survives the way through a decimal', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
      fc.pre(value === 0 || Math.abs(value) > 1e-15)
      assert.equal(toNumber(decimalOf(value)!), value + 0)
    })
  )
})
