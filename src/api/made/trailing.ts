import { TRAILING_DAYS, type TrailingWindows, trailingOf, trailingView } from '../../contract/trailing.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { DAY, HOUR } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listSettlements, type StoredSettlement } from '../../store/funding-history.ts'
import { listRealised } from '../../store/realised.ts'
import { countSettlementRows } from '../../store/row-counts.ts'
import type { ApiContext } from '../context.ts'
import { type RowBudget, takeStored } from '../row-budget.ts'
import type { Read } from './reading.ts'

/** The longest window, and a day of settlements before it, whose interval an empty one has. */
const BACK_MS = (Math.max(...TRAILING_DAYS) + 1) * DAY
/** More than a year of settlements by the hour: what one number may have behind it. */
const SETTLEMENTS_MAX = 10_000

/** A settlement as a sum takes it: when, by which road it came, how much, of which interval and by whose word. */
export type SettlementRow = Pick<
  StoredSettlement,
  'settledAt' | 'observedAt' | 'source' | 'rate' | 'intervalHours' | 'intervalSource' | 'formulaVersion'
>

/** Settlements after a moment until another, as they are known now. */
export async function settlementsUntil(
  { db }: ApiContext,
  instrumentId: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  budget: RowBudget
): Promise<SettlementRow[]> {
  const range = { instrumentId, fromMs: fromMs + 1, toMs: toMs + 1, knownAtMs: null, limit: SETTLEMENTS_MAX + 1 }
  await takeSettlements(db, range, budget)
  const settled = await listSettlements(db, range)
  if (settled.length > SETTLEMENTS_MAX) {
    const message = `more than ${SETTLEMENTS_MAX.toLocaleString('en')} settlements behind one number; ask for a shorter window`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
  return settled.map(settlementRow)
}

export const settlementRow = (row: StoredSettlement): SettlementRow => {
  const { settledAt, observedAt, source, rate, intervalHours, intervalSource, formulaVersion } = row
  return { settledAt, observedAt, source, rate, intervalHours, intervalSource, formulaVersion }
}

/** Counts what is going to be read of one perpetual’s settlements. */
export function takeSettlements(
  db: ApiContext['db'],
  range: { readonly instrumentId: number; readonly fromMs: number; readonly toMs: number },
  budget: RowBudget
): Promise<void> {
  return takeStored(budget, {
    // No venue settles more often than each hour.
    most: Math.ceil((range.toMs - range.fromMs) / HOUR),
    count: (most) => countSettlementRows(db, [range.instrumentId], range, most),
    path: 'metric',
    narrow: FEWER
  })
}

/** What to ask for instead of many numbers at once. */
export const FEWER = 'ask for fewer numbers at once, or for shorter windows'

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
export const readTrailing: Read = async (context, { instrument, moment: { nowMs, isPast }, budget }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const kept = isPast
    ? undefined
    : (await listRealised<TrailingWindows>(context.db, [instrument.id])).get(instrument.id)
  if (!isPast && kept === undefined) return 'no_settlements'
  const toAt = kept?.toMs ?? nowMs
  const settlements = await settlementsUntil(context, instrument.id, { fromMs: toAt - BACK_MS, toMs: toAt }, budget)
  if (isPast && settlements.length === 0) return 'no_row'
  const { listedAt, delistedAt } = instrument
  const rows: Rows = { nowMs, contract: instrument, toAt, listedAt, delistedAt, settlements }
  const remake = (given: Rows) => {
    const windows = trailingOf(given.settlements, given.toAt, given)
    return trailingView(given.contract, { toMs: given.toAt, windows }, given.nowMs)
  }
  return { rows, remake, served: kept === undefined ? remake(rows) : trailingView(instrument, kept, nowMs) }
}
