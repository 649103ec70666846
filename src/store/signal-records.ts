import type { RecordedSignal } from '../domain/track-record.ts'
import type { Database } from './database.ts'
import { NOT_HELD } from './quarantine.ts'

/** The signals of one label that opened in [fromMs, toMs). Null: of every asset, or venue. */
export type RecordedFilter = {
  readonly type: RecordedSignal['type']
  readonly label: string
  readonly assets: readonly string[] | null
  readonly venues: readonly string[] | null
  readonly fromMs: number
  readonly toMs: number
}

type Row = {
  id: string
  instrument_id: number | null
  spot_id: number
  venue_id: string
  asset: string | null
  opened_at: Date
  closed_at: Date | null
  close_reason: RecordedSignal['closeReason']
  value: number
  peak_at: Date | null
  halved_at: Date | null
  parameters: string
  exit: number | null
  is_held_back: boolean
}

/** `isHeldBack`: what it is about is under quarantine. */
export type ListedRecord = { readonly signal: RecordedSignal; readonly isHeldBack: boolean }

/** The next so many of them, oldest first, after the last of the page before; what a track record needs of each, and no more. */
export async function listRecorded(
  db: Pick<Database, 'query'>,
  { type, label, assets, venues, fromMs, toMs }: RecordedFilter,
  after: RecordedSignal | undefined,
  limit: number
): Promise<ListedRecord[]> {
  const { rows } = await db.query<Row>(
    `select s.id, s.instrument_id, s.spot_id, s.venue_id, s.asset, s.opened_at, s.closed_at, s.close_reason, s.value, s.peak_at, s.halved_at,
       s.parameters, (s.parameter_set::jsonb -> 'thresholds' -> s.label ->> 'exit')::float8 as exit, not ${NOT_HELD} as is_held_back
     from signal s left join instrument i on i.id = s.instrument_id
     where s.type = $1 and s.label = $2 and s.opened_at >= $3 and s.opened_at < $4 and (s.opened_at, s.id) > ($5, $6)
       and ($7::text[] is null or (coalesce(s.asset, i.asset) = any ($7) and ${NOT_HELD})) and ($8::text[] is null or s.venue_id = any ($8))
     order by s.opened_at, s.id limit $9`,
    [
      type,
      label,
      new Date(fromMs),
      new Date(toMs),
      after === undefined ? '-infinity' : new Date(after.openedAt),
      after?.id ?? '',
      assets,
      venues,
      limit
    ]
  )
  return rows.map((row) => ({ signal: recordedOf(row, type, label), isHeldBack: row.is_held_back }))
}

function recordedOf(row: Row, type: RecordedSignal['type'], label: string): RecordedSignal {
  return {
    id: row.id,
    type,
    label,
    instrumentId: row.instrument_id,
    spotId: row.spot_id,
    venue: row.venue_id,
    asset: row.asset,
    openedAt: row.opened_at.getTime(),
    closedAt: row.closed_at?.getTime() ?? null,
    closeReason: row.close_reason,
    value: row.value,
    peakAt: row.peak_at?.getTime() ?? null,
    halvedAt: row.halved_at?.getTime() ?? null,
    parameters: row.parameters,
    exit: row.exit
  }
}
