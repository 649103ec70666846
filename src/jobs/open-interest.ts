import type { Clock } from '../clock.ts'
import { compare, decimalToString, multiply, parseDecimal } from '../domain/decimal.ts'
import type { Facts } from '../domain/latest.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { listLatest, upsertLatest } from '../store/latest.ts'
import { claimTick, finishTick } from '../store/ticks.ts'
import { emptyReading, VenueError } from '../venues/venue.ts'
import type { CollectedVenue } from './collect.ts'
import { factsOf } from './collected-facts.ts'
import { isRefusal } from './venue-health.ts'

type Deps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly leaseMs: number
}

/** Contracts a transaction: what is known is on the board before the last one has been asked. */
const BATCH = 25

/**
 * Asks for open interest one contract at a time, where a venue has no bulk call, largest contracts first once their size is
 * known. Stops at the first refusal: live quotes share the venue's patience.
 */
export async function pollOpenInterest(
  deps: Deps,
  venue: CollectedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const call = venue.adapter.calls.find(({ reach }) => reach === 'single')
  if (!call) return
  const claim = await claimTick(deps.db, {
    job: 'open-interest',
    scope: venue.adapter.id,
    tickAt,
    holder: deps.holder,
    leaseMs: deps.leaseMs
  })
  if (!claim) return
  const contracts = [...venue.instruments.values()].filter((instrument) => call.covers(instrument))
  let failure: string | null = null
  let rows = 0
  for (let from = 0; from < contracts.length && failure === null && !signal.aborted; from += BATCH) {
    const reading = emptyReading()
    for (const { symbol } of contracts.slice(from, from + BATCH)) {
      if (signal.aborted) break
      try {
        const { value, observedAt } = await venue.client.call((exchange) => call.ask(exchange, symbol), {
          ccxtId: call.ccxtId
        })
        call.read(value, {
          reading,
          observedAt,
          exchange: venue.client.exchangeOf(call.ccxtId),
          intervals: venue.memory.intervals
        })
      } catch (error) {
        if (!(error instanceof VenueError)) throw error
        if (isRefusal(error.failure)) {
          failure = error.failure
          break
        }
      }
    }
    const facts = await inDollars(deps.db, factsOf(venue, reading))
    await deps.db.transaction((client) => upsertLatest(client, tickAt, facts))
    rows += facts.openInterest.length
  }
  await deps.db.transaction((client) =>
    finishTick(client, claim, {
      state: failure === null ? 'done' : 'failed',
      rows,
      skipped: contracts.length - rows,
      failure
    })
  )
  deps.log.info({ venue: venue.adapter.id, rows, contracts: contracts.length, failure }, 'open-interest.finished')
}

/** Base coins become dollars at the mark: `oiUsd = oiBase · mark` (domain-spec 1.5, linear), and inverse the other way. */
async function inDollars(db: Database, facts: Facts): Promise<Facts> {
  const latest = await listLatest(
    db,
    facts.openInterest.map(({ instrumentId }) => instrumentId)
  )
  return {
    ...facts,
    openInterest: facts.openInterest.map((row) => {
      const mark = parseDecimal(latest.get(row.instrumentId)?.mark?.mark ?? '0')
      if (!mark || compare(mark, parseDecimal('0')!) <= 0 || row.base === null || row.usd !== null) return row
      return { ...row, usd: decimalToString(multiply(parseDecimal(row.base)!, mark)) }
    })
  }
}
