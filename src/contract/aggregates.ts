import { breadthOf, type Weighted, weightByOpenInterest } from '../domain/aggregates.ts'
import { type BandTerms, bandOfRow } from '../domain/board-band.ts'
import type { BoardRow } from '../domain/board-row.ts'
import type { FairBand } from '../domain/fair-band.ts'
import { FEE_TABLE_VERSION } from '../domain/fees.ts'
import type { Instrument } from '../domain/instrument.ts'
import { pageParameters } from './board-parameters.ts'
import { carryParameters } from './carry-parameters.ts'
import { type MovementFacts, movementView } from './movement.ts'
import { list } from './parameters.ts'
import { absences, arrayOf, count, number, numberOrNull, object, text } from './schema.ts'
import { type KeptStanding, type StandingMoment, standingSchema, standingView } from './standings.ts'

const { feeTier, borrowApr, quoteRate, baseRate } = carryParameters

export const aggregateParameters = {
  asset: list('Assets', 'BTC,ETH'),
  feeTier,
  borrowApr,
  quoteRate,
  baseRate,
  ...pageParameters
}

const weightedSchema = (of: string, example: number) =>
  object({
    value: numberOrNull(`${of}, each contract by its open interest`, example),
    counted: count('Contracts that are in it', 9),
    of: count('Of how many', 11),
    openInterestUsd: number('Open interest that is in it, US dollars', 5_000_000_000),
    coverage: numberOrNull('That as a share of all open interest that is known, 0 to 1', 0.98),
    withoutWeight: count('Contracts whose open interest is not known: coverage cannot speak of them', 1),
    absent: absences()
  })

const breadthSchema = object({
  rich: numberOrNull('Share of contracts above their fair band, of those whose upper bound is known, 0 to 1', 0.25),
  cheap: numberOrNull('Share below it, of those whose lower bound is known: it takes a borrow rate, `borrowApr`', 0),
  inside: numberOrNull('Share within it, of those whose bounds are both known', 0.75),
  upperKnown: count('Contracts whose upper bound is known', 10),
  lowerKnown: count('Contracts whose lower bound is known', 10),
  bothKnown: count('Contracts whose bounds are both known', 10),
  of: count('Of how many', 11),
  feeTableVersion: count('The fee table that the bands are costed by', 1),
  absent: absences()
})

export const aggregateSchema = object(
  {
    asset: text('What the perpetuals are about', 'BTC'),
    fundingApr: weightedSchema('Current funding a year, fraction', 0.1095),
    adjustedBasisBps: weightedSchema('Basis after fx, basis points', 4.1),
    basisVolatilityPerDayBps: weightedSchema(
      'Deviation of a day of hourly changes of basis before fx, over 30 days',
      5.9
    ),
    basisHalfLifeHours: weightedSchema(
      'Half-life of a basis’ distance, before fx, from its mean, hours, of those that come back',
      6.5
    ),
    breadth: breadthSchema,
    fundingStandings: arrayOf(standingSchema)
  },
  { $id: 'AggregateRow', description: 'The perpetuals of one asset, together' }
)

export type AggregateSubject = StandingMoment & {
  readonly asset: string
  readonly perpetuals: readonly Instrument[]
  /** Of each that has any, where its newest settlement stands, and how its basis moves. */
  readonly standings: ReadonlyMap<number, KeptStanding>
  readonly movements: ReadonlyMap<number, MovementFacts>
  /** The board as it is now, by instrument; some may have no row. */
  readonly rows: ReadonlyMap<string, BoardRow>
  readonly terms: BandTerms
}

/** A row of `/v1/aggregates`. */
export function aggregateView(subject: AggregateSubject) {
  const { asset, perpetuals, standings, movements, rows, terms, nowMs } = subject
  const moved = new Map(perpetuals.map((each) => [each.key, movementView(each, movements.get(each.id), nowMs)]))
  const bands = perpetuals.map(({ key, base }) => {
    const row = rows.get(key)
    return row === undefined ? null : bandOfRow(row, base, terms)
  })
  return {
    asset,
    ...weighedAggregates(perpetuals, rows, moved),
    breadth: breadthView(bands, terms),
    fundingStandings: perpetuals.map((perpetual) => standingView(perpetual, standings.get(perpetual.id), subject))
  }
}

/** What an aggregate takes of a contract's row of the board, and of how its basis moves. */
export type AggregatedRow = Pick<BoardRow, 'fundingApr' | 'adjustedBasisBps' | 'grade' | 'openInterestUsd'>
export type AggregatedMovement = Pick<ReturnType<typeof movementView>, 'volatilityPerDayBps' | 'halfLifeHours'>

/** Funding and basis of now, and how it moves, over all contracts of an asset. Rows and movements by instrument. */
export function weighedAggregates(
  perpetuals: readonly Instrument[],
  rows: ReadonlyMap<string, AggregatedRow>,
  moved: ReadonlyMap<string, AggregatedMovement>
) {
  const weigh = weighing(perpetuals, rows)
  return {
    fundingApr: weigh((_, row) => row?.fundingApr ?? null),
    // What no grade vouches for is no price of the market.
    adjustedBasisBps: weigh((_, row) => (row === undefined || row.grade === 'none' ? null : row.adjustedBasisBps)),
    basisVolatilityPerDayBps: weigh(({ key }) => moved.get(key)!.volatilityPerDayBps, 'no_history'),
    basisHalfLifeHours: weigh(({ key }) => moved.get(key)!.halfLifeHours, 'no_history')
  }
}

/** Weighs a number of each contract by its open interest. */
function weighing(perpetuals: readonly Instrument[], rows: ReadonlyMap<string, AggregatedRow>) {
  return (numberOf: (perpetual: Instrument, row: AggregatedRow | undefined) => number | null, missing?: string) => {
    const members = perpetuals.map((perpetual) => {
      const row = rows.get(perpetual.key)
      const openInterestUsd = row?.openInterestUsd ?? null
      return {
        value: numberOf(perpetual, row),
        openInterestUsd: openInterestUsd === null ? null : Number(openInterestUsd)
      }
    })
    return weightedView(weightByOpenInterest(members), missing)
  }
}

function weightedView(weighted: Weighted, missing = 'not_observed') {
  const absent: Record<string, string> = {}
  if (weighted.coverage === null) absent.coverage = 'no_open_interest'
  if (weighted.value === null) absent.value = absent.coverage ?? missing
  return { ...weighted, absent }
}

/** How many are beyond their bands; null: nothing is known of one. */
export function breadthView(
  bands: readonly (FairBand | null)[],
  { borrowApr: borrowed }: Pick<BandTerms, 'borrowApr'>
) {
  const breadth = breadthOf(bands)
  const absent: Record<string, string> = {}
  const lower = borrowed === null ? 'borrow_unknown' : 'not_observed'
  if (breadth.rich === null) absent.rich = 'not_observed'
  if (breadth.cheap === null) absent.cheap = lower
  if (breadth.inside === null) absent.inside = lower
  return { ...breadth, feeTableVersion: FEE_TABLE_VERSION, absent }
}
