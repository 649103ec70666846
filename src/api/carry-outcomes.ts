import type { CarryOutcome } from '../contract/carry-outcome.ts'
import type { RealisedCarry } from '../contract/opportunities.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { listCarryOutcomes, type StoredOutcome } from '../store/carry-outcomes.ts'
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
  return episodes.map(({ signal }) => realisedOf(signal, stored.get(signal.id)))
}

/** What an episode came to, by what is stored of that; undefined: nothing is. */
export function realisedOf(
  { closedAt }: Pick<BucketSignal, 'closedAt'>,
  kept: StoredOutcome<CarryOutcome> | undefined
): RealisedCarry {
  if (closedAt === null) return { outcome: { absent: 'still_open' }, kept: null }
  return { outcome: kept?.outcome ?? { absent: 'not_known_yet' }, kept: kept ?? null }
}
