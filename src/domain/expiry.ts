import type { BoardRow } from './board-row.ts'
import { SETTLEMENT_GRACE_MS } from './plausibility.ts'
import { MINUTE, SECOND } from './time.ts'

// How long what was said last is what is said now: every number has its own rhythm, and is gone when that has been missed.

/** How often what is asked, milliseconds. */
export type Rhythm = { readonly pollMs: number; readonly openInterestMs: number }

/** What a poll brings is shown for so many polls, and for half a minute at least. Contract, section 3. */
const POLLS = 3
const POLLED_MS_MIN = 30 * SECOND
const ASKINGS_OF_OPEN_INTEREST = 3
/** Volume is asked about once a minute. */
const VOLUME_MS_MIN = 5 * MINUTE

export function polledMaxAgeMs(pollMs: number): number {
  return Math.max(POLLED_MS_MIN, POLLS * pollMs)
}

/** For how long each group of facts is of now, from when it was received; milliseconds. */
export function maxAgesOf({ pollMs, openInterestMs }: Rhythm) {
  const polledMs = polledMaxAgeMs(pollMs)
  return {
    mark: polledMs,
    funding: polledMs,
    openInterest: Math.max(ASKINGS_OF_OPEN_INTEREST * openInterestMs, polledMs),
    volume: Math.max(VOLUME_MS_MIN, polledMs)
  }
}

/** What a row holds of each group when it holds nothing of it. */
export const NOTHING = {
  mark: { mark: null, index: null, premiumBps: null },
  funding: {
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
  },
  openInterest: { openInterestUsd: null },
  volume: { volume24hUsd: null }
} as const satisfies Record<string, Partial<BoardRow>>

export type FactGroup = keyof typeof NOTHING
const GROUPS = Object.keys(NOTHING) as FactGroup[]

const RECEIVED = {
  mark: 'markObservedAt',
  funding: 'fundingObservedAt',
  openInterest: 'openInterestObservedAt',
  volume: 'volumeObservedAt'
} as const satisfies Record<FactGroup, keyof BoardRow>

/** Until when what was received then is of now. A rate is over with the settlement that it was for, whoever repeats it. */
export function lastsUntil(receivedMs: number, maxAgeMs: number, settlesMs: number | null = null): number {
  return Math.min(
    receivedMs + maxAgeMs,
    settlesMs === null ? Number.POSITIVE_INFINITY : settlesMs + SETTLEMENT_GRACE_MS
  )
}

/** Until when each group of facts that a row holds is of now; epoch milliseconds. */
export function expiriesOf(row: BoardRow, rhythm: Rhythm): Map<FactGroup, number> {
  const maxAges = maxAgesOf(rhythm)
  const settlesAt = row.nextSettlementAt
  return new Map(
    GROUPS.flatMap((group) => {
      const received = row[RECEIVED[group]] ?? null
      const isThere = Object.keys(NOTHING[group]).some((field) => row[field as keyof BoardRow] !== null)
      if (received === null || !isThere) return []
      const settlesMs = group === 'funding' && settlesAt !== null ? Date.parse(settlesAt) : null
      return [[group, lastsUntil(Date.parse(received), maxAges[group], settlesMs)]]
    })
  )
}

/** The row without what has expired since it was made, with the reason; the row itself while nothing has. */
export function expireRow(row: BoardRow, expiries: ReadonlyMap<FactGroup, number>, nowMs: number): BoardRow {
  const over = [...expiries].filter(([, untilMs]) => nowMs > untilMs)
  if (over.length === 0) return row
  const nothing: Partial<BoardRow> = Object.assign({}, ...over.map(([group]) => NOTHING[group]))
  const stale = Object.fromEntries(Object.keys(nothing).map((field) => [field, 'stale']))
  return { ...row, ...nothing, absent: { ...row.absent, ...stale } }
}
