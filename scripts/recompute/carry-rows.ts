import type { Value } from './answer.ts'

// The rows of a carry, as they are answered.

export type Listed = {
  readonly kind: string
  readonly quote: string
  readonly inverse: boolean | null
  readonly multiplier: string
  readonly expiresAt: string | null
}
type Quote = Readonly<Record<'bid' | 'ask', string>> & {
  readonly bidSize: string | null
  readonly askSize: string | null
  readonly observedAt: string
}
export type Estimate = {
  readonly rate: string
  readonly intervalHours: number | null
  readonly kind: string
  readonly cap: string | null
  readonly floor: string | null
  readonly nextSettlementAt: string | null
}
export type Leg = {
  readonly latest?: {
    readonly quote: Quote | null
    readonly estimate: Estimate | null
    readonly openInterest: { readonly usd: string | null } | null
    readonly volume: { readonly volume24hUsd: string | null } | null
  }
  readonly depth?: {
    readonly observedAt: string
    readonly bids: readonly (string | null)[]
    readonly asks: readonly (string | null)[]
  }
}
export type Rule = {
  readonly scheme: string
  readonly interest8h: number
  readonly damper: number
  readonly passThrough8h?: number
}
export type CarryRows = {
  readonly derivedAt: string
  readonly contract: Listed
  readonly spot: Listed
  readonly contractFacts: Leg
  readonly spotFacts: Leg
  readonly tradedFx: { readonly rate: number } | null
  readonly settlements: readonly {
    readonly settledAt: string
    readonly rate: string
    readonly intervalHours: number | null
  }[]
  readonly closes: readonly { readonly basisBps: number | null }[]
  readonly periods: readonly { readonly meanBps: number | null }[]
  readonly terms: Readonly<
    Record<
      | 'horizonHours'
      | 'spotTaker'
      | 'contractTaker'
      | 'deliveryFrac'
      | 'margin'
      | 'rQuote'
      | 'rBase'
      | 'quoteAgeMs'
      | 'bookAgeMs',
      number
    >
  > & { readonly direction: 'forward' | 'reverse'; readonly borrowApr: number | null }
  readonly rule: Rule | null
  readonly minNetApr: number
  readonly notional: string
  readonly feeTableVersion: Value
}

export const sideOf = ({ terms }: CarryRows) => (terms.direction === 'forward' ? 1 : -1)
export const amountOf = (amount: string | null | undefined) =>
  amount === null || amount === undefined ? null : Number(amount)
