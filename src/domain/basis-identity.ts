import { add, compare, type Decimal, multiply, parseDecimal, subtract } from './decimal.ts'

/** What a basis is made of, in bps: the parts are exactly the whole, and nothing is scaled to make them so. */
export type BasisParts = {
  readonly observedBps: Decimal
  /** Of the two quotes: raw − adjusted basis. */
  readonly fxBps: Decimal
  /** What the contract is worth above spot without any opinion: of a future (r_q − r_b)·T, of a perpetual its fair premium. */
  readonly carryBps: Decimal
  readonly residualBps: Decimal
  /** Beyond two deviations of the noise between the legs' times; null where that noise is not known. */
  readonly residualSignificant: boolean | null
  readonly sumCheckBps: Decimal
}

const TWO = parseDecimal('2')!

/** observed = fx + fair carry + residual, in exact decimals; null where one of the three is not known. Spec 2.5, vector 46. */
export function splitBasis(input: {
  readonly observedBps: Decimal | null
  readonly fxBps: Decimal | null
  readonly fairCarryBps: Decimal | null
  /** One deviation, `skewNoiseBps`. */
  readonly noiseSigmaBps: Decimal | null
}): BasisParts | null {
  const { observedBps, fxBps, fairCarryBps: carryBps, noiseSigmaBps } = input
  if (observedBps === null || fxBps === null || carryBps === null) return null
  const residualBps = subtract(subtract(observedBps, fxBps), carryBps)
  return {
    observedBps,
    fxBps,
    carryBps,
    residualBps,
    residualSignificant: noiseSigmaBps === null ? null : isBeyond(residualBps, multiply(TWO, noiseSigmaBps)),
    sumCheckBps: add(add(fxBps, carryBps), residualBps)
  }
}

function isBeyond(value: Decimal, bound: Decimal): boolean {
  return compare(multiply(value, value), multiply(bound, bound)) > 0
}
