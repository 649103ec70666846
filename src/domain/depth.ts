import { quotedSpreadBps } from './basis.ts'
import { type Book, bookOf, type Level, midOfLevels } from './book.ts'
import { add, compare, type Decimal, multiply, ONE, ratioOf, subtract, ZERO } from './decimal.ts'

/** Bands in which depth is told, bps from mid. Spec 2.3. */
export const DEPTH_BANDS_BPS = [10, 25, 50] as const

export type DepthBand = {
  readonly bandBps: number
  /** Σ price · size of the bids in the band, in quote; null when the book that was returned ends inside it. */
  readonly bidDepth: Decimal | null
  readonly askDepth: Decimal | null
  /** (bids − asks)/(bids + asks); null unless both are known and there is something. */
  readonly obi: number | null
}

export type Depth = {
  readonly mid: Decimal | null
  /** (ask − bid)/mid. */
  readonly spreadBps: number | null
  readonly bands: readonly DepthBand[]
}

/**
 * Quoted spread, and what rests within each band around mid. A venue returns so many levels: where the last of them is still
 * inside a band there may be more, and the sum would understate it. Spec 2.2, 2.3.
 */
export function depthOf(given: Book, bandsBps: readonly Decimal[]): Depth {
  const book = bookOf(given)
  const mid = midOfLevels(book)
  const [bid, ask] = [book.bids[0], book.asks[0]]
  if (mid === null || !bid || !ask) {
    const bands = bandsBps.map((band) => ({ bandBps: bpsOf(band), bidDepth: null, askDepth: null, obi: null }))
    return { mid: null, spreadBps: null, bands }
  }
  const spreadBps = quotedSpreadBps({ bid: bid.price, ask: ask.price })
  return { mid, spreadBps, bands: bandsBps.map((band) => bandOf(book, mid, band)) }
}

function bandOf({ bids, asks }: Book, mid: Decimal, band: Decimal): DepthBand {
  const width = multiply(mid, multiply(band, BP))
  const [lowest, highest] = [subtract(mid, width), add(mid, width)]
  const bidDepth = depthUntil(bids, ({ price }) => compare(price, lowest))
  const askDepth = depthUntil(asks, ({ price }) => compare(highest, price))
  return { bandBps: bpsOf(band), bidDepth, askDepth, obi: imbalanceOf(bidDepth, askDepth) }
}

const BP: Decimal = { digits: 1n, scale: 4 }
const bpsOf = (band: Decimal) => ratioOf(band, ONE)!

/** `place`: 1 inside the band, 0 on its edge, −1 beyond. Nothing can follow a last level on the edge but what is beyond. */
function depthUntil(levels: readonly Level[], place: (level: Level) => -1 | 0 | 1): Decimal | null {
  const last = levels.at(-1)
  if (last === undefined || place(last) > 0) return null
  return levels
    .filter((level) => place(level) >= 0)
    .reduce((sum, { price, size }) => add(sum, multiply(price, size)), ZERO)
}

/** (bids − asks)/(bids + asks): −1 to 1; null unless both are known and there is something. Spec 2.2. */
export function imbalanceOf(bids: Decimal | null, asks: Decimal | null): number | null {
  if (bids === null || asks === null) return null
  return ratioOf(subtract(bids, asks), add(bids, asks)) ?? null
}
