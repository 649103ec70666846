import { doubtsOf, type Instrument, isDollarLike } from '../domain/instrument.ts'
import { LIQUIDATION_SAMPLES, type LiquidatedPosition, type LiquidationSample } from '../domain/liquidation.ts'
import { isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import { boardFilters, pageParameters } from './board-parameters.ts'
import { doubts } from './histories.ts'
import { time } from './parameters.ts'
import { absences, countOrNull, decimalOrNull, object, oneOf, oneOfOrNull, text, timeOrNull, truth } from './schema.ts'

const OF = 'among those that were seen, not all there were'

export const liquidationSchema = object(
  {
    instrument: text('The contract', 'okx:BTC/USDT:USDT'),
    venue: text('Where it trades', 'okx'),
    asset: text('What it is about', 'BTC'),
    kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
    sampled: truth('Always true: these are counts and sums of what looks have shown, and never of all liquidations'),
    sampleOf: oneOfOrNull(
      LIQUIDATION_SAMPLES,
      'What each look sees: the newest 100 liquidation orders of a family of contracts, or the newest trades with those marked as liquidations'
    ),
    looks: countOrNull('How often it was looked at in the window', 60),
    liquidations: countOrNull(`Liquidations in the window, ${OF}`, 12),
    longBase: decimalOrNull(`Long positions liquidated, base, ${OF}`, '3.25'),
    shortBase: decimalOrNull(`Short positions liquidated, base, ${OF}`, '1.5'),
    totalBase: decimalOrNull(`Both, and those whose position the venue does not tell, base, ${OF}`, '4.75'),
    longUsd: decimalOrNull('longBase at their prices, where the quote is a dollar or a stablecoin, at par', '208000.5'),
    shortUsd: decimalOrNull('The same of shortBase', '96000'),
    totalUsd: decimalOrNull('The same of totalBase', '304000.5'),
    largestUsd: decimalOrNull(`The largest one, ${OF}`, '120000'),
    lastAt: timeOrNull('The newest one'),
    reasons: doubts,
    absent: absences(),
    firstLookAt: timeOrNull('The first look in the window'),
    lastLookAt: timeOrNull('The last one')
  },
  { $id: 'LiquidationRow', description: 'What was seen of the liquidations of a contract: a sample, for an indication' }
)

const { minGrade: _grade, minOpenInterestUsd: _held, minVolume24hUsd: _traded, ...filters } = boardFilters
export const liquidationParameters = {
  ...filters,
  from: time('Liquidations from then on; an hour before `to` unless given, at most 7 days'),
  to: time('Before then; now unless given'),
  ...pageParameters
}

type Sums = {
  readonly looks: number
  readonly firstLookAt: number
  readonly lastLookAt: number
  readonly sampleOf: LiquidationSample
  readonly count: number
  readonly unknown: number
  readonly base: Readonly<Record<LiquidatedPosition | 'total', string>>
  readonly quote: Readonly<Record<LiquidatedPosition | 'total', string>>
  readonly largestQuote: string | null
  readonly lastAt: number | null
}

const VALUES = ['longBase', 'shortBase', 'totalBase', 'longUsd', 'shortUsd', 'totalUsd', 'largestUsd'] as const
const LOOKED = ['sampleOf', 'looks', 'liquidations', ...VALUES, 'lastAt', 'firstLookAt', 'lastLookAt'] as const

/** What looks have shown; without a look nothing is known, which is not zero. `isShown`: the venue shows liquidations at all. */
export function liquidationView(
  instrument: Instrument,
  sums: Sums | undefined,
  { isShown }: { readonly isShown: boolean }
) {
  const { key, venue, asset, kind, quote } = instrument
  const absent: Record<string, string> = {}
  const note = (fields: readonly string[], code: string) => {
    for (const field of fields) absent[field] ??= code
  }
  if (sums === undefined) note(LOOKED, isShown ? 'not_observed' : 'not_published')
  // Whose position it was is told for all of them or for none.
  if (sums !== undefined && sums.unknown > 0) note(['longBase', 'shortBase', 'longUsd', 'shortUsd'], 'position_unknown')
  if (!isDollarLike(quote)) note(['longUsd', 'shortUsd', 'totalUsd', 'largestUsd'], 'not_dollar_quoted')
  if (sums?.count === 0) note(['largestUsd', 'lastAt'], 'nothing_seen')
  const values = {
    longBase: sums?.base.long,
    shortBase: sums?.base.short,
    totalBase: sums?.base.total,
    longUsd: sums?.quote.long,
    shortUsd: sums?.quote.short,
    totalUsd: sums?.quote.total,
    largestUsd: sums?.largestQuote
  }
  const told = Object.fromEntries(VALUES.map((field) => [field, absent[field] ? null : (values[field] ?? null)]))
  return {
    instrument: key,
    venue,
    asset,
    kind,
    sampled: true,
    sampleOf: sums?.sampleOf ?? null,
    looks: sums?.looks ?? null,
    liquidations: sums?.count ?? null,
    ...told,
    lastAt: isoOrNull(sums?.lastAt),
    reasons: doubtsOf(instrument),
    absent,
    firstLookAt: isoOrNull(sums?.firstLookAt),
    lastLookAt: isoOrNull(sums?.lastLookAt)
  }
}
