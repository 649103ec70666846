import { type CarryFacts, type CarryTerms, premiumSigmaOf } from '../domain/carry-case.ts'
import { type CarryCase, type SizedCarry, wholeCostBps } from '../domain/carry-quote.ts'
import { borrowUntilReturnBps, fairBand, RETURN_DAYS, worstFundingBand } from '../domain/fair-band.ts'
import { contractRuleOf, fairWithNoise } from '../domain/fair-premium.ts'
import { DAY } from '../domain/time.ts'

type Of = { readonly facts: CarryFacts; readonly terms: CarryTerms }

/** Where basis is against what no trade can gain from: costs are this size's, both ways. */
export function fairView(input: CarryCase, sized: SizedCarry, { facts, terms }: Of) {
  const rule = facts.contract.kind === 'perpetual' ? contractRuleOf(facts.contract) : null
  const { fairBps, sigmaBps, expiryMs, nowMs } = input
  const costBps = wholeCostBps(input, sized)
  // Nothing brings a dated contract back before its expiry: the coin is borrowed until then, as in the row's own end.
  const borrowDays = expiryMs === null ? RETURN_DAYS : (expiryMs - nowMs) / DAY
  const borrowBps = borrowUntilReturnBps(terms.borrowApr, borrowDays)
  const band = fairBand({
    observedBps: sized.midBasisBps,
    fairLowBps: fairBps,
    fairHighBps: fairBps,
    costForwardBps: costBps,
    costReverseBps: borrowBps === null ? null : costBps + borrowBps
  })
  const scatter = premiumSigmaOf(facts)
  const premiumSigmaBps = facts.contract.kind !== 'perpetual' || typeof scatter === 'string' ? null : scatter
  const noisyFairBps = rule === null ? null : fairWithNoise({ ...rule, ...terms, sigmaBps: premiumSigmaBps })
  const { lowerBps, upperBps, classification, excessBps } = band
  const worst = worstFundingBand({ band, ...boundsOf(facts), periods8h: 3 * RETURN_DAYS })
  return {
    fairBps,
    noisyFairBps,
    premiumSigmaBps,
    sigmaBps,
    lowerBps,
    upperBps,
    place: classification,
    excessBps,
    worstLowerBps: worst.lowerBps,
    worstUpperBps: worst.upperBps
  }
}

/** What a venue's funding stays within, per 8 h; null where it sets no bound, or does not say of which interval. A dated contract pays none. */
function boundsOf({ contract, contractFacts }: CarryFacts) {
  if (contract.kind === 'future') return { cap8h: 0, floor8h: 0 }
  const { cap = null, floor = null, intervalHours = null } = contractFacts.latest?.estimate ?? {}
  const per8h = (bound: string | null) =>
    bound === null || intervalHours === null ? null : (Number(bound) * 8) / intervalHours
  return { cap8h: per8h(cap), floor8h: per8h(floor) }
}
