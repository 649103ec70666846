import { isoOrNull } from '../domain/time.ts'
import type { PageReport } from '../jobs/history-pages.ts'
import type { ScopeProgress } from '../store/backfill-scope.ts'

/** Counts of what one run has fetched. */
export type Tally = {
  readonly add: (page: PageReport) => void
  readonly rows: () => number
  readonly report: (progress: ScopeProgress, isStopped: boolean) => BackfillReport
}

export type BackfillReport = {
  /** Pieces of work: one kind of one instrument each. */
  readonly pieces: number
  readonly done: number
  readonly read: number
  readonly stored: number
  readonly duplicate: number
  readonly refused: number
  readonly reasons: readonly { readonly instrument: string; readonly reason: string; readonly count: number }[]
  readonly oldestAt: string | null
  readonly failed: ScopeProgress['givenUp']
  readonly stopped: boolean
}

export function createTally(): Tally {
  let [read, stored, refused] = [0, 0, 0]
  const reasons = new Map<string, { instrument: string; reason: string; count: number }>()
  return {
    add: (page) => {
      read += page.read
      stored += page.stored
      refused += page.refused.length
      for (const { reason } of page.refused) {
        const instrument = page.instrument.key
        const known = reasons.get(`${instrument} ${reason}`) ?? { instrument, reason, count: 0 }
        reasons.set(`${instrument} ${reason}`, { ...known, count: known.count + 1 })
      }
    },
    rows: () => read,
    report: ({ pieces, open, oldestAt, givenUp }, isStopped) => ({
      pieces,
      done: pieces - open - givenUp.length,
      read,
      stored,
      duplicate: Math.max(0, read - stored - refused),
      refused,
      reasons: [...reasons.values()],
      oldestAt: isoOrNull(oldestAt),
      failed: givenUp,
      stopped: isStopped
    })
  }
}

const MOST_REASONS_SHOWN = 20

/** The same in lines for people. */
export function describe(report: BackfillReport): string[] {
  const { reasons, failed } = report
  const shown = reasons.slice(0, MOST_REASONS_SHOWN)
  return [
    `done ${report.done} of ${report.pieces} pieces${report.oldestAt === null ? '' : `, back to ${report.oldestAt}`}`,
    `read ${report.read} rows`,
    `stored ${report.stored}`,
    `duplicate ${report.duplicate}`,
    `refused ${report.refused}`,
    ...shown.map(({ instrument, reason, count }) => `  ${instrument}: ${reason}${count === 1 ? '' : ` × ${count}`}`),
    ...(reasons.length > shown.length ? [`  and ${reasons.length - shown.length} more`] : []),
    ...failed.map(({ instrument, fact, failure }) => `failed ${instrument} ${fact}: ${failure}`),
    ...(report.stopped ? ['stopped before the end; run it again to go on'] : [])
  ]
}
