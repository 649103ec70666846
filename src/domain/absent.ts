import type { BoardRow } from './board-row.ts'

type Field = keyof BoardRow

/** What a row's prices need, by the field that shows them. */
const NEEDS_CONTRACT: readonly Field[] = ['contractBid', 'contractAsk', 'contractMid', 'contractObservedAt']
const NEEDS_SPOT: readonly Field[] = ['spotBid', 'spotAsk', 'spotMid', 'spotObservedAt']
const NEEDS_BOTH: readonly Field[] = [
  'basisAbs',
  'basisBps',
  'carryEntryBps',
  'reverseEntryBps',
  'ageMs',
  'skewMs',
  'observedAt'
]
const NEEDS_FX: readonly Field[] = ['fxBps', 'adjustedBasisBps']
const TIMES_RECEIVED: readonly Field[] = ['markObservedAt', 'openInterestObservedAt', 'volumeObservedAt']

/** Why each price, what is made of it, and each time of receipt that a row lacks is not there. */
export function absentPrices(row: Omit<BoardRow, 'absent'>): Record<string, string> {
  const absent: Record<string, string> = {}
  const note = (fields: readonly Field[], code: string) => {
    for (const field of fields) if ((row as Record<string, unknown>)[field] === null) absent[field] ??= code
  }
  const noSpot = row.reasons.includes('quarantined') ? 'quarantined' : 'no_spot_leg'
  const spotCode = row.spot === null ? noSpot : 'missing_quote'
  const bothCode = row.contractMid === null ? 'missing_quote' : spotCode
  note(['spot'], noSpot)
  note(NEEDS_CONTRACT, 'missing_quote')
  note(NEEDS_SPOT, spotCode)
  note(NEEDS_BOTH, bothCode)
  note(['multiplier'], 'multiplier_unresolved')
  note(['fx'], row.spot === null ? noSpot : 'fx_unadjusted')
  note(NEEDS_FX, row.basisBps === null ? bothCode : 'fx_unadjusted')
  note(TIMES_RECEIVED, 'not_observed')
  if (row.kind === 'perpetual') note(['fundingObservedAt'], 'not_observed')
  else note(['basisApr'], absent.basisBps ?? absent.fx ?? 'near_expiry')
  if (row.contractObservedAt !== null) note(['contractVenueTime'], 'not_published')
  note(['spotVenueTime'], row.spotObservedAt === null ? spotCode : 'not_published')
  note(['contractVenueTime'], 'missing_quote')
  return absent
}
