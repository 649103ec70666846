import type { Clock } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, floorTo, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { Log } from '../log.ts'
import {
  type BackfillClaim,
  type BackfillFact,
  type BackfillScope,
  claimBackfill,
  failBackfill,
  saveBackfill
} from '../store/backfill.ts'
import type { Database } from '../store/database.ts'
import { fillHourlyGaps } from '../store/gap-judging.ts'
import { type GapFact, recordGaps } from '../store/gaps.ts'
import { listLatest } from '../store/latest.ts'
import { findNewestSettlement } from '../store/settlements.ts'
import { StaleClaimError } from '../store/ticks.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import { type VenueAdapter, VenueError } from '../venues/venue.ts'
import { fetchPageOf, type PageReport } from './history-pages.ts'
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
  /** Only these pieces; what is followed unless told. */
  readonly scope?: BackfillScope
  /** Nothing newer than this is wanted; up to now unless told. */
  readonly to?: number
  /** Told of every page that was stored. */
  readonly told?: (page: PageReport) => void
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
  const until = untilOf(deps, claim, now)
  const errand = { deps, target, instrument, claim }
  let doneFrom = claim.doneFrom ?? until
  let doneTo = claim.doneTo ?? until
  let oldestAt = claim.oldestAt
  const earlier = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.min(a, b))
  const kept = keptFrom(target.adapter, instrument, claim, now)
  const known = claim.doneTo === null ? until : await topUpFloor(deps, instrument, claim.fact, claim.doneTo)
  const topUp = Math.min(until, Math.max(known, kept ?? known))
  // What a venue had not closed yet, or did not trade, at the end of the last time shows only between its neighbours.
  const again = claim.fact === 'price_1h' ? Math.max(topUp - AGAIN_MS, doneFrom, kept ?? doneFrom) : topUp
  let candleAt: number | null = null
  for (let end = until; end > topUp && !signal.aborted; ) {
    const range = { floor: Math.min(topUp, again), end, newerAt: candleAt }
    const page = await fetchPageOf(errand, { ...range, doneAfter: () => ({ doneFrom, doneTo }) })
    end = page.since
    candleAt = page.candleAt ?? null
    oldestAt = earlier(oldestAt, page.oldestAt)
    if (end <= topUp) doneTo = until
  }
  const floor = Math.max(claim.wantedFrom, kept ?? claim.wantedFrom)
  let silentFrom: number | null = null
  // The oldest row of the last time may be a mark, which says nothing of trades.
  candleAt = null
  while (doneFrom > floor && silentFrom === null && !signal.aborted) {
    const page = await fetchPageOf(errand, {
      floor,
      end: doneFrom,
      newerAt: candleAt,
      doneAfter: (since) => ({ doneFrom: since, doneTo })
    })
    doneFrom = page.since
    candleAt = page.candleAt ?? null
    oldestAt = earlier(oldestAt, page.oldestAt)
    if ((oldestAt ?? doneTo) - doneFrom >= SILENCE_MS) silentFrom = oldestAt ?? doneTo
  }
  if (!signal.aborted) {
    await noteBeginning(deps, instrument, claim, { oldestAt, doneTo })
    // A stop of ours that was longer than the venue's memory.
    if (topUp > known) await noteLost(deps, instrument, claim.fact, { from: known, to: topUp })
    if (claim.fact === 'price_1h') await fillHourlyGaps(deps.db, instrument, { from: doneFrom, to: doneTo })
  }
  const notBefore = signal.aborted ? null : await nextDue(deps, instrument, claim)
  const end = {
    rows: 0,
    oldestAt,
    keptFrom: silentFrom,
    state: signal.aborted ? ('waiting' as const) : ('done' as const),
    notBefore,
    leaseMs: deps.leaseMs
  }
  await saveBackfill(deps.db, claim, { doneFrom, doneTo, ...end })
}

/** Nothing for this long before the oldest row, and the venue has nothing older: no market pauses for a quarter of a year. */
const SILENCE_MS = 90 * DAY
/** So much of the hours of the last time is asked for again with those since. */
const AGAIN_MS = DAY

/** Hourly facts end at the last full hour whose live observation has had its time. */
function untilOf({ to }: HistoryDeps, { fact, doneTo }: BackfillClaim, now: number): number {
  const latest = fact === 'settlement' ? now : floorTo(now - LIVE_FIRST_MS, HOUR)
  return to === undefined ? latest : Math.max(doneTo ?? Number.NEGATIVE_INFINITY, Math.min(to, latest))
}

/** From when on a venue has an instrument's past, as it declares or as was found; null: nothing is known to be missing. */
function keptFrom({ past }: VenueAdapter, instrument: Instrument, claim: BackfillClaim, now: number): number | null {
  const keptMs = {
    settlement: () => null,
    price_1h: () => past?.candlesKeptMs?.(instrument) ?? null,
    open_interest_1h: () => past?.openInterest?.keptMs ?? null
  }[claim.fact]()
  const declared = keptMs === null ? null : Math.ceil((now - keptMs) / HOUR) * HOUR
  return declared === null || claim.keptFrom === null
    ? (declared ?? claim.keptFrom)
    : Math.max(declared, claim.keptFrom)
}

const GAP_FACTS = {
  settlement: 'settlement',
  price_1h: 'market',
  open_interest_1h: 'open_interest'
} as const satisfies Record<BackfillFact, GapFact>

/** A venue that keeps less of the past than is wanted leaves a gap at the beginning; a contract listed later does not. */
async function noteBeginning(
  deps: HistoryDeps,
  instrument: Instrument,
  { fact, wantedFrom }: BackfillClaim,
  { oldestAt, doneTo }: { readonly oldestAt: number | null; readonly doneTo: number }
) {
  const { listedAt } = instrument
  // Where all of the past was asked for and nobody knows when it begins, nothing is known to be missing.
  if (listedAt === null && wantedFrom <= ALL_OF_IT) return
  const due = Math.max(wantedFrom, listedAt ?? wantedFrom)
  // Where nothing was ever received, all that was asked for is missing.
  const to = oldestAt ?? doneTo
  if (to - due <= DAY) return
  await noteLost(deps, instrument, fact, { from: due, to })
}

async function noteLost(
  { db }: HistoryDeps,
  { id, venue }: Instrument,
  fact: BackfillFact,
  stretch: { readonly from: number; readonly to: number }
): Promise<void> {
  const gap = { instrumentId: id, venue, fact: GAP_FACTS[fact], ...stretch, reason: 'not_kept_by_venue' }
  await db.transaction((client) => recordGaps(client, [gap]))
}

/** Before any venue that is asked had a contract: who wants the past from here on wants all of it. */
export const ALL_OF_IT = Date.UTC(2016, 0, 1)

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
