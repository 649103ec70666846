import { settlementHoles } from '../domain/funding.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { fillSettlementGaps, listOpenSettlementGaps } from '../store/gap-filling.ts'
import { recordGaps } from '../store/gaps.ts'
import { findNextSettlement, listKnown } from '../store/settlements.ts'

type Stretch = { readonly from: number; readonly to: number }

/** A settlement that the venue skips between two others is a gap; a gap in which none is missing any more is filled. */
export async function noteSettlementHoles(
  client: Transaction,
  { id, venue }: Instrument,
  { from, to }: Stretch
): Promise<void> {
  // Where whole pages were empty the next one that is known lies far off.
  const next = Math.max(to, (await findNextSettlement(client, id, to)) ?? to)
  const holes = await holesIn(client, id, { from, to: next })
  const open = await listOpenSettlementGaps(client, id, { from: from - DAY, to: next + DAY })
  const filled = []
  for (const gap of open) {
    // A gap may be longer than the stretch, and is filled only once all of it is.
    const left = await holesIn(client, id, gap)
    const isKnown = ((await findNextSettlement(client, id, gap.from - 1)) ?? gap.to) < gap.to
    if (isKnown && left.every((hole) => hole.to <= gap.from || hole.from >= gap.to)) filled.push(gap)
  }
  await fillSettlementGaps(client, id, filled)
  await recordGaps(
    client,
    holes.map((hole) => ({ instrumentId: id, venue, fact: 'settlement', ...hole, reason: 'absent_from_answer' }))
  )
}

/** The neighbours of a stretch tell its ends. */
async function holesIn(client: Transaction, instrumentId: number, { from, to }: Stretch): Promise<Stretch[]> {
  const known = await listKnown(client, instrumentId, { from: from - DAY, to: to + DAY })
  return settlementHoles(known.map(({ settledAt }) => settledAt))
}
