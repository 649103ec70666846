import type { Instrument } from '../domain/instrument.ts'
import { DAY, HOUR } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { insertEvents } from '../store/events.ts'
import { listSettlements } from '../store/funding-history.ts'
import { recordObserved } from '../store/interval-ledger.ts'
import { availableAfter } from '../store/past-observations.ts'
import { insertSettlements } from '../store/settlement-intake.ts'
import type { Settlement } from '../venues/venue.ts'
import { correctedEvent, intervalEvents, settledEvent } from './funding-events.ts'

/** What is seen within this time of its settlement was followed as it happened; the rest is fetched for the past. */
const FOLLOWED_MS = HOUR
/** So far around what was stored the ledger of intervals is compared with the settlements. */
const LEDGER_REACH_MS = 8 * DAY

export type SettleStamp = { readonly observedAt: number; readonly adapterVersion: number; readonly epoch: number }

/**
 * Stores what a venue said of its settlements, what that shows of the interval, and the events of both, in one transaction. Only
 * settlements that were followed are told; a change of the interval is told however it was found, while it is news, and one that was
 * told and did not happen is corrected. Answers how many were new.
 */
export async function settle(
  client: Transaction,
  instrument: Instrument,
  rows: readonly Settlement[],
  stamp: SettleStamp
): Promise<number> {
  if (rows.length === 0) return 0
  const { id, venue } = instrument
  const isFollowed = ({ settledAt }: Settlement) => stamp.observedAt - settledAt < FOLLOWED_MS
  const past = rows
    .filter((row) => !isFollowed(row))
    .map((row) => ({ ...row, availableAt: availableAfter(row.settledAt) }))
  const live = rows.filter(isFollowed).map((row) => ({ ...row, availableAt: stamp.observedAt }))
  const fetched = await insertSettlements(client, id, past, { ...stamp, venue, source: 'backfill' })
  const followed = await insertSettlements(client, id, live, { ...stamp, venue, source: 'polled' })
  if ([fetched, followed].every(({ fresh, corrected }) => fresh.length + corrected.length === 0)) return 0
  const times = rows.map(({ settledAt }) => settledAt)
  const news = await recordObserved(client, id, {
    from: Math.min(...times) - LEDGER_REACH_MS,
    to: Math.max(...times) + LEDGER_REACH_MS
  })
  const settled = await rowsAt(client, id, followed.fresh)
  await insertEvents(client, [
    ...settled.map((row) => settledEvent(instrument, row)),
    ...(await correctedRates(client, instrument, [...fetched.corrected, ...followed.corrected])),
    ...(await intervalEvents(client, instrument, news, stamp.observedAt))
  ])
  return fetched.fresh.length + followed.fresh.length
}

/** Settlements that somebody said another rate of, as they are stored now. */
export async function correctedRates(client: Transaction, instrument: Instrument, times: readonly number[]) {
  return (await rowsAt(client, instrument.id, times)).map((row) => correctedEvent(instrument, row))
}

/** Settlements as they are stored now. */
async function rowsAt(client: Transaction, instrumentId: number, times: readonly number[]) {
  if (times.length === 0) return []
  const range = { fromMs: Math.min(...times), toMs: Math.max(...times) + 1, knownAtMs: null, limit: 100_000 }
  const rows = await listSettlements(client, { instrumentId, ...range })
  const wanted = new Set(times)
  return rows.filter(({ settledAt }) => wanted.has(settledAt))
}
