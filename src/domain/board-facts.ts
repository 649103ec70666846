import { premiumBps } from './basis.ts'
import type { BoardInputs } from './board.ts'
import { decimalOrNull } from './decimal.ts'
import { annualiseFunding } from './funding.ts'
import { formulaVersionAt } from './funding-formulas.ts'
import type { Latest } from './latest.ts'
import { areOneThing } from './plausibility.ts'
import { isoOrNull, MINUTE, SECOND } from './time.ts'

const VOLUME_MAX_AGE_MS = 5 * MINUTE

/** A group of facts that was never seen, or not lately, is absent: the last print is not the current one. */
export function fresh<T extends { readonly observedAt: number }>(
  group: T | null | undefined,
  maxAgeMs: number,
  nowMs: number
): T | 'stale' | 'not_observed' {
  if (!group) return 'not_observed'
  return nowMs - group.observedAt > maxAgeMs ? 'stale' : group
}

const pollMaxAge = (pollMs: number) => Math.max(30 * SECOND, 3 * pollMs)

export function isFreshMark({ observedAt }: { readonly observedAt: number }, pollMs: number, nowMs: number): boolean {
  return nowMs - observedAt <= pollMaxAge(pollMs)
}

export function markOf({ contractLatest, nowMs, pollMs }: BoardInputs, absent: Record<string, string>) {
  const group = fresh(contractLatest?.mark, pollMaxAge(pollMs), nowMs)
  if (typeof group === 'string') {
    for (const field of ['mark', 'index', 'premiumBps']) absent[field] = group
    return { mark: null, index: null, premiumBps: null, markObservedAt: isoOrNull(contractLatest?.mark?.observedAt) }
  }
  if (
    !areOneThing(group.mark === null ? null : Number(group.mark), group.index === null ? null : Number(group.index))
  ) {
    for (const field of ['mark', 'index', 'premiumBps']) absent[field] = 'mark_implausible'
    return { mark: null, index: null, premiumBps: null, markObservedAt: isoOrNull(group.observedAt) }
  }
  if (group.mark === null) absent.mark = 'not_published'
  if (group.index === null) absent.index = 'not_published'
  return {
    mark: group.mark,
    index: group.index,
    premiumBps: premiumBps({ mark: decimalOrNull(group.mark), index: decimalOrNull(group.index) }),
    markObservedAt: isoOrNull(group.observedAt)
  }
}

const NO_FUNDING = {
  fundingRate: null,
  fundingIntervalHours: null,
  fundingIntervalSource: null,
  fundingKind: null,
  fundingRate8h: null,
  fundingApr: null,
  nextSettlementAt: null,
  nextSettlementVenueTime: null,
  cap: null,
  floor: null,
  determined: null,
  fundingFormulaVersion: null,
  fundingAdapterVersion: null
} as const

export function fundingOf(
  { contract, contractLatest, nowMs, pollMs, adapterVersion }: BoardInputs,
  absent: Record<string, string>
) {
  if (contract.kind !== 'perpetual') return { ...NO_FUNDING, fundingObservedAt: null }
  const group = fresh(contractLatest?.estimate, pollMaxAge(pollMs), nowMs)
  if (typeof group === 'string') {
    absent.fundingRate = group
    return { ...NO_FUNDING, fundingObservedAt: isoOrNull(contractLatest?.estimate?.observedAt) }
  }
  const rate = Number(group.rate)
  const yearly = group.intervalHours === null ? null : annualiseFunding({ rate, intervalHours: group.intervalHours })
  if (yearly === null) for (const field of ['fundingIntervalHours', 'fundingApr']) absent[field] = 'interval_unknown'
  for (const time of ['nextSettlementAt', 'nextSettlementVenueTime'] as const) {
    if (group[time] === null) absent[time] = 'not_published'
  }
  for (const bound of ['cap', 'floor'] as const) if (group[bound] === null) absent[bound] = 'not_published'
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

/** How often what is asked. */
export type Rhythm = { readonly pollMs: number; readonly openInterestMs: number }

/** Open interest and volume as long as they are current, each by its own rhythm. */
export function freshActivity(latest: Latest | undefined, { pollMs, openInterestMs }: Rhythm, nowMs: number) {
  return {
    open: fresh(latest?.openInterest, Math.max(3 * openInterestMs, pollMaxAge(pollMs)), nowMs),
    traded: fresh(latest?.volume, Math.max(VOLUME_MAX_AGE_MS, pollMaxAge(pollMs)), nowMs)
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
    openInterestObservedAt: isoOrNull(contractLatest?.openInterest?.observedAt)
  }
}
