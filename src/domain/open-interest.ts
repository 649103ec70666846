import { type Decimal, divideDecimal, isPositive, multiply, ONE } from './decimal.ts'

/** What a venue's figure counts: coins, dollars, or contracts of a fixed size. */
export const OPEN_INTEREST_UNITS = ['base', 'usd', 'contracts'] as const
export type OpenInterestUnit = (typeof OPEN_INTEREST_UNITS)[number]

/** Open interest, one side counted. Null where a needed number is missing; quanto contracts are refused. */
export type OpenInterest = {
  /** Units of the contract's base currency. */
  readonly oiBase: Decimal | null
  readonly oiUsd: Decimal | null
}

const REFUSED: OpenInterest = { oiBase: null, oiUsd: null }
const HALF: Decimal = { digits: 5n, scale: 1 }
/** Digits of a base amount that had to be divided for. */
const QUOTIENT_DIGITS = 24

/** Linear: base = contracts · size, USD = base · mark · usdPerQuote. Spec 1.5. */
export function openInterestLinear(input: {
  readonly contracts: Decimal | null
  /** Base per contract. */
  readonly contractSizeBase: Decimal | null
  readonly mark: Decimal | null
  readonly usdPerQuote: Decimal | null
}): OpenInterest {
  const { contracts, contractSizeBase, mark, usdPerQuote } = input
  if (!isAmount(contracts) || !isPrice(contractSizeBase)) return REFUSED
  const oiBase = multiply(contracts, contractSizeBase)
  return { oiBase, oiUsd: isPrice(mark) && isPrice(usdPerQuote) ? multiply(multiply(oiBase, mark), usdPerQuote) : null }
}

/** Inverse: USD = contracts · size, base = USD/mark. Multiplying by the price again would be off by the price. Spec 1.5. */
export function openInterestInverse(input: {
  readonly contracts: Decimal | null
  /** USD per contract. */
  readonly contractSizeUsd: Decimal | null
  readonly mark: Decimal | null
}): OpenInterest {
  const { contracts, contractSizeUsd, mark } = input
  if (!isAmount(contracts) || !isPrice(contractSizeUsd)) return REFUSED
  const oiUsd = multiply(contracts, contractSizeUsd)
  return { oiUsd, oiBase: isPrice(mark) ? (divideDecimal(oiUsd, mark, QUOTIENT_DIGITS) ?? null) : null }
}

/** By the contract's settlement; a quanto's size is neither base nor USD, so it has no open interest here. Spec 1.5. */
export function openInterestOf(input: {
  readonly settlement: 'linear' | 'inverse' | 'quanto'
  readonly contracts: Decimal | null
  /** Base per contract (linear) or USD per contract (inverse). */
  readonly contractSize: Decimal | null
  readonly mark: Decimal | null
  readonly usdPerQuote: Decimal | null
}): OpenInterest {
  const { settlement, contractSize, ...rest } = input
  if (settlement === 'quanto') return REFUSED
  return settlement === 'linear'
    ? openInterestLinear({ ...rest, contractSizeBase: contractSize })
    : openInterestInverse({ ...rest, contractSizeUsd: contractSize })
}

/**
 * Bybit documents `openInterest` as the sum of both sides: the single side where it is given, else half, marked `inferred`.
 * One contract is 1 base (linear) or 1 USD (inverse); a linear contract's quote is taken at 1 USD. Spec 1.5.
 */
export function bybitOpenInterest(input: {
  readonly category: 'linear' | 'inverse'
  readonly openInterest: Decimal | null
  readonly singleOpenInterest: Decimal | null
  readonly mark: Decimal | null
}): OpenInterest & { readonly inferred: boolean } {
  const { category, openInterest, singleOpenInterest, mark } = input
  const contracts = singleOpenInterest ?? (openInterest && multiply(openInterest, HALF))
  const sized = { settlement: category, contracts, contractSize: ONE, mark, usdPerQuote: ONE }
  return { ...openInterestOf(sized), inferred: singleOpenInterest === null && openInterest !== null }
}

/**
 * Fills in at the mark what a venue did not say: quote = base · mark, for inverse contracts read from right to left. Dollars are
 * those that the venue says, else the quote where it is a dollar or a stablecoin, which counts at par. Spec 1.5.
 */
export function valuedOpenInterest(
  said: { readonly base: Decimal | null; readonly quote: Decimal | null; readonly usd: Decimal | null },
  { mark, isDollarQuoted }: { readonly mark: Decimal | null; readonly isDollarQuoted: boolean }
): { readonly base: Decimal | null; readonly quote: Decimal | null; readonly usd: Decimal | null } {
  const known = said.quote ?? (said.base === null && isDollarQuoted ? said.usd : null)
  const price = isPrice(mark) ? mark : null
  const quote = known ?? (price && said.base && multiply(said.base, price))
  const base = said.base ?? (price && quote && (divideDecimal(quote, price, QUOTIENT_DIGITS) ?? null))
  return { base, quote, usd: said.usd ?? (isDollarQuoted ? quote : null) }
}

function isPrice(value: Decimal | null): value is Decimal {
  return value !== null && isPositive(value)
}

function isAmount(value: Decimal | null): value is Decimal {
  return value !== null && value.digits >= 0n
}
