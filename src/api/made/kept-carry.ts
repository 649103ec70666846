import type { CarryFacts, KnownDepth, LegFacts } from '../../domain/carry-case.ts'
import { decimalOrNull, decimalToString } from '../../domain/decimal.ts'

type KeptDepth = Omit<KnownDepth, 'bids' | 'asks'> & {
  readonly bids: readonly (string | null)[]
  readonly asks: readonly (string | null)[]
}
export type KeptLeg = Omit<LegFacts, 'depth'> & { readonly depth?: KeptDepth | undefined }
/** What is known of a contract and its spot leg, as JSON keeps it. */
export type KeptFacts = Omit<CarryFacts, 'contractFacts' | 'spotFacts'> & {
  readonly contractFacts: KeptLeg
  readonly spotFacts: KeptLeg
}

export function keptFacts(facts: CarryFacts): KeptFacts {
  return { ...facts, contractFacts: keptLeg(facts.contractFacts), spotFacts: keptLeg(facts.spotFacts) }
}

export function factsAgain(facts: KeptFacts): CarryFacts {
  return { ...facts, contractFacts: legAgain(facts.contractFacts), spotFacts: legAgain(facts.spotFacts) }
}

const texts = (amounts: KnownDepth['bids']) => amounts.map((amount) => amount && decimalToString(amount))
export const keptLeg = ({ latest, depth }: LegFacts): KeptLeg => ({
  latest,
  depth: depth && { observedAt: depth.observedAt, bids: texts(depth.bids), asks: texts(depth.asks) }
})
export const legAgain = ({ latest, depth }: KeptLeg): LegFacts => ({
  latest,
  depth: depth && {
    observedAt: depth.observedAt,
    bids: depth.bids.map(decimalOrNull),
    asks: depth.asks.map(decimalOrNull)
  }
})
