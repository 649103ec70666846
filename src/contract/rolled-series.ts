import type { DatedPrice, Holding } from '../domain/rolled-series.ts'
import { DAY, isoOf, isoOrNull } from '../domain/time.ts'
import { curveHistoryMeta, curveParameters, curveResolution } from './curve-history.ts'
import { historyParameters } from './history-parameters.ts'
import { time, word } from './parameters.ts'
import { reasonsIn } from './reasons.ts'
import {
  absences,
  arrayOf,
  count,
  decimalOrNull,
  time as moment,
  numberOrNull,
  object,
  oneOfOrNull,
  text,
  textOrNull,
  timeOrNull
} from './schema.ts'

export const rolledParameters = {
  ...curveParameters,
  settle: word('What the contracts settle in; may be left out where all settle in one currency', 'USDT'),
  from: time('From then on; a day before `to` unless given'),
  to: time('Before then; now unless given'),
  ...curveResolution,
  ...historyParameters
}

const rollSchema = object({
  rollAt: moment('When the contract changed'),
  from: text('The contract that was left', 'binance:BTC/USDT:USDT-260626'),
  to: text('The one that was entered', 'binance:BTC/USDT:USDT-260925'),
  fromPrice: decimalOrNull(
    'Price of the one that was left at that moment; null: they never had one together',
    '101800'
  ),
  toPrice: decimalOrNull('Price of the one that was entered at the same moment', '103100'),
  ratio: numberOrNull('toPrice / fromPrice; null: the series ends, and another begins', 1.0128),
  absent: oneOfOrNull(['never_priced_together'], 'Why there is none')
})

export const rolledSchema = object(
  {
    start: moment('The bucket’s beginning, a multiple of its length from 1970 UTC'),
    at: moment('Its end'),
    asset: text('What the contracts are about', 'BTC'),
    venue: text('Where they trade', 'binance'),
    settle: text('What they settle in', 'USDT'),
    instrument: textOrNull('The contract that is held at `at`', 'binance:BTC/USDT:USDT-260925'),
    daysToExpiry: numberOrNull('Of it, from `at`', 88.3),
    price: decimalOrNull('Its last price within an hour before `at`, and within the bucket, as it was', '103100'),
    priceKind: oneOfOrNull(
      ['mid', 'last'],
      'Mid of its book, or the last price where the past was fetched or imported'
    ),
    tickAt: timeOrNull('The grid time of the price'),
    factor: numberOrNull('Π of the ratios of the rolls since `from`, or since the series began anew', 1.0128),
    adjusted: numberOrNull(
      'price / factor: returns of it are those of holding and rolling, without the roll itself',
      101_797
    ),
    stretch: count('Which series it is of: `adjusted` of two cannot be compared', 0),
    rolls: arrayOf(rollSchema),
    absent: absences()
  },
  { $id: 'TermStructureRolledRow', description: 'A continuous series of dated contracts, with its rolls' }
)

export const rolledMeta = {
  ...curveHistoryMeta,
  settle: text('What the contracts settle in')
}

export type RolledBucket = {
  readonly start: number
  readonly at: number
  readonly holding: Holding | undefined
  readonly price: DatedPrice | undefined
  /** Entered within the bucket, with what was held before each. */
  readonly entered: readonly { readonly holding: Holding; readonly before: Holding }[]
  readonly stretch: number
}
type Of = { readonly asset: string; readonly venue: string; readonly settle: string }

/** A row of `/v1/term-structure/rolled`. */
export function rolledView(
  { start, at, holding, price, entered, stretch }: RolledBucket,
  { asset, venue, settle }: Of
) {
  const row = {
    start: isoOf(start),
    at: isoOf(at),
    asset,
    venue,
    settle,
    instrument: holding?.instrument ?? null,
    daysToExpiry: holding === undefined ? null : (holding.expiresAt - at) / DAY,
    price: price?.price ?? null,
    priceKind: price?.kind ?? null,
    tickAt: isoOrNull(price?.at),
    factor: holding?.factor ?? null,
    adjusted: holding === undefined || price === undefined ? null : Number(price.price) / holding.factor,
    stretch,
    rolls: entered.map(({ holding: { instrument, fromMs, roll }, before }) => ({
      rollAt: isoOf(roll?.rollAt ?? fromMs),
      from: before.instrument,
      to: instrument,
      fromPrice: roll?.fromPrice ?? null,
      toPrice: roll?.toPrice ?? null,
      ratio: roll?.ratio ?? null,
      absent: roll === null ? 'never_priced_together' : null
    }))
  }
  const [unheld, unpriced] = ['no_contract_priced', holding === undefined ? 'no_contract_priced' : 'not_observed']
  const ofPrice = { price: unpriced, priceKind: unpriced, tickAt: unpriced, adjusted: unpriced }
  return { ...row, absent: reasonsIn(row, { instrument: unheld, daysToExpiry: unheld, factor: unheld, ...ofPrice }) }
}
