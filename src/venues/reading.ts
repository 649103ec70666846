import { decimalOrNull, decimalToString, multiply, ONE, parseDecimal } from '../domain/decimal.ts'
import type { VolumeUnit } from '../domain/latest.ts'
import { openInterestOf } from '../domain/open-interest.ts'
import { lastOf, markOf, positive, quoteOf, signed, skip, volumeOf } from './normalise.ts'
import type { ReadContext, Skipped, Untrusted } from './venue.ts'

type Into = Pick<ReadContext, 'reading' | 'observedAt'>

/** Adds a row, or the reason why there is none. */
export function keep<Row extends object>(row: Row | Skipped, rows: Row[], { reading }: Into): void {
  if ('reason' in row) reading.skipped.push(row)
  else rows.push(row)
}

export function keepQuote(ticker: Untrusted, into: Into): void {
  keep(quoteOf(ticker, into.observedAt) ?? skip(ticker.symbol, 'quote_unusable'), into.reading.quotes, into)
}

/** Last price and volume, of which a ticker may have neither: nothing was traded. `unit` is what the venue counts volume in. */
export function keepTrades(ticker: Untrusted, { reading, observedAt }: Into, unit: VolumeUnit): void {
  const last = lastOf(ticker, observedAt)
  if (last) reading.lasts.push(last)
  const volume = volumeOf(ticker, observedAt, unit)
  if (volume) reading.volumes.push(volume)
}

export function keepMark(row: Untrusted, { reading, observedAt }: Into): void {
  const mark = markOf(row, observedAt)
  if (mark) reading.marks.push(mark)
}

/** Coins (linear) or dollars (inverse), as an exact amount; null for what is none. */
export function amountOf(value: Untrusted): string | null {
  const amount = signed(value)
  return amount?.startsWith('-') ? null : amount
}

/** The product of two exact amounts; null where one is not known. */
export function times(a: string | null, b: string | null): string | null {
  return a === null || b === null ? null : decimalToString(multiply(parseDecimal(a)!, parseDecimal(b)!))
}

/** An amount in its own unit, and in the other through the mark beside it (domain-spec 1.5). `inverse`: it counts dollars. */
export function openInterestAtMark(amount: string, inverse: boolean, mark: Untrusted) {
  const { oiBase, oiUsd } = openInterestOf({
    settlement: inverse ? 'inverse' : 'linear',
    contracts: decimalOrNull(amount),
    contractSize: ONE,
    mark: decimalOrNull(positive(mark)),
    usdPerQuote: ONE
  })
  return { base: oiBase && decimalToString(oiBase), usd: oiUsd && decimalToString(oiUsd) }
}
