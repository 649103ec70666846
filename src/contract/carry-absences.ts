import { reasonsIn } from './reasons.ts'

/** What of a carry decides why its fields are null. */
type Asked = {
  readonly refusal: string | null
  readonly hasSpot: boolean
  readonly isPerpetual: boolean
  readonly hasDeviation: boolean
  /** Of period averages, or why it is not known. */
  readonly scatter: number | string
  readonly hasBorrow: boolean
}

/** A row of carry before its reasons. */
type Row = {
  readonly fair: { readonly fairBps: number | null } | null
  readonly capacity: {
    readonly halvingBound: string
    readonly bookNotional: number | null
    readonly bookBound: string
    readonly openInterestLimit: number | null
    readonly volumeLimit: number | null
    readonly curve: readonly { readonly netAprCapital: number | null }[]
  } | null
}

/** Why a carry's fields are null, those that a perpetual or a dated contract never has apart. */
export function carryAbsences(row: Row, asked: Asked): Record<string, string> {
  const { refusal, hasSpot, hasDeviation } = asked
  const deviation = hasDeviation ? undefined : 'short_history'
  return {
    ...reasonsIn(row, {
      spot: 'no_spot_leg',
      'fees.spotTier': 'given',
      'fees.contractTier': 'given',
      'risks.adverseBps': deviation,
      observedAt: hasSpot ? 'missing_quote' : 'no_spot_leg',
      ageMs: hasSpot ? 'missing_quote' : 'no_spot_leg',
      booksObservedAt: hasSpot ? 'not_observed' : 'no_spot_leg'
    }),
    ...(refusal === null ? toldAbsences(row, asked, deviation) : reasonsIn(row, refused(refusal, asked)))
  }
}

const OF_PERPETUALS = ['funding', 'costToRecoverFrac', 'breakEvenSettlements', 'breakEvenHours']
const OF_ALL = ['entry', 'borrowFrac', 'netFrac', 'netAprNotional', 'netAprCapital', 'fair', 'capacity']

const refused = (refusal: string, { isPerpetual }: Asked) =>
  Object.fromEntries([...OF_ALL, ...(isPerpetual ? OF_PERPETUALS : [])].map((field) => [field, refusal]))

function toldAbsences(row: Row, { isPerpetual, hasBorrow, scatter }: Asked, deviation: string | undefined) {
  const { halvingBound, bookBound, bookNotional, openInterestLimit, volumeLimit, curve } = row.capacity!
  const formula = row.fair!.fairBps === null ? 'formula_unverified' : undefined
  const bound = formula ?? (hasBorrow ? undefined : 'borrow_unknown')
  const unknown = typeof scatter === 'string' ? scatter : undefined
  const others = openInterestLimit === null ? 'open_interest_unknown' : volumeLimit === null ? 'volume_unknown' : null
  // With all three known the books are the least of them, and what they bear beyond was not seen.
  const limit = bookNotional === null ? bookBound : (others ?? bookBound)
  return {
    ...(deviation === undefined ? {} : { 'exits.adverse': deviation }),
    ...(curve.some(({ netAprCapital }) => netAprCapital === null) ? { 'capacity.curve': 'book_ends' } : {}),
    ...reasonsIn(row, {
      borrowFrac: 'nothing_borrowed',
      breakEvenSettlements: isPerpetual && 'never',
      breakEvenHours: isPerpetual && 'never',
      'fair.fairBps': formula,
      'fair.noisyFairBps': isPerpetual && (formula ?? unknown ?? 'no_deviation'),
      'fair.premiumSigmaBps': isPerpetual && unknown,
      'fair.sigmaBps': deviation,
      'fair.lowerBps': bound,
      'fair.upperBps': formula,
      'fair.worstLowerBps': bound ?? 'no_cap',
      'fair.worstUpperBps': formula ?? 'no_floor',
      'fair.place': bound,
      'fair.excessBps': bound,
      'capacity.halvingNotional': halvingBound,
      'capacity.bookNotional': bookBound,
      'capacity.openInterestLimit': 'open_interest_unknown',
      'capacity.volumeLimit': 'volume_unknown',
      'capacity.capacityUsd': limit,
      'capacity.binding': limit
    })
  }
}
