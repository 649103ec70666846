import { type MovementFacts, movementView } from '../../contract/movement.ts'
import { MOVEMENT_MS, movementOf, type Observed } from '../../domain/aggregates.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { HOUR } from '../../domain/time.ts'
import { listHourlyBases } from '../../store/basis-movement.ts'
import { readMovements } from '../movements.ts'
import type { Read } from './reading.ts'

type Rows = {
  readonly nowMs: number
  readonly contract: Instrument & { readonly spotKey: string | null }
  readonly toAt: number
  readonly computedAt: number
  /** The last basis of each hour, bps, by the hour's beginning; without those that no grade vouches for. */
  readonly hours: readonly { readonly startAt: number; readonly basisBps: number }[]
}

/** How a contract's basis moves, of the hours that are rolled up; what it was like before is not kept. */
export const readMovement: Read = async (context, { instrument, moment: { nowMs, isPast } }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  if (isPast) return 'not_stored'
  const { id, spotId } = instrument
  if (spotId === null) return 'no_spot_leg'
  const kept = (await readMovements(context, [instrument])).get(id)
  if (kept === undefined) return 'not_looked_at_yet'
  const range = { fromMs: kept.toMs - MOVEMENT_MS, toMs: kept.toMs }
  const bases = await listHourlyBases(context.db, [{ instrumentId: id, spotId }], range)
  const rows: Rows = {
    nowMs,
    contract: { ...instrument, spotKey: kept.spot },
    toAt: kept.toMs,
    computedAt: kept.computedAt,
    hours: (bases.get(id) ?? []).map(({ at, value }) => ({ startAt: at, basisBps: value }))
  }
  return { rows, remake, served: movementView(instrument, kept, nowMs) }
}

function remake({ nowMs, contract, toAt, computedAt, hours }: Rows) {
  const history = hours.map(({ startAt, basisBps }): Observed => ({ at: startAt, value: basisBps }))
  const facts: MovementFacts = {
    spot: contract.spotKey,
    toMs: toAt,
    computedAt,
    movement: { ...movementOf(history, HOUR), hours: history.length }
  }
  return movementView(contract, facts, nowMs)
}
