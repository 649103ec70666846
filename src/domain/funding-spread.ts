import { add, type Decimal, parseDecimal, toNumber, ZERO } from './decimal.ts'
import { annualiseFunding, countExpected } from './funding.ts'
import { floorTo, HOUR } from './time.ts'

/** One venue's perpetual as one leg of a spread: its rate (fraction per interval) and what crossing costs there. */
export type SpreadLeg = {
  readonly rate: number | null
  readonly intervalHours: number | null
  readonly taker: number
  /** Its settlements, epoch ms, where they are known; else the UTC grid of its interval. */
  readonly settlements?: readonly number[]
  /** How many of them lie in (entry, exit], where they have been counted. */
  readonly due?: number
}

export type FundingSpread = {
  readonly aprA: number | null
  readonly aprB: number | null
  /** aprA − aprB. */
  readonly aprSpread: number | null
  /** Short where funding is higher, long where it is lower; null where they are the same. */
  readonly shortVenue: 'A' | 'B' | null
  readonly settlementsA: number | null
  readonly settlementsB: number | null
  /** What really settles within (entry, exit], received less paid. */
  readonly grossFrac: number | null
  /** In and out on both venues. */
  readonly costFrac: number
  readonly netFrac: number | null
}

/**
 * Short the higher funding, long the lower, from `entryMs` to `exitMs`: each leg's rate counts once for every settlement of its own
 * grid in (entry, exit]. A headline in APR pays nothing where no settlement falls inside. Spec 3.4, vector 32.
 */
export function fundingSpread(input: {
  readonly a: SpreadLeg
  readonly b: SpreadLeg
  readonly entryMs: number
  readonly exitMs: number
}): FundingSpread {
  const { a, b, entryMs, exitMs } = input
  const [aprA, aprB] = [annualiseFunding(a).apr, annualiseFunding(b).apr]
  const costFrac = 2 * (a.taker + b.taker)
  const [countA, countB] = [settlementsOf(a, entryMs, exitMs), settlementsOf(b, entryMs, exitMs)]
  const known = { aprA, aprB, settlementsA: countA, settlementsB: countB, costFrac }
  if (aprA === null || aprB === null) {
    return { ...known, aprSpread: null, shortVenue: null, grossFrac: null, netFrac: null }
  }
  const aprSpread = aprA - aprB
  const side = Math.sign(aprSpread)
  if (side === 0) return { ...known, aprSpread, shortVenue: null, grossFrac: 0, netFrac: 0 - costFrac }
  const grossFrac = side * (a.rate! * countA! - b.rate! * countB!)
  return { ...known, aprSpread, shortVenue: side > 0 ? 'A' : 'B', grossFrac, netFrac: grossFrac - costFrac }
}

function settlementsOf({ intervalHours, settlements, due }: SpreadLeg, entryMs: number, exitMs: number): number | null {
  if (due !== undefined) return due
  if (settlements !== undefined) return settlements.filter((at) => entryMs < at && at <= exitMs).length
  if (intervalHours === null || !Number.isFinite(entryMs) || !Number.isFinite(exitMs)) return null
  return countExpected(entryMs, exitMs, intervalHours)
}

export const BLOCK_HOURS = 8
export const BLOCK_MS = BLOCK_HOURS * HOUR

type Settled = { readonly settledAt: number; readonly rate: string; readonly intervalHours: number | null }

/**
 * What one perpetual settled (exact, rounded once), by the beginning of each 8 h block of the UTC day that a settlement falls into or
 * closes: (start, start + 8 h]. Only blocks within [fromMs, toMs] whose settlements are known whole: their intervals come to 8 h. A
 * settlement that is missing is no rate of nothing, and one of a longer period is of more than a block.
 */
export function wholeBlocks(
  settled: readonly Settled[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): ReadonlyMap<number, number> {
  const blocks = new Map<number, { sum: Decimal; hours: number }>()
  for (const { settledAt, rate, intervalHours } of settled) {
    const start = floorTo(settledAt - 1, BLOCK_MS)
    if (start < fromMs || start + BLOCK_MS > toMs) continue
    const { sum, hours } = blocks.get(start) ?? { sum: ZERO, hours: 0 }
    blocks.set(start, { sum: add(sum, parseDecimal(rate) ?? ZERO), hours: hours + (intervalHours ?? Number.NaN) })
  }
  return new Map(
    [...blocks].flatMap(([start, { sum, hours }]) => (hours === BLOCK_HOURS ? [[start, toNumber(sum)]] : []))
  )
}

/** Two venues' rates of one 8 h block of the UTC day; a leg is the sum of what settled in it. */
export type CommonBlock = { readonly startMs: number; readonly a: number; readonly b: number }

/** How many of the newest blocks in a row agree on which venue pays more; a spread is taken for one from three on. Spec 3.4. */
export function persistentBlocks(blocks: readonly CommonBlock[]): number {
  const signs = blocks.map(({ a, b }) => Math.sign(a - b)).reverse()
  const newest = signs[0]
  if (newest === undefined || newest === 0) return 0
  const broken = signs.findIndex((sign) => sign !== newest)
  return broken < 0 ? signs.length : broken
}
