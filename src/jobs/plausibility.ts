import { numberOrNull } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Latest } from '../domain/latest.ts'
import {
  areMarksSwapped,
  areNearIndices,
  areOneThing,
  areRatesOfOneUnit,
  isMarkSwapped,
  isMovePlausible,
  isRatePlausible,
  isSettlementPast,
  type PriceBefore,
  per8h,
  RATE_MEMORY_MS
} from '../domain/plausibility.ts'
import { MINUTE } from '../domain/time.ts'
import { skip } from '../venues/normalise.ts'
import type { FundingEstimate, MarkPrice, Quote, Reading } from '../venues/venue.ts'

/** What is known before a sweep is believed. */
export type Knowledge = {
  /** The followed instruments of the venue, by symbol. */
  readonly instruments: ReadonlyMap<string, Instrument>
  /** The newest accepted facts, by instrument. */
  readonly latest: ReadonlyMap<number, Latest>
  /** Mids refused at the sweep before, by symbol; kept between sweeps. */
  readonly suspects: Map<string, number>
}

type Marks = ReadonlyMap<string, MarkPrice>

/** The part of a reading that can be true; what is refused is named in `skipped`. Rules: `domain/plausibility.ts`. */
export function plausibleReading(reading: Reading, knowledge: Knowledge): Reading {
  const swapped = swappedMarks(reading, knowledge)
  const marks = reading.marks.filter(({ symbol }) => !swapped.has(symbol))
  const markOf = new Map(marks.map((mark) => [mark.symbol, mark]))
  const { quotes, refused } = movedQuotes(reading, knowledge)
  const old = oldCoins(quotes, markOf, knowledge)
  const rates = reading.estimates.map((estimate) => ({
    estimate,
    reason: rateProblem(estimate, markOf.get(estimate.symbol), knowledge)
  }))
  const units = areRatesOfOneUnit(ratePairs(reading.estimates, knowledge))
  const isAccepted = ({ reason }: (typeof rates)[number]) => reason === null && units
  return {
    ...reading,
    marks,
    quotes: quotes.filter(({ symbol }) => !old.has(symbol)),
    estimates: rates.filter(isAccepted).map(({ estimate }) => estimate),
    skipped: [
      ...reading.skipped,
      ...[...swapped].map((symbol) => skip(symbol, 'mark_index_swapped')),
      ...marks.filter(isMarkDoubtful).map(({ symbol }) => skip(symbol, 'mark_implausible')),
      ...refused.map(({ symbol }) => skip(symbol, 'implausible_move')),
      ...[...old].map((symbol) => skip(symbol, 'off_index')),
      ...rates
        .filter((rate) => !isAccepted(rate))
        .map(({ estimate, reason }) => skip(estimate.symbol, reason ?? 'rate_implausible'))
    ]
  }
}

const DOUBTS = [
  'implausible_move',
  'off_index',
  'mark_implausible',
  'mark_index_swapped',
  'rate_implausible',
  'settlement_past'
]
/** One odd contract is that contract's; this share of them is the venue's. */
const DOUBT_SHARE = 0.1

/** Why a venue that answers is not believed in full; null when it is, but for a contract or two. */
export function doubtOf({ skipped }: Reading, instruments: ReadonlyMap<string, Instrument>): string | null {
  const counts = DOUBTS.map((reason) => {
    const said = skipped.filter((row) => row.reason === reason && row.symbol !== null && instruments.has(row.symbol))
    return { reason, count: said.length }
  })
  const [worst] = counts.sort((a, b) => b.count - a.count)
  if (!worst || worst.count < Math.max(2, instruments.size * DOUBT_SHARE)) return null
  return `${worst.reason}: refused for ${worst.count} of ${instruments.size} contracts and coins`
}

export const isMarkDoubtful = ({ mark, index }: Pick<MarkPrice, 'mark' | 'index'>) =>
  !areOneThing(numberOrNull(mark), numberOrNull(index))

export function midOf({ bid, ask }: { readonly bid: string | null; readonly ask: string | null }): number | null {
  const sides = [bid, ask].filter((side) => side !== null).map(Number)
  return sides.length === 0 ? null : sides.reduce((sum, side) => sum + side, 0) / sides.length
}

/** Contracts whose mark stands where their index belongs: all of them where the venue's taken together do. */
function swappedMarks({ marks, quotes, estimates }: Reading, { instruments, latest }: Knowledge): ReadonlySet<string> {
  const midBy = new Map(quotes.map((quote) => [quote.symbol, midOf(quote)]))
  // Two prices that cannot be of one thing are in no place: they have their own reason.
  const priced = marks
    .filter((row) => !isMarkDoubtful(row))
    .flatMap(({ symbol, observedAt, ...said }) => {
      const [mid, mark, index] = [midBy.get(symbol) ?? null, numberOrNull(said.mark), numberOrNull(said.index)]
      return mid === null || mark === null || index === null ? [] : [{ symbol, observedAt, mid, mark, index }]
    })
  const paying = new Set(estimates.map(({ symbol }) => symbol))
  // Where an index is a coin's, as on OKX, a dated contract's book is near neither of the two: perpetuals speak for the venue.
  const perpetuals = priced.filter(({ symbol }) => paying.has(symbol))
  if (areMarksSwapped(priced) || areMarksSwapped(perpetuals)) return new Set(marks.map(({ symbol }) => symbol))
  const isSwapped = (row: (typeof priced)[number]) => {
    const known = latest.get(instruments.get(row.symbol)?.id ?? -1)?.mark
    const isRecent = known && row.observedAt - known.observedAt <= INDEX_MAX_AGE_MS
    const before = isRecent && known.mark && known.index ? known : null
    return isMarkSwapped(row, before && { mark: Number(before.mark), index: Number(before.index) })
  }
  return new Set(priced.filter(isSwapped).map(({ symbol }) => symbol))
}

function movedQuotes({ quotes }: Reading, { instruments, latest, suspects }: Knowledge) {
  const accepted: Quote[] = []
  const refused: Quote[] = []
  for (const quote of quotes) {
    const mid = midOf(quote)
    const before = priceBefore(latest.get(instruments.get(quote.symbol)?.id ?? -1)?.quote)
    if (mid === null || isMovePlausible(mid, before, suspects.get(quote.symbol), quote.observedAt)) {
      suspects.delete(quote.symbol)
      accepted.push(quote)
    } else {
      suspects.set(quote.symbol, mid)
      refused.push(quote)
    }
  }
  return { quotes: accepted, refused }
}

function priceBefore(quote: Latest['quote'] | undefined): PriceBefore | null {
  const price = quote ? midOf(quote) : null
  return price === null ? null : { price, observedAt: quote!.observedAt }
}

const INDEX_MAX_AGE_MS = 5 * MINUTE

/** Coins whose venue's prices are, taken together, not those of their contracts' indices. */
function oldCoins(quotes: readonly Quote[], markOf: Marks, { instruments, latest }: Knowledge) {
  const byId = new Map([...instruments.values()].map((instrument) => [instrument.id, instrument]))
  const quoteOf = new Map(quotes.map((quote) => [quote.symbol, quote]))
  const pairs = [...instruments.values()].flatMap((contract) => {
    const spot = byId.get(contract.spotId ?? -1)
    const quote = spot && quoteOf.get(spot.symbol)
    const mid = quote ? midOf(quote) : null
    if (!spot || !quote || mid === null || spot.quote !== contract.quote || contract.multiplier === null) return []
    const index = markOf.get(contract.symbol)?.index ?? freshIndex(latest.get(contract.id)?.mark, quote.observedAt)
    const inUnits = (mid * Number(contract.multiplier)) / Number(spot.multiplier ?? 1)
    return index && areOneThing(inUnits, Number(index)) ? [{ spot, pair: [inUnits, Number(index)] as const }] : []
  })
  const isOld = !areNearIndices(pairs.map(({ pair }) => pair))
  const spots = [...instruments.values()].filter(({ kind }) => isOld && kind === 'spot')
  return new Set(spots.map(({ symbol }) => symbol).filter((symbol) => quoteOf.has(symbol)))
}

function freshIndex(mark: Latest['mark'] | undefined, nowMs: number): string | null {
  return mark && nowMs - mark.observedAt <= INDEX_MAX_AGE_MS ? mark.index : null
}

function rateProblem(
  estimate: FundingEstimate,
  said: MarkPrice | undefined,
  { instruments, latest }: Knowledge
): string | null {
  const { rate, intervalHours, cap, floor, nextSettlementAt, observedAt, symbol } = estimate
  if (isSettlementPast(nextSettlementAt, observedAt)) return 'settlement_past'
  const before = latest.get(instruments.get(symbol)?.id ?? -1)?.estimate
  const isFresh = before && observedAt - before.observedAt <= RATE_MEMORY_MS
  const premium = said?.mark && said.index && !isMarkDoubtful(said) ? Number(said.mark) / Number(said.index) - 1 : null
  const isPlausible = isRatePlausible({
    rate: Number(rate),
    intervalHours,
    cap: numberOrNull(cap),
    floor: numberOrNull(floor),
    premium,
    before8h: isFresh ? per8h(Number(before.rate), before.intervalHours) : null
  })
  return isPlausible ? null : 'rate_implausible'
}

function ratePairs(estimates: readonly FundingEstimate[], { instruments, latest }: Knowledge) {
  return estimates.flatMap(({ symbol, rate, intervalHours, observedAt }) => {
    const before = latest.get(instruments.get(symbol)?.id ?? -1)?.estimate
    // An hour later a market may have moved as a whole: nothing would ever be believed again.
    if (!before || observedAt - before.observedAt > RATE_MEMORY_MS) return []
    return [[per8h(Number(rate), intervalHours), per8h(Number(before.rate), before.intervalHours)] as const]
  })
}
