import { type Weighted, weightByOpenInterest } from '../domain/aggregates.ts'
import type { BoardRow } from '../domain/board-row.ts'
import type { Instrument } from '../domain/instrument.ts'
import { pageParameters } from './board-parameters.ts'
import { list } from './parameters.ts'
import { absences, arrayOf, count, number, numberOrNull, object, text } from './schema.ts'
import { type KeptStanding, standingSchema, standingView } from './standings.ts'

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

export const aggregateSchema = object(
  {
    asset: text('What the perpetuals are about', 'BTC'),
    fundingApr: weightedSchema('Current funding a year, fraction', 0.1095),
    adjustedBasisBps: weightedSchema('Basis after fx, basis points', 4.1),
    fundingStandings: arrayOf(standingSchema)
  },
  { $id: 'AggregateRow', description: 'The perpetuals of one asset, together' }
)

export type AggregateSubject = {
  readonly asset: string
  readonly perpetuals: readonly Instrument[]
  /** Of each that has any, where its newest settlement stands. */
  readonly standings: ReadonlyMap<number, KeptStanding>
  /** Their rows as they are on the board now; some may have none. */
  readonly rows: readonly BoardRow[]
  readonly nowMs: number
}

/** A row of `/v1/aggregates`. */
export function aggregateView({ asset, perpetuals, standings, rows, nowMs }: AggregateSubject) {
  const byInstrument = new Map(rows.map((row) => [row.instrument, row]))
  const weigh = (numberOf: (row: BoardRow) => number | null) =>
    weightedView(
      weightByOpenInterest(
        perpetuals.map(({ key }) => {
          const row = byInstrument.get(key)
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
    fundingStandings: perpetuals.map((perpetual) => standingView(perpetual, standings.get(perpetual.id), nowMs))
  }
}

function weightedView(weighted: Weighted) {
  const absent: Record<string, string> = {}
  if (weighted.coverage === null) absent.coverage = 'no_open_interest'
  if (weighted.value === null) absent.value = absent.coverage ?? 'not_observed'
  return { ...weighted, absent }
}
