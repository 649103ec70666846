import type { Clock } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { floorTo, HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { type BackfillClaim, claimBackfill, failBackfill, saveBackfill } from '../store/backfill.ts'
import type { Database, Transaction } from '../store/database.ts'
import { fillGaps } from '../store/gaps.ts'
import { listLatest } from '../store/latest.ts'
import { insertSnapshots, pastPrice } from '../store/observations.ts'
import { ensurePartitions } from '../store/partitions.ts'
import { findNewestSettlement, insertSettlements } from '../store/settlements.ts'
import { StaleClaimError } from '../store/ticks.ts'
import { saveBan } from '../store/venues.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import { fetchHourlyCloses, fetchSettlements } from '../venues/past.ts'
import { type Candle, type Settlement, type VenueAdapter, VenueError } from '../venues/venue.ts'
import { FUNDING_FORMULA_VERSION } from './collected-facts.ts'
import { derivePastBasis } from './past-basis.ts'
import { isRefusal } from './venue-health.ts'

export type HistoryDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly leaseMs: number
  /** Waits until this venue's budget has room for one more call. */
  readonly takeTurn: () => Promise<void>
}

type Target = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  readonly instruments: readonly Instrument[]
}

/** A fact of the past was public when it happened; we say so this much later, to be sure. */
const AVAILABLE_LAG_MS = MINUTE
const RETRY_MS = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE]
/** When after a settlement it is asked for, and how often again while the venue does not show it. */
const AFTER_SETTLEMENT_MS = 30 * SECOND

/** Fetches the most wanted piece of one venue's past, newest first, page by page, each page kept as it comes. False: nothing due. */
export async function fetchPast(deps: HistoryDeps, target: Target, signal: AbortSignal): Promise<boolean> {
  const claim = await claimBackfill(deps.db, target.adapter.id, deps.holder, deps.leaseMs)
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
  const { failure, message, retryAfterMs } = error
  const notBefore = clock.now() + Math.max(retryAfterMs ?? 0, RETRY_MS[Math.min(claim.failures, RETRY_MS.length - 1)]!)
  log.warn({ venue, instrument: claim.instrumentId, fact: claim.fact, failure, message }, 'history.failed')
  await failBackfill(db, claim, message, notBefore)
  if (isRefusal(failure)) await saveBan(db, venue, `${failure}: ${message}`, notBefore)
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
  const until = claim.fact === 'price_1h' ? floorTo(now, HOUR) : now
  const pages = pagesOf(deps, target, instrument, claim)
  let doneFrom = claim.doneFrom ?? until
  let doneTo = claim.doneTo ?? until
  for (let end = until; end > doneTo && !signal.aborted; ) {
    end = await pages.fetch(doneTo, end, () => ({ doneFrom, doneTo }))
    if (end <= doneTo) doneTo = until
  }
  while (doneFrom > claim.wantedFrom && !signal.aborted) {
    doneFrom = await pages.fetch(claim.wantedFrom, doneFrom, (since) => ({ doneFrom: since, doneTo }))
  }
  const notBefore = signal.aborted ? now : await nextDue(deps, instrument, claim)
  await saveBackfill(deps.db, claim, { doneFrom, doneTo, rows: 0, state: 'done', notBefore, leaseMs: deps.leaseMs })
}

/** When a finished piece is worth another look: a settlement is due, or one is late. */
async function nextDue(
  { db, clock }: HistoryDeps,
  instrument: Instrument,
  { fact }: BackfillClaim
): Promise<number | null> {
  if (fact !== 'settlement') return null
  const newest = await findNewestSettlement(db, instrument.id)
  if (!newest?.intervalHours) return clock.now() + HOUR
  return Math.max(newest.settledAt + newest.intervalHours * HOUR + AFTER_SETTLEMENT_MS, clock.now() + MINUTE)
}

type Done = { readonly doneFrom: number; readonly doneTo: number }

/** Fetches and stores pages of one claim; `fetch` answers where the next page, further back, ends. */
function pagesOf(
  deps: HistoryDeps,
  { adapter, client, instruments }: Target,
  instrument: Instrument,
  claim: BackfillClaim
) {
  const store = claim.fact === 'price_1h' ? storePrices : storeSettlements
  const limit = claim.fact === 'price_1h' ? adapter.candlePageLimit : adapter.settlementPageLimit
  const ask = claim.fact === 'price_1h' ? fetchHourlyCloses : fetchSettlements
  let stepMs = HOUR
  return {
    fetch: async (floor: number, end: number, doneAfter: (since: number) => Done): Promise<number> => {
      if (claim.fact === 'settlement') stepMs = ((await findInterval(deps.db, instrument.id)) ?? 1) * HOUR
      await deps.takeTurn()
      // Both ends of a window are in it: two steps short of a page, so that a full page means that rows were cut off.
      let since = Math.max(floor, end - (limit - 2) * stepMs)
      let page = await ask(client, adapter, instrument, since, end)
      if (page.rows.length >= limit && stepMs > HOUR) {
        // The interval was shorter then: the window holds more than a page, and which end was cut off differs by venue.
        since = Math.max(floor, end - (limit - 2) * HOUR)
        await deps.takeTurn()
        page = await ask(client, adapter, instrument, since, end)
      }
      const rows = page.rows
      await ensurePartitions(
        deps.db,
        claim.fact === 'price_1h' ? 'market_snapshot' : 'settlement',
        rows.map(timeOf),
        deps.clock.now()
      )
      if (claim.fact === 'price_1h')
        await ensurePartitions(deps.db, 'basis_snapshot', rows.map(timeOf), deps.clock.now())
      await deps.db.transaction(async (transaction) => {
        const stored = await store(transaction, instruments, instrument, adapter, claim, rows as never, page.observedAt)
        await fillGaps(transaction, {
          instrumentId: instrument.id,
          fact: claim.fact === 'price_1h' ? 'basis' : 'settlement',
          from: since,
          to: end
        })
        await saveBackfill(transaction, claim, {
          ...doneAfter(since),
          rows: stored,
          state: 'running',
          leaseMs: deps.leaseMs
        })
      })
      return since
    }
  }
}

const timeOf = (row: Settlement | Candle): number => ('settledAt' in row ? row.settledAt : row.startAt + HOUR)

async function findInterval(db: Database, instrumentId: number): Promise<number | null> {
  const newest = await findNewestSettlement(db, instrumentId)
  if (newest?.intervalHours) return newest.intervalHours
  return (await listLatest(db, [instrumentId])).get(instrumentId)?.estimate?.intervalHours ?? null
}

async function storeSettlements(
  client: Transaction,
  _instruments: readonly Instrument[],
  { id }: Instrument,
  { adapterVersion }: VenueAdapter,
  { epoch }: BackfillClaim,
  rows: readonly Settlement[],
  observedAt: number
): Promise<number> {
  const rates = rows.map((row) => ({ ...row, availableAt: row.settledAt + AVAILABLE_LAG_MS }))
  const stamp = {
    source: 'backfill' as const,
    observedAt,
    formulaVersion: FUNDING_FORMULA_VERSION,
    adapterVersion,
    epoch
  }
  return await insertSettlements(client, id, rates, stamp)
}

/** A candle says what the price was when it closed; bases follow from the closes of both legs. */
async function storePrices(
  client: Transaction,
  instruments: readonly Instrument[],
  instrument: Instrument,
  { adapterVersion }: VenueAdapter,
  { epoch }: BackfillClaim,
  rows: readonly Candle[]
): Promise<number> {
  const prices = rows.map((row) => {
    const at = row.startAt + HOUR
    return pastPrice(instrument.id, { at, last: row.close, spanMs: HOUR, availableAt: at + AVAILABLE_LAG_MS })
  })
  const stamp = { source: 'backfill' as const, adapterVersion, epoch }
  const written = await insertSnapshots(client, prices, stamp)
  const times = rows.map(timeOf)
  if (times.length > 0) {
    await derivePastBasis(client, instruments, instrument, { from: Math.min(...times), to: Math.max(...times) }, stamp)
  }
  return written.length
}
