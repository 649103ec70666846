import type { ScoredSignal } from '../contract/signal-records.ts'
import type { Signal } from '../domain/signal.ts'
import { listCarryNets } from '../store/carry-outcomes.ts'
import type { Database } from '../store/database.ts'
import { listOutcomes } from '../store/signal-outcomes.ts'

/** Signals with what is known of their outcomes, in their order. What is under quarantine has none: what it is, is in doubt. */
export async function scoreSignals<Of extends Pick<Signal, 'id' | 'type'>>(
  db: Pick<Database, 'query'>,
  listed: readonly { readonly signal: Of; readonly isHeldBack: boolean }[],
  nowMs: number
): Promise<ScoredSignal<Of>[]> {
  const known = listed.flatMap(({ signal, isHeldBack }) => (isHeldBack ? [] : [signal]))
  const idsOf = (some: readonly Of[]) => some.map(({ id }) => id)
  const outcomes = await listOutcomes(db, idsOf(known), nowMs)
  const nets = await listCarryNets(db, idsOf(known.filter(({ type }) => type === 'carry_opportunity')))
  return listed.map(({ signal, isHeldBack }) => {
    const net = nets.get(signal.id)
    const later = outcomes.get(signal.id) ?? new Map()
    return { signal, isHeldBack, later, ...(net !== undefined && { net }) }
  })
}
