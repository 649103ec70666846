import type { BoardRow } from '../src/domain/board-row.ts'
import type { Grade, QualityReason } from '../src/domain/quality.ts'

export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  signal: 'every check passed: good for signals',
  display: 'for looking at, not for signals',
  none: 'not to be relied on'
}

export const REASON_WORDS: Readonly<Record<QualityReason, string>> = {
  missing_quote: 'a bid or an ask is missing',
  crossed_book: 'the bid is at or above the ask',
  stale_spot: 'the spot price is old',
  stale_perp: 'the contract’s price is old',
  future_timestamp: 'a price is stamped in the future',
  leg_skew: 'the two legs are not of the same moment',
  wide_spread_spot: 'the spot book is wide',
  wide_spread_perp: 'the contract’s book is wide',
  inactive_spot: 'the spot market is not trading',
  inactive_perp: 'the contract is not trading',
  new_listing: 'listed only a short while ago',
  near_expiry: 'about to expire',
  basis_out_of_range: 'the basis is too large to be true',
  no_spot_leg: 'no spot market to hold it against',
  multiplier_unresolved: 'how many coins one unit is, is not certain',
  quarantined: 'held back: it contradicts what is known',
  frozen: 'the price has not moved for a suspiciously long time',
  fx_unadjusted: 'no fresh rate between the two quote currencies',
  depeg: 'a stablecoin of this pair is off its peg',
  price_impact: 'made of impact prices, the venue’s best bid and ask are not in it',
  price_mark: 'made of mark prices, not of a book',
  price_last: 'made of last trades, not of a book',
  display_only_venue: 'this venue is shown, never used for signals',
  interval_assumed: 'nobody declared the funding interval; it is assumed'
}

const ABSENT_WORDS: Readonly<Record<string, string>> = {
  no_spot_leg: 'no spot market to hold it against',
  missing_quote: 'a bid or an ask is missing',
  fx_unadjusted: 'no fresh rate between the two quote currencies',
  not_published: 'the venue does not publish it',
  not_observed: 'not received yet',
  stale: 'what was received is too old to show',
  unit_unknown: 'the venue does not say in which unit',
  interval_unknown: 'the funding interval is not known, so it cannot be annualised',
  mark_implausible: 'mark and index contradict each other'
}

const FUNDING_FIELDS = /^(funding|nextSettlement|cap$|floor$|determined$)/
const EXPIRY_FIELDS = /^(expiresAt|daysToExpiry|basisApr)$/

/** Why a field of a row is null, in words. */
export function absenceOf(row: BoardRow, field: keyof BoardRow): string {
  const code = row.absent[field]
  if (code !== undefined) return ABSENT_WORDS[code] ?? code
  if (row.kind === 'perpetual' && EXPIRY_FIELDS.test(field)) return 'a perpetual does not expire'
  if (row.kind === 'future' && FUNDING_FIELDS.test(field)) return 'a dated future pays no funding'
  // A missing rate explains every field that is made of it.
  const funding = FUNDING_FIELDS.test(field) ? row.absent.fundingRate : undefined
  return funding === undefined ? 'not known' : (ABSENT_WORDS[funding] ?? funding)
}

export function reasonsInWords(reasons: readonly QualityReason[]): string {
  return reasons.map((reason) => REASON_WORDS[reason] ?? reason).join('; ')
}
