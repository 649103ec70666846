import { add, compare, type Decimal, multiply, negate } from './decimal.ts'

/** A spot base that a contract's base may stand for, and how many of it one unit of the contract is. */
export type MultiplierCandidate = { readonly spotBase: string; readonly multiplier: number }

export type MultiplierReason = 'no_spot_base' | 'price_missing' | 'price_disagrees'

export type ResolvedMultiplier = MultiplierCandidate | { readonly unresolved: true; readonly reason: MultiplierReason }

type ContractName = {
  readonly venue: string
  /** ccxt's base, upper case. */
  readonly contractBase: string
  /** The venue's own name; Hyperliquid's `kPEPE` is only there told from `KAVA`. */
  readonly rawName: string | null
}

const PREFIXES: readonly (readonly [string, number])[] = [
  ['1000000', 1_000_000],
  ['100000', 100_000],
  ['10000', 10_000],
  ['1000', 1_000],
  ['100', 100],
  ['1M', 1_000_000]
]
const SUFFIX = /^(.*\D)(1000000|100000|10000|1000)$/
const KILO_NAME = /^k[A-Z0-9]/
/** Largest |contract/(m·spot) − 1| at which the two are the same coin: one part in this many. */
const PRICE_TOLERANCE_PARTS: Decimal = { digits: 10n, scale: 0 }

/**
 * The spot bases that a contract base may mean, in order: itself (1INCH is a coin, 1000SATS a spot symbol), then without a
 * prefix 1000000|100000|10000|1000|100|1M, Hyperliquid's lower-case k of the raw name, Bybit's suffix (SHIB1000). Spec 1.5.
 */
export function multiplierCandidates({ venue, contractBase, rawName }: ContractName): MultiplierCandidate[] {
  const candidates: MultiplierCandidate[] = [{ spotBase: contractBase, multiplier: 1 }]
  for (const [prefix, multiplier] of PREFIXES) {
    const spotBase = contractBase.slice(prefix.length)
    if (contractBase.startsWith(prefix) && spotBase !== '') candidates.push({ spotBase, multiplier })
  }
  if (venue === 'hyperliquid' && KILO_NAME.test(rawName ?? '') && contractBase.length > 1) {
    candidates.push({ spotBase: contractBase.slice(1), multiplier: 1000 })
  }
  const suffixed = venue === 'bybit' ? SUFFIX.exec(contractBase) : null
  if (suffixed?.[1] && suffixed[2]) candidates.push({ spotBase: suffixed[1], multiplier: Number(suffixed[2]) })
  return candidates
}

/**
 * The first candidate that the spot side lists, if its price agrees: |contract/(m·spot) − 1| ≤ 10 %. A base that had to be
 * stripped is not accepted without prices; the contract's own base is, because there is nothing to guess. Spec 1.5.
 */
export function resolveMultiplier(
  input: ContractName & {
    readonly spotBases: readonly string[]
    readonly contractMid: Decimal | null
    readonly spotMids: Readonly<Record<string, Decimal | null | undefined>>
  }
): ResolvedMultiplier {
  const found = multiplierCandidates(input).find(({ spotBase }) => input.spotBases.includes(spotBase))
  if (found === undefined) return { unresolved: true, reason: 'no_spot_base' }
  const spotMid = Object.hasOwn(input.spotMids, found.spotBase) ? input.spotMids[found.spotBase] : null
  if (!input.contractMid || !spotMid) {
    return found.multiplier === 1 ? found : { unresolved: true, reason: 'price_missing' }
  }
  return pricesAgree(input.contractMid, spotMid, found.multiplier)
    ? found
    : { unresolved: true, reason: 'price_disagrees' }
}

/** Whether a contract's price is that of so many of the spot coin, within 10 %. Spec 1.5 (3). */
export function pricesAgree(contractMid: Decimal, spotMid: Decimal, multiplier: number): boolean {
  const spot = multiply(spotMid, { digits: BigInt(multiplier), scale: 0 })
  if (spot.digits <= 0n || contractMid.digits <= 0n) return false
  const difference = add(contractMid, negate(spot))
  const distance = difference.digits < 0n ? negate(difference) : difference
  return compare(multiply(distance, PRICE_TOLERANCE_PARTS), spot) <= 0
}
