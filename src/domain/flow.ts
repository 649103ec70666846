import { add, compare, type Decimal, isPositive, ONE, ratioOf, subtract, ZERO } from './decimal.ts'

/** Who crosses the spread, and how many accounts stand on which side. */
export type FlowMetrics = {
  /** (bought − sold)/(bought + sold) by takers: −1 to 1. */
  readonly takerImbalance: number | null
  /** Share of accounts that are long, 0 to 1. Accounts, not money: contracts long and short are always as many. */
  readonly longShare: number | null
  /** Share long minus share short. */
  readonly netLongShare: number | null
}

/** Spec 2.2. Null where a number is missing or below zero, and where nothing was traded. */
export function flowMetrics(input: {
  readonly takerBuyVolume: Decimal | null
  readonly takerSellVolume: Decimal | null
  /** Long accounts per short account. */
  readonly longShortAccountRatio: Decimal | null
}): FlowMetrics {
  const { takerBuyVolume: bought, takerSellVolume: sold, longShortAccountRatio: ratio } = input
  const takerImbalance =
    isAmount(bought) && isAmount(sold) ? (ratioOf(subtract(bought, sold), add(bought, sold)) ?? null) : null
  if (!isAmount(ratio)) return { takerImbalance, longShare: null, netLongShare: null }
  const all = add(ONE, ratio)
  return { takerImbalance, longShare: ratioOf(ratio, all)!, netLongShare: ratioOf(subtract(ratio, ONE), all)! }
}

/** How large positions are against what stands behind them. */
export type SpeculationRatios = {
  readonly oiToMcap: number | null
  /** Days of trading that open interest is. */
  readonly oiToAdv: number | null
  readonly estimatedLeverage: number | null
}

/** Open interest over market capitalisation, daily volume and exchange reserve; null without either number. Spec 2.4. */
export function speculationRatios(input: {
  readonly oiUsd: Decimal | null
  readonly marketCapUsd: Decimal | null
  readonly adv24hUsd: Decimal | null
  readonly exchangeReserveUsd: Decimal | null
}): SpeculationRatios {
  const over = (whole: Decimal | null) =>
    isAmount(input.oiUsd) && whole !== null && isPositive(whole) ? ratioOf(input.oiUsd, whole)! : null
  return {
    oiToMcap: over(input.marketCapUsd),
    oiToAdv: over(input.adv24hUsd),
    estimatedLeverage: over(input.exchangeReserveUsd)
  }
}

function isAmount(value: Decimal | null): value is Decimal {
  return value !== null && compare(value, ZERO) >= 0
}
