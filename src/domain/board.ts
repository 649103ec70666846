import { absentPrices } from './absent.ts'
import { type Basis, basisBetween } from './basis.ts'
import { activityOf, fundingOf, isFreshMark, markOf } from './board-facts.ts'
import type { BoardRow } from './board-row.ts'
import { annualiseDated } from './dated.ts'
import { type Decimal, decimalOrNull, decimalToString, multiply, numberOrNull, parseDecimal } from './decimal.ts'
import { GATE_DEFAULTS } from './gates.ts'
import type { Instrument } from './instrument.ts'
import type { Latest } from './latest.ts'
import { pricesAgree } from './multiplier.ts'
import { areOneThing, isNearIndex } from './plausibility.ts'
import { judgeBasis, type QualityReason } from './quality.ts'
import { legMultiplier } from './spot-leg.ts'
import { isoOrNull, MINUTE } from './time.ts'
import type { TradedFx } from './traded-fx.ts'

/** Raised whenever a formula of the board gets another meaning; stored with every basis. */
export const BASIS_FORMULA_VERSION = 1

const LEG_FIELDS = [
  'key',
  'venue',
  'asset',
  'kind',
  'quote',
  'settle',
  'inverse',
  'multiplier',
  'multiplierSource',
  'quarantine',
  'status',
  'listedAt',
  'firstSeenAt',
  'founding',
  'expiresAt'
] as const satisfies readonly (keyof Instrument)[]

/** What of an instrument its row depends on: kept with the row, since an instrument may change. */
export type BoardLeg = Pick<Instrument, (typeof LEG_FIELDS)[number]>

export function boardLegOf(instrument: BoardLeg): BoardLeg {
  return Object.fromEntries(LEG_FIELDS.map((field) => [field, instrument[field]])) as unknown as BoardLeg
}

export type BoardInputs = {
  readonly nowMs: number
  readonly contract: BoardLeg
  readonly spot: BoardLeg | null
  readonly contractLatest: Latest | undefined
  readonly spotLatest: Latest | undefined
  /** Only for legs in different quotes; null when none was traded lately. */
  readonly tradedFx: TradedFx | null
  /** `impact` where either leg's venue publishes impact prices only. */
  readonly priceKind: 'mid' | 'impact'
  readonly pollMs: number
  readonly openInterestMs: number
  /** Which of our readings of the contract's venue is in use. */
  readonly adapterVersion: number
}

/** A book that has not moved at all for this long, on a contract that is polled, is a frozen feed. */
const FROZEN_AFTER_MS = 10 * MINUTE

/** One row of the board from the newest facts of its two legs. Pure: the same inputs give the same row. */
export function deriveBoardRow(inputs: BoardInputs): BoardRow {
  const { nowMs, contract, contractLatest, spotLatest } = inputs
  // What is under quarantine is joined to nothing.
  const spot = isHeldBack(inputs) ? null : inputs.spot
  const perp = contractLatest?.quote ?? null
  const leg = spot === null ? null : (spotLatest?.quote ?? null)
  const fx = spot === null ? null : spot.quote === contract.quote ? 1 : (inputs.tradedFx?.rate ?? null)
  const basis = basisBetween({
    contractBid: decimalOrNull(perp?.bid),
    contractAsk: decimalOrNull(perp?.ask),
    spotBid: decimalOrNull(leg?.bid),
    spotAsk: decimalOrNull(leg?.ask),
    multiplier: legMultiplier(contract, spot) ?? 1,
    fx
  })
  const times = legTimes(perp, leg)
  const { grade, reasons } = judgeBasis({
    nowMs,
    contract: {
      bid: decimalOrNull(perp?.bid),
      ask: decimalOrNull(perp?.ask),
      ts: times.contractTs,
      active: isActive(contract),
      // An unknown listing time counts as old only for what was there when we first looked.
      listedMs: contract.listedAt ?? (contract.founding ? null : contract.firstSeenAt),
      expiryMs: contract.expiresAt
    },
    spot: spot && {
      bid: decimalOrNull(leg?.bid),
      ask: decimalOrNull(leg?.ask),
      ts: times.spotTs,
      active: isActive(spot)
    },
    priceKind: inputs.priceKind,
    basisBps: basis.basisBps,
    known: knownReasons(inputs, basis)
  })
  const absent: Record<string, string> = {}
  const row = {
    ...namesOf(contract, spot),
    fx,
    ...pricesOf(basis, perp),
    ...markOf(inputs, absent),
    ...datedOf(inputs, basis, fx),
    ...fundingOf(inputs, absent),
    ...activityOf(inputs, absent),
    priceKind: inputs.priceKind,
    grade,
    reasons,
    ageMs: times.observedAt === null ? null : nowMs - times.observedAt,
    skewMs: times.skewMs,
    observedAt: isoOrNull(times.observedAt),
    contractObservedAt: isoOrNull(perp?.observedAt),
    spotObservedAt: isoOrNull(leg?.observedAt),
    contractVenueTime: isoOrNull(perp?.venueTime),
    spotVenueTime: isoOrNull(leg?.venueTime)
  }
  return { ...row, absent: { ...absentPrices(row), ...absent } }
}

const textOf = (value: Decimal | null) => (value === null ? null : decimalToString(value))

const isActive = ({ status }: BoardLeg) => status === 'listed' || status === 'delisting'

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

function knownReasons(inputs: BoardInputs, basis: Basis): QualityReason[] {
  const { nowMs, contract, spot, contractLatest, spotLatest, tradedFx } = inputs
  const reasons: QualityReason[] = []
  const isFrozen = (leg: Leg | undefined) => leg && nowMs - leg.changedAt > FROZEN_AFTER_MS
  if (isFrozen(contractLatest?.quote) || isFrozen(spotLatest?.quote)) reasons.push('frozen')
  if (contract.multiplierSource === 'unresolved' || contract.multiplier === null) reasons.push('multiplier_unresolved')
  else if (contract.multiplierSource === 'stripped' && basis.contractMid && basis.spotMid) {
    // Spot is in contract units already, so the multiplier left to check is one.
    if (!pricesAgree(basis.contractMid, basis.spotMid, 1)) reasons.push('multiplier_unresolved')
  }
  if (isHeldBack(inputs) || isQuarantined(inputs, basis)) reasons.push('quarantined')
  if (spot && spot.quote !== contract.quote) {
    if (tradedFx === null) reasons.push('fx_unadjusted')
    else if (Math.abs(tradedFx.rate - 1) * 10_000 > GATE_DEFAULTS.depegBps) reasons.push('depeg')
  }
  return reasons
}

/** Other venues' prices say that a leg is not what it is taken for. */
const isHeldBack = ({ contract, spot }: BoardInputs) =>
  contract.quarantine !== null || (spot?.quarantine ?? null) !== null

/** Prices of one thing that contradict each other: the book against the mark, the mark or the coin against the index. */
function isQuarantined({ nowMs, pollMs, contractLatest, contract, spot }: BoardInputs, basis: Basis): boolean {
  const said = contractLatest?.mark
  if (!said || !isFreshMark(said, pollMs, nowMs)) return false
  const [mark, index] = [numberOrNull(said.mark), numberOrNull(said.index)]
  const mid = numberOrNull(textOf(basis.contractMid))
  const spotMid = spot?.quote === contract.quote ? numberOrNull(textOf(basis.spotMid)) : null
  const isUnresolved = contract.multiplier === null
  return !areOneThing(mark, index) || !areOneThing(mid, mark) || (!isUnresolved && !isNearIndex(spotMid, index))
}

function namesOf(contract: BoardLeg, spot: BoardLeg | null) {
  return {
    instrument: contract.key,
    spot: spot?.key ?? null,
    venue: contract.venue,
    asset: contract.asset,
    kind: contract.kind as BoardRow['kind'],
    quote: contract.quote,
    settle: contract.settle,
    inverse: contract.inverse,
    multiplier: numberOrNull(textOf(legMultiplier(contract, spot)))
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

function datedOf({ nowMs, contract }: BoardInputs, basis: Basis, fx: number | null) {
  if (contract.expiresAt === null) return { expiresAt: null, daysToExpiry: null, basisApr: null }
  // A year multiplies whatever the currencies differ by: without their rate nothing is annualised.
  const conversion = fx === null ? null : (parseDecimal(String(fx)) ?? null)
  const { daysToExpiry, aprSimple } = annualiseDated({
    spot: basis.spotMid && conversion && multiply(basis.spotMid, conversion),
    future: basis.contractMid,
    nowMs,
    expiryMs: contract.expiresAt
  })
  return { expiresAt: isoOrNull(contract.expiresAt), daysToExpiry, basisApr: aprSimple }
}
