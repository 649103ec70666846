import { type Clock, sleep } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { floorTo } from '../domain/time.ts'
import type { Log } from '../log.ts'
import type { Database, Transaction } from '../store/database.ts'
import { type Gap, recordGaps } from '../store/gaps.ts'
import { runTick } from '../store/tick-runs.ts'
import { type Claim, finishTick, holdClaim, StaleClaimError } from '../store/ticks.ts'
import { weightOf } from '../venues/capability.ts'
import { skip } from '../venues/normalise.ts'
import {
  type Call,
  emptyReading,
  type Fact,
  type Reading,
  type Skipped,
  VenueError,
  type VenueFailure
} from '../venues/venue.ts'
import type { CollectedVenue } from './collect.ts'
import { missedTicks, roundGaps } from './tick-gaps.ts'
import { isRefusal } from './venue-health.ts'

export type SingleDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly leaseMs: number
  readonly pollMs: number
}

export type AskedVenue = Pick<CollectedVenue, 'adapter' | 'client' | 'memory' | 'instruments'>

/** What is asked of a venue one instrument at a time, in a round of its own. */
export type SingleRound = {
  readonly job: string
  readonly fact: Fact
  readonly instruments: readonly Instrument[]
  /** Of facts that are kept as history: what is missing is a gap of this fact, and without room nothing is asked. */
  readonly kept?: { readonly fact: Gap['fact']; readonly everyMs: number; readonly isFull: boolean }
  /** Why the last that was read is not believed, which is then taken out again; null: it is. */
  readonly refuse?: (reading: Reading, instrument: Instrument) => Skipped | null
  /** Stores what a batch brought, in the transaction that holds the claim; answers how many instruments it was about. */
  readonly store: (client: Transaction, claim: Claim, reading: Reading) => Promise<number>
}

/** Instruments a transaction: what is known is stored before the last one has been asked. */
const BATCH = 25

/** The single call that brings a fact of an instrument. */
export function singleCallOf(calls: readonly Call[], fact: Fact, instrument: Instrument): Call | undefined {
  return calls.find((call) => call.reach === 'single' && call.facts.includes(fact) && call.covers(instrument))
}

/**
 * Asks a venue for one instrument after the other, in the time that price polls leave. Stops at the first refusal: they share
 * the venue's patience.
 */
export async function askSingly(
  deps: SingleDeps,
  venue: AskedVenue,
  round: SingleRound,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const { db, holder, leaseMs, log } = deps
  const { id } = venue.adapter
  const work = (claim: Claim) =>
    round.kept?.isFull ? leaveOut(deps, round, claim) : askAll(deps, venue, round, claim, signal)
  try {
    await runTick(db, { job: round.job, scope: id, tickAt, holder, leaseMs }, work)
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ venue: id, tick: new Date(tickAt).toISOString() }, `${round.job}.stale`)
  }
}

/** A round that there is no room for. */
async function leaveOut({ db }: SingleDeps, { instruments, kept }: SingleRound, claim: Claim): Promise<void> {
  const failure = 'disk_limit'
  const missing = new Map(instruments.map(({ id }) => [id, failure]))
  await db.transaction(async (client) => {
    await recordMissing(client, claim, kept, missing, instruments.length)
    await finishTick(client, claim, { state: 'failed', rows: 0, skipped: instruments.length, failure })
  })
}

/** Gaps of the rounds that nobody ran since the last one, and of what this one has not brought. */
async function recordMissing(
  client: Transaction,
  claim: Claim,
  kept: SingleRound['kept'],
  missing: ReadonlyMap<number, string>,
  asked: number
): Promise<void> {
  if (!kept) return
  const missed = await missedTicks(client, { pollMs: kept.everyMs }, claim, kept.fact)
  await recordGaps(client, [...missed, ...roundGaps(claim, kept, missing, asked)])
}

/** Stores what each batch brings while the claim is ours, and ends the tick. */
async function askAll(
  deps: SingleDeps,
  venue: AskedVenue,
  round: SingleRound,
  claim: Claim,
  signal: AbortSignal
): Promise<void> {
  const { db, log } = deps
  const { instruments } = round
  const dropped: Skipped[] = []
  /** What has not been brought: why, and null until it has been asked for. */
  const missing = new Map<number, string | null>(instruments.map(({ id }) => [id, null]))
  let refusal: VenueFailure | null = null
  let rows = 0
  for (let from = 0; from < instruments.length && refusal === null && !signal.aborted; from += BATCH) {
    const batch = instruments.slice(from, from + BATCH)
    const asked = await askEach(deps, venue, { ...round, batch, missing }, signal)
    refusal = asked.refusal
    dropped.push(...asked.reading.skipped)
    rows += await db.transaction(async (client) => {
      await holdClaim(client, claim)
      return await round.store(client, claim, asked.reading)
    })
  }
  // A stop in the middle leaves instruments that nobody was asked about.
  const isCut = signal.aborted && rows + dropped.length < instruments.length
  const failure = refusal ?? (isCut ? 'stopped' : null)
  const state = failure === null ? 'done' : 'failed'
  const skipped = instruments.length - rows
  const why = new Map([...missing].map(([id, reason]) => [id, reason ?? failure ?? 'not_polled']))
  await db.transaction(async (client) => {
    await recordMissing(client, claim, round.kept, why, instruments.length)
    await finishTick(client, claim, { state, rows, skipped, failure })
  })
  log.info({ venue: claim.scope, rows, asked: instruments.length, refusal, dropped }, `${round.job}.finished`)
}

type Batch = Pick<SingleRound, 'fact' | 'refuse'> & {
  readonly batch: readonly Instrument[]
  readonly missing: Map<number, string | null>
}

/** Asks one instrument after the other, up to a refusal; a failure costs its own instrument only. */
async function askEach(
  deps: SingleDeps,
  { adapter, client, memory }: AskedVenue,
  { fact, refuse, batch, missing }: Batch,
  signal: AbortSignal
): Promise<{ reading: Reading; refusal: VenueFailure | null }> {
  const reading = emptyReading()
  for (const instrument of batch) {
    const { symbol, id } = instrument
    const call = singleCallOf(adapter.calls, fact, instrument)
    if (call === undefined) continue
    const context = { reading, exchange: client.exchangeOf(call.ccxtId), intervals: memory.intervals }
    try {
      const answer = await inTurn(memory, async () => {
        await untilQuiet(deps, memory, weightOf(adapter.id, call), signal)
        return signal.aborted ? null : await client.call((exchange) => call.ask(exchange, symbol), call)
      })
      if (answer === null) break
      const { value, observedAt } = answer
      const before = reading.skipped.length
      readInto(call, value, { ...context, observedAt }, symbol)
      const refused = reading.skipped.length === before ? refuse?.(reading, instrument) : null
      if (refused) reading.skipped.push(refused)
      const skipped = reading.skipped[before]
      if (skipped === undefined) missing.delete(id)
      else missing.set(id, skipped.reason)
    } catch (error) {
      if (!(error instanceof VenueError)) throw error
      if (isRefusal(error.failure)) return { reading, refusal: error.failure }
      reading.skipped.push(skip(symbol, error.failure))
      missing.set(id, error.failure)
    }
  }
  return { reading, refusal: null }
}

/** An answer that the reader trips over is the venue's doing, and costs its own instrument only. */
function readInto(call: Call, value: unknown, context: Parameters<Call['read']>[1], symbol: string): void {
  try {
    call.read(value, context)
  } catch (error) {
    if (error instanceof VenueError) throw error
    context.reading.skipped.push(skip(symbol, 'bad_response'))
  }
}

/** Runs after whatever any round of this venue has asked before. */
function inTurn<T>(memory: AskedVenue['memory'], ask: () => Promise<T>): Promise<T> {
  const turn = memory.asking.then(ask)
  memory.asking = turn.catch(() => {})
  return turn
}

/**
 * No single call is begun so shortly before a price poll that the poll could stand behind it in the venue's queue: it has its answer's
 * time, and the time that the venue's pace takes after it.
 */
const GUARD_MS = 1_000
/** From a poll's time to its first question. */
const START_MS = 250

/** Waits for the running price poll, and for the next one where it is near. */
async function untilQuiet(
  { clock, pollMs }: SingleDeps,
  memory: AskedVenue['memory'],
  weightMs: number,
  signal: AbortSignal
): Promise<void> {
  const guardMs = Math.min(GUARD_MS + weightMs, pollMs / 4)
  await memory.sweeping
  while (!signal.aborted) {
    const nowMs = clock.now()
    const leftMs = floorTo(nowMs, pollMs) + pollMs - nowMs
    if (leftMs > guardMs) return
    await sleep(leftMs + Math.min(START_MS, guardMs), signal)
    await memory.sweeping
  }
}
