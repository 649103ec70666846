import { HOUR } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { NOW_MS } from '../api/fixture.ts'

/** One rolled-up hour of basis, or day; `minute` is when its last one was, `spanMs` how long its bases stand for. */
export type Hour = {
  readonly start: number
  readonly close: number
  readonly grade?: string
  readonly minute?: number
  readonly spanMs?: number
}

export async function rollUp(
  db: Database,
  instrumentId: number,
  spotId: number,
  hours: readonly Hour[],
  lengthMs = HOUR
): Promise<void> {
  await ensurePartitions(
    db,
    'basis_bucket',
    hours.map(({ start }) => start),
    NOW_MS
  )
  await db.query(
    `insert into basis_bucket (instrument_id, spot_id, length_ms, start, grade, first_at, last_at, open, high, low, close, sum, count, span_ms)
     select $1, $2, $7, at, grade, at, at + minute * interval '1 minute', close, close, close, close, close::numeric, 1, span
     from unnest($3::timestamptz[], $4::float8[], $5::text[], $6::int[], $8::float8[]) as h (at, close, grade, minute, span)`,
    [
      instrumentId,
      spotId,
      hours.map(({ start }) => new Date(start)),
      hours.map(({ close }) => close),
      hours.map(({ grade = 'signal' }) => grade),
      hours.map(({ minute = 59 }) => minute),
      lengthMs,
      hours.map(({ spanMs = 60_000 }) => spanMs)
    ]
  )
}

export const buildTo = (db: Database, toMs: number) =>
  db.query('update bucket_head set closed_to = $1, built_to = $1', [new Date(toMs)])
