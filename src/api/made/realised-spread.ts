import type { SpreadWindow } from '../../contract/funding-spreads.ts'
import { BASE_TIER, takerFeeOf } from '../../domain/fees.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { commonLife, viewOf as spreadOf, spreadWindow } from '../operations/funding-spreads.ts'
import { pastPerpetual } from '../spread-facts.ts'
import { madeOf, type Read } from './reading.ts'
import { pairAbsence } from './spread.ts'
import { type SettlementRow, settlementsUntil } from './trailing.ts'

type Rows = {
  readonly nowMs: number
  readonly fromAt: number
  readonly toAt: number
  readonly one: Instrument
  readonly other: Instrument
  /** Of both, each with whose it is. */
  readonly settlements: readonly (SettlementRow & { readonly instrument: string })[]
}

/** What a perpetual paid against another one of its asset from `from` until then, seven days unless told. */
export const readRealisedSpread: Read = async (context, { instrument, against, fromMs, moment, budget }) => {
  const { nowMs } = moment
  const absence = pairAbsence(instrument, against)
  if (absence !== null) return absence
  const window = spreadWindow({ from: fromMs, to: nowMs, horizonHours: 0 }, nowMs)
  // As the answer pairs them: which of two equal ones is short depends on it.
  const inOrder = [instrument, against!].toSorted((a, b) => a.id - b.id)
  const settled = await Promise.all(inOrder.map(({ id }) => settlementsUntil(context, id, window, budget)))
  const rows: Rows = {
    nowMs,
    fromAt: window.fromMs,
    toAt: window.toMs,
    one: inOrder[0]!,
    other: inOrder[1]!,
    settlements: settled.flatMap((own, place) => own.map((row) => ({ instrument: inOrder[place]!.key, ...row })))
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...sidesOf(rows, viewOf(rows).short) } }
}

const windowIn = ({ fromAt, toAt }: Rows): SpreadWindow => ({ kind: 'realised', fromMs: fromAt, toMs: toAt })

function viewOf(rows: Rows) {
  const [a, b] = [rows.one, rows.other].map((instrument) => {
    const settled = rows.settlements.filter((row) => row.instrument === instrument.key)
    return pastPerpetual(instrument, settled)
  })
  return spreadOf(a!, b!, windowIn(rows), BASE_TIER)
}

/** Which of the two is short, and the time in which both could settle. */
function sidesOf(rows: Rows, short: string) {
  const sideOf = ({ key, venue }: Instrument) => ({
    instrument: key,
    taker: takerFeeOf(venue, 'contract', BASE_TIER).taker
  })
  const { one, other } = rows
  const [first, second] = short === one.key ? [one, other] : [other, one]
  const { fromMs, toMs } = commonLife(one, other, windowIn(rows)) ?? windowIn(rows)
  return { short: sideOf(first), long: sideOf(second), lifeFromAt: fromMs, lifeToAt: toMs }
}
