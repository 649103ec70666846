import type { Reader } from './answer.ts'
import type { CarryRows, Leg, Listed } from './carry-rows.ts'
import { by, type Fraction, float, fraction, mid, minus, plus, rounded, times } from './fraction.ts'

// Books of best prices and bands, and what a size fills at on them.

type Level = { readonly price: Fraction; readonly size: Fraction }
type Book = { readonly bids: readonly Level[]; readonly asks: readonly Level[]; readonly mid: Fraction }

export type BookRows = Pick<
  CarryRows,
  'derivedAt' | 'contract' | 'spot' | 'contractFacts' | 'spotFacts' | 'tradedFx'
> & { readonly terms: Pick<CarryRows['terms'], 'direction' | 'bookAgeMs'> }

const isAtLeast = (a: Fraction, b: Fraction) => a.over * b.under >= b.over * a.under
const quotient = (a: Fraction, b: Fraction) => rounded(by(a, b), 30)
const ratioOf = (a: Fraction, b: Fraction) => float(rounded(by(a, b), 24))
const orNull = (value: string | null | undefined) => (value === null || value === undefined ? null : fraction(value))
const ONE = fraction(1)
const NOTHING = fraction(0)

function bookOf({ latest, depth }: Leg, { inverse }: Listed, { derivedAt, terms }: BookRows, bands: readonly number[]) {
  const { bid, ask, bidSize, askSize } = latest!.quote!
  const [best, worst] = [fraction(bid), fraction(ask)]
  const middle = mid(best, worst)
  const isCurrent = depth && Date.parse(derivedAt) - Date.parse(depth.observedAt) <= terms.bookAgeMs
  const sideOf = (
    price: Fraction,
    size: string | null,
    amounts: readonly (string | null)[],
    edgeOf: (far: Fraction) => Fraction
  ) => {
    const levels: Level[] = []
    const resting = orNull(size)
    const base = resting && inverse === true ? quotient(resting, price) : resting
    let counted = NOTHING
    if (base !== null && base.over > 0n) {
      levels.push({ price, size: base })
      counted = times(price, base)
    }
    for (const [place, band] of bands.entries()) {
      const amount = orNull(amounts[place])
      if (amount === null || isAtLeast(counted, amount)) continue
      const edge = edgeOf({ over: BigInt(band), under: 10_000n })
      const dearer = isAtLeast(edge, price) ? edge : price
      levels.push({ price: edge, size: quotient(minus(amount, counted), dearer) })
      counted = amount
    }
    return levels
  }
  const low = (far: Fraction) => times(middle, minus(ONE, far))
  const high = (far: Fraction) => times(middle, plus(ONE, far))
  const bids = sideOf(best, bidSize, isCurrent ? depth.bids : [], (far) =>
    isAtLeast(low(far), best) ? best : low(far)
  )
  const asks = sideOf(worst, askSize, isCurrent ? depth.asks : [], (far) =>
    isAtLeast(high(far), worst) ? high(far) : worst
  )
  // Of what rests: a best price whose size is not known is no level.
  return { mid: mid(bids[0]!.price, asks[0]!.price), bids, asks }
}

/** Base that so much quote is; null where the side ends before. */
function baseFor(side: readonly Level[], quote: Fraction): Fraction | null {
  let [left, base] = [quote, NOTHING]
  for (const { price, size } of side) {
    const cost = times(price, size)
    if (isAtLeast(cost, left)) return plus(base, quotient(left, price))
    left = minus(left, cost)
    base = plus(base, size)
  }
  return null
}

/** Quote that so many units are; null where the side ends before. */
function quoteFor(side: readonly Level[], units: Fraction): Fraction | null {
  let [left, quote] = [units, NOTHING]
  for (const { price, size } of side) {
    if (isAtLeast(size, left)) return plus(quote, times(price, left))
    left = minus(left, size)
    quote = plus(quote, times(price, size))
  }
  return null
}

/** Both books, and the way from a size to its fills. */
export function booksOf(rows: BookRows, { constant, constants }: Reader) {
  const bands = constants('band')
  const bps = constant('bps')
  const { contract, spot, terms, tradedFx } = rows
  const isForward = terms.direction === 'forward'
  const contractBook: Book = bookOf(rows.contractFacts, contract, rows, bands)
  const spotBook: Book = bookOf(rows.spotFacts, spot, rows, bands)
  const units = quotient(fraction(contract.multiplier), fraction(spot.multiplier ?? 1))
  const fx = spot.quote === contract.quote ? ONE : fraction(tradedFx!.rate)
  const away = (price: Fraction, from: Fraction) => bps * ratioOf(minus(price, from), from)
  const worse = (price: Fraction, from: Fraction, isBuying: boolean) =>
    isBuying ? away(price, from) : 0 - away(price, from)
  const referenceOf = (price: Fraction) => times(fx, times(units, price))
  const fillsOf = (notional: Fraction) => {
    const baseQuantity = baseFor(isForward ? spotBook.asks : spotBook.bids, notional)
    if (baseQuantity === null) return null
    const size = quotient(baseQuantity, units)
    const proceeds = quoteFor(isForward ? contractBook.bids : contractBook.asks, size)
    const sold = quoteFor(isForward ? spotBook.bids : spotBook.asks, baseQuantity)
    const bought = quoteFor(isForward ? contractBook.asks : contractBook.bids, size)
    if (proceeds === null || sold === null) return null
    const spotVwap = quotient(notional, baseQuantity)
    const contractVwap = quotient(proceeds, size)
    return {
      baseQuantity,
      spotVwap,
      contractVwap,
      entryBasisBps: away(contractVwap, referenceOf(spotVwap)),
      spotSlippageBps: worse(spotVwap, spotBook.mid, isForward),
      contractSlippageBps: worse(contractVwap, contractBook.mid, !isForward),
      spotExitBps: worse(quotient(sold, baseQuantity), spotBook.mid, !isForward),
      contractExitBps: bought && worse(quotient(bought, size), contractBook.mid, isForward)
    }
  }
  const reference = referenceOf(spotBook.mid)
  return { fillsOf, midBasisBps: ratioOf(minus(contractBook.mid, reference), reference) * bps }
}
export type Fills = NonNullable<ReturnType<ReturnType<typeof booksOf>['fillsOf']>>
