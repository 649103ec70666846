import { type AggregatedRow, boardAggregates } from '../../contract/aggregates.ts'
import type { BoardRow } from '../../domain/board-row.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { contractsOf } from '../contracts.ts'
import { madeOf, type Read } from './reading.ts'

/** A contract as a sum over contracts takes it. */
type ContractRow = AggregatedRow & {
  readonly instrument: string
  readonly observedAt: string | null
}
type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly perpetuals: readonly Instrument[]
  readonly contracts: readonly ContractRow[]
}

/** Of the asset of a perpetual, by the board of now. */
export const readAggregates: Read = async (context, { instrument, moment: { nowMs, isPast } }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  if (isPast) return 'not_stored'
  if (!context.board.isLoaded()) await context.board.refresh()
  const followed = await contractsOf(context, { asset: [instrument.asset], kind: ['perpetual'] })
  const perpetuals = followed.filter(({ quarantine }) => quarantine === null)
  const rowOf = new Map(context.board.current().rows.map(({ row }) => [row.instrument, row]))
  const rows: Rows = {
    nowMs,
    asset: instrument.asset,
    perpetuals,
    contracts: perpetuals.map(({ key }) => contractRow(key, rowOf.get(key)))
  }
  return madeOf(rows, viewOf)
}

function contractRow(instrument: string, row: BoardRow | undefined): ContractRow {
  const { fundingApr = null, adjustedBasisBps = null, openInterestUsd = null, observedAt = null } = row ?? {}
  return { instrument, fundingApr, adjustedBasisBps, grade: row?.grade ?? 'none', openInterestUsd, observedAt }
}

function viewOf({ perpetuals, contracts }: Rows) {
  return boardAggregates(perpetuals, new Map(contracts.map((row) => [row.instrument, row])))
}
