import type { BucketType } from './signal-types.ts'
import {
  basisDislocation,
  changesKnownAt,
  curveRateOf,
  expectation,
  intervalChange,
  leverageBuildup,
  liquidityThinning,
  stablecoinDepeg,
  type ToldInterval,
  usualDepth,
  venueTrouble
} from './signal-values.ts'
import { DAY } from './time.ts'

/** What a bucket of one subject was made of, by its type, as plain data. Times in epoch milliseconds; a carry has facts of its own. */
export type BucketFacts = {
  /** Adjusted bases of grade `signal`, bps. */
  readonly basis_dislocation: { readonly bases: readonly { readonly tickAt: number; readonly adjustedBps: number }[] }
  /** The same of every dated contract, each against one spot leg. */
  readonly expectation: {
    readonly contracts: readonly {
      readonly instrument: string
      readonly spot: string | null
      readonly expiresAt: number
      readonly adjustedBps: readonly number[]
    }[]
  }
  readonly stablecoin_depeg: {
    readonly quotes: readonly { readonly tickAt: number; readonly bid: string; readonly ask: string }[]
  }
  readonly interval_change: {
    readonly ledger: readonly { readonly effectiveAt: number; readonly hours: number; readonly toldAt: number }[]
  }
  readonly venue_trouble: { readonly polls: readonly { readonly tickAt: number; readonly state: string }[] }
  /** Coins: of the bucket, and of the buckets a day before that count, null where none does. */
  readonly leverage_buildup: {
    readonly held: readonly { readonly tickAt: number; readonly base: number }[]
    readonly dayBefore: { readonly tickAt: number; readonly base: number } | null
  }
  /** The thinner side within 10 bps of mid, quote currency: of the bucket, and of the week before its day. */
  readonly liquidity_thinning: {
    readonly depths: readonly { readonly tickAt: number; readonly depth: number }[]
    readonly week: readonly { readonly tickAt: number; readonly depth: number }[]
  }
}
export type FactsType = Exclude<BucketType, 'carry_opportunity'>

export type BucketReadout = { readonly value: number | null; readonly observations: number }

/** What the bucket that ends at `at` says, and of how many facts. The same as its source says. */
export const READ_BUCKET: { readonly [Type in FactsType]: (facts: BucketFacts[Type], at: number) => BucketReadout } = {
  basis_dislocation: ({ bases }) => {
    return { value: basisDislocation({ adjustedBps: bases.map((one) => one.adjustedBps) }), observations: bases.length }
  },
  expectation: ({ contracts }, at) => {
    const points = contracts.flatMap(({ expiresAt, adjustedBps }) => {
      const middle = basisDislocation({ adjustedBps })
      const days = (expiresAt - at) / DAY
      return middle === null ? [] : [{ days, aprContinuous: curveRateOf(middle, days) }]
    })
    return { value: expectation({ points }), observations: contracts.flatMap((one) => one.adjustedBps).length }
  },
  stablecoin_depeg: ({ quotes }) => {
    const rates = quotes.map(({ bid, ask }) => (Number(bid) + Number(ask)) / 2)
    return { value: stablecoinDepeg({ rates }), observations: quotes.length }
  },
  interval_change: ({ ledger }, at) => {
    const told = ledger.map(({ effectiveAt, ...entry }): ToldInterval => ({ ...entry, effectiveFrom: effectiveAt }))
    const changes = changesKnownAt(told, at)
    return { value: intervalChange({ at, changes }), observations: changes.length }
  },
  venue_trouble: ({ polls }) => {
    const failed = polls.filter(({ state }) => state === 'failed').length
    return { value: venueTrouble({ failed, done: polls.length - failed }), observations: polls.length }
  },
  leverage_buildup: ({ held, dayBefore }) => {
    const value = leverageBuildup({ base: held.at(-1)?.base ?? null, dayBefore: dayBefore?.base ?? null })
    return { value, observations: held.length }
  },
  liquidity_thinning: ({ depths, week }) => {
    const depth = depths.map((one) => one.depth)
    return {
      value: liquidityThinning({ depth, usual: usualDepth(week.map((one) => one.depth)) }),
      observations: depth.length
    }
  }
}
