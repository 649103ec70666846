import { type InstrumentStatus, isGone } from '../domain/instrument.ts'
import type { SignalSubject } from '../domain/signal.ts'
import type { Database } from './database.ts'
import { QUARANTINE } from './quarantine.ts'

/** Whom a signal of buckets is about. `goneAt`: from when on it is no longer traded, `-Infinity` where only that is known. */
export type BucketSubject = SignalSubject & { readonly symbol: string; readonly goneAt: number | null }

type Row = {
  id: number
  key: string
  venue_id: string
  symbol: string
  asset: string
  kind: string
  status: InstrumentStatus
  delisted_at: Date | null
  quarantine: string | null
}

/** Instruments as signals name them, by id; the spot leg is for who pairs them to say. */
export async function listBucketSubjects(
  db: Pick<Database, 'query'>,
  ids: readonly number[]
): Promise<Map<number, BucketSubject>> {
  const { rows } = await db.query<Row>(
    `select i.id, i.key, i.venue_id, i.symbol, i.asset, i.kind, i.status, i.delisted_at, ${QUARANTINE} from instrument i where i.id = any ($1)`,
    [ids]
  )
  return new Map(
    rows.map(({ id, key, venue_id: venue, symbol, asset, kind, status, delisted_at, quarantine }) => {
      const goneAt = isGone(status) ? (delisted_at?.getTime() ?? Number.NEGATIVE_INFINITY) : null
      return [id, { instrument: key, spot: null, venue, symbol, asset, kind, quarantine, goneAt }]
    })
  )
}
