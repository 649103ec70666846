import type { Facts } from '../domain/latest.ts'
import type { Transaction } from '../store/database.ts'
import { insertEvents } from '../store/events.ts'
import { type DeclaredInterval, recordDeclared } from '../store/interval-ledger.ts'
import type { CollectedVenue } from './collect.ts'
import { intervalEvents } from './funding-events.ts'

/** Puts the intervals that a venue declares into the ledger, and tells of those that have changed, in the poll's transaction. */
export async function tellIntervals(
  client: Transaction,
  { instruments }: Pick<CollectedVenue, 'instruments'>,
  { estimates }: Pick<Facts, 'estimates'>,
  tickAt: number
): Promise<void> {
  // What looks back over so many hours says nothing of when it settles.
  const declared = estimates.flatMap(
    ({ instrumentId, intervalHours, intervalSource, kind, ...said }): DeclaredInterval[] =>
      intervalHours === null || intervalSource !== 'declared' || kind === 'trailing'
        ? []
        : [{ instrumentId, hours: intervalHours, observedAt: said.observedAt, nextSettlementAt: said.nextSettlementAt }]
  )
  const news = await recordDeclared(client, declared)
  if (news.length === 0) return
  const byId = new Map([...instruments.values()].map((instrument) => [instrument.id, instrument]))
  for (const ofOne of news) {
    await insertEvents(client, await intervalEvents(client, byId.get(ofOne.instrumentId)!, [ofOne], tickAt))
  }
}
