import { compare, decimalToString, isPositive, ONE, parseDecimal } from '../domain/decimal.ts'
import type { Refusal } from './cell-time.ts'

export type ImportKind = 'prices' | 'funding'

/** No price that a venue can mean lies beyond these. */
const SMALLEST = parseDecimal('1e-18')!
const LARGEST = parseDecimal('1e21')!
/** Funding beyond ±100 % of notional in one interval is an error of the file. */
const MINUS_ONE = parseDecimal('-1')!

/** An exact price or rate in plain notation; never by way of a float. */
export function readCellValue(text: string, kind: ImportKind): { readonly value: string } | Refusal {
  const name = kind === 'prices' ? 'price' : 'rate'
  if (text === '') return { refused: `${name} is empty` }
  const shown = JSON.stringify(text.slice(0, 40))
  const decimal = parseDecimal(text)
  if (!decimal) return { refused: `${name} ${shown} is not a number` }
  if (kind === 'funding') {
    const isUsable = compare(decimal, ONE) <= 0 && compare(decimal, MINUS_ONE) >= 0
    return isUsable ? { value: decimalToString(decimal) } : { refused: `rate ${shown} is beyond ±1 (100 %)` }
  }
  if (!isPositive(decimal)) return { refused: `price ${shown} is not above zero` }
  const isPlausible = compare(decimal, SMALLEST) >= 0 && compare(decimal, LARGEST) <= 0
  return isPlausible ? { value: decimalToString(decimal) } : { refused: `price ${shown} is beyond any market` }
}
