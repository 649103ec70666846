import { add, type Decimal, decimalOf, isPositive, midOf, multiply, negate, ratioOf, subtract } from './decimal.ts'

/** Basis points in one. */
export const BPS = 10_000

/**
 * Every form of one contract's basis. Positive = contract above spot. Null where a needed side is missing.
 * Prices are in contract units (spot · multiplier) and before currency conversion; only `adjustedBasisBps` is after it.
 */
export type Basis = {
  readonly contractMid: Decimal | null
  readonly spotBid: Decimal | null
  readonly spotAsk: Decimal | null
  readonly spotMid: Decimal | null
  /** Contract quote currency per contract unit. */
  readonly basisAbs: Decimal | null
  readonly basisBps: number | null
  readonly logBasisBps: number | null
  /** Short contract at its bid, long spot at its ask. */
  readonly carryEntryBps: number | null
  /** Long contract at its ask, short spot at its bid. */
  readonly reverseEntryBps: number | null
  /** basisBps − carryEntryBps: what crossing both spreads costs. */
  readonly crossCostBps: number | null
  readonly adjustedBasisBps: number | null
  /** basisBps − adjustedBasisBps: the part that the quote currencies make. */
  readonly fxBps: number | null
}

/** One side of a book; null where the venue gives none. A price that is not positive counts as none. */
export type BookTop = { readonly bid: Decimal | null; readonly ask: Decimal | null }

/** Units of the spot's base per contract unit, and USD per spot quote over USD per contract quote (null: not known). */
export type LegConversion = { readonly multiplier: Decimal | number; readonly fx: number | null }

/** Basis from the two books: mid, executable both ways, in bps, as a logarithm, adjusted for the quotes. Spec 1.2, 1.4, 1.5. */
export function basisBetween(
  legs: LegConversion & {
    readonly contractBid: Decimal | null
    readonly contractAsk: Decimal | null
    readonly spotBid: Decimal | null
    readonly spotAsk: Decimal | null
  }
): Basis {
  const contract = { bid: priced(legs.contractBid), ask: priced(legs.contractAsk) }
  const spot = { bid: scaled(legs.spotBid, legs.multiplier), ask: scaled(legs.spotAsk, legs.multiplier) }
  const ofMids = basisOfMids(midOfBook(contract), midOfBook(spot), legs.fx)
  const carryEntryBps = excessBps(contract.bid, spot.ask)
  return {
    ...ofMids,
    spotBid: spot.bid,
    spotAsk: spot.ask,
    carryEntryBps,
    reverseEntryBps: excessBps(contract.ask, spot.bid),
    crossCostBps: ofMids.basisBps === null || carryEntryBps === null ? null : ofMids.basisBps - carryEntryBps
  }
}

/** Basis where there is one price a leg (`priceKind` mark or last): nothing executable is claimed. */
export function basisOfPrices(
  legs: LegConversion & { readonly contractPrice: Decimal | null; readonly spotPrice: Decimal | null }
): Basis {
  const ofMids = basisOfMids(priced(legs.contractPrice), scaled(legs.spotPrice, legs.multiplier), legs.fx)
  return { ...ofMids, spotBid: null, spotAsk: null, carryEntryBps: null, reverseEntryBps: null, crossCostBps: null }
}

function basisOfMids(contractMid: Decimal | null, spotMid: Decimal | null, fx: number | null) {
  const basisAbs = contractMid && spotMid ? subtract(contractMid, spotMid) : null
  const basisFrac = basisFraction(contractMid, spotMid)
  const basisBps = basisFrac === null ? null : basisFrac * BPS
  const fxDecimal = fx === null ? undefined : decimalOf(fx)
  const adjustedBasisBps = spotMid && fxDecimal ? excessBps(contractMid, priced(multiply(spotMid, fxDecimal))) : null
  return {
    contractMid,
    spotMid,
    basisAbs,
    basisBps,
    logBasisBps: basisFrac === null ? null : Math.log1p(basisFrac) * BPS,
    adjustedBasisBps,
    fxBps: basisBps === null || adjustedBasisBps === null ? null : basisBps - adjustedBasisBps
  }
}

/** (F − S)/S: the difference exact, one rounding. Null without two positive prices. */
export function basisFraction(contract: Decimal | null, spot: Decimal | null): number | null {
  if (!contract || !spot || !isPositive(contract) || !isPositive(spot)) return null
  return ratioOf(subtract(contract, spot), spot) ?? null
}

function excessBps(price: Decimal | null, reference: Decimal | null): number | null {
  const fraction = basisFraction(price, reference)
  return fraction === null ? null : fraction * BPS
}

function priced(price: Decimal | null): Decimal | null {
  return price && isPositive(price) ? price : null
}

function scaled(price: Decimal | null, multiplier: Decimal | number): Decimal | null {
  const factor = typeof multiplier === 'number' ? decimalOf(multiplier) : multiplier
  return price && factor ? priced(multiply(price, factor)) : null
}

/** The middle of a book whose two sides are positive prices; null otherwise. */
export function midOfBook({ bid, ask }: BookTop): Decimal | null {
  return bid && ask && isPositive(bid) && isPositive(ask) ? midOf(bid, ask) : null
}

/** (ask − bid)/mid in bps; negative for a crossed book, null when a side is missing. */
export function quotedSpreadBps({ bid, ask }: BookTop): number | null {
  const mid = midOfBook({ bid, ask })
  if (!bid || !ask || !mid) return null
  const fraction = ratioOf(add(ask, negate(bid)), mid)
  return fraction === undefined ? null : fraction * BPS
}

/** mark against index in bps: what the venue's own funding sees; not a tradable basis. Spec 1.2. */
export function premiumBps({
  mark,
  index
}: {
  readonly mark: Decimal | null
  readonly index: Decimal | null
}): number | null {
  return excessBps(mark, index)
}

export type QuoteAdjustedBasis = {
  /** The spot mid in the contract's quote currency. */
  readonly spotAdj: number | null
  readonly basisBpsRaw: number | null
  readonly basisBpsAdj: number | null
  readonly fxContributionBps: number | null
}

/**
 * Basis across two quote currencies: S_adj = S · usdPerSpotQuote/usdPerContractQuote, fx part = raw − adjusted.
 * Without both traded USD prices only the raw basis is known. Spec 1.4.
 */
export function quoteAdjustedBasis(input: {
  readonly contractMid: Decimal | null
  readonly spotMid: Decimal | null
  readonly usdPerContractQuote: Decimal | null
  readonly usdPerSpotQuote: Decimal | null
}): QuoteAdjustedBasis {
  const basisBpsRaw = excessBps(input.contractMid, input.spotMid)
  const contractUsd = inUsd(input.contractMid, input.usdPerContractQuote)
  const spotUsd = inUsd(input.spotMid, input.usdPerSpotQuote)
  const basisBpsAdj = excessBps(contractUsd, spotUsd)
  const contractRate = priced(input.usdPerContractQuote)
  return {
    spotAdj: spotUsd && contractRate ? (ratioOf(spotUsd, contractRate) ?? null) : null,
    basisBpsRaw,
    basisBpsAdj,
    fxContributionBps: basisBpsRaw === null || basisBpsAdj === null ? null : basisBpsRaw - basisBpsAdj
  }
}

function inUsd(price: Decimal | null, usdPerQuote: Decimal | null): Decimal | null {
  return price && usdPerQuote && isPositive(usdPerQuote) ? priced(multiply(price, usdPerQuote)) : null
}
