import type { CarryOutcome } from '../contract/carry-outcome.ts'
import type { RealisedCarry } from '../contract/opportunities.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { listCarryOutcomes } from '../store/carry-outcomes.ts'
import type { Database } from '../store/database.ts'
import type { ListedSignal } from '../store/signal-list.ts'

/** A carry opportunity with whom it is about. */
export type ListedCarry = Omit<ListedSignal, 'signal'> & { readonly signal: BucketSignal }

/** What these episodes came to, in their order, as it was worked out after each was over. */
export async function readOutcomes(
  db: Pick<Database, 'query'>,
  episodes: readonly ListedCarry[]
): Promise<RealisedCarry[]> {
  const ids = episodes.map(({ signal }) => signal.id)
  const stored = await listCarryOutcomes<CarryOutcome>(db, ids)
  return episodes.map(({ signal: { id, closedAt } }) => {
    if (closedAt === null) return { outcome: { absent: 'still_open' }, kept: null }
    const kept = stored.get(id) ?? null
    return { outcome: kept?.outcome ?? { absent: 'not_known_yet' }, kept }
  })
}
