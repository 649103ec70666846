import { BASE_TIER, takerFeeOf } from '../domain/fees.ts'
import { fundingSpread, persistentBlocks } from '../domain/funding-spread.ts'
import type { Instrument } from '../domain/instrument.ts'
import { HOUR, isoOf } from '../domain/time.ts'
import { pageParameters } from './board-parameters.ts'
import { feeTier } from './carry-parameters.ts'
import { withFallback } from './parameter.ts'
import { list, numberWithin, sort, time as timeParameter } from './parameters.ts'
import type { Realised } from './realised.ts'
import { reasonsIn } from './reasons.ts'
import {
  absences,
  count,
  countOrNull,
  type FieldSchema,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  text,
  time,
  truthOrNull
} from './schema.ts'
import { executionParameters, executionSchema } from './spread-execution.ts'

export const SPREAD_KINDS = ['now', 'realised'] as const
export const SPREAD_BLOCKS = 3
const SORT_FIELDS = ['aprSpread', 'netFrac', 'netApr'] as const

export const fundingSpreadParameters = {
  asset: list('Assets; needed for a window of the past', 'BTC'),
  venue: list('Venues of either leg', 'binance,bybit'),
  from: timeParameter('Realised from then on, not at it; 7 days before `to` unless given'),
  to: timeParameter('Realised until then, that moment included; now unless given'),
  horizonHours: withFallback(
    numberWithin('Of spreads of now: for how long the rates of now are held, hours', {
      minimum: 0,
      maximum: 8_760,
      isAbove: true
    }),
    24
  ),
  feeTier: withFallback(feeTier(), BASE_TIER),
  sort: sort(SORT_FIELDS),
  ...executionParameters,
  ...pageParameters
}

const legFields = (leg: string, which: string): Record<string, FieldSchema> => ({
  [leg]: text(`The perpetual ${which}`, 'binance:BTC/USDT:USDT'),
  [`${leg}Venue`]: text('Its venue', 'binance'),
  [`${leg}Rate`]: numberOrNull('Its rate per its own interval; of a window: the sum of what settled', 0.0003),
  [`${leg}IntervalHours`]: numberOrNull('Hours between its settlements', 8),
  [`${leg}Apr`]: numberOrNull('Its funding per year', 0.3285),
  [`${leg}Settlements`]: countOrNull('Its settlements in (from, to]', 3),
  [`${leg}Coverage`]: numberOrNull('Of a window: settlements that are known of those that were due', 1)
})

export const fundingSpreadSchema = object(
  {
    asset: text('What both are about', 'BTC'),
    kind: oneOf(SPREAD_KINDS, 'Rates of now held for the horizon, or what settled in a window'),
    ...legFields('short', 'to be short of: the higher funding'),
    ...legFields('long', 'to be long of: the lower funding'),
    aprSpread: numberOrNull('shortApr − longApr, not negative', 0.219),
    from: time('Beginning, not included; of a window: not before both were listed'),
    to: time('End, included; of a window: not after now, nor after either was delisted'),
    grossFrac: numberOrNull(
      'What settles on both grids in (from, to], received less paid; null where settlements of either are missing',
      0.0006
    ),
    costFrac: number('2 · (taker + taker): in and out on both venues; crossing and size are not in it', 0.0021),
    crossingFrac: numberOrNull(
      'Of now: both quoted spreads, (ask − bid)/mid, half of each in and half out; a window has none',
      0.0001
    ),
    netFrac: numberOrNull(
      'grossFrac − costFrac − crossingFrac, for a size that rests at the best prices; of a window, grossFrac − costFrac',
      -0.0016
    ),
    netApr: numberOrNull('netFrac per year of the window', -0.55),
    priceBasisBps: numberOrNull(
      'Of now: mid of the short leg over mid of the long one, where both are in one currency; a window has none',
      0.8
    ),
    blocks: count(
      '8 h blocks in a row, counted back from now or the end, in which the short leg settled more; only blocks that are known whole',
      9
    ),
    execution: nullable(executionSchema),
    isPersistent: truthOrNull(`At least ${SPREAD_BLOCKS} such blocks; null where no whole block is common`),
    absent: absences()
  },
  { $id: 'FundingSpreadRow', description: 'Funding of one perpetual against that of another venue’s' }
)

/** One perpetual as a leg: `now` or what it realised. Rates are fractions, times epoch ms. */
export type SpreadPerpetual = {
  readonly instrument: Instrument
  readonly rate: number | null
  readonly intervalHours: number | null
  readonly realised: Realised | null
  /** Settlements in the window by the venue's own clock; null: by its grid. */
  readonly due: number | null
  /** Of now, per unit of the asset in the contract’s currency. */
  readonly mid: number | null
  /** Of now: (ask − bid)/mid. */
  readonly spreadFrac: number | null
  /** Why there is no mid, or no spread. */
  readonly unquoted: string | null
  /** Σ of what settled, by the beginning of each 8 h block that is known whole. */
  readonly blocks: ReadonlyMap<number, number>
  /** Why there is no rate. */
  readonly absent: string | null
}

export type SpreadWindow = {
  readonly kind: (typeof SPREAD_KINDS)[number]
  readonly fromMs: number
  readonly toMs: number
}

/** Two perpetuals as a row has them: short, long. */
export const inSides = <Of extends { readonly instrument: Instrument }>({ short }: { short: string }, a: Of, b: Of) =>
  short === a.instrument.key ? ([a, b] as const) : ([b, a] as const)

/** A row of `/v1/funding/spreads`: the leg with the higher funding first, whichever was given first. */
export function fundingSpreadView(one: SpreadPerpetual, other: SpreadPerpetual, window: SpreadWindow, tier: string) {
  const [aprOne, aprOther] = [aprOf(one, window), aprOf(other, window)]
  const isTurned = aprOne !== null && aprOther !== null && aprOther > aprOne
  const [short, long] = isTurned ? [other, one] : [one, other]
  const { fromMs, toMs } = window
  const [a, b] = [legOf(short, window, tier), legOf(long, window, tier)]
  const spread = fundingSpread({ a, b, entryMs: fromMs, exitMs: toMs })
  const isNow = window.kind === 'now'
  const incomplete = isNow ? null : incompleteOf(short, long)
  const realised = incomplete === null ? differenceOf(short.realised?.sumRate, long.realised?.sumRate) : null
  const grossFrac = isNow ? spread.grossFrac : realised
  // Half of each in and half out: a leg crosses twice.
  const crossingFrac = isNow ? sumOf(short.spreadFrac, long.spreadFrac) : null
  const netFrac = differenceOf(grossFrac, isNow ? sumOf(spread.costFrac, crossingFrac) : spread.costFrac)
  const aprSpread = differenceOf(aprOf(short, window), aprOf(long, window))
  const common = commonBlocks(short, long)
  const blocks = persistentBlocks(common)
  const isShortAhead = common.length > 0 && common.at(-1)!.a > common.at(-1)!.b
  const sameCurrency = short.instrument.quote === long.instrument.quote
  const priceBasisBps =
    sameCurrency && short.mid !== null && long.mid !== null ? (short.mid / long.mid - 1) * 10_000 : null
  const unpriced = sameCurrency ? (short.unquoted ?? long.unquoted) : 'different_currencies'
  const row = {
    asset: short.instrument.asset,
    kind: window.kind,
    short: short.instrument.key,
    long: long.instrument.key,
    ...legView('short', short, window, spread.settlementsA),
    ...legView('long', long, window, spread.settlementsB),
    aprSpread,
    from: isoOf(fromMs),
    to: isoOf(toMs),
    grossFrac,
    costFrac: spread.costFrac,
    crossingFrac,
    netFrac,
    netApr: netFrac === null ? null : (netFrac * 8_760 * HOUR) / (toMs - fromMs),
    priceBasisBps,
    blocks: isShortAhead ? blocks : 0,
    isPersistent: common.length === 0 ? null : isShortAhead && blocks >= SPREAD_BLOCKS
  }
  const unpaid = isNow ? (short.absent ?? long.absent) : incomplete
  const uncrossed = [short, long].find(({ spreadFrac }) => spreadFrac === null)?.unquoted ?? 'missing_quote'
  const absent = reasonsIn(row, {
    ...legReasons('short', short, window),
    ...legReasons('long', long, window),
    aprSpread: short.absent ?? long.absent,
    grossFrac: unpaid,
    crossingFrac: isNow ? uncrossed : 'not_of_a_window',
    netFrac: unpaid ?? uncrossed,
    netApr: unpaid ?? uncrossed,
    priceBasisBps: isNow ? unpriced : 'not_of_a_window',
    isPersistent: 'no_whole_block'
  })
  return { ...row, absent }
}

function legReasons(leg: string, { absent, realised }: SpreadPerpetual, { kind }: SpreadWindow) {
  const settled = realised?.settlements === 0 ? 'no_settlements' : 'interval_unknown'
  return {
    [`${leg}Rate`]: absent,
    [`${leg}IntervalHours`]: absent ?? 'interval_unknown',
    [`${leg}Apr`]: absent,
    [`${leg}Settlements`]: absent,
    [`${leg}Coverage`]: kind === 'now' ? 'rates_of_now' : settled
  }
}

function aprOf({ rate, intervalHours, realised }: SpreadPerpetual, { kind }: SpreadWindow): number | null {
  if (kind === 'realised') return realised?.realisedApr ?? null
  return rate === null || intervalHours === null ? null : (rate * 8_760) / intervalHours
}

function legOf({ rate, intervalHours, due, instrument }: SpreadPerpetual, window: SpreadWindow, tier: string) {
  const { taker } = takerFeeOf(instrument.venue, 'contract', tier)
  const own = due === null ? {} : { due }
  return { rate: window.kind === 'now' ? rate : null, intervalHours, taker, ...own }
}

function legView(leg: string, perpetual: SpreadPerpetual, window: SpreadWindow, due: number | null) {
  const { instrument, rate, intervalHours, realised } = perpetual
  const isNow = window.kind === 'now'
  return {
    [`${leg}Venue`]: instrument.venue,
    [`${leg}Rate`]: isNow ? rate : (realised?.sumRate ?? null),
    [`${leg}IntervalHours`]: intervalHours,
    [`${leg}Apr`]: aprOf(perpetual, window),
    [`${leg}Settlements`]: isNow ? due : (realised?.settlements ?? null),
    [`${leg}Coverage`]: isNow ? null : (realised?.coverage ?? null)
  }
}

/** Why what settled is not the whole of it: a sum that lacks settlements against one that does not is no spread. */
function incompleteOf(short: SpreadPerpetual, long: SpreadPerpetual): string | null {
  const coverages = [short, long].map(({ realised }) => realised?.coverage ?? null)
  if ([short, long].some(({ realised }) => (realised?.settlements ?? 0) === 0)) return 'no_settlements'
  if (coverages.includes(null)) return 'interval_unknown'
  return coverages.some((coverage) => coverage! < 1) ? 'low_coverage' : null
}

/** Ascending; only blocks in which both settled. */
function commonBlocks(short: SpreadPerpetual, long: SpreadPerpetual) {
  return [...short.blocks]
    .flatMap(([startMs, a]) => {
      const b = long.blocks.get(startMs)
      return b === undefined ? [] : [{ startMs, a, b }]
    })
    .sort((x, y) => x.startMs - y.startMs)
}

const sumOf = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b)
const differenceOf = (a: number | null | undefined, b: number | null | undefined) =>
  a === null || a === undefined || b === null || b === undefined ? null : a - b
