import type { Instrument } from '../domain/instrument.ts'
import { irregularIntervals, missingWithin, type Stretch, settlementHoles } from '../domain/settlement-gaps.ts'
import { DAY } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import {
  type GapPart,
  listOpenSettlementGaps,
  type OpenGap,
  recordSettlementGaps,
  splitGap
} from '../store/gap-filling.ts'
import { listSettledTimes } from '../store/settlements.ts'

/** What brought the settlements between which others are missing. */
export type HoleReason = 'absent_from_answer' | 'absent_from_file'

const IRREGULAR = 'irregular_interval'
const kindOf = ({ reason }: Pick<OpenGap, 'reason'>) => (reason === IRREGULAR ? 'irregular' : 'hole')

/**
 * A settlement that is missing between two others is a gap, and so is an interval of no length that venues have; what of a gap is
 * missing no more is filled. `isOldest`: nothing older is about to come, so that what lies before the stretch is missing too.
 */
export async function noteSettlementGaps(
  client: Transaction,
  instrument: Pick<Instrument, 'id' | 'venue'>,
  { from, to, isOldest }: Stretch & { readonly isOldest: boolean },
  reason: HoleReason
): Promise<void> {
  // Where whole pages were empty the nearest that are known lie far off.
  const near = await listSettledTimes(client, instrument.id, { from: from - DAY, to: to + DAY })
  const times = isOldest ? near : near.filter((at) => at >= from - DAY)
  const bounds = { from: Math.min(from, times[0] ?? from) - DAY, to: Math.max(to, times.at(-1) ?? to) + DAY }
  const open = await listOpenSettlementGaps(client, instrument.id, bounds)
  for (const gap of open) {
    const parts = partsOf(gap, await leftOf(client, instrument.id, gap))
    if (parts.length > 1 || parts.some(({ isOpen }) => !isOpen)) {
      await splitGap(client, instrument, { ...gap, fact: 'settlement' }, parts)
    }
  }
  const found: OpenGap[] = [
    ...settlementHoles(times).map((hole) => ({ ...hole, reason })),
    ...irregularIntervals(times).map((interval) => ({ ...interval, reason: IRREGULAR }))
  ]
  // Whoever found it first has said why: one absence is one gap.
  const isNoted = (gap: OpenGap) =>
    open.some((noted) => kindOf(noted) === kindOf(gap) && noted.from <= gap.from && noted.to >= gap.to)
  await recordSettlementGaps(
    client,
    instrument,
    found.filter((gap) => !isNoted(gap))
  )
}

async function leftOf(client: Transaction, instrumentId: number, gap: OpenGap): Promise<Stretch[]> {
  const times = await listSettledTimes(client, instrumentId, { from: gap.from - DAY, to: gap.to + DAY })
  if (gap.reason !== IRREGULAR) return missingWithin(gap, times)
  return irregularIntervals(times).filter(({ from, to }) => from === gap.from && to === gap.to)
}

function partsOf(gap: Stretch, left: readonly Stretch[]): GapPart[] {
  const parts: GapPart[] = []
  let at = gap.from
  for (const { from, to } of left) {
    if (from > at) parts.push({ from: at, to: from, isOpen: false })
    parts.push({ from, to, isOpen: true })
    at = to
  }
  if (at < gap.to) parts.push({ from: at, to: gap.to, isOpen: false })
  return parts
}
