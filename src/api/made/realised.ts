import type { Instrument } from '../../domain/instrument.ts'
import { findNearbyInterval } from '../../store/funding-history.ts'
import { windowOf } from '../history.ts'
import { lifeWithin, realisedView, SETTLED_DEFAULT_MS } from '../operations/funding-history.ts'
import { madeOf, type Read } from './reading.ts'
import { type SettlementRow, settlementsUntil } from './trailing.ts'

type Rows = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly fromAt: number
  readonly toAt: number
  /** The part of the window in which it could settle. */
  readonly lifeFromAt: number
  readonly lifeToAt: number
  /** The interval around a window without settlements, hours. */
  readonly nearbyHours: number | null
  readonly settlements: readonly SettlementRow[]
}

/** What a perpetual paid from `from` until then, thirty days unless told. */
export const readRealised: Read = async (context, { instrument, fromMs, moment: { nowMs }, budget }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const window = windowOf({ from: fromMs, to: nowMs }, nowMs, SETTLED_DEFAULT_MS)
  const settlements = await settlementsUntil(context, instrument.id, window, budget)
  const life = lifeWithin(window, nowMs, instrument)
  const rows: Rows = {
    nowMs,
    contract: instrument,
    fromAt: window.fromMs,
    toAt: window.toMs,
    lifeFromAt: life.fromMs,
    lifeToAt: life.toMs,
    nearbyHours: settlements.length > 0 ? null : await findNearbyInterval(context.db, instrument.id, window.fromMs),
    settlements
  }
  return madeOf(rows, ({ contract, fromAt, toAt, lifeFromAt, lifeToAt, nearbyHours, settlements: settled }) =>
    realisedView(contract, settled, {
      window: { fromMs: fromAt, toMs: toAt },
      life: { fromMs: lifeFromAt, toMs: lifeToAt },
      nearbyHours
    })
  )
}
