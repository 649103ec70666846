import { undeterminedOf } from '../domain/board-facts.ts'
import type { FundingKind, IntervalSource } from '../domain/board-row.ts'
import { decimalOrNull, numberOrNull, subtract, toNumber } from '../domain/decimal.ts'
import { doubtsOf, type Held } from '../domain/instrument.ts'
import type { LedgerEntry } from '../domain/interval-ledger.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { provenanceView, rateView } from './histories.ts'

// The rows of the funding ledger as outsiders see them: over REST, over GraphQL, in events.

/** Whose rate it is, and whether that is under quarantine. */
type Named = Held & { readonly key: string }

type Provenance = Parameters<typeof provenanceView>[0] & {
  readonly formulaVersion: number
  readonly adapterVersion: number
}

/** A stored rate of a perpetual. Times in epoch milliseconds, rates exact. */
type FundingFact = Provenance & {
  readonly observedAt: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly intervalSource: IntervalSource | null
  readonly cap: string | null
  readonly floor: string | null
}

export type SettlementFact = FundingFact & {
  readonly settledAt: number
  readonly venueTime: number
  readonly mark: string | null
  readonly estimateRate: string | null
  readonly estimateAt: number | null
}

export function settlementView(row: SettlementFact, instrument: Named) {
  const { rate, rate8h, apr } = rateView(row.rate, row.intervalHours)
  return {
    instrument: instrument.key,
    settledAt: isoOf(row.settledAt),
    venueTime: isoOf(row.venueTime),
    rate,
    intervalHours: row.intervalHours,
    intervalSource: row.intervalSource,
    rate8h,
    apr,
    fundingKind: 'settled' as const,
    observedAt: isoOf(row.observedAt),
    cap: numberOrNull(row.cap),
    floor: numberOrNull(row.floor),
    mark: row.mark,
    estimateRate: numberOrNull(row.estimateRate),
    estimateAt: isoOrNull(row.estimateAt),
    estimateDifference: differenceOf(row),
    ...ledgerView(row, instrument),
    absent: absentOf({
      ...intervalAbsence(row),
      cap: row.cap === null && 'not_kept',
      floor: row.floor === null && 'not_kept',
      mark: row.mark === null && 'not_given',
      estimateRate: row.estimateRate === null && 'no_estimate_before_it',
      estimateAt: row.estimateRate === null && 'no_estimate_before_it',
      estimateDifference: row.estimateRate === null && 'no_estimate_before_it'
    })
  }
}

/** What was settled beyond the last estimate, from the exact decimals. */
function differenceOf({ rate, estimateRate }: SettlementFact): number | null {
  const [settled, estimate] = [decimalOrNull(rate), decimalOrNull(estimateRate)]
  return settled && estimate && toNumber(subtract(settled, estimate))
}

export type EstimateFact = FundingFact & {
  readonly tickAt: number
  readonly venueTime: number | null
  readonly kind: FundingKind
  readonly nextSettlementAt: number | null
  readonly nextSettlementVenueTime: number | null
  readonly determined: number | null
}

export function estimateView(row: EstimateFact, instrument: Named) {
  const { rate, rate8h, apr } = rateView(row.rate, row.intervalHours)
  return {
    instrument: instrument.key,
    observedAt: isoOf(row.observedAt),
    tickAt: isoOf(row.tickAt),
    venueTime: isoOrNull(row.venueTime),
    rate,
    intervalHours: row.intervalHours,
    intervalSource: row.intervalSource,
    rate8h,
    apr,
    fundingKind: row.kind,
    nextSettlementAt: isoOrNull(row.nextSettlementAt),
    nextSettlementVenueTime: isoOrNull(row.nextSettlementVenueTime),
    cap: numberOrNull(row.cap),
    floor: numberOrNull(row.floor),
    determined: row.determined,
    ...ledgerView(row, instrument),
    absent: absentOf({
      ...intervalAbsence(row),
      venueTime: row.venueTime === null && 'not_published',
      nextSettlementAt: row.nextSettlementAt === null && 'not_published',
      nextSettlementVenueTime: row.nextSettlementVenueTime === null && 'not_published',
      cap: row.cap === null && 'not_published',
      floor: row.floor === null && 'not_published',
      determined: row.determined === null && undeterminedOf(row.kind)
    })
  }
}

function ledgerView(row: Provenance, held: Held) {
  const { formulaVersion, adapterVersion } = row
  return { ...provenanceView(row, held), formulaVersion, adapterVersion }
}

function intervalAbsence({ intervalHours }: FundingFact) {
  const code = intervalHours === null && 'interval_unknown'
  return { intervalHours: code, intervalSource: code, rate8h: code, apr: code }
}

function absentOf(codes: Readonly<Record<string, string | false>>): Record<string, string> {
  return Object.fromEntries(Object.entries(codes).filter((entry): entry is [string, string] => entry[1] !== false))
}

/** Whose interval it is. */
export type IntervalSubject = Held & { readonly instrument: string; readonly venue: string; readonly asset: string }

export type IntervalFact = {
  readonly entry: LedgerEntry
  readonly previousHours: number | null
  readonly knownAt: number
}

export function intervalView({ entry, previousHours, knownAt }: IntervalFact, subject: IntervalSubject) {
  const { instrument, venue, asset } = subject
  return {
    instrument,
    venue,
    asset,
    effectiveFrom: isoOf(entry.effectiveFrom),
    intervalHours: entry.hours,
    previousHours,
    intervalSource: entry.source,
    declaredAt: isoOrNull(entry.declaredAt),
    settledFrom: isoOrNull(entry.settledFrom),
    knownAt: isoOf(knownAt),
    revision: entry.revision,
    reasons: doubtsOf(subject),
    absent: absentOf({
      previousHours: previousHours === null && 'first_known',
      declaredAt: entry.declaredAt === null && 'not_declared',
      settledFrom: entry.settledFrom === null && 'not_settled_yet'
    })
  }
}
