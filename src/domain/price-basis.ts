import { basisOfPrices } from './basis.ts'
import { decimalToString, parseDecimal } from './decimal.ts'
import type { Instrument } from './instrument.ts'
import { pricesAgree } from './multiplier.ts'
import { type Judgement, judgeBasis, type QualityReason } from './quality.ts'
import { legMultiplier } from './spot-leg.ts'

/** One leg's last price at a grid time. Times in epoch milliseconds. */
export type LegPrice = {
  readonly tickAt: number
  readonly observedAt: number
  readonly availableAt: number
  readonly last: string
  readonly spanMs: number
}

export type PriceBasis = Judgement & {
  readonly tickAt: number
  readonly observedAt: number
  readonly availableAt: number
  readonly contractObservedAt: number
  readonly spotObservedAt: number
  readonly skewMs: number
  readonly contractMid: string
  /** In contract units. */
  readonly spotMid: string
  readonly basisBps: number
  readonly adjustedBasisBps: number | null
  /** The longer of the two: what one pair of prices stands for. */
  readonly spanMs: number
}

/** Bases of `priceKind: last` wherever both legs have a price at the same grid time; other times give none. */
export function basisOfLastPrices(
  contract: Instrument,
  spot: Instrument,
  contractPrices: readonly LegPrice[],
  spotPrices: readonly LegPrice[]
): PriceBasis[] {
  const spotAt = new Map(spotPrices.map((price) => [price.tickAt, price]))
  const fx = contract.quote === spot.quote ? 1 : null
  return contractPrices.flatMap((price) => {
    const leg = spotAt.get(price.tickAt)
    return leg ? (pairPrices(contract, spot, price, leg, fx) ?? []) : []
  })
}

function pairPrices(
  contract: Instrument,
  spot: Instrument,
  price: LegPrice,
  leg: LegPrice,
  fx: number | null
): PriceBasis | undefined {
  const basis = basisOfPrices({
    contractPrice: parseDecimal(price.last) ?? null,
    spotPrice: parseDecimal(leg.last) ?? null,
    multiplier: legMultiplier(contract, spot) ?? 1,
    fx
  })
  if (basis.basisBps === null || !basis.contractMid || !basis.spotMid) return undefined
  const known: QualityReason[] = fx === null ? ['fx_unadjusted'] : []
  const isStripped = contract.multiplierSource === 'stripped' && !pricesAgree(basis.contractMid, basis.spotMid, 1)
  if (isStripped || contract.multiplier === null) known.push('multiplier_unresolved')
  if (contract.quarantine || spot.quarantine) known.push('quarantined')
  const book = { bid: null, ask: null, active: true }
  const judgement = judgeBasis({
    // Judged as of its own time: a price of the past is not stale for being past.
    nowMs: Math.max(price.observedAt, leg.observedAt),
    contract: { ...book, ts: price.observedAt, listedMs: null, expiryMs: contract.expiresAt },
    spot: { ...book, ts: leg.observedAt },
    priceKind: 'last',
    basisBps: basis.basisBps,
    known
  })
  return {
    ...judgement,
    tickAt: price.tickAt,
    observedAt: Math.min(price.observedAt, leg.observedAt),
    availableAt: Math.max(price.availableAt, leg.availableAt),
    contractObservedAt: price.observedAt,
    spotObservedAt: leg.observedAt,
    skewMs: Math.abs(price.observedAt - leg.observedAt),
    contractMid: decimalToString(basis.contractMid),
    spotMid: decimalToString(basis.spotMid),
    basisBps: basis.basisBps,
    adjustedBasisBps: basis.adjustedBasisBps,
    spanMs: Math.max(price.spanMs, leg.spanMs)
  }
}
