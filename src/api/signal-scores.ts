import type { ScoredSignal } from '../contract/signal-records.ts'
import { listCarryNets } from '../store/carry-outcomes.ts'
import type { Database } from '../store/database.ts'
import type { ListedSignal } from '../store/signal-list.ts'
import { listOutcomes } from '../store/signal-outcomes.ts'

/** Signals with what is known of their outcomes, in their order. What is under quarantine has none: what it is, is in doubt. */
export async function scoreSignals(
  db: Pick<Database, 'query'>,
  listed: readonly ListedSignal[],
  nowMs: number
): Promise<ScoredSignal[]> {
  const known = listed.filter(({ subject }) => subject.quarantine === null)
  const idsOf = (some: readonly ListedSignal[]) => some.map(({ signal }) => signal.id)
  const outcomes = await listOutcomes(db, idsOf(known), nowMs)
  const nets = await listCarryNets(db, idsOf(known.filter(({ signal }) => signal.type === 'carry_opportunity')))
  return listed.map(({ signal, subject }) => {
    const net = nets.get(signal.id)
    const later = outcomes.get(signal.id) ?? new Map()
    return { signal, isHeldBack: subject.quarantine !== null, later, ...(net !== undefined && { net }) }
  })
}
