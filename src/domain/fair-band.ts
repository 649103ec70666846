/** Where a premium is against the bounds within which no trade pays its costs. */
export const BAND_PLACES = ['rich', 'cheap', 'inside'] as const
export type BandPlace = (typeof BAND_PLACES)[number]

export type FairBand = {
  readonly lowerBps: number | null
  readonly upperBps: number | null
  readonly classification: BandPlace | null
  /** Beyond the nearer bound; negative below, 0 inside. */
  readonly excessBps: number | null
}

/**
 * Premium (bps) against [fair low − reverse cost, fair high + forward cost], costs of the full round trip at a size. Null where any
 * of them is not known: without a borrow rate nobody knows how cheap a contract may get. Spec 4.4, vector 37.
 */
export function fairBand(input: {
  readonly observedBps: number | null
  readonly fairLowBps: number | null
  readonly fairHighBps: number | null
  readonly costForwardBps: number | null
  readonly costReverseBps: number | null
}): FairBand {
  const lowerBps = known(input.fairLowBps, input.costReverseBps, -1)
  const upperBps = known(input.fairHighBps, input.costForwardBps, 1)
  const observed = input.observedBps
  if (observed === null || !Number.isFinite(observed))
    return { lowerBps, upperBps, classification: null, excessBps: null }
  // One bound is enough to be beyond it.
  if (upperBps !== null && observed > upperBps) {
    return { lowerBps, upperBps, classification: 'rich', excessBps: observed - upperBps }
  }
  if (lowerBps !== null && observed < lowerBps) {
    return { lowerBps, upperBps, classification: 'cheap', excessBps: observed - lowerBps }
  }
  if (lowerBps === null || upperBps === null) return { lowerBps, upperBps, classification: null, excessBps: null }
  return { lowerBps, upperBps, classification: 'inside', excessBps: 0 }
}

/** Until a cheap perpetual is expected back, days: what a reverse carry borrows for. Spec 4.4. */
export const RETURN_DAYS = 3

/** What borrowing the coin for so many days costs, bps, at a rate a year; null: nobody says. A dated contract returns at its expiry. */
export function borrowUntilReturnBps(borrowApr: number | null, days: number = RETURN_DAYS): number | null {
  return borrowApr === null ? null : (borrowApr * days * 10_000) / 365
}

function known(fair: number | null, cost: number | null, sign: 1 | -1): number | null {
  if (fair === null || cost === null) return null
  const bound = fair + sign * cost
  return Number.isFinite(bound) ? bound : null
}

/**
 * The band that holds whatever funding does until the premium is back, `periods8h` later: a short must bear the floor all along, a
 * long the cap (fractions per 8 h). Null bounds where the venue sets none, or the band has none. The wider the cap, the wider the
 * band. Derived from spec 4.1, 4.4.
 */
export function worstFundingBand(input: {
  readonly band: Pick<FairBand, 'lowerBps' | 'upperBps'>
  readonly cap8h: number | null
  readonly floor8h: number | null
  readonly periods8h: number
}): Pick<FairBand, 'lowerBps' | 'upperBps'> {
  const { band, cap8h, floor8h, periods8h } = input
  const worst = (bound8h: number | null) => (bound8h === null ? null : Math.max(bound8h, 0) * periods8h * 10_000)
  const [paidByLong, paidByShort] = [worst(cap8h), worst(floor8h === null ? null : -floor8h)]
  return { lowerBps: known(band.lowerBps, paidByLong, -1), upperBps: known(band.upperBps, paidByShort, 1) }
}
