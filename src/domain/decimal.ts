/** An exact decimal: digits · 10^−scale, with scale ≥ 0 and no trailing zero that the scale could drop. */
export type Decimal = { readonly digits: bigint; readonly scale: number }

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
const MAX_DIGITS = 60
const MAX_EXPONENT = 40
/** Digits of a quotient before it becomes a float64: enough that the last rounding is the only one. */
const RATIO_DIGITS = 24

export const ZERO: Decimal = { digits: 0n, scale: 0 }
export const ONE: Decimal = { digits: 1n, scale: 0 }

/** Plain or exponent notation, exactly; undefined for anything else, for exponents beyond ±40 and for more than 60 digits. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match
  const digits = whole + fraction
  const exponent = Number(exponentText)
  if (digits === '' || digits.length > MAX_DIGITS || Math.abs(exponent) > MAX_EXPONENT) return undefined
  const magnitude = BigInt(digits)
  return decimal(sign === '-' ? -magnitude : magnitude, fraction.length - exponent)
}

/** The decimal that a finite number prints as (its shortest text); undefined for NaN, infinities and absurd sizes. */
export function decimalOf(value: number): Decimal | undefined {
  return parseDecimal(String(value))
}

/** A text that may be missing or no decimal, as a decimal. */
export function decimalOrNull(text: string | null | undefined): Decimal | null {
  return text === null || text === undefined ? null : (parseDecimal(text) ?? null)
}

/** A decimal's text that may be missing, as the nearest float64. */
export function numberOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text)
}

/** Brings digits and scale into the one form of that value. */
function decimal(digits: bigint, scale: number): Decimal {
  if (digits === 0n) return ZERO
  if (scale <= 0) return { digits: scale === 0 ? digits : digits * powerOfTen(-scale), scale: 0 }
  let [left, places] = [digits, scale]
  while (places > 0 && left % 10n === 0n) {
    left /= 10n
    places -= 1
  }
  return { digits: left, scale: places }
}

/** Those that prices and sizes need; every comparison and sum takes one. */
const POWERS = Array.from({ length: 128 }, (_, exponent) => 10n ** BigInt(exponent))
const powerOfTen = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent)

/** Plain notation, no exponent, no trailing zeros. */
export function decimalToString({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : ''
  const text = magnitudeOf(digits)
    .toString()
    .padStart(scale + 1, '0')
  if (scale === 0) return sign + text
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

/** The nearest float64. */
export function toNumber(value: Decimal): number {
  return Number(decimalToString(value))
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return decimal(digitsAt(a, scale) + digitsAt(b, scale), scale)
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, negate(b))
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return decimal(a.digits * b.digits, a.scale + b.scale)
}

export function negate({ digits, scale }: Decimal): Decimal {
  return { digits: -digits, scale }
}

/** −1, 0 or 1: a against b. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale)
  const [x, y] = [digitsAt(a, scale), digitsAt(b, scale)]
  return x < y ? -1 : x > y ? 1 : 0
}

export function isZero({ digits }: Decimal): boolean {
  return digits === 0n
}

export function isPositive({ digits }: Decimal): boolean {
  return digits > 0n
}

/** (bid + ask)/2, exactly. */
export function midOf(bid: Decimal, ask: Decimal): Decimal {
  const { digits, scale } = add(bid, ask)
  return decimal(digits * 5n, scale + 1)
}

/** a/b to so many significant digits, halves away from zero; undefined when b is 0. */
export function divideDecimal(a: Decimal, b: Decimal, significantDigits = 30): Decimal | undefined {
  if (isZero(b)) return undefined
  if (isZero(a)) return ZERO
  const shift = significantDigits + 1 + lengthOf(b.digits) - lengthOf(a.digits)
  const quotient = shift >= 0 ? (a.digits * powerOfTen(shift)) / b.digits : a.digits / (b.digits * powerOfTen(-shift))
  const spare = lengthOf(quotient) - significantDigits
  return decimal(rounded(quotient, spare), a.scale - b.scale + shift - Math.max(spare, 0))
}

/** a/b as the nearest float64, from an exact quotient; undefined when b is 0. */
export function ratioOf(a: Decimal, b: Decimal): number | undefined {
  const quotient = divideDecimal(a, b, RATIO_DIGITS)
  return quotient === undefined ? undefined : toNumber(quotient)
}

/** Drops the last digits, halves away from zero. */
function rounded(value: bigint, drop: number): bigint {
  if (drop <= 0) return value
  const unit = powerOfTen(drop)
  const half = unit / 2n
  return (value < 0n ? value - half : value + half) / unit
}

function digitsAt({ digits, scale }: Decimal, target: number): bigint {
  return scale === target ? digits : digits * powerOfTen(target - scale)
}

function magnitudeOf(digits: bigint): bigint {
  return digits < 0n ? -digits : digits
}

/** How many decimal digits: from the number of hexadecimal ones, which are written faster. */
function lengthOf(digits: bigint): number {
  const magnitude = magnitudeOf(digits)
  let length = Math.floor((magnitude.toString(16).length - 1) * DIGITS_PER_HEX)
  while (magnitude >= powerOfTen(length)) length += 1
  return Math.max(1, length)
}

const DIGITS_PER_HEX = Math.log10(16)
