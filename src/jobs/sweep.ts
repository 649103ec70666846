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

/** What is remembered of one venue between its sweeps. */
export type SweepMemory = {
  /** When each call was last answered, by its name. */
  readonly answeredAt: Map<string, number>
  readonly intervals: Map<string, DeclaredInterval>
}

export function createSweepMemory(): SweepMemory {
  return { answeredAt: new Map(), intervals: new Map() }
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

/** Asks a venue everything that is due, all at once; what fails is an outcome, the rest goes on. */
export async function sweepVenue(
  adapter: VenueAdapter,
  client: VenueClient,
  memory: SweepMemory,
  tickAt: number
): Promise<Sweep> {
  const asked = adapter.calls.filter((call) => call.reach === 'bulk' && isDue(call, memory, tickAt))
  const reading = emptyReading()
  const failures: CallFailure[] = []
  // Declared intervals first: the estimates of the same sweep are read with them.
  const isInterval = (call: Call) => call.facts.includes('interval')
  const ask = async (call: Call) => {
    const failure = await askCall(call, client, reading, memory, tickAt)
    if (failure) failures.push(failure)
  }
  const quotesFirst = asked.filter((call) => !isInterval(call) && !call.facts.includes('estimate'))
  const estimates = asked.filter((call) => call.facts.includes('estimate'))
  const intervals = Promise.all(asked.filter(isInterval).map(ask))
  await Promise.all([
    ...quotesFirst.map(ask),
    intervals.then(() => Promise.all(estimates.filter((call) => !quotesFirst.includes(call)).map(ask)))
  ])
  return { reading, asked, failures }
}

function isDue({ name, cadence }: Call, { answeredAt }: SweepMemory, tickAt: number): boolean {
  if (typeof cadence === 'string') return cadence === 'poll'
  const last = answeredAt.get(name)
  return last === undefined || tickAt - last >= cadence.everyMs
}

async function askCall(
  call: Call,
  client: VenueClient,
  reading: Reading,
  memory: SweepMemory,
  tickAt: number
): Promise<CallFailure | undefined> {
  try {
    const { value, observedAt } = await client.call((exchange) => call.ask(exchange, ''), { ccxtId: call.ccxtId })
    if (!isAnswer(value, call)) throw new VenueError('empty_answer', `${call.name}: the venue answered with nothing`)
    call.read(value, { reading, observedAt, exchange: client.exchangeOf(call.ccxtId), intervals: memory.intervals })
    memory.answeredAt.set(call.name, tickAt)
    return undefined
  } catch (error) {
    if (error instanceof VenueError) {
      return { call, failure: error.failure, message: error.message, retryAfterMs: error.retryAfterMs }
    }
    // An answer that the reader trips over is the venue's doing, not a reason to stop the others.
    return { call, failure: 'bad_response', message: `${call.name}: ${String(error)}`, retryAfterMs: null }
  }
}

/** Nothing at all about any instrument is a failure; only a list of exceptions may be empty. */
function isAnswer(value: unknown, { facts }: Call): boolean {
  return typeof value === 'object' && value !== null && (facts.includes('interval') || Object.keys(value).length > 0)
}

/** The followed instruments that should have had a quote and did not, each with why. */
export function findUncovered(
  instruments: readonly Instrument[],
  { reading, asked, failures }: Sweep
): { readonly instrument: Instrument; readonly reason: string }[] {
  const quoted = new Set(reading.quotes.map(({ symbol }) => symbol))
  const reasons = new Map(reading.skipped.map(({ symbol, reason }) => [symbol, reason]))
  const isQuoteCall = (call: Call) => call.facts.includes('quote')
  return instruments
    .filter(
      (instrument) =>
        asked.some((call) => isQuoteCall(call) && call.covers(instrument)) && !quoted.has(instrument.symbol)
    )
    .map((instrument) => {
      const failed = failures.find(({ call }) => isQuoteCall(call) && call.covers(instrument))
      return { instrument, reason: failed?.failure ?? reasons.get(instrument.symbol) ?? 'absent_from_answer' }
    })
}
