// Exact fractions, and the one rounding at the end.

export type Fraction = { over: bigint; under: bigint }

export function fraction(value: unknown): Fraction {
  const [mantissa = '', exponent = '0'] = String(value).toLowerCase().split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const shift = Number(exponent) - decimals.length
  const over = BigInt(whole + decimals)
  return shift >= 0 ? { over: over * 10n ** BigInt(shift), under: 1n } : { over, under: 10n ** BigInt(-shift) }
}
export const times = (a: Fraction, b: Fraction) => ({ over: a.over * b.over, under: a.under * b.under })
export const by = (a: Fraction, b: Fraction) => ({ over: a.over * b.under, under: a.under * b.over })
export const minus = (a: Fraction, b: Fraction) => ({
  over: a.over * b.under - b.over * a.under,
  under: a.under * b.under
})
export const plus = (a: Fraction, b: Fraction) => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under
})
export const mid = (a: Fraction, b: Fraction) => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under * 2n
})

const DIGITS = 60n
/** The nearest float. */
export const float = ({ over, under }: Fraction) => Number(`${(over * 10n ** DIGITS) / under}e-${DIGITS}`)

/** The nearest float of a quotient; null where it has none. */
export const ratio = (over: Fraction, under: Fraction) => (under.over === 0n ? null : float(by(over, under)))

/** A fraction that ends, as plain text. */
export function text({ over, under }: Fraction): string {
  const all = (over * 10n ** DIGITS) / under
  const digits = String(all < 0n ? -all : all).padStart(Number(DIGITS) + 1, '0')
  const at = digits.length - Number(DIGITS)
  return `${all < 0n ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`.replace(/\.?0+$/, '')
}

const lengthOf = (value: bigint) => BigInt(String(value).length)

/** To so many significant digits, halves away from zero. */
export function rounded({ over, under }: Fraction, significant: number): Fraction {
  const isNegative = over < 0n !== under < 0n
  const [a, b] = [over < 0n ? -over : over, under < 0n ? -under : under]
  if (a === 0n) return { over: 0n, under: 1n }
  const shift = BigInt(significant) + 1n + lengthOf(b) - lengthOf(a)
  const quotient = shift >= 0n ? (a * 10n ** shift) / b : a / (b * 10n ** -shift)
  const spare = lengthOf(quotient) - BigInt(significant)
  const unit = 10n ** (spare > 0n ? spare : 0n)
  const kept = (quotient + unit / 2n) / unit
  const exponent = (spare > 0n ? spare : 0n) - shift
  const value = isNegative ? -kept : kept
  return exponent >= 0n ? { over: value * 10n ** exponent, under: 1n } : { over: value, under: 10n ** -exponent }
}
