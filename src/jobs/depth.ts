import type { Level } from '../domain/book.ts'
import { baseSize } from '../domain/carry-case.ts'
import { compare, type Decimal, decimalOrNull, decimalToString, parseDecimal } from '../domain/decimal.ts'
import { DEPTH_BANDS_BPS, depthOf } from '../domain/depth.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Latest } from '../domain/latest.ts'
import { bookProblem, TOP_LEVELS } from '../domain/told-plausibility.ts'
import { insertDepths, type StoredDepth } from '../store/depth.ts'
import { listLatest } from '../store/latest.ts'
import { skip } from '../venues/normalise.ts'
import type { OrderBook, Reading, Skipped } from '../venues/venue.ts'
import { type KeptDeps, pollKept, type Rhythm } from './kept-rounds.ts'
import type { AskedVenue } from './single-calls.ts'

/** Depth within bands (domain of `depthOf`); raised when a stored number gets another meaning. */
const DEPTH_FORMULA_VERSION = 1
const BANDS = DEPTH_BANDS_BPS.map((bps) => parseDecimal(String(bps))!)

export type DepthDeps = KeptDeps & { readonly depth: Rhythm }

/** Asks for the books that matter, the contracts' and their spot legs', and keeps their spread and depth. */
export async function pollDepth(
  deps: DepthDeps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  await pollKept(
    deps,
    venue,
    {
      ...deps.depth,
      job: 'depth',
      fact: 'book',
      refuser: async (instruments) => {
        const polled = await listLatest(
          deps.db,
          instruments.map(({ id }) => id)
        )
        return (reading, instrument) => refuseBook(reading, instrument, polled.get(instrument.id)?.quote ?? null)
      },
      store: (client, { books }, { ours, stamp }) => {
        const rows = ours(books).map((book) => depthRow(book, book.instrumentId))
        return insertDepths(client, rows, { ...stamp, formulaVersion: DEPTH_FORMULA_VERSION })
      }
    },
    tickAt,
    signal
  )
}

/** Takes out the book that was read last where it is not that of the best prices that were polled. */
function refuseBook({ books }: Reading, instrument: Instrument, quote: Latest['quote']): Skipped | null {
  const book = books.at(-1)
  const [bid, ask] = [decimalOrNull(quote?.bid), decimalOrNull(quote?.ask)]
  if (book?.symbol !== instrument.symbol || !quote || !bid || !ask) return null
  const top = {
    bid: Number(quote.bid),
    ask: Number(quote.ask),
    bidSize: baseSize(quote.bidSize, bid, instrument),
    askSize: baseSize(quote.askSize, ask, instrument),
    observedAt: quote.observedAt
  }
  const near = (levels: OrderBook['bids']) => levelsOf(levels.slice(0, TOP_LEVELS))
  const levels = { bids: near(book.bids), asks: near(book.asks) }
  const problem = bookProblem(levels, book.observedAt, top)
  if (problem === null) return null
  books.pop()
  return skip(instrument.symbol, problem)
}

/** What a book says of spread and depth. */
export function depthRow({ bids, asks, observedAt, venueTime }: OrderBook, instrumentId: number): StoredDepth {
  const { mid, spreadBps, bands } = depthOf({ bids: levelsOf(bids), asks: levelsOf(asks) }, BANDS)
  const [at10, at25, at50] = bands
  return {
    instrumentId,
    mid: textOf(mid),
    spreadBps,
    observedAt,
    venueTime,
    bid10: textOf(at10?.bidDepth),
    ask10: textOf(at10?.askDepth),
    bid25: textOf(at25?.bidDepth),
    ask25: textOf(at25?.askDepth),
    bid50: textOf(at50?.bidDepth),
    ask50: textOf(at50?.askDepth)
  }
}

const levelsOf = (levels: OrderBook['bids']): Level[] =>
  levels.map(({ price, size }) => ({ price: parseDecimal(price)!, size: parseDecimal(size)! }))

/** Beyond what any market holds, and what the table takes: a broken book says nothing. */
const AMOUNT_MAX = parseDecimal('1e24')!
const textOf = (value: Decimal | null | undefined) =>
  value && compare(value, AMOUNT_MAX) < 0 ? decimalToString(value) : null
