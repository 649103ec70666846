import type { Instrument } from '../domain/instrument.ts'
import { HOUR } from '../domain/time.ts'
import { type BackfillClaim, saveBackfill } from '../store/backfill.ts'
import type { Database, Transaction } from '../store/database.ts'
import { fillPricedHours } from '../store/gap-filling.ts'
import { listLatest } from '../store/latest.ts'
import { ensurePartitions, type PartitionedTable } from '../store/partitions.ts'
import { noteQuietHours } from '../store/quiet-hours.ts'
import { findNewestSettlement } from '../store/settlements.ts'
import { fetchOpenInterestPast, fetchSettlements } from '../venues/past.ts'
import { type Skipped, VenueError } from '../venues/venue.ts'
import { believedSettlements } from './believed-settlements.ts'
import type { HistoryDeps, Target } from './history.ts'
import { derivePastBasis } from './past-basis.ts'
import { fetchHours, hourOfOpenInterest, priceReach } from './past-hours.ts'
import { type PastHour, storePast } from './past-store.ts'
import { readWhole } from './past-windows.ts'
import { settle } from './settle.ts'
import { noteSettlementGaps } from './settlement-gaps.ts'

export type Done = { readonly doneFrom: number; readonly doneTo: number }
export type Errand = {
  readonly deps: HistoryDeps
  readonly target: Target
  readonly instrument: Instrument
  readonly claim: BackfillClaim
}
/** A page ends at `end` and reaches no further back than `floor`. */
export type PageRange = {
  readonly floor: number
  readonly end: number
  /** The oldest candle of the pages before; null: none yet, or one since could not be used. */
  readonly newerAt: number | null
  readonly doneAfter: (since: number) => Done
}

/** What a page has brought: where the next one back ends, its oldest row, and of prices what is `newerAt` to the next. */
export type PageEnd = { readonly since: number; readonly oldestAt: number | null; readonly candleAt?: number | null }

/** What came of one page: what was new, what was there, what could not be used and why. */
export type PageReport = {
  readonly instrument: Instrument
  readonly fact: BackfillClaim['fact']
  readonly read: number
  readonly stored: number
  readonly refused: readonly Skipped[]
}

/** Fetches and stores one page of the past, with how far that gets, in one transaction. */
export async function fetchPageOf(errand: Errand, range: PageRange): Promise<PageEnd> {
  const { fact } = errand.claim
  if (fact === 'settlement') return await fetchRates(errand, range)
  return fact === 'price_1h' ? await fetchPrices(errand, range) : await fetchOpenInterest(errand, range)
}

async function fetchRates(errand: Errand, { floor, end, doneAfter }: PageRange): Promise<PageEnd> {
  const { deps, target, instrument, claim } = errand
  const { adapter, client } = target
  // Both ends of a window are in it: two steps short of a page, so that one question is enough.
  const hours = (await findInterval(deps.db, instrument.id)) ?? 1
  const since = Math.max(floor, end - (adapter.settlementPageLimit - 2) * HOUR * hours)
  const page = await readWhole(
    async (window) => {
      await deps.takeTurn()
      return await fetchSettlements(client, adapter, instrument, window.since, window.until)
    },
    { since, until: end },
    hours * HOUR,
    ({ venueTime }) => venueTime
  )
  const { observedAt } = page
  const believed = await believedSettlements(deps.db, instrument.id, page.rows, observedAt)
  const refused = [...page.skipped, ...believed.refused]
  if (refused.length > 0) deps.log.warn({ instrument: instrument.key, refused }, 'history.refused')
  const isFurtherBack = doneAfter(since).doneFrom === since
  if (isFurtherBack && believed.rows.length === 0 && page.rows.length > 0) {
    // Going on would take these years for ones that the venue does not have.
    throw new VenueError('bad_response', 'every settlement of a page contradicts what was told or is stored')
  }
  const times = believed.rows.map(({ settledAt }) => settledAt)
  await ensurePartitions(deps.db, 'settlement', times, deps.clock.now())
  return await keep(errand, { times, since }, doneAfter(since), async (transaction) => {
    const { adapterVersion } = adapter
    const stored = await settle(transaction, instrument, believed.rows, {
      observedAt,
      adapterVersion,
      epoch: claim.epoch
    })
    const stretch = { from: since, to: end, isOldest: since === floor }
    await noteSettlementGaps(transaction, instrument, stretch, 'absent_from_answer')
    return { stored, refused }
  })
}

async function findInterval(db: Database, instrumentId: number): Promise<number | null> {
  const newest = await findNewestSettlement(db, instrumentId)
  if (newest?.intervalHours) return newest.intervalHours
  return (await listLatest(db, [instrumentId])).get(instrumentId)?.estimate?.intervalHours ?? null
}

async function fetchPrices(errand: Errand, { floor, end, newerAt, doneAfter }: PageRange): Promise<PageEnd> {
  const { target, instrument } = errand
  const since = Math.max(floor, end - priceReach(target.adapter, instrument))
  const page = await fetchHours(errand, { since, until: end })
  const tables = ['market_snapshot', 'basis_snapshot'] as const
  const candlesAt = page.hours.filter(({ last }) => (last ?? null) !== null).map(({ at }) => at)
  // Of a candle that could not be used nothing says which hour it was of.
  const isReadable = !page.skipped.some(({ reason }) => reason === 'candle_unusable')
  const kept = await keepHours(errand, { ...page, since, tables }, doneAfter(since), async (transaction, stamp) => {
    if (page.hours.length === 0) return
    if (isReadable)
      await noteQuietHours(transaction, instrument, [...candlesAt, ...(newerAt === null ? [] : [newerAt])])
    await fillPricedHours(transaction, instrument, { from: since, to: end })
    const times = page.hours.map(({ at }) => at)
    const window = { from: Math.min(...times), to: Math.max(...times) }
    await derivePastBasis(transaction, target.instruments, instrument, window, stamp)
  })
  return { ...kept, candleAt: isReadable ? (candlesAt[0] ?? newerAt) : null }
}

async function fetchOpenInterest(errand: Errand, { floor, end, doneAfter }: PageRange): Promise<PageEnd> {
  const { deps, target, instrument } = errand
  const { adapter, client } = target
  const since = Math.max(floor, end - (adapter.past!.openInterest!.pageLimit - 2) * HOUR)
  const page = await readWhole(
    async (window) => {
      await deps.takeTurn()
      return await fetchOpenInterestPast(client, adapter, instrument, window.since, window.until)
    },
    { since, until: end },
    HOUR,
    ({ observedAt }) => observedAt
  )
  const hours = page.rows.map((row) => hourOfOpenInterest(row, instrument))
  return await keepHours(errand, { ...page, hours, since, tables: ['market_snapshot'] }, doneAfter(since))
}

type Hours = {
  readonly hours: readonly PastHour[]
  readonly skipped: readonly Skipped[]
  readonly since: number
  readonly tables: readonly PartitionedTable[]
}
type PastStamp = { readonly source: 'backfill'; readonly epoch: number; readonly adapterVersion: number }

async function keepHours(
  errand: Errand,
  { hours, skipped, since, tables }: Hours,
  done: Done,
  andThen: (transaction: Transaction, stamp: PastStamp) => Promise<void> = async () => {}
): Promise<PageEnd> {
  const { deps, target, instrument, claim } = errand
  const times = hours.map(({ at }) => at)
  for (const table of tables) await ensurePartitions(deps.db, table, times, deps.clock.now())
  const stamp = {
    source: 'backfill' as const,
    epoch: claim.epoch,
    adapterVersion: target.adapter.adapterVersion
  }
  return await keep(errand, { times, since }, done, async (transaction) => {
    const { stored, imported } = await storePast(transaction, instrument, hours, stamp)
    await andThen(transaction, stamp)
    const lost = Array.from({ length: imported }, () => ({ symbol: instrument.symbol, reason: 'imported_price_there' }))
    return { stored, refused: [...skipped, ...lost] }
  })
}

/** Stores what a page brought, and how far that gets, in one transaction. */
async function keep(
  { deps, instrument, claim }: Errand,
  { times, since }: { readonly times: readonly number[]; readonly since: number },
  done: Done,
  store: (transaction: Transaction) => Promise<{ readonly stored: number; readonly refused: readonly Skipped[] }>
): Promise<PageEnd> {
  const oldestAt = times.length === 0 ? null : Math.min(...times)
  const { stored, refused } = await deps.db.transaction(async (transaction) => {
    const outcome = await store(transaction)
    await saveBackfill(transaction, claim, {
      ...done,
      rows: outcome.stored,
      received: times.length,
      oldestAt,
      state: 'running',
      leaseMs: deps.leaseMs
    })
    return outcome
  })
  const { fact } = claim
  deps.told?.({ instrument, fact, read: times.length + refused.length, stored, refused })
  return { since, oldestAt }
}
