import type { Level } from '../domain/book.ts'
import { compare, type Decimal, decimalToString, parseDecimal } from '../domain/decimal.ts'
import { DEPTH_BANDS_BPS, depthOf } from '../domain/depth.ts'
import { insertDepths, type StoredDepth } from '../store/depth.ts'
import type { OrderBook } from '../venues/venue.ts'
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
      store: (client, { books }, { ours, stamp }) => {
        const rows = ours(books).map((book) => depthRow(book, book.instrumentId))
        return insertDepths(client, rows, { ...stamp, formulaVersion: DEPTH_FORMULA_VERSION })
      }
    },
    tickAt,
    signal
  )
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
