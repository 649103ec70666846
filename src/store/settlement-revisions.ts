import type { Database } from './database.ts'

/** One revision of a settlement. `toldAt`: when it counted first; a correction does from when it was stored. */
export type SettlementRevision = {
  readonly settledAt: number
  readonly rate: string
  readonly intervalHours: number | null
  readonly toldAt: number
}

/** Every revision of what these perpetuals settled in [fromMs, toMs), by instrument, settlement and revision. */
export async function listSettlementRevisions(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<ReadonlyMap<number, SettlementRevision[]>> {
  type Row = { instrument_id: number; settled_at: Date; rate: string; interval_hours: number | null; told_at: Date }
  const { rows } = await db.query<Row>(
    `select instrument_id, settled_at, rate, interval_hours,
       case when revision = 0 then available_at else greatest(available_at, known_at) end as told_at
     from settlement where instrument_id = any ($1) and settled_at >= $2 and settled_at < $3
     order by instrument_id, settled_at, revision`,
    [instrumentIds, new Date(fromMs), new Date(toMs)]
  )
  return Map.groupBy(
    rows.map((row) => ({
      instrumentId: row.instrument_id,
      settledAt: row.settled_at.getTime(),
      rate: row.rate,
      intervalHours: row.interval_hours,
      toldAt: row.told_at.getTime()
    })),
    ({ instrumentId }) => instrumentId
  )
}

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
