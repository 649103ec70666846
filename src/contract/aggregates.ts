import { isLongEnough, type Weighted, weightByOpenInterest } from '../domain/aggregates.ts'
import type { BoardRow } from '../domain/board-row.ts'
import { isoOrNull } from '../domain/time.ts'
import { pageParameters } from './board-parameters.ts'
import { list } from './parameters.ts'
import { absences, arrayOf, count, countOrNull, number, numberOrNull, object, text, timeOrNull } from './schema.ts'

/** Days that funding is held against. */
export const STANDING_DAYS_SERVED = 90

export const aggregateParameters = { asset: list('Assets', 'BTC,ETH'), ...pageParameters }

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

const standingSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  rate8h: numberOrNull('Its last settlement, fraction per 8 h, positive: longs paid', 0.0001),
  settledAt: timeOrNull('When that was'),
  percentile: numberOrNull('Where that stands among its settlements of 90 days, mid-rank, 0 to 100', 93.5),
  observations: countOrNull('Settlements among which it stands, itself included', 270),
  spanDays: numberOrNull('From the first of them to it', 89.7),
  absent: absences()
})

export const aggregateSchema = object(
  {
    asset: text('What the perpetuals are about', 'BTC'),
    fundingApr: weightedSchema('Current funding a year, fraction', 0.1095),
    adjustedBasisBps: weightedSchema('Basis after fx, basis points', 4.1),
    fundingStandings: arrayOf(standingSchema)
  },
  { $id: 'AggregateRow', description: 'The perpetuals of one asset, together' }
)

/** `rate8h`: fraction per 8 h. Times in epoch milliseconds. */
export type Standing = {
  readonly settledAt: number
  readonly rate8h: number
  readonly percentile: number
  readonly observations: number
  readonly spanDays: number
}

export type AggregateSubject = {
  readonly asset: string
  readonly perpetuals: readonly { readonly instrument: string; readonly standing: Standing | undefined }[]
  /** Their rows as they are on the board now; some may have none. */
  readonly rows: readonly BoardRow[]
}

/** A row of `/v1/aggregates`. */
export function aggregateView({ asset, perpetuals, rows }: AggregateSubject) {
  const byInstrument = new Map(rows.map((row) => [row.instrument, row]))
  const weigh = (numberOf: (row: BoardRow) => number | null) =>
    weightedView(
      weightByOpenInterest(
        perpetuals.map(({ instrument }) => {
          const row = byInstrument.get(instrument)
          const openInterestUsd = row?.openInterestUsd ?? null
          return {
            value: row === undefined ? null : numberOf(row),
            openInterestUsd: openInterestUsd === null ? null : Number(openInterestUsd)
          }
        })
      )
    )
  return {
    asset,
    fundingApr: weigh(({ fundingApr }) => fundingApr),
    // What no grade vouches for is no price of the market.
    adjustedBasisBps: weigh(({ adjustedBasisBps, grade }) => (grade === 'none' ? null : adjustedBasisBps)),
    fundingStandings: perpetuals.map(({ instrument, standing }) => standingView(instrument, standing))
  }
}

function weightedView(weighted: Weighted) {
  const absent: Record<string, string> = {}
  if (weighted.coverage === null) absent.coverage = 'no_open_interest'
  if (weighted.value === null) absent.value = absent.coverage ?? 'not_observed'
  return { ...weighted, absent }
}

function standingView(instrument: string, standing: Standing | undefined) {
  const reason =
    standing === undefined
      ? 'no_recent_settlement'
      : isLongEnough({ ...standing, days: STANDING_DAYS_SERVED })
        ? undefined
        : 'short_history'
  return {
    instrument,
    rate8h: standing?.rate8h ?? null,
    settledAt: isoOrNull(standing?.settledAt),
    percentile: reason === undefined ? standing!.percentile : null,
    observations: standing?.observations ?? null,
    spanDays: standing?.spanDays ?? null,
    absent: reason === undefined ? {} : { percentile: reason }
  }
}
