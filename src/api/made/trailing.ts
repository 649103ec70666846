import { TRAILING_DAYS, type TrailingWindows, trailingOf, trailingView } from '../../contract/trailing.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { DAY } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listSettlements } from '../../store/funding-history.ts'
import { listRealised } from '../../store/realised.ts'
import type { ApiContext } from '../context.ts'
import type { Read } from './reading.ts'

/** The longest window, and a day of settlements before it, whose interval an empty one has. */
const BACK_MS = (Math.max(...TRAILING_DAYS) + 1) * DAY
/** More than a year of settlements by the hour: what one number may have behind it. */
const SETTLEMENTS_MAX = 10_000

/** A settlement as a sum takes it: when, by which road it came, how much. */
export type SettlementRow = {
  readonly settledAt: number
  readonly observedAt: number
  readonly source: string
  readonly rate: string
  readonly intervalHours: number | null
}

/** Settlements after a moment until another, as they are known now. */
export async function settlementsUntil(
  { db }: ApiContext,
  instrumentId: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<SettlementRow[]> {
  const range = { instrumentId, fromMs: fromMs + 1, toMs: toMs + 1, knownAtMs: null, limit: SETTLEMENTS_MAX + 1 }
  const settled = await listSettlements(db, range)
  if (settled.length > SETTLEMENTS_MAX) {
    const message = `more than ${SETTLEMENTS_MAX.toLocaleString('en')} settlements behind one number; ask for a shorter window`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
  return settled.map(({ settledAt, observedAt, source, rate, intervalHours }) => {
    return { settledAt, observedAt, source, rate, intervalHours }
  })
}

type Rows = {
  readonly nowMs: number
  readonly contract: Instrument
  /** Where the windows end. */
  readonly toAt: number
  readonly listedAt: number | null
  readonly delistedAt: number | null
  readonly settlements: readonly SettlementRow[]
}

/** Now: the sums as they are kept; of the past, windows that end then. */
export const readTrailing: Read = async (context, { instrument, moment: { nowMs, isPast } }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const kept = isPast
    ? undefined
    : (await listRealised<TrailingWindows>(context.db, [instrument.id])).get(instrument.id)
  if (!isPast && kept === undefined) return 'no_settlements'
  const toAt = kept?.toMs ?? nowMs
  const settlements = await settlementsUntil(context, instrument.id, { fromMs: toAt - BACK_MS, toMs: toAt })
  if (isPast && settlements.length === 0) return 'no_row'
  const { listedAt, delistedAt } = instrument
  const rows: Rows = { nowMs, contract: instrument, toAt, listedAt, delistedAt, settlements }
  const remake = (given: Rows) => {
    const windows = trailingOf(given.settlements, given.toAt, given)
    return trailingView(given.contract, { toMs: given.toAt, windows }, given.nowMs)
  }
  return { rows, remake, served: kept === undefined ? remake(rows) : trailingView(instrument, kept, nowMs) }
}
