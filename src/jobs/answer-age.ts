import { isSettlementPast } from '../domain/plausibility.ts'
import { MINUTE } from '../domain/time.ts'
import { type Reading, VenueError } from '../venues/venue.ts'

/** What a call's answers said of prices, and since when they have said exactly that; kept between sweeps, by the call's name. */
export type AnswerPrints = Map<string, { readonly print: string; readonly since: number }>

/** An answer whose newest stamp is further from our clock than this is not of now: three polls, twice the age that is served. */
const STAMP_MS_MAX = MINUTE
/** So many books without one change in a minute are one answer repeated. */
const FROZEN_AFTER_MS = MINUTE
const FROZEN_QUOTES_MIN = 5

/**
 * Throws VenueError when an answer, taken as a whole, is not of now; tells whether it bears any time at all. `saidAt` is the time
 * that the answer itself bears.
 */
export function checkAnswerAge(
  name: string,
  reading: Reading,
  { observedAt, saidAt, prints }: { observedAt: number; saidAt: number | null; prints: AnswerPrints }
): { isDated: boolean } {
  const { quotes, marks, estimates } = reading
  const stamps = [...quotes, ...marks, ...estimates].flatMap(({ venueTime }) => (venueTime === null ? [] : [venueTime]))
  const newest = saidAt ?? (stamps.length > 0 ? Math.max(...stamps) : null)
  // One row's odd stamp is that row's; a clock is ahead when half of the rows are.
  const usual = saidAt ?? [...stamps].sort((a, b) => a - b)[Math.floor(stamps.length / 2)] ?? null
  if (newest !== null && observedAt - newest > STAMP_MS_MAX)
    throw stale(name, `is of ${new Date(newest).toISOString()}`)
  if (usual !== null && usual - observedAt > STAMP_MS_MAX) {
    throw new VenueError('clock_ahead', `${name}: its clock is ${Math.round((usual - observedAt) / 1_000)} s ahead`)
  }
  const settlements = estimates.map(({ nextSettlementAt }) => nextSettlementAt).filter((at) => at !== null)
  if (settlements.length > 1 && settlements.every((at) => isSettlementPast(at, observedAt)))
    throw stale(name, 'names only settlements that have been')
  const isDated = newest !== null
  if (quotes.length < FROZEN_QUOTES_MIN) return { isDated }
  const print = quotes.map(({ symbol, bid, ask, bidSize, askSize }) => [symbol, bid, ask, bidSize, askSize]).join()
  const known = prints.get(name)
  if (known?.print !== print) prints.set(name, { print, since: observedAt })
  else if (observedAt - known.since > FROZEN_AFTER_MS) {
    throw stale(name, `has not changed since ${new Date(known.since).toISOString()}`)
  }
  return { isDated }
}

const stale = (name: string, why: string) => new VenueError('stale_answer', `${name}: the answer ${why}`)
