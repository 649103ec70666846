import { premiumBps } from './basis.ts'
import type { BoardInputs } from './board.ts'
import type { FundingKind } from './board-row.ts'
import { decimalOrNull } from './decimal.ts'
import { type FactGroup, lastsUntil, maxAgesOf, NOTHING, polledMaxAgeMs, type Rhythm } from './expiry.ts'
import { annualiseFunding } from './funding.ts'
import { formulaVersionAt } from './funding-formulas.ts'
import type { Latest } from './latest.ts'
import { areOneThing } from './plausibility.ts'
import { isoOrNull } from './time.ts'

/** A group of facts that was never seen, or not lately, is absent: the last print is not the current one. */
function fresh<T extends { readonly observedAt: number; readonly nextSettlementAt?: number | null }>(
  group: T | null | undefined,
  maxAgeMs: number,
  nowMs: number
): T | 'stale' | 'not_observed' {
  if (!group) return 'not_observed'
  return nowMs > lastsUntil(group.observedAt, maxAgeMs, group.nextSettlementAt) ? 'stale' : group
}

export function isFreshMark({ observedAt }: { readonly observedAt: number }, pollMs: number, nowMs: number): boolean {
  return nowMs <= lastsUntil(observedAt, polledMaxAgeMs(pollMs))
}

export function markOf({ contractLatest, nowMs, pollMs }: BoardInputs, absent: Record<string, string>) {
  const group = fresh(contractLatest?.mark, polledMaxAgeMs(pollMs), nowMs)
  if (typeof group === 'string') {
    noteAll('mark', group, absent)
    return { ...NOTHING.mark, markObservedAt: isoOrNull(contractLatest?.mark?.observedAt) }
  }
  if (
    !areOneThing(group.mark === null ? null : Number(group.mark), group.index === null ? null : Number(group.index))
  ) {
    noteAll('mark', 'mark_implausible', absent)
    return { ...NOTHING.mark, markObservedAt: isoOrNull(group.observedAt) }
  }
  if (group.mark === null) absent.mark = 'not_published'
  if (group.index === null) absent.index = 'not_published'
  if (group.mark === null || group.index === null) absent.premiumBps = 'not_published'
  return {
    mark: group.mark,
    index: group.index,
    premiumBps: premiumBps({ mark: decimalOrNull(group.mark), index: decimalOrNull(group.index) }),
    markObservedAt: isoOrNull(group.observedAt)
  }
}

const NEEDS_INTERVAL = ['fundingIntervalHours', 'fundingRate8h', 'fundingApr']

/** Why nobody says how much of a rate is fixed: what is not still moving is not averaged. */
export const undeterminedOf = (kind: FundingKind) => (kind === 'indicative' ? 'not_known' : 'not_averaging')

export function fundingOf(
  { contract, contractLatest, nowMs, pollMs, adapterVersion }: BoardInputs,
  absent: Record<string, string>
) {
  if (contract.kind !== 'perpetual') return { ...NOTHING.funding, fundingObservedAt: null }
  const group = fresh(contractLatest?.estimate, polledMaxAgeMs(pollMs), nowMs)
  if (typeof group === 'string') {
    noteAll('funding', group, absent)
    return { ...NOTHING.funding, fundingObservedAt: isoOrNull(contractLatest?.estimate?.observedAt) }
  }
  const rate = Number(group.rate)
  const yearly = group.intervalHours === null ? null : annualiseFunding({ rate, intervalHours: group.intervalHours })
  if (yearly === null) for (const field of NEEDS_INTERVAL) absent[field] = 'interval_unknown'
  if (group.intervalSource === null) absent.fundingIntervalSource = 'interval_unknown'
  for (const time of ['nextSettlementAt', 'nextSettlementVenueTime'] as const) {
    if (group[time] === null) absent[time] = 'not_published'
  }
  for (const bound of ['cap', 'floor'] as const) if (group[bound] === null) absent[bound] = 'not_published'
  if (group.determined === null) absent.determined = undeterminedOf(group.kind)
  return {
    fundingRate: rate,
    fundingIntervalHours: group.intervalHours,
    fundingIntervalSource: group.intervalSource,
    fundingKind: group.kind,
    fundingRate8h: yearly?.rate8h ?? null,
    fundingApr: yearly?.apr ?? null,
    nextSettlementAt: isoOrNull(group.nextSettlementAt),
    nextSettlementVenueTime: isoOrNull(group.nextSettlementVenueTime),
    cap: group.cap === null ? null : Number(group.cap),
    floor: group.floor === null ? null : Number(group.floor),
    determined: group.determined,
    fundingFormulaVersion: formulaVersionAt(contract.venue, group.observedAt),
    fundingAdapterVersion: adapterVersion,
    fundingObservedAt: isoOrNull(group.observedAt)
  }
}

/** Open interest and volume as long as they are current, each by its own rhythm. */
export function freshActivity(latest: Latest | undefined, rhythm: Rhythm, nowMs: number) {
  const maxAges = maxAgesOf(rhythm)
  return {
    open: fresh(latest?.openInterest, maxAges.openInterest, nowMs),
    traded: fresh(latest?.volume, maxAges.volume, nowMs)
  }
}

export function activityOf({ contractLatest, nowMs, ...rhythm }: BoardInputs, absent: Record<string, string>) {
  const { open, traded } = freshActivity(contractLatest, rhythm, nowMs)
  if (typeof open === 'string') absent.openInterestUsd = open
  else if (open.usd === null) absent.openInterestUsd = 'unit_unknown'
  if (typeof traded === 'string') absent.volume24hUsd = traded
  return {
    openInterestUsd: typeof open === 'string' ? null : open.usd,
    volume24hUsd: typeof traded === 'string' ? null : traded.volume24hUsd,
    openInterestObservedAt: isoOrNull(contractLatest?.openInterest?.observedAt),
    volumeObservedAt: isoOrNull(contractLatest?.volume?.observedAt)
  }
}

function noteAll(group: FactGroup, code: string, absent: Record<string, string>): void {
  for (const field of Object.keys(NOTHING[group])) absent[field] = code
}
