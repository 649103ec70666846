import type { BackfillFact, BackfillScope } from './backfill.ts'
import type { Database } from './database.ts'

/** Makes a scope's pieces ready for another go: those that failed, and those that end before `doneBefore`. */
export async function readyScope(
  db: Database,
  { instrumentIds, facts }: BackfillScope,
  doneBefore: number
): Promise<void> {
  await db.query(
    `update backfill set failures = 0, not_before = null, state = case when state = 'running' then state else 'waiting' end
     where instrument_id = any ($1) and fact = any ($2) and (failures > 0 or (state = 'done' and done_to < $3))`,
    [instrumentIds, facts, new Date(doneBefore)]
  )
}

/** How far a scope has come. */
export type ScopeProgress = {
  readonly pieces: number
  /** Not finished and not given up. */
  readonly open: number
  /** 0 to 1, by the time that is covered: what is wanted of a piece begins no earlier than its listing. */
  readonly share: number
  readonly oldestAt: number | null
  readonly givenUp: readonly { readonly instrument: string; readonly fact: BackfillFact; readonly failure: string }[]
}

type PieceRow = {
  key: string
  fact: BackfillFact
  state: string
  failures: number
  failure: string | null
  bottom: Date
  done_from: Date | null
  done_to: Date | null
  oldest_at: Date | null
}

export async function readScope(db: Database, scope: BackfillScope, nowMs: number): Promise<ScopeProgress> {
  const { rows } = await db.query<PieceRow>(
    `select i.key, b.fact, b.state, b.failures, b.failure, greatest(b.wanted_from, b.kept_from, i.listed_at) as bottom,
       b.done_from, b.done_to, b.oldest_at
     from backfill b join instrument i on i.id = b.instrument_id where b.instrument_id = any ($1) and b.fact = any ($2)
     order by i.key, b.fact`,
    [scope.instrumentIds, scope.facts]
  )
  const isOpen = ({ state, failures }: PieceRow) => state !== 'done' && failures < scope.failuresMax
  const shares = rows.map((row) => (isOpen(row) ? shareOf(row, nowMs) : 1))
  const oldest = rows.flatMap(({ oldest_at }) => (oldest_at === null ? [] : [oldest_at.getTime()]))
  return {
    pieces: rows.length,
    open: rows.filter(isOpen).length,
    share: rows.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / rows.length,
    oldestAt: oldest.length === 0 ? null : oldest.reduce((a, b) => Math.min(a, b)),
    givenUp: rows
      .filter(({ state, failures }) => state !== 'done' && failures >= scope.failuresMax)
      .map(({ key, fact, failure }) => ({ instrument: key, fact, failure: failure ?? 'unknown' }))
  }
}

function shareOf({ bottom, done_from, done_to }: PieceRow, nowMs: number): number {
  if (done_from === null) return 0
  const top = done_to?.getTime() ?? nowMs
  const span = top - bottom.getTime()
  return span <= 0 ? 1 : Math.min(1, Math.max(0, (top - done_from.getTime()) / span))
}
