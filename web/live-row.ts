import type { BoardRow } from '../src/domain/board-row.ts'
import { expireRow, expiriesOf, type Rhythm } from '../src/domain/expiry.ts'
import { type Grade, gradeAt, type QualityReason } from '../src/domain/quality.ts'

/** A row of the board as received. */
export type ReceivedRow = {
  readonly row: BoardRow
  readonly observedAtMs: number | null
  readonly contractObservedAtMs: number | null
  readonly spotObservedAtMs: number | null
  /** What the text search looks in. */
  readonly words: string
}

/** A row as it is now: its numbers as served, without what has expired since, its age and grade as of this moment. */
export type LiveRow = {
  readonly row: BoardRow
  readonly words: string
  readonly grade: Grade
  readonly reasons: readonly QualityReason[]
  readonly ageMs: number | null
  /** One of its prices is older than it should be. */
  readonly isStale: boolean
}

export function receivedRowOf(row: BoardRow): ReceivedRow {
  return {
    row,
    observedAtMs: timeOf(row.observedAt),
    contractObservedAtMs: timeOf(row.contractObservedAt),
    spotObservedAtMs: timeOf(row.spotObservedAt),
    words: `${row.instrument} ${row.asset} ${row.spot ?? ''}`.toLowerCase()
  }
}

/** The rules by which the service itself lets grades fall and numbers go, so that the page and the API never differ. */
export function liveRowOf(received: ReceivedRow, nowMs: number, rhythm: Rhythm): LiveRow {
  const { row: said, words, ...times } = received
  const row = expireRow(said, expiriesOf(said, rhythm), nowMs)
  const { grade, reasons } = gradeAt({
    gradeWhenDerived: row.grade,
    reasons: row.reasons,
    ...times,
    nowMs,
    pollIntervalMs: rhythm.pollMs
  })
  const isStale = reasons.some((reason) => reason === 'stale_perp' || reason === 'stale_spot')
  return {
    row,
    words,
    grade,
    reasons,
    ageMs: received.observedAtMs === null ? null : Math.max(0, nowMs - received.observedAtMs),
    isStale
  }
}

function timeOf(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso)
}
