import type { Clock } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, floorTo, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { type BackfillClaim, type BackfillFact, claimBackfill, failBackfill, saveBackfill } from '../store/backfill.ts'
import type { Database } from '../store/database.ts'
import { recordGaps } from '../store/gaps.ts'
import { listLatest } from '../store/latest.ts'
import { findNewestSettlement, findOldestSettlement } from '../store/settlements.ts'
import { StaleClaimError } from '../store/ticks.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import { type VenueAdapter, VenueError } from '../venues/venue.ts'
import { type Done, fetchPageOf } from './history-pages.ts'
import { nextLookAt } from './settlement-looks.ts'
import { stayAwayMs } from './venue-health.ts'

export type HistoryDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly leaseMs: number
  /** Waits until this venue's budget has room for one more call. */
  readonly takeTurn: () => Promise<void>
}

export type Target = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  readonly instruments: readonly Instrument[]
}

const RETRY_MS = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE]
/** The close of the running hour belongs to the live observations of that moment: they come first. */
const LIVE_FIRST_MS = 2 * MINUTE

/** Fetches the most wanted piece of one venue's past, newest first, page by page, each page kept as it comes. False: nothing due. */
export async function fetchPast(deps: HistoryDeps, target: Target, signal: AbortSignal): Promise<boolean> {
  const claim = await claimBackfill(deps.db, target.adapter.id, deps)
  if (!claim) return false
  const instrument = target.instruments.find(({ id }) => id === claim.instrumentId)
  try {
    if (!instrument) throw new VenueError('bad_response', `instrument ${claim.instrumentId} is not known`)
    await fetchPages(deps, target, instrument, claim, signal)
  } catch (error) {
    if (error instanceof StaleClaimError) return true
    if (!(error instanceof VenueError)) throw error
    await putBack(deps, claim, target.adapter.id, error)
  }
  return true
}

async function putBack(
  { db, clock, log }: HistoryDeps,
  claim: BackfillClaim,
  venue: string,
  error: VenueError
): Promise<void> {
  const { failure, message } = error
  const notBefore = clock.now() + Math.max(stayAwayMs(error), RETRY_MS[Math.min(claim.failures, RETRY_MS.length - 1)]!)
  log.warn({ venue, instrument: claim.instrumentId, fact: claim.fact, failure, message }, 'history.failed')
  await failBackfill(db, claim, message, notBefore)
}

/** First what is newer than anything stored, then ever further back; a kill between pages loses one page at the most. */
async function fetchPages(
  deps: HistoryDeps,
  target: Target,
  instrument: Instrument,
  claim: BackfillClaim,
  signal: AbortSignal
) {
  const now = deps.clock.now()
  const until = claim.fact === 'price_1h' ? floorTo(now - LIVE_FIRST_MS, HOUR) : now
  let doneFrom = claim.doneFrom ?? until
  let doneTo = claim.doneTo ?? until
  const fetchPage = (floor: number, end: number, doneAfter: (since: number) => Done) =>
    fetchPageOf({ deps, target, instrument, claim }, { floor, end, doneAfter })
  const floor = claim.doneTo === null ? until : await topUpFloor(deps, instrument, claim.fact, claim.doneTo)
  for (let end = until; end > floor && !signal.aborted; ) {
    end = await fetchPage(floor, end, () => ({ doneFrom, doneTo }))
    if (end <= floor) doneTo = until
  }
  while (doneFrom > claim.wantedFrom && !signal.aborted) {
    doneFrom = await fetchPage(claim.wantedFrom, doneFrom, (since) => ({ doneFrom: since, doneTo }))
  }
  if (!signal.aborted) await noteBeginning(deps, instrument, claim)
  const notBefore = signal.aborted ? now : await nextDue(deps, instrument, claim)
  await saveBackfill(deps.db, claim, { doneFrom, doneTo, rows: 0, state: 'done', notBefore, leaseMs: deps.leaseMs })
}

/** A venue that keeps less of the past than is wanted leaves a gap at the beginning; a contract listed later does not. */
async function noteBeginning(
  { db }: HistoryDeps,
  { id, venue, listedAt }: Instrument,
  { fact, wantedFrom }: BackfillClaim
) {
  if (fact !== 'settlement') return
  const oldest = await findOldestSettlement(db, id, wantedFrom)
  const due = Math.max(wantedFrom, listedAt ?? wantedFrom)
  if (oldest === undefined || oldest - due <= DAY) return
  const gap = { instrumentId: id, venue, fact, from: due, to: oldest, reason: 'beyond_venue_history' }
  await db.transaction((client) => recordGaps(client, [gap]))
}

/** Where looking for what is new begins: a settlement that was late last time lies before the time it was looked for. */
async function topUpFloor(
  { db }: HistoryDeps,
  { id }: Instrument,
  fact: BackfillFact,
  doneTo: number
): Promise<number> {
  if (fact !== 'settlement') return doneTo
  const newest = await findNewestSettlement(db, id)
  return Math.min(doneTo, newest?.settledAt ?? doneTo)
}

/** When a finished piece is worth another look; the interval may have become shorter since the newest settlement. */
async function nextDue(
  { db, clock }: HistoryDeps,
  { id }: Instrument,
  { fact }: BackfillClaim
): Promise<number | null> {
  if (fact !== 'settlement') return null
  const newest = await findNewestSettlement(db, id)
  const estimate = (await listLatest(db, [id])).get(id)?.estimate
  if (!newest) return clock.now() + HOUR
  const { settledAt } = newest
  const isNext = (at: number) => at > settledAt
  const due = [newest.intervalHours, estimate?.intervalHours]
    .flatMap((hours) => (hours ? [settledAt + hours * HOUR] : []))
    .concat([estimate?.nextSettlementAt ?? settledAt].filter(isNext))
  if (due.length === 0) return clock.now() + HOUR
  // Where an interval has become longer the shorter one's time passes in vain: the look at the longer one's is kept.
  const looks = due.map((at) => nextLookAt(settledAt, at, clock.now()))
  return Math.min(...looks)
}
