import type { Level } from '../domain/book.ts'
import { compare, type Decimal, decimalToString, parseDecimal } from '../domain/decimal.ts'
import { DEPTH_BANDS_BPS, depthOf } from '../domain/depth.ts'
import { insertDepths, listDepthTargets, type StoredDepth } from '../store/depth.ts'
import type { DiskGuard } from '../store/disk.ts'
import type { OrderBook, Reading } from '../venues/venue.ts'
import { type AskedVenue, askSingly, type SingleDeps, singleCallOf } from './single-calls.ts'
import { tellNoRoom } from './tick-gaps.ts'

/** Depth within bands (domain of `depthOf`); raised when a stored number gets another meaning. */
const DEPTH_FORMULA_VERSION = 1
const BANDS = DEPTH_BANDS_BPS.map((bps) => parseDecimal(String(bps))!)

export type DepthDeps = SingleDeps & {
  readonly depth: { readonly contracts: number; readonly everyMs: number }
  readonly disk: DiskGuard
}

/** Asks for the books that matter, the contracts' and their spot legs', and keeps their spread and depth. */
export async function pollDepth(
  deps: DepthDeps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const { id, calls, adapterVersion } = venue.adapter
  const targets = await listDepthTargets(deps.db, id, deps.depth.contracts)
  const instruments = [...venue.instruments.values()].filter(
    (each) => targets.has(each.id) && singleCallOf(calls, 'book', each)
  )
  if (instruments.length === 0) return
  // Depth is kept as history alone: without room nothing is asked.
  if (await deps.disk.isFull()) return await tellNoRoom(deps.db, id, tickAt, deps.depth.everyMs, 'depth')
  const ids = new Map(instruments.map(({ symbol, id }) => [symbol, id]))
  const stamp = {
    spanMs: deps.depth.everyMs,
    source: 'polled' as const,
    formulaVersion: DEPTH_FORMULA_VERSION,
    adapterVersion
  }
  const round = {
    job: 'depth',
    fact: 'book' as const,
    instruments,
    store: (client: Parameters<typeof insertDepths>[0], claim: { tickAt: number; epoch: number }, reading: Reading) => {
      const rows = reading.books.flatMap((book) => {
        const instrumentId = ids.get(book.symbol)
        return instrumentId === undefined ? [] : [depthRow(book, instrumentId)]
      })
      return insertDepths(client, rows, { ...stamp, tickAt: claim.tickAt, epoch: claim.epoch })
    }
  }
  await askSingly(deps, venue, round, tickAt, signal)
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
