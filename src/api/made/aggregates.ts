import {
  type AggregatedMovement,
  type AggregatedRow,
  aggregateParameters,
  breadthView,
  weighedAggregates
} from '../../contract/aggregates.ts'
import { movementView } from '../../contract/movement.ts'
import { type BandRow, type BandTables, bandBy, bandTablesOf } from '../../domain/board-band.ts'
import type { BoardRow } from '../../domain/board-row.ts'
import { BASE_TIER } from '../../domain/fees.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { contractsOf } from '../contracts.ts'
import { readMovements } from '../movements.ts'
import { isCounted } from '../operations/aggregates.ts'
import { madeOf, type Read } from './reading.ts'

type Tables = Omit<BandTables, 'rule'> & Required<BandTables['rule']>
/** A contract as it is counted: its row of the board, how its basis moves, and what its band takes of tables; all null where it has none. */
type ContractRow = AggregatedRow &
  BandRow &
  AggregatedMovement & { readonly [Name in keyof Tables]: Tables[Name] | null } & {
    readonly instrument: string
    readonly observedAt: string | null
  }
type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly quoteRate: number
  readonly borrowApr: number | null
  readonly perpetuals: readonly Instrument[]
  readonly contracts: readonly ContractRow[]
}

/** Of the asset of a perpetual, by the board of now. */
export const readAggregates: Read = async (context, { instrument, borrowApr, moment: { nowMs, isPast } }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  if (instrument.quarantine !== null) return 'quarantined'
  if (isPast) return 'not_stored'
  if (!context.board.isLoaded()) await context.board.refresh()
  const followed = await contractsOf(context, { asset: [instrument.asset], kind: ['perpetual'] })
  const perpetuals = followed.filter((each) => isCounted(each, nowMs))
  const movements = await readMovements(context, perpetuals)
  const rowOf = new Map(context.board.current().rows.map(({ row }) => [row.instrument, row]))
  const rows: Rows = {
    nowMs,
    asset: instrument.asset,
    quoteRate: aggregateParameters.quoteRate.fallback!,
    borrowApr: borrowApr ?? null,
    perpetuals,
    contracts: perpetuals.map((each) => ({
      ...contractRow(each, rowOf.get(each.key)),
      ...movedOf(movementView(each, movements.get(each.id), nowMs))
    }))
  }
  return madeOf(rows, viewOf)
}

const movedOf = ({ volatilityPerDayBps, halfLifeHours }: AggregatedMovement): AggregatedMovement => {
  return { volatilityPerDayBps, halfLifeHours }
}

function contractRow(
  { key, base }: Instrument,
  row: BoardRow | undefined
): Omit<ContractRow, keyof AggregatedMovement> {
  const { fundingApr = null, adjustedBasisBps = null, openInterestUsd = null, observedAt = null } = row ?? {}
  const { carryEntryBps = null, reverseEntryBps = null, cap = null, floor = null } = row ?? {}
  const tables = row === undefined ? null : bandTablesOf(row, base, { feeTier: BASE_TIER, rBase: null })
  return {
    instrument: key,
    fundingApr,
    adjustedBasisBps,
    grade: row?.grade ?? 'none',
    openInterestUsd,
    observedAt,
    carryEntryBps,
    reverseEntryBps,
    cap,
    floor,
    fundingIntervalHours: row?.fundingIntervalHours ?? null,
    scheme: tables?.rule.scheme ?? null,
    interest8h: tables?.rule.interest8h ?? null,
    damper: tables?.rule.damper ?? null,
    passThrough8h: tables === null ? null : (tables.rule.passThrough8h ?? 1),
    rBase: tables?.rBase ?? null,
    spotTaker: tables?.spotTaker ?? null,
    contractTaker: tables?.contractTaker ?? null
  }
}

function viewOf({ perpetuals, contracts, quoteRate, borrowApr }: Rows) {
  const byInstrument = new Map(contracts.map((row) => [row.instrument, row]))
  const terms = { borrowApr, rQuote: quoteRate }
  // Its tables are all known or none is.
  const bands = contracts.map((row) => (row.scheme === null ? null : bandBy(row, tablesAgain(row as Tables), terms)))
  return { ...weighedAggregates(perpetuals, byInstrument, byInstrument), breadth: breadthView(bands, terms) }
}

const tablesAgain = ({ rBase, spotTaker, contractTaker, ...rule }: Tables): BandTables => {
  return { rule, rBase, spotTaker, contractTaker }
}
