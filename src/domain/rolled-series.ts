import { DAY, HOUR } from './time.ts'

/** One dated contract's price (exact decimal, in quote) at one moment, epoch ms, and of which kind it is. */
export type DatedPrice = { readonly at: number; readonly price: string; readonly kind: string }
export type DatedContract = { readonly instrument: string; readonly expiresAt: number }
/** By instrument, each ascending. */
export type DatedPrices = ReadonlyMap<string, readonly DatedPrice[]>

/** Where the series changed contract: both prices of one moment, so that anybody can undo it. */
export type Roll = {
  readonly rollAt: number
  readonly from: string
  readonly to: string
  readonly fromPrice: string
  readonly toPrice: string
  /** toPrice/fromPrice: what every price after it is divided by, so that the change itself is no return. */
  readonly ratio: number
}

/** A contract that the series is made of in [fromMs, toMs). */
export type Holding = {
  readonly instrument: string
  readonly expiresAt: number
  readonly fromMs: number
  readonly toMs: number
  /** Π of the ratios since the stretch began: price/factor is in terms of its first contract. */
  readonly factor: number
  /** 0, 1, …: where two contracts never had a price together the series ends, and one that has nothing to do with it begins. */
  readonly stretch: number
  /** How it was come by; null for the first of a stretch. */
  readonly roll: Roll | null
}

/** Prices that a walk asks for, [fromMs, toMs). */
export type PriceWindow = {
  readonly instruments: readonly string[]
  readonly fromMs: number
  readonly toMs: number
}
type Walk<T> = Generator<PriceWindow, T, DatedPrices>

/** The nearest contract is left so long before it expires: the last day is an average on its way to the index. */
export const ROLL_BEFORE_MS = 2 * DAY
/** Who had a price within this is still being priced: one missing quote passes nobody over. */
const PRICED_WITHIN_MS = HOUR
/** How much is looked through at once for the first price after a time without any. */
const SEARCH_MAX_MS = 7 * DAY

/** What is held from `startMs` on, and since when its rolls count: one that was due may have been left before. */
type Held = { readonly contract: DatedContract; readonly startMs: number; readonly sinceMs: number }

/**
 * Which contract a continuous series is made of in [fromMs, toMs): the nearest, until two days before it expires, then from the first
 * moment at which both have a price of one kind the nearest later one. A nearer one that has more than two days and comes, or comes
 * back, is taken at the first such moment as well. Of nothing that happened after a moment depends what is held at it; and ranges that
 * begin apart differ at most until what they hold have a price together. Asks for the prices that it needs, and is answered with
 * them. Spec 1.9.
 */
export function* walkHoldings(
  contracts: readonly DatedContract[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Walk<Holding[]> {
  const sorted = contracts.toSorted((a, b) => a.expiresAt - b.expiresAt || (a.instrument < b.instrument ? -1 : 1))
  const holdings: Holding[] = []
  let [factor, stretch] = [1, 0]
  let roll: Roll | null = null
  let held = yield* findNearest(sorted, fromMs, toMs)
  while (held !== undefined) {
    const { contract, startMs } = held
    const next: Roll | null = yield* findRoll(held, sorted, toMs)
    const to = next && sorted.find(({ instrument }) => instrument === next.to)!
    // It had been left before the stretch began.
    if (next && to && roll === null && next.rollAt <= startMs) {
      held = { contract: to, startMs, sinceMs: next.rollAt }
      continue
    }
    const endMs = next?.rollAt ?? Math.min(contract.expiresAt, toMs)
    holdings.push({ ...contract, fromMs: startMs, toMs: endMs, factor, stretch, roll })
    roll = next
    if (next && to) {
      factor *= next.ratio
      held = { contract: to, startMs: next.rollAt, sinceMs: next.rollAt }
    } else if (endMs < toMs) {
      ;[factor, stretch] = [1, stretch + 1]
      held = yield* findNearest(sorted, endMs, toMs)
    } else held = undefined
  }
  return holdings
}

/** The nearest contract that is being priced at a moment; where none is, at the first moment after it. */
function* findNearest(sorted: readonly DatedContract[], atMs: number, toMs: number): Walk<Held | undefined> {
  const alive = sorted.filter(({ expiresAt }) => expiresAt > atMs)
  const instruments = alive.map(({ instrument }) => instrument)
  let [fromMs, lengthMs] = [atMs - PRICED_WITHIN_MS, PRICED_WITHIN_MS + 1]
  while (fromMs < toMs && alive.length > 0) {
    const endMs = Math.min(fromMs + lengthMs, toMs)
    const prices = yield { instruments, fromMs, toMs: endMs }
    const firsts = alive.flatMap((contract) => {
      const first = prices.get(contract.instrument)?.[0]
      return first === undefined || first.at >= contract.expiresAt
        ? []
        : [{ contract, startMs: Math.max(first.at, atMs) }]
    })
    const startMs = Math.min(...firsts.map((first) => first.startMs))
    const nearest = firsts.find((first) => first.startMs === startMs)
    if (nearest !== undefined) return { ...nearest, sinceMs: Math.min(startMs, dueOf(nearest.contract)) }
    ;[fromMs, lengthMs] = [endMs, Math.min(2 * lengthMs, SEARCH_MAX_MS)]
  }
  return undefined
}

function* findRoll(held: Held, sorted: readonly DatedContract[], toMs: number): Walk<Roll | null> {
  const { contract: front, sinceMs } = held
  const nearer: Roll | null = yield* findNearer(held, sorted, toMs)
  const dueMs = dueOf(front)
  const later = sorted.filter(({ expiresAt }) => expiresAt > front.expiresAt)
  if (nearer !== null || dueMs >= toMs || later.length === 0) return nearer
  const instruments = [front, ...later].map(({ instrument }) => instrument)
  // Nearly always both have a price at once; else whatever is left of its life.
  for (const endMs of [dueMs + HOUR, front.expiresAt]) {
    const prices = yield { instruments, fromMs: dueMs - PRICED_WITHIN_MS, toMs: Math.min(endMs, toMs) }
    const roll = rollOf(front, later, prices, Math.max(dueMs, sinceMs))
    if (roll !== null || endMs >= toMs) return roll
  }
  return null
}

/** The roll to a nearer contract that had no price when the held one was come by: nearly always there is none, and nothing is read. */
function* findNearer({ contract, sinceMs }: Held, sorted: readonly DatedContract[], toMs: number): Walk<Roll | null> {
  const nearer = sorted.filter((other) => other.expiresAt < contract.expiresAt && dueOf(other) > sinceMs)
  const instruments = nearer.map(({ instrument }) => instrument)
  const endMs = Math.min(toMs, ...nearer.slice(-1).map(dueOf))
  let [fromMs, lengthMs] = [sinceMs, HOUR]
  while (nearer.length > 0 && fromMs < endMs) {
    const window = { fromMs: fromMs - PRICED_WITHIN_MS, toMs: Math.min(fromMs + lengthMs, endMs) }
    const prices = yield { instruments, ...window }
    if ([...prices.values()].some((own) => own.length > 0)) {
      const own = yield { instruments: [contract.instrument], ...window }
      const roll = rollOf(contract, nearer, new Map([...prices, ...own]), fromMs)
      if (roll !== null) return roll
    }
    ;[fromMs, lengthMs] = [window.toMs, Math.min(2 * lengthMs, SEARCH_MAX_MS)]
  }
  return null
}

const dueOf = ({ expiresAt }: DatedContract) => expiresAt - ROLL_BEFORE_MS

/**
 * The first moment from one on at which a contract and the nearest of others that is being priced have both a price; others that
 * expire before it count until they are due themselves.
 */
export function rollOf(
  front: DatedContract,
  others: readonly DatedContract[],
  prices: DatedPrices,
  sinceMs: number
): Roll | null {
  const candidates = others.map((other) => ({
    instrument: other.instrument,
    untilMs: other.expiresAt < front.expiresAt ? dueOf(other) : Number.POSITIVE_INFINITY,
    prices: prices.get(other.instrument) ?? [],
    index: -1
  }))
  for (const held of prices.get(front.instrument) ?? []) {
    if (held.at < sinceMs || held.at >= front.expiresAt) continue
    const next = candidates.find((other) => {
      while ((other.prices[other.index + 1]?.at ?? Number.POSITIVE_INFINITY) <= held.at) other.index += 1
      const last = other.prices[other.index]
      return held.at < other.untilMs && last !== undefined && last.at > held.at - PRICED_WITHIN_MS
    })
    const met = next?.prices[next.index]
    if (next === undefined || met?.at !== held.at || met.kind !== held.kind) continue
    const ratio = Number(met.price) / Number(held.price)
    const { instrument: from } = front
    return { rollAt: held.at, from, to: next.instrument, fromPrice: held.price, toPrice: met.price, ratio }
  }
  return null
}
