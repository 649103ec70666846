import { type Basis, basisBetween, premiumBps } from './basis.ts'
import type { BoardRow } from './board-row.ts'
import { annualiseDated } from './dated.ts'
import { type Decimal, decimalToString, parseDecimal, toNumber } from './decimal.ts'
import { annualiseFunding } from './funding.ts'
import { GATE_DEFAULTS } from './gates.ts'
import type { Instrument } from './instrument.ts'
import type { Latest } from './latest.ts'
import { pricesAgree } from './multiplier.ts'
import { judgeBasis, type QualityReason } from './quality.ts'
import { isoOrNull, MINUTE, SECOND } from './time.ts'

/** Raised whenever a formula of the board gets another meaning; stored with every basis. */
export const BASIS_FORMULA_VERSION = 1

/** Contract quote per spot quote, from a traded stablecoin price. */
export type TradedFx = { readonly rate: number; readonly observedAt: number; readonly instrument: string }

export type BoardInputs = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly spot: Instrument | null
  readonly contractLatest: Latest | undefined
  readonly spotLatest: Latest | undefined
  /** Only for legs in different quotes; null when none was traded lately. */
  readonly tradedFx: TradedFx | null
  readonly pollMs: number
  readonly openInterestMs: number
}

/** A book that has not moved at all for this long, on a contract that is polled, is a frozen feed. */
const FROZEN_AFTER_MS = 10 * MINUTE
const VOLUME_MAX_AGE_MS = 5 * MINUTE

/** One row of the board from the newest facts of its two legs. Pure: the same inputs give the same row. */
export function deriveBoardRow(inputs: BoardInputs): BoardRow {
  const { nowMs, contract, spot, contractLatest, spotLatest } = inputs
  const perp = contractLatest?.quote ?? null
  const leg = spot === null ? null : (spotLatest?.quote ?? null)
  const fx = spot === null ? null : spot.quote === contract.quote ? 1 : (inputs.tradedFx?.rate ?? null)
  const basis = basisBetween({
    contractBid: decimalOf(perp?.bid),
    contractAsk: decimalOf(perp?.ask),
    spotBid: decimalOf(leg?.bid),
    spotAsk: decimalOf(leg?.ask),
    multiplier: decimalOf(contract.multiplier) ?? 1,
    fx
  })
  const times = legTimes(perp, leg)
  const { grade, reasons } = judgeBasis({
    nowMs,
    contract: {
      bid: decimalOf(perp?.bid),
      ask: decimalOf(perp?.ask),
      ts: times.contractTs,
      active: isActive(contract),
      listedMs: contract.founding && contract.listedAt === null ? null : contract.listedAt,
      expiryMs: contract.expiresAt
    },
    spot: spot && {
      bid: decimalOf(leg?.bid),
      ask: decimalOf(leg?.ask),
      ts: times.spotTs,
      active: isActive(spot)
    },
    priceKind: 'mid',
    basisBps: basis.basisBps,
    known: knownReasons(inputs, basis)
  })
  const absent: Record<string, string> = {}
  return {
    ...namesOf(contract, spot),
    fx,
    ...pricesOf(basis, perp),
    ...markOf(inputs, absent),
    ...datedOf(inputs, basis),
    ...fundingOf(inputs, absent),
    ...activityOf(inputs, absent),
    priceKind: 'mid',
    grade,
    reasons,
    ageMs: times.observedAt === null ? null : nowMs - times.observedAt,
    skewMs: times.skewMs,
    absent: { ...absentPrices(basis, spot, fx), ...absent },
    observedAt: isoOrNull(times.observedAt),
    contractObservedAt: isoOrNull(perp?.observedAt),
    spotObservedAt: isoOrNull(leg?.observedAt),
    contractVenueTime: isoOrNull(perp?.venueTime),
    spotVenueTime: isoOrNull(leg?.venueTime)
  }
}

function decimalOf(text: string | null | undefined): Decimal | null {
  return text === null || text === undefined ? null : (parseDecimal(text) ?? null)
}

const textOf = (value: Decimal | null) => (value === null ? null : decimalToString(value))

const isActive = ({ status }: Instrument) => status === 'listed' || status === 'delisting'

type Leg = Latest['quote']

/** The venue's own time feeds the gates; where it gives none, our receive time does. */
function legTimes(perp: Leg, leg: Leg) {
  const contractTs = perp === null ? null : (perp.venueTime ?? perp.observedAt)
  const spotTs = leg === null ? null : (leg.venueTime ?? leg.observedAt)
  return {
    contractTs,
    spotTs,
    observedAt: perp && leg ? Math.min(perp.observedAt, leg.observedAt) : null,
    skewMs: contractTs === null || spotTs === null ? null : Math.abs(contractTs - spotTs)
  }
}

function knownReasons(
  { nowMs, contract, spot, contractLatest, spotLatest, tradedFx }: BoardInputs,
  basis: Basis
): QualityReason[] {
  const reasons: QualityReason[] = []
  const isFrozen = (leg: Leg | undefined) => leg && nowMs - leg.changedAt > FROZEN_AFTER_MS
  if (isFrozen(contractLatest?.quote) || isFrozen(spotLatest?.quote)) reasons.push('frozen')
  if (contract.multiplierSource === 'unresolved' || contract.multiplier === null) reasons.push('multiplier_unresolved')
  else if (contract.multiplierSource === 'stripped' && basis.contractMid && basis.spotMid) {
    // Spot is in contract units already, so the multiplier left to check is one.
    if (!pricesAgree(basis.contractMid, basis.spotMid, 1)) reasons.push('multiplier_unresolved')
  }
  if (spot && spot.quote !== contract.quote) {
    if (tradedFx === null) reasons.push('fx_unadjusted')
    else if (Math.abs(tradedFx.rate - 1) * 10_000 > GATE_DEFAULTS.depegBps) reasons.push('depeg')
  }
  return reasons
}

function namesOf(contract: Instrument, spot: Instrument | null) {
  return {
    instrument: contract.key,
    spot: spot?.key ?? null,
    venue: contract.venue,
    asset: contract.asset,
    kind: contract.kind as BoardRow['kind'],
    quote: contract.quote,
    settle: contract.settle,
    inverse: contract.inverse,
    multiplier: contract.multiplier === null ? null : Number(contract.multiplier)
  }
}

function pricesOf(basis: Basis, perp: Leg) {
  return {
    contractBid: perp?.bid ?? null,
    contractAsk: perp?.ask ?? null,
    contractMid: textOf(basis.contractMid),
    spotBid: textOf(basis.spotBid),
    spotAsk: textOf(basis.spotAsk),
    spotMid: textOf(basis.spotMid),
    basisAbs: textOf(basis.basisAbs),
    basisBps: basis.basisBps,
    carryEntryBps: basis.carryEntryBps,
    reverseEntryBps: basis.reverseEntryBps,
    fxBps: basis.fxBps,
    adjustedBasisBps: basis.adjustedBasisBps
  }
}

function absentPrices(basis: Basis, spot: Instrument | null, fx: number | null): Record<string, string> {
  const code = spot === null ? 'no_spot_leg' : 'missing_quote'
  const absent: Record<string, string> = {}
  if (spot === null) absent.spot = code
  if (basis.contractMid === null) absent.contractMid = 'missing_quote'
  if (basis.spotMid === null) absent.spotMid = code
  if (basis.basisBps === null) absent.basisBps = basis.contractMid === null ? 'missing_quote' : code
  else if (fx === null) for (const field of ['fx', 'fxBps', 'adjustedBasisBps']) absent[field] = 'fx_unadjusted'
  return absent
}

/** A group of facts that was never seen, or not lately, is absent: the last print is not the current one. */
function fresh<T extends { readonly observedAt: number }>(
  group: T | null | undefined,
  maxAgeMs: number,
  nowMs: number
): T | 'stale' | 'not_observed' {
  if (!group) return 'not_observed'
  return nowMs - group.observedAt > maxAgeMs ? 'stale' : group
}

const pollMaxAge = (pollMs: number) => Math.max(30 * SECOND, 3 * pollMs)

function markOf({ contractLatest, nowMs, pollMs }: BoardInputs, absent: Record<string, string>) {
  const group = fresh(contractLatest?.mark, pollMaxAge(pollMs), nowMs)
  if (typeof group === 'string') {
    for (const field of ['mark', 'index', 'premiumBps']) absent[field] = group
    return { mark: null, index: null, premiumBps: null, markObservedAt: isoOrNull(contractLatest?.mark?.observedAt) }
  }
  if (group.mark === null) absent.mark = 'not_published'
  if (group.index === null) absent.index = 'not_published'
  return {
    mark: group.mark,
    index: group.index,
    premiumBps: premiumBps({ mark: decimalOf(group.mark), index: decimalOf(group.index) }),
    markObservedAt: isoOrNull(group.observedAt)
  }
}

function datedOf({ nowMs, contract }: BoardInputs, basis: Basis) {
  if (contract.expiresAt === null) return { expiresAt: null, daysToExpiry: null, basisApr: null }
  const { daysToExpiry, aprSimple } = annualiseDated({
    spot: basis.spotMid,
    future: basis.contractMid,
    nowMs,
    expiryMs: contract.expiresAt
  })
  return { expiresAt: isoOrNull(contract.expiresAt), daysToExpiry, basisApr: aprSimple }
}

const NO_FUNDING = {
  fundingRate: null,
  fundingIntervalHours: null,
  fundingIntervalSource: null,
  fundingKind: null,
  fundingRate8h: null,
  fundingApr: null,
  nextSettlementAt: null,
  cap: null,
  floor: null,
  determined: null
} as const

function fundingOf({ contract, contractLatest, nowMs, pollMs }: BoardInputs, absent: Record<string, string>) {
  if (contract.kind !== 'perpetual') return { ...NO_FUNDING, fundingObservedAt: null }
  const group = fresh(contractLatest?.estimate, pollMaxAge(pollMs), nowMs)
  if (typeof group === 'string') {
    absent.fundingRate = group
    return { ...NO_FUNDING, fundingObservedAt: isoOrNull(contractLatest?.estimate?.observedAt) }
  }
  const rate = Number(group.rate)
  const yearly = group.intervalHours === null ? null : annualiseFunding({ rate, intervalHours: group.intervalHours })
  if (yearly === null) for (const field of ['fundingIntervalHours', 'fundingApr']) absent[field] = 'interval_unknown'
  if (group.nextSettlementAt === null) absent.nextSettlementAt = 'not_published'
  for (const bound of ['cap', 'floor'] as const) if (group[bound] === null) absent[bound] = 'not_published'
  return {
    fundingRate: rate,
    fundingIntervalHours: group.intervalHours,
    fundingIntervalSource: group.intervalSource,
    fundingKind: group.kind,
    fundingRate8h: yearly?.rate8h ?? null,
    fundingApr: yearly?.apr ?? null,
    nextSettlementAt: isoOrNull(group.nextSettlementAt),
    cap: group.cap === null ? null : Number(group.cap),
    floor: group.floor === null ? null : Number(group.floor),
    determined: group.determined,
    fundingObservedAt: isoOrNull(group.observedAt)
  }
}

function activityOf({ contractLatest, nowMs, pollMs, openInterestMs }: BoardInputs, absent: Record<string, string>) {
  const open = fresh(contractLatest?.openInterest, Math.max(3 * openInterestMs, pollMaxAge(pollMs)), nowMs)
  const traded = fresh(contractLatest?.volume, Math.max(VOLUME_MAX_AGE_MS, pollMaxAge(pollMs)), nowMs)
  if (typeof open === 'string') absent.openInterestUsd = open
  else if (open.usd === null) absent.openInterestUsd = 'unit_unknown'
  if (typeof traded === 'string') absent.volume24hUsd = traded
  return {
    openInterestUsd: typeof open === 'string' ? null : open.usd,
    volume24hUsd: typeof traded === 'string' ? null : traded.volume24hUsd,
    openInterestObservedAt: isoOrNull(contractLatest?.openInterest?.observedAt)
  }
}

export type FxQuote = {
  readonly base: string
  readonly quote: string
  readonly key: string
  readonly latest: Latest | undefined
}

/** The contract-quote price of one unit of spot quote from a stablecoin pair traded within the last minute, first pair first. */
export function tradedFxOf(
  contractQuote: string,
  spotQuote: string,
  pairs: readonly FxQuote[],
  nowMs: number
): TradedFx | null {
  for (const { base, quote, key, latest } of pairs) {
    const isDirect = base === spotQuote && quote === contractQuote
    const isInverse = base === contractQuote && quote === spotQuote
    if (!isDirect && !isInverse) continue
    const book = latest?.quote
    const bid = decimalOf(book?.bid)
    const ask = decimalOf(book?.ask)
    if (!book || !bid || !ask || nowMs - book.observedAt > GATE_DEFAULTS.fxMaxAgeMs) continue
    const price = (toNumber(bid) + toNumber(ask)) / 2
    return { rate: isDirect ? price : 1 / price, observedAt: book.observedAt, instrument: key }
  }
  return null
}
