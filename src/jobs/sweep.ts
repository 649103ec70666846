import type { Instrument } from '../domain/instrument.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import {
  type Call,
  type DeclaredInterval,
  emptyReading,
  type Reading,
  type VenueAdapter,
  VenueError,
  type VenueFailure
} from '../venues/venue.ts'
import { type AnswerPrints, checkAnswerAge } from './answer-age.ts'
import { isInterval, planSweep } from './plan.ts'

/** What is remembered of one venue between its sweeps. */
export type SweepMemory = {
  /** When each call was last answered, by its name. */
  readonly answeredAt: Map<string, number>
  /** Calls that failed when they were asked last, by their name: how often in a row, when, and how. */
  readonly failing: Map<string, { readonly failures: number; readonly at: number; readonly last: CallFailure }>
  readonly intervals: Map<string, DeclaredInterval>
  /** What each call last said of prices, to notice one that says the same for ever. */
  readonly prints: AnswerPrints
  /** Mids that were refused at the sweep before, by symbol. */
  readonly suspects: Map<string, number>
  /** What the slow calls have brought since the last sweep, and whether they still run. */
  slow: { part: Part; isRunning: boolean }
  /** Done when the running price poll is, if one runs: what is asked singly waits for it. */
  sweeping: Promise<unknown>
  /** Done when the single question before is: there is one at a time, whatever it is about. */
  asking: Promise<unknown>
}

export function createSweepMemory(): SweepMemory {
  return {
    answeredAt: new Map(),
    failing: new Map(),
    intervals: new Map(),
    prints: new Map(),
    suspects: new Map(),
    slow: { part: emptyPart(), isRunning: false },
    sweeping: Promise.resolve(),
    asking: Promise.resolve()
  }
}

export type CallFailure = {
  readonly call: Call
  readonly failure: VenueFailure
  readonly message: string
  readonly retryAfterMs: number | null
}

export type Sweep = {
  readonly reading: Reading
  readonly asked: readonly Call[]
  readonly failures: readonly CallFailure[]
}
type Part = { readonly reading: Reading; readonly asked: Call[]; readonly failures: CallFailure[]; answers: Answer[] }
type Answer = { readonly call: Call; readonly reading: Reading; readonly isDated: boolean }

const emptyPart = (): Part => ({ reading: emptyReading(), asked: [], failures: [], answers: [] })

/**
 * Asks a venue everything that is due, all at once; what fails is an outcome, the rest goes on. Slow calls, which are due now and
 * then and cost a venue's patience, are not waited for: the next sweep brings what they said. `isPatient` asks all of them and waits.
 */
export async function sweepVenue(
  adapter: VenueAdapter,
  client: VenueClient,
  memory: SweepMemory,
  tickAt: number,
  {
    isPatient = false,
    pollMs = Number.POSITIVE_INFINITY
  }: { readonly isPatient?: boolean; readonly pollMs?: number } = {}
): Promise<Sweep> {
  const plan = planSweep(adapter, memory, tickAt, isPatient ? Number.POSITIVE_INFINITY : pollMs)
  const slow = isPatient ? [] : plan.slow
  const due = isPatient ? [...plan.now, ...plan.slow] : plan.now
  const part = emptyPart()
  const ask = (call: Call, into: Part) => askCall(call, client, into, memory, tickAt)
  // Declared intervals come before the estimates that are read with them.
  const intervals = due.filter(isInterval)
  const estimates = due.filter((call) => call.facts.includes('estimate') && intervals.length > 0)
  const rest = due.filter((call) => ![...intervals, ...estimates].includes(call))
  const answered = Promise.all([
    ...rest.map((call) => ask(call, part)),
    Promise.all(intervals.map((call) => ask(call, part))).then(() =>
      Promise.all(estimates.map((call) => ask(call, part)))
    )
  ])
  memory.sweeping = answered
  // Asked last, so that in the venue's queue they stand behind what cannot wait.
  if (slow.length > 0 && !memory.slow.isRunning) {
    memory.slow.isRunning = true
    const { part: into } = memory.slow
    void answered
      .then(() => Promise.all(slow.map((call) => ask(call, into))))
      .finally(() => {
        memory.slow.isRunning = false
      })
  }
  await answered
  refuseUndated(part)
  for (const { reading } of part.answers) addReading(part.reading, reading)
  return memory.slow.isRunning ? part : withSlow(part, memory)
}

/** Quotes without a time are believed beside answers that bear one: where every one of those is old, these are as well. */
function refuseUndated(part: Part): void {
  const isOld = part.failures.some(({ failure }) => failure === 'stale_answer')
  if (!isOld || part.answers.some(({ isDated }) => isDated)) return
  const refused = part.answers.filter(({ reading }) => reading.quotes.length > 0)
  part.answers = part.answers.filter((answer) => !refused.includes(answer))
  for (const { call } of refused) {
    const message = `${call.name}: the answer bears no time, and every answer of this venue that does is old`
    part.failures.push({ call, failure: 'stale_answer', message, retryAfterMs: null })
  }
}

/** Adds what the slow calls have brought, once. */
function withSlow(part: Part, memory: SweepMemory): Part {
  const { answers, asked, failures } = memory.slow.part
  memory.slow.part = emptyPart()
  for (const { reading } of answers) addReading(part.reading, reading)
  part.asked.push(...asked)
  part.failures.push(...failures)
  return part
}

function addReading(sum: Reading, part: Reading): void {
  for (const name of Object.keys(part) as (keyof Reading)[]) (sum[name] as unknown[]).push(...part[name])
}

async function askCall(
  call: Call,
  client: VenueClient,
  part: Part,
  memory: SweepMemory,
  tickAt: number
): Promise<void> {
  part.asked.push(call)
  try {
    const { value, observedAt, saidAt } = await client.call((exchange) => call.ask(exchange, ''), {
      ccxtId: call.ccxtId
    })
    if (!isAnswer(value, call)) throw new VenueError('empty_answer', `${call.name}: the venue answered with nothing`)
    const exchange = client.exchangeOf(call.ccxtId)
    // Into a reading of its own: an answer that is refused, or that the reader trips over, leaves nothing behind.
    const reading = emptyReading()
    call.read(value, { reading, observedAt, exchange, intervals: memory.intervals })
    const { isDated } = checkAnswerAge(call.name, reading, { observedAt, saidAt, prints: memory.prints })
    part.answers.push({ call, reading, isDated })
    memory.answeredAt.set(call.name, tickAt)
    memory.failing.delete(call.name)
  } catch (error) {
    // An answer that the reader trips over is the venue's doing, not a reason to stop the others.
    const { failure, message, retryAfterMs } =
      error instanceof VenueError
        ? error
        : { failure: 'bad_response' as const, message: `${call.name}: ${String(error)}`, retryAfterMs: null }
    const last = { call, failure, message, retryAfterMs }
    part.failures.push(last)
    const { failures = 0 } = memory.failing.get(call.name) ?? {}
    memory.failing.set(call.name, { failures: failures + 1, at: tickAt, last })
  }
}

/** A call that is not asked with every poll and failed when it was asked last; null: there is none. */
export function lastingFailure({ failing }: SweepMemory, { asked }: Pick<Sweep, 'asked'>): CallFailure | null {
  return [...failing.values()].find(({ last }) => !asked.includes(last.call))?.last ?? null
}

/** Nothing at all about any instrument is a failure, but for a list of exceptions that may have none. */
function isAnswer(value: unknown, { mayBeEmpty }: Call): boolean {
  return typeof value === 'object' && value !== null && (mayBeEmpty === true || Object.keys(value).length > 0)
}

export type Uncovered = {
  readonly instrument: Instrument
  readonly fact: 'market' | 'funding_estimate'
  readonly reason: string
}

/** The followed instruments that should have had a quote, or an estimate, and did not, each with why. */
export function findUncovered(instruments: readonly Instrument[], sweep: Sweep): Uncovered[] {
  const { quotes, estimates } = sweep.reading
  const perpetuals = instruments.filter(({ kind }) => kind === 'perpetual')
  return [
    ...missingFrom(instruments, sweep, 'quote', quotes).map((missing) => ({ ...missing, fact: 'market' as const })),
    ...missingFrom(perpetuals, sweep, 'estimate', estimates).map((missing) => ({
      ...missing,
      fact: 'funding_estimate' as const
    }))
  ]
}

function missingFrom(
  instruments: readonly Instrument[],
  { reading, asked, failures }: Sweep,
  fact: 'quote' | 'estimate',
  said: readonly { readonly symbol: string }[]
) {
  const known = new Set(said.map(({ symbol }) => symbol))
  const reasons = new Map(reading.skipped.map(({ symbol, reason }) => [symbol, reason]))
  const brings = (call: Call, instrument: Instrument) => call.facts.includes(fact) && call.covers(instrument)
  return instruments
    .filter((instrument) => !known.has(instrument.symbol) && asked.some((call) => brings(call, instrument)))
    .map((instrument) => {
      const failed = failures.find(({ call }) => brings(call, instrument))
      return { instrument, reason: failed?.failure ?? reasons.get(instrument.symbol) ?? 'absent_from_answer' }
    })
}
