import { settlementHoles } from '../domain/funding.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, HOUR } from '../domain/time.ts'
import { type BackfillClaim, saveBackfill } from '../store/backfill.ts'
import type { Database, Transaction } from '../store/database.ts'
import { fillBasisGaps, fillSettlementGaps, recordGaps } from '../store/gaps.ts'
import { listLatest } from '../store/latest.ts'
import { insertSnapshots, pastPrice } from '../store/observations.ts'
import { ensurePartitions } from '../store/partitions.ts'
import { findNewestSettlement, listKnown } from '../store/settlements.ts'
import { fetchHourlyCloses, fetchSettlements } from '../venues/past.ts'
import type { Candle, VenueAdapter } from '../venues/venue.ts'
import type { HistoryDeps, Target } from './history.ts'
import { derivePastBasis } from './past-basis.ts'
import { settle } from './settle.ts'

export type Done = { readonly doneFrom: number; readonly doneTo: number }
type Errand = {
  readonly deps: HistoryDeps
  readonly target: Target
  readonly instrument: Instrument
  readonly claim: BackfillClaim
}
/** A page ends at `end` and reaches no further back than `floor`. */
type PageRange = { readonly floor: number; readonly end: number; readonly doneAfter: (since: number) => Done }
type Stretch = { readonly since: number; readonly end: number }

/** Fetches and stores one page of the past, with how far that gets, in one transaction; answers where the next page back ends. */
export async function fetchPageOf(errand: Errand, range: PageRange): Promise<number> {
  return errand.claim.fact === 'price_1h' ? await fetchPrices(errand, range) : await fetchRates(errand, range)
}

async function fetchRates(
  { deps, target, instrument, claim }: Errand,
  { floor, end, doneAfter }: PageRange
): Promise<number> {
  const { adapter, client } = target
  // Both ends of a window are in it: two steps short of a page, so that a full page means that rows were cut off.
  const reach = (adapter.settlementPageLimit - 2) * HOUR
  const hours = (await findInterval(deps.db, instrument.id)) ?? 1
  await deps.takeTurn()
  let since = Math.max(floor, end - reach * hours)
  let page = await fetchSettlements(client, adapter, instrument, since, end)
  if (page.received >= adapter.settlementPageLimit && hours > 1) {
    // The interval was shorter then: the window holds more than a page, and which end was cut off differs by venue.
    since = Math.max(floor, end - reach)
    await deps.takeTurn()
    page = await fetchSettlements(client, adapter, instrument, since, end)
  }
  const { rows, observedAt } = page
  await ensurePartitions(
    deps.db,
    'settlement',
    rows.map(({ settledAt }) => settledAt),
    deps.clock.now()
  )
  await deps.db.transaction(async (transaction) => {
    const { adapterVersion } = adapter
    const stored = await settle(transaction, instrument, rows, { observedAt, adapterVersion, epoch: claim.epoch })
    await noteHoles(transaction, instrument, { since, end })
    await saveBackfill(transaction, claim, {
      ...doneAfter(since),
      rows: stored,
      state: 'running',
      leaseMs: deps.leaseMs
    })
  })
  return since
}

async function findInterval(db: Database, instrumentId: number): Promise<number | null> {
  const newest = await findNewestSettlement(db, instrumentId)
  if (newest?.intervalHours) return newest.intervalHours
  return (await listLatest(db, [instrumentId])).get(instrumentId)?.estimate?.intervalHours ?? null
}

/** A settlement that the venue skips between two others is a gap; one that has turned up fills it. */
async function noteHoles(client: Transaction, { id, venue }: Instrument, { since, end }: Stretch): Promise<void> {
  const known = await listKnown(client, id, { from: since - DAY, to: end + DAY })
  const holes = settlementHoles(known.map(({ settledAt }) => settledAt))
  await fillSettlementGaps(client, { instrumentId: id, from: since - DAY, to: end + DAY })
  await recordGaps(
    client,
    holes.map((hole) => ({ instrumentId: id, venue, fact: 'settlement', ...hole, reason: 'absent_from_answer' }))
  )
}

async function fetchPrices(
  { deps, target, instrument, claim }: Errand,
  { floor, end, doneAfter }: PageRange
): Promise<number> {
  const { adapter, client, instruments } = target
  await deps.takeTurn()
  const since = Math.max(floor, end - (adapter.candlePageLimit - 2) * HOUR)
  const { rows } = await fetchHourlyCloses(client, adapter, instrument, since, end)
  for (const table of ['market_snapshot', 'basis_snapshot'] as const) {
    await ensurePartitions(deps.db, table, rows.map(closeOf), deps.clock.now())
  }
  await deps.db.transaction(async (transaction) => {
    const stored = await storePrices(transaction, instruments, instrument, adapter, claim, rows)
    await fillBasisGaps(transaction, { instrumentId: instrument.id, from: since, to: end })
    await saveBackfill(transaction, claim, {
      ...doneAfter(since),
      rows: stored,
      state: 'running',
      leaseMs: deps.leaseMs
    })
  })
  return since
}

const closeOf = ({ startAt }: Candle) => startAt + HOUR

/** A candle says what the price was when it closed; bases follow from the closes of both legs. */
async function storePrices(
  client: Transaction,
  instruments: readonly Instrument[],
  instrument: Instrument,
  { adapterVersion }: VenueAdapter,
  { epoch }: BackfillClaim,
  rows: readonly Candle[]
): Promise<number> {
  const prices = rows.map((row) => pastPrice(instrument.id, { at: closeOf(row), last: row.close, spanMs: HOUR }))
  const stamp = { source: 'backfill' as const, adapterVersion, epoch }
  const written = await insertSnapshots(client, prices, stamp)
  const times = rows.map(closeOf)
  if (times.length > 0) {
    await derivePastBasis(client, instruments, instrument, { from: Math.min(...times), to: Math.max(...times) }, stamp)
  }
  return written
}
