import type { CarryType } from '../domain/carry-type.ts'
import type { Signal, SignalSubject } from '../domain/signal.ts'
import type { Database } from './database.ts'
import { NOT_HELD, QUARANTINE } from './quarantine.ts'
import { SIGNAL_COLUMNS, type SignalRow, signalOf } from './signals.ts'

type Queryable = Pick<Database, 'query'>

/** A signal with whom it is about. */
export type ListedSignal = { readonly signal: Signal; readonly subject: SignalSubject }

/** What signals may be sorted by: column and type. None of them is ever null. */
const SORTS = {
  openedAt: ['opened_at', 'timestamptz'],
  lastAt: ['last_at', 'timestamptz'],
  value: ['value', 'float8'],
  lastValue: ['last_value', 'float8'],
  peakValue: ['peak_value', 'float8']
} as const
export type SignalSort = keyof typeof SORTS

export type SignalFilter = {
  readonly types: readonly string[] | null
  /** Of carries: of which contracts, and with which spot legs. */
  readonly carries: readonly CarryType[] | null
  readonly labels: readonly string[] | null
  readonly states: readonly string[] | null
  readonly assets: readonly string[] | null
  readonly venues: readonly string[] | null
  readonly instrumentIds: readonly number[] | null
  /** Signals that were open at some time of [fromMs, toMs). */
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly sort: SignalSort
  readonly isDescending: boolean
  /** Where the page before ended: the value sorted by (times in epoch milliseconds) and the id. */
  readonly after: readonly [number, string] | null
  readonly limit: number
}

type SubjectRow = {
  key: string | null
  spot_key: string | null
  instrument_asset: string | null
  kind: string | null
  quarantine: string | null
}

const SELECT = `select ${SIGNAL_COLUMNS.map((name) => `s.${name}`).join(', ')}, i.key, i.asset as instrument_asset, i.kind, l.key as spot_key, ${QUARANTINE}
  from signal s left join instrument i on i.id = s.instrument_id left join instrument l on l.id = s.spot_id`

/** Signals, open and past. */
export async function listSignals(db: Queryable, filter: SignalFilter): Promise<ListedSignal[]> {
  const [column, type] = SORTS[filter.sort]
  const direction = filter.isDescending ? 'desc' : 'asc'
  const { rows } = await db.query<SignalRow & SubjectRow>(
    `${SELECT} where ($1::text[] is null or s.type = any ($1)) and ($2::text[] is null or s.label = any ($2))
       and ($3::text[] is null or s.state = any ($3)) and ($4::text[] is null or (coalesce(s.asset, i.asset) = any ($4) and ${NOT_HELD}))
       and ($5::text[] is null or s.venue_id = any ($5)) and ($6::int[] is null or s.instrument_id = any ($6))
       and ($7::timestamptz is null or s.closed_at is null or s.closed_at > $7) and ($8::timestamptz is null or s.opened_at < $8)
       and ($9::${type} is null or (s.${column}, s.id) ${filter.isDescending ? '<' : '>'} ($9, $10::text))
       and ($12::text[] is null or case when l.venue_id <> s.venue_id then 'cross_venue' when i.kind = 'perpetual' then 'perpetual' else 'dated' end = any ($12))
     order by s.${column} ${direction}, s.id ${direction} limit $11`,
    [
      filter.types,
      filter.labels,
      filter.states,
      filter.assets,
      filter.venues,
      filter.instrumentIds,
      dateOf(filter.fromMs),
      dateOf(filter.toMs),
      type === 'timestamptz' ? dateOf(filter.after?.[0] ?? null) : (filter.after?.[0] ?? null),
      filter.after?.[1] ?? null,
      filter.limit,
      filter.carries
    ]
  )
  return rows.map(listedOf)
}

export async function findSignal(db: Queryable, id: string): Promise<ListedSignal | undefined> {
  const { rows } = await db.query<SignalRow & SubjectRow>(`${SELECT} where s.id = $1`, [id])
  return rows[0] && listedOf(rows[0])
}

function listedOf(row: SignalRow & SubjectRow): ListedSignal {
  const { key, spot_key, venue_id, instrument_asset, kind, quarantine } = row
  return {
    signal: signalOf(row),
    subject: {
      instrument: key,
      spot: spot_key,
      venue: venue_id,
      asset: row.asset ?? instrument_asset,
      kind,
      quarantine
    }
  }
}

function dateOf(atMs: number | null): Date | null {
  return atMs === null ? null : new Date(atMs)
}
