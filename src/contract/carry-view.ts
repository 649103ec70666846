import { type CarryDirection, perYear, roundTripFees } from '../domain/carry.ts'
import { type CarryFacts, type CarryTerms, premiumSigmaOf } from '../domain/carry-case.ts'
import { type CarryCase, type CarryRefusal, headlineOf, type SizedCarry } from '../domain/carry-quote.ts'
import { type Decimal, decimalToString, toNumber } from '../domain/decimal.ts'
import { FEE_TABLE_VERSION, type VenueFee } from '../domain/fees.ts'
import { isDollarLike } from '../domain/instrument.ts'
import { isoOrNull } from '../domain/time.ts'
import { carryAbsences } from './carry-absences.ts'
import { capacityView } from './carry-capacity.ts'
import { fairView } from './carry-fair.ts'

/** Whose fees they are; null where the caller named them. */
export type FeesUsed = { readonly spot: VenueFee | null; readonly contract: VenueFee | null }

export type CarryAnswer = {
  readonly facts: CarryFacts
  readonly terms: CarryTerms
  readonly fees: FeesUsed
  readonly notional: Decimal
  readonly minNetApr: number
  readonly intervalChanges: number
  readonly quoted: CarryRefusal | { readonly input: CarryCase; readonly sized: SizedCarry }
}

/** A row of `/v1/carry`. */
export function carryView(answer: CarryAnswer) {
  const { facts, terms, quoted, notional } = answer
  const { contract, spot, nowMs } = facts
  const isRefused = typeof quoted === 'string'
  const mode = contract.kind === 'perpetual' ? 'harvest' : 'lock'
  const found = isRefused ? NOTHING : numbersOf(quoted.input, quoted.sized, answer)
  const quotes = [facts.contractFacts, facts.spotFacts].map(({ latest }) => latest?.quote?.observedAt ?? null)
  const depths = [facts.contractFacts, facts.spotFacts].map(({ depth }) => depth?.observedAt ?? null)
  const observedAt = olderOf(quotes)
  const row = {
    instrument: contract.key,
    spot: spot?.key ?? null,
    venue: contract.venue,
    asset: contract.asset,
    kind: contract.kind,
    direction: terms.direction,
    mode,
    refusal: isRefused ? quoted : null,
    refusalDetail: isRefused ? REFUSALS[quoted] : null,
    notional: decimalToString(notional),
    books: hasBands(answer) ? 'bands' : 'best_price',
    fees: feesView(answer),
    ...found,
    risks: risksOf(answer, isRefused ? null : quoted.input),
    expiresAt: isoOrNull(contract.expiresAt),
    ageMs: observedAt === null ? null : Math.max(0, nowMs - observedAt),
    observedAt: isoOrNull(observedAt),
    booksObservedAt: isoOrNull(olderOf(depths))
  }
  const absent = carryAbsences(row, {
    refusal: row.refusal,
    hasSpot: spot !== null,
    isPerpetual: contract.kind === 'perpetual',
    hasDeviation: facts.sigmaBps !== null,
    scatter: premiumSigmaOf(facts),
    hasBorrow: terms.borrowApr !== null
  })
  return { ...row, absent }
}

/** Null while one of them is not known. */
function olderOf([a = null, b = null]: readonly (number | null)[]): number | null {
  return a === null || b === null ? null : Math.min(a, b)
}

const hasBands = ({ facts, terms }: CarryAnswer) =>
  [facts.contractFacts, facts.spotFacts].every(
    ({ depth }) => depth && facts.nowMs - depth.observedAt <= terms.bookAgeMs
  )

const NOTHING = {
  entry: null,
  funding: null,
  borrowFrac: null,
  exits: [],
  netFrac: null,
  netAprNotional: null,
  netAprCapital: null,
  costToRecoverFrac: null,
  breakEvenSettlements: null,
  breakEvenHours: null,
  fair: null,
  capacity: null
}

const REFUSALS: Readonly<Record<CarryRefusal, string>> = {
  no_spot_leg: 'the contract has no spot leg here',
  quarantined: 'prices contradict what a leg is taken for',
  multiplier_unresolved: 'how many coins one unit of the contract is, is not known',
  missing_quote: 'a leg has no two-sided quote of that time',
  stale: 'a leg’s best prices are too old',
  no_book: 'what rests behind the best prices of a leg is not known; a smaller size, or a larger DEPTH_CONTRACTS',
  book_too_thin: 'a book ends before this size',
  fx_unadjusted: 'the legs are in different dollars and no traded rate between them is fresh',
  depeg: 'the rate between the legs’ dollars is further than 50 bps from par',
  funding_unknown: 'the venue’s funding rate of that time is not known',
  interval_unknown: 'the interval of the venue’s funding rate is not known',
  near_expiry: 'less than a day is left',
  borrow_unknown: 'a reverse carry sells a borrowed coin; give borrowApr'
}

function numbersOf(input: CarryCase, sized: SizedCarry, answer: CarryAnswer) {
  const headline = sized.exits.find(({ exit }) => exit === headlineOf(input))
  return {
    entry: entryView(sized),
    funding: fundingView(input),
    borrowFrac: input.direction === 'reverse' ? sized.borrowFrac : null,
    exits: sized.exits.map(({ aprOnNotional, aprOnCapital, ...rest }) => ({
      ...rest,
      netAprNotional: aprOnNotional,
      netAprCapital: aprOnCapital
    })),
    netFrac: headline?.netFrac ?? null,
    netAprNotional: headline?.aprOnNotional ?? null,
    netAprCapital: headline?.aprOnCapital ?? null,
    costToRecoverFrac: sized.costToRecoverFrac,
    breakEvenSettlements: sized.breakEvenSettlements,
    breakEvenHours: sized.breakEvenHours,
    fair: fairView(input, sized, answer),
    capacity: capacityView(input, { ...answer, notional: toNumber(answer.notional) })
  }
}

function entryView({ entry, midBasisBps, spotExitSlippageBps, perpExitSlippageBps }: SizedCarry) {
  return {
    baseQuantity: decimalToString(entry.baseQty!),
    spotVwap: decimalToString(entry.spotVwap!),
    contractVwap: decimalToString(entry.perpVwap!),
    entryBasisBps: entry.entryBasisBps,
    midBasisBps,
    spotSlippageBps: entry.spotSlippageBps,
    contractSlippageBps: entry.perpSlippageBps,
    exitSlippageBps: spotExitSlippageBps + perpExitSlippageBps
  }
}

function fundingView({ funding, horizonHours }: CarryCase) {
  if (funding === null) return null
  const { fitted, settlements, sum, intervalHours, nextSettlementAt } = funding
  return {
    rate8h: fitted.next8h,
    longRun8h: fitted.path.longRun,
    persistence: fitted.path.persistence,
    method: fitted.method,
    settlementsUsed: fitted.settlements,
    intervalHours,
    settlements: settlements.length,
    nextSettlementAt: isoOrNull(nextSettlementAt),
    sumFrac: sum,
    expectedApr: perYear(sum, horizonHours)
  }
}

function feesView({ fees, terms, facts }: CarryAnswer) {
  const used = [fees.spot, fees.contract].filter((fee) => fee !== null)
  return {
    spotTaker: terms.fees.spotTaker,
    contractTaker: terms.fees.perpTaker,
    roundTripFrac: roundTripFees(terms.fees),
    deliveryFrac: facts.contract.expiresAt === null ? null : terms.deliveryFrac,
    spotTier: fees.spot?.tier ?? null,
    contractTier: fees.contract?.tier ?? null,
    tableVersion: FEE_TABLE_VERSION,
    sources: [...new Set(used.map(({ venue, source, readOn }) => `${venue}: ${source}${readOn ? ` (${readOn})` : ''}`))]
  }
}

function risksOf({ facts, terms, intervalChanges }: CarryAnswer, input: CarryCase | null) {
  const { contract, spot, contractFacts } = facts
  const estimate = contractFacts.latest?.estimate
  const isAt = (bound: string | null) => bound !== null && Number(bound) === Number(estimate?.rate)
  return {
    marginMoveFrac: terms.perpMarginFrac,
    adverseBps: facts.sigmaBps,
    fundingTurns: input !== null && turns(input, terms.direction),
    intervalChanges,
    atBound: estimate ? isAt(estimate.cap) || isAt(estimate.floor) : false,
    isCrossVenue: spot !== null && spot.venue !== contract.venue,
    venues: [...new Set([contract.venue, ...(spot ? [spot.venue] : [])])],
    stablecoins: [...new Set([contract.quote, contract.settle, spot?.quote])].filter(
      (currency): currency is string => typeof currency === 'string' && currency !== 'USD' && isDollarLike(currency)
    ),
    autoDeleveraging: true
  }
}

/** Whether the holder is expected to pay, at the beginning or in the end. */
function turns({ funding }: CarryCase, direction: CarryDirection): boolean {
  if (funding === null) return false
  const side = direction === 'forward' ? 1 : -1
  return [funding.fitted.path.next, funding.fitted.path.longRun].some((rate) => side * rate < 0)
}
