import { type BandAmounts, bookOfBands } from './band-book.ts'
import type { Book } from './book.ts'
import { sideOf } from './carry.ts'
import type { CarryCase, CarryRefusal } from './carry-quote.ts'
import { compare, type Decimal, decimalOf, decimalOrNull, divideDecimal, isPositive, numberOrNull } from './decimal.ts'
import { lastsUntil } from './expiry.ts'
import { contractRuleOf, fairDatedBps, fairDeadband } from './fair-premium.ts'
import { expectedSettlements } from './funding.ts'
import { fitFundingPath, type SettledRate } from './funding-path.ts'
import { type FundingToCome, fundingToCome } from './funding-to-come.ts'
import { GATE_DEFAULTS } from './gates.ts'
import type { Instrument } from './instrument.ts'
import type { Latest } from './latest.ts'
import { legMultiplier } from './spot-leg.ts'
import { deviationOf } from './statistics.ts'
import { DAY, HOUR } from './time.ts'
import type { TradedFx } from './traded-fx.ts'

/** What is known to rest in a book; times in epoch ms. */
export type KnownDepth = { readonly bids: BandAmounts; readonly asks: BandAmounts; readonly observedAt: number }

export type LegFacts = { readonly latest: Latest | undefined; readonly depth: KnownDepth | undefined }

/** Everything that is known of a contract and its spot leg at a moment. */
export type CarryFacts = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly spot: Instrument | null
  readonly contractFacts: LegFacts
  readonly spotFacts: LegFacts
  /** Only for legs in different quotes; null when none was traded lately. */
  readonly tradedFx: TradedFx | null
  /** Of the last 90 d, oldest first. */
  readonly settled: readonly SettledRate[]
  /** One standard deviation of basis changes over seven days, bps; null: not known. */
  readonly sigmaBps: number | null
  /** One standard deviation of the basis' means of 8 h over 30 days, bps before fx; null: not known. */
  readonly periodSigmaBps: number | null
}

/** What the caller decides. */
export type CarryTerms = Pick<
  CarryCase,
  'direction' | 'horizonHours' | 'fees' | 'deliveryFrac' | 'perpMarginFrac' | 'borrowApr'
> & {
  readonly rQuote: number
  readonly rBase: number
  /** Older quotes and books than these are of another market. */
  readonly quoteAgeMs: number
  readonly bookAgeMs: number
}

export const LONG_RUN_MS = 30 * DAY
export const HISTORY_MS = 90 * DAY
/** Where the venue's own is not known. */
export const INTEREST_8H = 0.0001

/** Fewer changes than this have no deviation. */
export const CHANGES_MIN = 10
export const LAG_DAYS = 7

/** One standard deviation (of the sample) of what daily closes changed by over seven days; null while there are fewer than ten. */
export function weeklyDeviation(closes: readonly (number | null)[]): number | null {
  const changes = closes.slice(LAG_DAYS).flatMap((close, index) => {
    const before = closes[index] ?? null
    return close === null || before === null ? [] : [close - before]
  })
  return sampleDeviation(changes, CHANGES_MIN)
}

/** So many days' means of 8 h are looked at, and fewer than so many of them have no deviation. */
export const PERIOD_DAYS = 30
export const PERIODS_MIN = 30

/** One standard deviation (of the sample) of means of 8 h; null while fewer than thirty are known. Spec 4.3. */
export function periodDeviation(means: readonly (number | null)[]): number | null {
  return sampleDeviation(
    means.filter((mean) => mean !== null),
    PERIODS_MIN
  )
}

function sampleDeviation(values: readonly number[], least: number): number | null {
  const n = values.length
  return n < least ? null : deviationOf(values) * Math.sqrt(n / (n - 1))
}

/** How far the averages that funding is made of scatter, or why that is not known: between two dollars a basis moves with their rate. */
export function premiumSigmaOf({
  contract,
  spot,
  periodSigmaBps
}: CarryFacts): number | 'fx_unadjusted' | 'short_history' {
  if (spot?.quote !== contract.quote) return 'fx_unadjusted'
  return periodSigmaBps ?? 'short_history'
}

/** A carry as it can be quoted, or why it cannot. */
export function carryCaseOf(facts: CarryFacts, terms: CarryTerms): CarryCase | CarryRefusal {
  const { nowMs, contract, spot } = facts
  if (spot === null) return 'no_spot_leg'
  if (contract.quarantine !== null || spot.quarantine !== null) return 'quarantined'
  const multiplier = legMultiplier(contract, spot)
  if (multiplier === null) return 'multiplier_unresolved'
  const { expiresAt } = contract
  if (expiresAt !== null && expiresAt - nowMs < DAY) return 'near_expiry'
  const [contractBook, spotBook] = [
    bookOfLeg(contract, facts.contractFacts, facts, terms),
    bookOfLeg(spot, facts.spotFacts, facts, terms)
  ]
  if (typeof contractBook === 'string') return contractBook
  if (typeof spotBook === 'string') return spotBook
  const fx = fxOf(facts, contract, spot)
  if (typeof fx === 'string') return fx
  const funding = expiresAt === null ? fundingOf(facts, terms) : null
  if (typeof funding === 'string') return funding
  return {
    ...terms,
    nowMs,
    spot: spotBook,
    contract: contractBook,
    multiplier,
    fx,
    funding,
    expiryMs: expiresAt,
    fairBps: fairBpsOf(facts, terms),
    fairAtHorizonBps: fairBpsOf(facts, terms, terms.horizonHours),
    sigmaBps: facts.sigmaBps
  }
}

type Ages = Pick<CarryTerms, 'quoteAgeMs' | 'bookAgeMs'>

/** Best prices of now; what is known to rest behind them, as long as it is current. */
export function bookOfLeg(
  instrument: Instrument,
  { latest, depth }: LegFacts,
  { nowMs }: Pick<CarryFacts, 'nowMs'>,
  ages: Ages
): Book | 'missing_quote' | 'stale' {
  const quote = latest?.quote
  const [bid, ask] = [decimalOrNull(quote?.bid), decimalOrNull(quote?.ask)]
  if (!quote || !bid || !ask || !isPositive(bid) || compare(bid, ask) >= 0) return 'missing_quote'
  if (nowMs - quote.observedAt > ages.quoteAgeMs) return 'stale'
  const current = depth && nowMs - depth.observedAt <= ages.bookAgeMs ? depth : undefined
  return bookOfBands({
    bid: { price: bid, size: baseSize(quote.bidSize, bid, instrument) },
    ask: { price: ask, size: baseSize(quote.askSize, ask, instrument) },
    bids: current?.bids ?? [],
    asks: current?.asks ?? []
  })
}

/** Quoted sizes in base: inverse contracts' are dollars, all others' base. */
export function baseSize(
  size: string | null,
  price: Decimal,
  { inverse }: Pick<Instrument, 'inverse'>
): Decimal | null {
  const amount = decimalOrNull(size)
  return amount && inverse === true ? (divideDecimal(amount, price) ?? null) : amount
}

const SAME: Decimal = { digits: 1n, scale: 0 }

/** What one unit of the spot leg's quote is in the contract's; why that cannot be said. */
export function fxOf(
  { tradedFx }: Pick<CarryFacts, 'tradedFx'>,
  contract: Pick<Instrument, 'quote'>,
  spot: Pick<Instrument, 'quote'>
): Decimal | 'fx_unadjusted' | 'depeg' {
  if (spot.quote === contract.quote) return SAME
  const rate = tradedFx === null ? undefined : decimalOf(tradedFx.rate)
  if (rate === undefined) return 'fx_unadjusted'
  return Math.abs(tradedFx!.rate - 1) * 10_000 > GATE_DEFAULTS.depegBps ? 'depeg' : rate
}

/** Funding to come: where the venue pays continuously (`trailing`, a rate of the last 8 h) every hour settles. */
function fundingOf(
  facts: CarryFacts,
  { direction, horizonHours, quoteAgeMs }: CarryTerms
): FundingToCome | CarryRefusal {
  const { nowMs, contract } = facts
  const estimate = facts.contractFacts.latest?.estimate
  if (!estimate || nowMs > lastsUntil(estimate.observedAt, quoteAgeMs, estimate.nextSettlementAt))
    return 'funding_unknown'
  const isTrailing = estimate.kind === 'trailing'
  const rateHours = isTrailing ? 8 : estimate.intervalHours
  if (rateHours === null) return 'interval_unknown'
  const per8h = (rate: string | null) => (rate === null ? null : (Number(rate) * 8) / rateHours)
  const intervalHours = isTrailing ? 1 : rateHours
  const fitted = fitFundingPath({
    next8h: per8h(estimate.rate)!,
    settled: facts.settled,
    longRunSince: nowMs - LONG_RUN_MS,
    anchor8h: contractRuleOf(contract)?.interest8h ?? INTEREST_8H,
    side: sideOf(direction),
    cap8h: per8h(estimate.cap),
    floor8h: per8h(estimate.floor)
  })
  const nextSettlementAt = nextSettlementOf(estimate.nextSettlementAt, nowMs, intervalHours)
  const untilMs = nowMs + horizonHours * HOUR
  const settlements: number[] = []
  for (let at = nextSettlementAt; at <= untilMs; at += intervalHours * HOUR) settlements.push(at)
  return fundingToCome({ fitted, intervalHours, settlements, nextSettlementAt })
}

/** The venue's own next settlement, else the next on the UTC grid of the interval. */
export function nextSettlementOf(said: number | null, nowMs: number, intervalHours: number): number {
  if (said !== null && said > nowMs) return said
  return expectedSettlements(nowMs, nowMs + intervalHours * HOUR, intervalHours)[0]!
}

/**
 * Where basis would rest so many hours on, bps: the middle of the fair premiums of the venue's formula as it is now, or what holding
 * costs for what is then left until expiry.
 */
export function fairBpsOf(
  { nowMs, contract, contractFacts }: CarryFacts,
  rates: Pick<CarryTerms, 'rQuote' | 'rBase'>,
  hoursOn = 0
): number | null {
  if (contract.expiresAt !== null) {
    return fairDatedBps(rates, Math.max(0, (contract.expiresAt - nowMs) / DAY - hoursOn / 24))
  }
  const rule = contractRuleOf(contract)
  if (rule === null) return null
  const estimate = contractFacts.latest?.estimate
  const hours = estimate?.intervalHours ?? null
  const per8h = (bound: string | null | undefined) => {
    const value = numberOrNull(bound)
    return value === null || hours === null ? null : (value * 8) / hours
  }
  const fair = fairDeadband({ ...rule, ...rates, cap8h: per8h(estimate?.cap), floor8h: per8h(estimate?.floor) })
  return fair.fairLowBps === null || fair.fairHighBps === null ? null : (fair.fairLowBps + fair.fairHighBps) / 2
}
