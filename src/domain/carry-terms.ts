import { FEE_TABLE_VERSION } from './fees.ts'

/**
 * What an opportunity is looked for with: 50,000 in the quote currency of spot, for a week, at everybody's fees. Margin is a fraction of
 * notional, `quoteRate` what dollars earn a year. All of it is in the id of every signal. Spec 3.1, 6.
 */
export const CARRY_SIGNAL_TERMS = {
  notional: 50_000,
  horizonHours: 168,
  marginFrac: 0.2,
  quoteRate: 0.05,
  feeTableVersion: FEE_TABLE_VERSION
} as const
export type CarrySignalTerms = { readonly [Name in keyof typeof CARRY_SIGNAL_TERMS]: number }
