import type { Instrument } from '../domain/instrument.ts'
import { HOUR } from '../domain/time.ts'
import { fetchCalculated, fetchHourlyCloses } from '../venues/past.ts'
import type { CalculatedPrice } from '../venues/past-reading.ts'
import { type Candle, type OpenInterest, type Skipped, type VenueAdapter, VenueError } from '../venues/venue.ts'
import { toOpenInterest } from './collected-facts.ts'
import type { Errand } from './history-pages.ts'
import type { PastHour } from './past-store.ts'
import { readWhole, type Whole, type Window } from './past-windows.ts'

const calculatedOf = ({ past }: VenueAdapter, instrument: Instrument): readonly CalculatedPrice[] =>
  past?.calculated?.served(instrument) ?? []

/** How much time one page of an instrument's prices holds: the smallest page of those that are asked for together. */
export function priceReach(adapter: VenueAdapter, instrument: Instrument): number {
  const limits = [adapter.candlePageLimit]
  if (calculatedOf(adapter, instrument).length > 0) limits.push(adapter.past!.calculated!.pageLimit)
  return (Math.min(...limits) - 2) * HOUR
}

export type HoursOfWindow = {
  readonly hours: readonly PastHour[]
  readonly skipped: readonly Skipped[]
}

/** Closes of the hours that ended within a window: the last trade, and what the venue calculates beside it, each where it is served. */
export async function fetchHours(errand: Errand, window: Window): Promise<HoursOfWindow> {
  const { deps, target, instrument } = errand
  const { client, adapter } = target
  const trades = await readCandles(errand, window, (since, until) =>
    fetchHourlyCloses(client, adapter, instrument, since, until)
  )
  const hours = new Map<number, PastHour>()
  const add = (candles: readonly Candle[], price: 'last' | CalculatedPrice) => {
    for (const { startAt, close } of candles) {
      const at = startAt + HOUR
      hours.set(at, { ...(hours.get(at) ?? { at, spanMs: HOUR }), [price]: close })
    }
  }
  add(trades.rows, 'last')
  const skipped = [...trades.skipped]
  for (const kind of calculatedOf(adapter, instrument)) {
    try {
      const page = await readCandles(errand, window, (since, until) =>
        fetchCalculated(client, adapter, instrument, kind, since, until)
      )
      add(page.rows, kind)
      skipped.push(...page.skipped)
    } catch (error) {
      if (!(error instanceof VenueError) || error.failure !== 'bad_response') throw error
      // What a venue calculates for some contracts only is no reason to go without the prices of the others.
      deps.log.warn(
        { venue: adapter.id, instrument: instrument.key, kind, message: error.message },
        'history.no_candles'
      )
      skipped.push({ symbol: instrument.symbol, reason: `${kind}_candles_refused` })
    }
  }
  return { hours: [...hours.values()].sort((a, b) => a.at - b.at), skipped }
}

/** Candles whose whole hour lies in the window. */
async function readCandles(
  { deps }: Errand,
  { since, until }: Window,
  ask: (since: number, until: number) => ReturnType<typeof fetchHourlyCloses>
): Promise<Whole<Candle>> {
  // A candle is stamped with its start, an hour before it says anything.
  return await readWhole(
    async (window) => {
      await deps.takeTurn()
      return await ask(window.since, window.until + HOUR)
    },
    { since, until: until - HOUR },
    HOUR,
    ({ startAt }) => startAt
  )
}

/** One side counted, as the venue's own sizes say; what is missing is valued where it is stored. */
export function hourOfOpenInterest(row: OpenInterest, instrument: Instrument): PastHour {
  const { base, quote, usd, sides, unit } = toOpenInterest(row, instrument, null)
  return {
    at: row.observedAt,
    spanMs: HOUR,
    openInterestBase: base,
    openInterestQuote: quote,
    openInterestUsd: usd,
    openInterestSides: sides,
    openInterestUnit: unit
  }
}
