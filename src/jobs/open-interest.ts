import { decimalOrNull } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Facts } from '../domain/latest.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { listLatest, upsertLatest } from '../store/latest.ts'
import { type Claim, claimTick, finishTick, holdClaim, StaleClaimError } from '../store/ticks.ts'
import { skip } from '../venues/normalise.ts'
import { type Call, emptyReading, type Reading, type Skipped, VenueError, type VenueFailure } from '../venues/venue.ts'
import type { CollectedVenue } from './collect.ts'
import { factsOf, valued } from './collected-facts.ts'
import { isRefusal } from './venue-health.ts'

type Deps = {
  readonly db: Database
  readonly log: Log
  readonly holder: string
  readonly leaseMs: number
}

/** Books and flow are asked one by one as well, for fewer contracts and by jobs of their own. */
export const isOpenInterest = ({ reach, facts }: Call) => reach === 'single' && facts.includes('open_interest')

type AskedVenue = Pick<CollectedVenue, 'adapter' | 'client' | 'memory' | 'instruments'>

/** Contracts a transaction: what is known is on the board before the last one has been asked. */
const BATCH = 25

/**
 * Asks for open interest one contract at a time, where a venue has no bulk call. Stops at the first refusal: live quotes share
 * the venue's patience.
 */
export async function pollOpenInterest(
  deps: Deps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const { db, holder, leaseMs, log } = deps
  const { id, calls } = venue.adapter
  const call = calls.find(isOpenInterest)
  if (!call) return
  const claim = await claimTick(db, { job: 'open-interest', scope: id, tickAt, holder, leaseMs })
  if (!claim) return
  try {
    await askAll(deps, venue, call, claim, signal)
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ venue: id, tick: new Date(tickAt).toISOString() }, 'open-interest.stale')
  }
}

/** Stores what each batch brings while the claim is ours, and ends the tick. */
async function askAll(
  { db, log }: Deps,
  venue: AskedVenue,
  call: Call,
  claim: Claim,
  signal: AbortSignal
): Promise<void> {
  const contracts = [...venue.instruments.values()].filter((instrument) => call.covers(instrument))
  const dropped: Skipped[] = []
  let refusal: VenueFailure | null = null
  let rows = 0
  for (let from = 0; from < contracts.length && refusal === null && !signal.aborted; from += BATCH) {
    const asked = await askEach(venue, call, contracts.slice(from, from + BATCH), signal)
    refusal = asked.refusal
    dropped.push(...asked.reading.skipped)
    const facts = await valuedAtMark(db, venue, factsOf(venue, asked.reading))
    await db.transaction(async (client) => {
      await holdClaim(client, claim)
      await upsertLatest(client, claim.tickAt, facts)
    })
    rows += facts.openInterest.length
  }
  // A stop in the middle leaves contracts that nobody was asked about.
  const isCut = signal.aborted && rows + dropped.length < contracts.length
  const failure = refusal ?? (isCut ? 'stopped' : null)
  const state = failure === null ? 'done' : 'failed'
  const skipped = contracts.length - rows
  await db.transaction((client) => finishTick(client, claim, { state, rows, skipped, failure }))
  log.info({ venue: claim.scope, rows, contracts: contracts.length, refusal, dropped }, 'open-interest.finished')
}

/** Asks one contract after the other, up to a refusal; a failure costs its own contract only. */
async function askEach(
  { client, memory }: AskedVenue,
  call: Call,
  contracts: readonly Instrument[],
  signal: AbortSignal
): Promise<{ reading: Reading; refusal: VenueFailure | null }> {
  const reading = emptyReading()
  const context = { reading, exchange: client.exchangeOf(call.ccxtId), intervals: memory.intervals }
  for (const { symbol } of contracts) {
    if (signal.aborted) break
    try {
      const { value, observedAt } = await client.call((exchange) => call.ask(exchange, symbol), call)
      call.read(value, { ...context, observedAt })
    } catch (error) {
      if (!(error instanceof VenueError)) throw error
      if (isRefusal(error.failure)) return { reading, refusal: error.failure }
      reading.skipped.push(skip(symbol, error.failure))
    }
  }
  return { reading, refusal: null }
}

/** What the venue does not say comes of the mark that was polled last (domain-spec 1.5). */
async function valuedAtMark(db: Database, { instruments }: AskedVenue, facts: Facts): Promise<Facts> {
  const latest = await listLatest(
    db,
    facts.openInterest.map(({ instrumentId }) => instrumentId)
  )
  const byId = new Map([...instruments.values()].map((instrument) => [instrument.id, instrument]))
  return {
    ...facts,
    openInterest: facts.openInterest.map((row) => {
      const amounts = { base: decimalOrNull(row.base), quote: decimalOrNull(row.quote), usd: decimalOrNull(row.usd) }
      const mark = latest.get(row.instrumentId)?.mark?.mark
      return { ...row, ...valued(amounts, byId.get(row.instrumentId)!, mark) }
    })
  }
}
