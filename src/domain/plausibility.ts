import { HOUR, MINUTE } from './time.ts'

// Windows outside which a venue's word is not taken. Each is wider than anything that has been traded, or gives way as soon as
// the next polls say the same: a real crash is late by one poll, a wrong unit never comes in. Sources: docs/venues.md.

/** A price this much higher or lower than the one before is heard again before it is believed (+20 % or −17 %). */
const MOVE_RATIO = 1.2
/** Beyond this, hearing it again proves nothing: a tenfold price is a wrong unit, not a market. */
const MOVE_RATIO_MAX = 3
/** The second hearing has to be this near to the first. */
const AGREEMENT_RATIO = 1.1
/** After so long without an accepted price there is nothing to compare with. */
const MOVE_MEMORY_MS = 5 * MINUTE

/** How long after its time a settlement may still be named as the next one. */
export const SETTLEMENT_GRACE_MS = 5 * MINUTE

export function isSettlementPast(nextSettlementAt: number | null, observedAt: number): boolean {
  return nextSettlementAt !== null && observedAt - nextSettlementAt > SETTLEMENT_GRACE_MS
}

export type PriceBefore = { readonly price: number; readonly observedAt: number }

/** Whether a price may follow the last accepted one; `suspect` is what was refused at the poll before, if anything. */
export function isMovePlausible(
  price: number,
  before: PriceBefore | null,
  suspect: number | undefined,
  nowMs: number
): boolean {
  if (before === null || nowMs - before.observedAt > MOVE_MEMORY_MS) return true
  const move = ratioOf(price, before.price)
  if (move <= MOVE_RATIO) return true
  return move <= MOVE_RATIO_MAX && suspect !== undefined && ratioOf(price, suspect) <= AGREEMENT_RATIO
}

/** Mark and index, or mark and book, are prices of one thing: further apart, one of them is wrong and nobody knows which. */
const APART_RATIO = 1.2

export function areOneThing(a: number | null, b: number | null): boolean {
  return a === null || b === null || ratioOf(a, b) <= APART_RATIO
}

/** Three prices of one contract at one moment: its book's mid, the mark, the index. */
export type Marked = { readonly mid: number; readonly mark: number; readonly index: number }

/** Nearer than this, mark and index do not tell which is which: a book stands a basis point or two beside its mark anyway. */
const TELLING_PREMIUM = 0.0005
const SWAPPED_SHARE = 0.8

/** A mark follows its contract's book. Where nearly every book of a venue is nearer to the index, the two have changed places. */
export function areMarksSwapped(rows: readonly Marked[]): boolean {
  const telling = rows.filter(({ mark, index }) => Math.abs(mark / index - 1) >= TELLING_PREMIUM)
  return telling.length >= COMMON_MIN && telling.filter(isNearerIndex).length >= SWAPPED_SHARE * telling.length
}

/** One contract's premium that turns into its own mirror image between two polls, away from its book, by this at least. */
const MIRRORED_PREMIUM = 0.0005
const MIRROR_TOLERANCE = 0.2

export function isMarkSwapped(now: Marked, before: Pick<Marked, 'mark' | 'index'> | null): boolean {
  if (before === null || !isNearerIndex(now)) return false
  const [premium, premiumBefore] = [now.mark / now.index - 1, before.mark / before.index - 1]
  const isLarge = Math.abs(premiumBefore) >= MIRRORED_PREMIUM
  return isLarge && Math.abs(premium + premiumBefore) <= MIRROR_TOLERANCE * Math.abs(premiumBefore)
}

/** Clearly: a book that has moved by half its premium since the mark was made is nearer to the index as well. */
const AT_INDEX_SHARE = 0.25
const isNearerIndex = ({ mid, mark, index }: Marked) => Math.abs(mid - index) <= AT_INDEX_SHARE * Math.abs(mark - index)

/** A coin's price on one venue against the index of its contracts: 3 %. The index is the mean of several venues' prices. */
const INDEX_RATIO = 1.03

export function isNearIndex(spot: number | null, index: number | null): boolean {
  return spot === null || index === null || ratioOf(spot, index) <= INDEX_RATIO
}

/** Half of a venue's coins this far from their indices at once is an old answer, not a market: majors stay within 0.1 %. */
const COMMON_INDEX_RATIO = 1.005
const COMMON_MIN = 3

/** Whether these coins, taken together, are at their indices: pairs of price and index. */
export function areNearIndices(pairs: readonly (readonly [number, number])[]): boolean {
  return pairs.length < COMMON_MIN || median(pairs.map(([price, index]) => ratioOf(price, index))) <= COMMON_INDEX_RATIO
}

/** A rate as it is said, with what it can be judged by. Fractions of notional; `rate` per interval. */
export type RateCase = {
  readonly rate: number
  readonly intervalHours: number | null
  readonly cap: number | null
  readonly floor: number | null
  /** Mark over index − 1 of the same sweep. */
  readonly premium: number | null
  /** The last accepted rate per 8 h, if it is not older than `RATE_MEMORY_MS`. */
  readonly before8h: number | null
}

/** A venue's own bounds, and a little for a bound that was read before it was raised. */
const BOUND_TOLERANCE = 1.05
/** Where a venue names no bounds: nothing has settled beyond 4 % per 8 h. */
const RATE_8H_MAX = 0.05
/** Up to this a rate needs no explanation; real ones beyond it have come with a premium of their own size. */
const RATE_8H_USUAL = 0.0075
/** An average over hours moves slowly: a tenfold rate that moved by more than this needs a premium as well. */
const RATE_8H_JUMP = 0.002
const TENFOLD = 10
/** A percentage taken for a fraction is a hundredfold: that needs a premium as soon as it is more than interest explains. */
const HUNDREDFOLD = 30
const RATE_8H_JUMP_HUNDREDFOLD = 0.0003
/** A rate that just jumped comes of a premium of now, one seen for the first time may be what a premium has left behind. */
const SUPPORT_JUMP = 2
const SUPPORT_FIRST = 10
export const RATE_MEMORY_MS = HOUR

export function isRatePlausible({ rate, intervalHours, cap, floor, premium, before8h }: RateCase): boolean {
  if (cap !== null && rate > Math.max(cap, 0) * BOUND_TOLERANCE) return false
  if (floor !== null && rate < Math.min(floor, 0) * BOUND_TOLERANCE) return false
  const rate8h = per8h(rate, intervalHours)
  if (Math.abs(rate8h) > RATE_8H_MAX && (cap === null || floor === null)) return false
  if (before8h === null) return Math.abs(rate8h) <= RATE_8H_USUAL || isExplained(rate8h, premium, SUPPORT_FIRST)
  const isHundredfold = Math.abs(rate8h) > HUNDREDFOLD * Math.abs(before8h) && Math.abs(before8h) > RATE_8H_ZERO
  const isTenfold = Math.abs(rate8h) > TENFOLD * Math.abs(before8h)
  const allowed = isHundredfold ? RATE_8H_JUMP_HUNDREDFOLD : RATE_8H_JUMP
  return !isTenfold || Math.abs(rate8h - before8h) <= allowed || isExplained(rate8h, premium, SUPPORT_JUMP)
}

function isExplained(rate8h: number, premium: number | null, support: number): boolean {
  if (premium === null || Math.sign(premium) !== Math.sign(rate8h)) return false
  return Math.abs(premium) * support >= Math.abs(rate8h)
}

/** The usual 8 h where the interval is not known. */
export function per8h(rate: number, intervalHours: number | null): number {
  return (rate * 8) / (intervalHours ?? 8)
}

/** A market's rates do not all become ten times larger or smaller between two polls: that is a change of unit. */
const COMMON_RATE_RATIO = 10
/** Below this per 8 h a rate is about zero, and its ratio to another says nothing. */
const RATE_8H_ZERO = 1e-6
const RATE_8H_SHIFT = 2e-5

/**
 * Whether these rates per 8 h, taken together, can follow the ones before: pairs of now and before. One rate of exactly 0 is a rate;
 * most of a market's at once are fields that were not filled.
 */
export function areRatesOfOneUnit(pairs: readonly (readonly [number, number])[]): boolean {
  const before = pairs.filter(([, rate]) => Math.abs(rate) > RATE_8H_ZERO)
  const emptied = before.filter(([now]) => now === 0)
  if (emptied.length >= COMMON_MIN && emptied.length > before.length / 2) return false
  const known = pairs.filter(([now, before]) => Math.abs(before) > RATE_8H_ZERO && now !== 0)
  if (known.length < COMMON_MIN) return true
  const factor = median(known.map(([now, before]) => Math.abs(now / before)))
  const shift = median(known.map(([now, before]) => Math.abs(now - before)))
  return shift <= RATE_8H_SHIFT || (factor < COMMON_RATE_RATIO && factor > 1 / COMMON_RATE_RATIO)
}

/** How many times the larger is the smaller. */
function ratioOf(a: number, b: number): number {
  const ratio = a / b
  return ratio >= 1 ? ratio : 1 / ratio
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
