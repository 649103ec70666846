import type { Database } from './database.ts'

/** When a revision counted first, as SQL; an imported correction keeps the time at which what it corrects was to be had. */
export const TOLD_AT = 'case when revision = 0 then available_at else greatest(available_at, known_at) end'

/** One revision of a settlement. `toldAt`: when it counted first; a correction does from when it was stored. */
export type SettlementRevision = {
  readonly settledAt: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly isAssumed: boolean
  readonly toldAt: number
}

type Cells = readonly [
  settledAt: number,
  rate: string,
  intervalHours: number | null,
  isAssumed: boolean,
  toldAt: number
]

type RevisionRange = {
  readonly fromMs: number
  readonly toMs: number
  /** Only what was stored by then; null: all. */
  readonly knownAtMs?: number | null
}

/** Every revision of what these perpetuals settled in [fromMs, toMs), by instrument, settlement and revision; one text for each of them. */
export async function listSettlementRevisions(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { fromMs, toMs, knownAtMs = null }: RevisionRange
): Promise<ReadonlyMap<number, readonly SettlementRevision[]>> {
  const { rows } = await db.query<{ instrument_id: number; revisions: readonly Cells[] }>(
    `select instrument_id, json_agg(json_build_array((extract(epoch from settled_at) * 1000)::int8, rate::text, interval_hours,
         interval_source is not distinct from 'assumed', trunc(extract(epoch from told_at) * 1000)::int8)
         order by settled_at, revision) as revisions
     from (
       select *, ${TOLD_AT} as told_at
       from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3
         and ($4::timestamptz is null or known_at < $4::timestamptz + interval '1 millisecond')
     ) s group by instrument_id`,
    [instrumentIds, new Date(fromMs), new Date(toMs), knownAtMs === null ? null : new Date(knownAtMs)]
  )
  return new Map(rows.map(({ instrument_id, revisions }) => [instrument_id, revisions.map(revisionOf)]))
}

const revisionOf = ([settledAt, rate, intervalHours, isAssumed, toldAt]: Cells): SettlementRevision => ({
  settledAt,
  rate,
  intervalHours,
  isAssumed,
  toldAt
})

/** What was known of ascending settlements at a time: of each, the last revision that was told by then. */
export function revisionsAt(revisions: readonly SettlementRevision[], atMs: number): SettlementRevision[] {
  const known: SettlementRevision[] = []
  for (const revision of revisions) {
    if (revision.toldAt > atMs) continue
    if (known.at(-1)?.settledAt === revision.settledAt) known.pop()
    known.push(revision)
  }
  return known
}
