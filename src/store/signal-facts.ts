import type { IntervalSource } from '../domain/board-row.ts'
import { numberOrNull } from '../domain/decimal.ts'
import { type InstrumentStatus, isGone } from '../domain/instrument.ts'
import type { RegimeCut, RegimeFact, RegimeOutlook, Timed } from '../domain/regime-series.ts'
import type { SignalSubject, SignalType } from '../domain/signal.ts'
import type { Database } from './database.ts'
import { listLastBounds } from './last-estimates.ts'
import { QUARANTINE } from './quarantine.ts'

type Queryable = Pick<Database, 'query'>

type FactRow = {
  settled_at: Date
  rate: string
  interval_hours: number | null
  interval_source: IntervalSource | null
  cap: string | null
  floor: string | null
}

/**
 * An instrument's settlements from a time on (null: all), newest revisions, ascending. Bounds are those of the last estimate before
 * each settlement from `boundsFrom` on; where none was kept they are not known.
 */
export async function listRegimeFacts(
  db: Queryable,
  instrumentId: number,
  { from, boundsFrom }: { readonly from: number | null; readonly boundsFrom: number | null }
): Promise<RegimeFact[]> {
  const { rows } = await db.query<FactRow>(
    `select distinct on (settled_at) settled_at, rate, interval_hours, interval_source, cap, floor from settlement
     where instrument_id = $1 and settled_at >= $2 order by settled_at, revision desc`,
    [instrumentId, from === null ? '-infinity' : new Date(from)]
  )
  const bounds = await listLastBounds(db, instrumentId, boundsFrom)
  return rows.map((row) => {
    const { cap, floor } = bounds.get(row.settled_at.getTime()) ?? { cap: null, floor: null }
    return {
      at: row.settled_at.getTime(),
      rate: Number(row.rate),
      intervalHours: row.interval_hours,
      intervalSource: row.interval_source,
      cap: numberOrNull(row.cap ?? cap),
      floor: numberOrNull(row.floor ?? floor)
    }
  })
}

/** An instrument as signals see it, and how things stand with it. */
export type Evaluated = RegimeOutlook & SignalSubject & { readonly symbol: string; readonly base: string }

type OutlookRow = {
  status: InstrumentStatus
  delisted_at: Date | null
  tracked: boolean
  done_to: Date | null
  has_backfill: boolean
  declared_hours: number | null
}

/** The interval of the settlement to come, as the newest row of `market_latest` (l) has it from its venue. */
export const DECLARED_HOURS = `case when l.funding_interval_source <> 'assumed' then l.funding_interval_hours end`

const OUTLOOK = `i.status, i.delisted_at, i.tracked, b.done_to, b.instrument_id is not null as has_backfill,
  ${DECLARED_HOURS} as declared_hours`
const OUTLOOK_JOINS = `left join backfill b on b.instrument_id = i.id and b.fact = 'settlement'
  left join market_latest l on l.instrument_id = i.id`

/** What an evaluation must know of its instrument. */
export async function getEvaluated(db: Queryable, instrumentId: number, nowMs: number): Promise<Evaluated> {
  type Found = OutlookRow &
    Record<'key' | 'venue_id' | 'symbol' | 'asset' | 'base' | 'kind', string> & { quarantine: string | null }
  const { rows } = await db.query<Found>(
    `select i.key, i.venue_id, i.symbol, i.asset, i.base, i.kind, ${QUARANTINE}, ${OUTLOOK} from instrument i ${OUTLOOK_JOINS} where i.id = $1`,
    [instrumentId]
  )
  const row = rows[0]!
  const { key, venue_id: venue, symbol, asset, base, kind, quarantine } = row
  return { instrument: key, spot: null, venue, symbol, asset, base, kind, quarantine, ...outlookOf(row, nowMs) }
}

/** How things stand with many instruments. */
export async function listOutlooks(
  db: Queryable,
  instrumentIds: readonly number[],
  nowMs: number
): Promise<ReadonlyMap<number, RegimeOutlook>> {
  const { rows } = await db.query<OutlookRow & { id: number }>(
    `select i.id, ${OUTLOOK} from instrument i ${OUTLOOK_JOINS} where i.id = any ($1)`,
    [instrumentIds]
  )
  return new Map(rows.map(({ id, ...row }) => [id, outlookOf(row, nowMs)]))
}

/** The ends by silence or delisting that these parameters told of many instruments, ascending, by instrument. */
export async function listToldEnds(
  db: Queryable,
  { type, parameters }: { readonly type: SignalType; readonly parameters: string | null },
  instrumentIds: readonly number[]
): Promise<ReadonlyMap<number, readonly RegimeCut[]>> {
  const { rows } = await db.query<{ instrument_id: number; closed_at: Date; close_reason: RegimeCut['reason'] }>(
    `select instrument_id, closed_at, close_reason from signal
     where type = $1 and parameters = $2 and instrument_id = any ($3) and close_reason in ('stale', 'delisted') order by closed_at`,
    [type, parameters, instrumentIds]
  )
  const byId = Map.groupBy(rows, ({ instrument_id }) => instrument_id)
  return new Map(
    [...byId].map(([id, own]) => [
      id,
      own.map(({ closed_at, close_reason }) => ({ at: closed_at.getTime(), reason: close_reason }))
    ])
  )
}

/** Where nobody fetches, nothing more will come: silence until now is all that there is to know. */
function outlookOf({ tracked, has_backfill, ...row }: OutlookRow, nowMs: number): RegimeOutlook {
  return {
    isDelisted: isGone(row.status),
    delistedAt: row.delisted_at?.getTime() ?? null,
    knownTo: tracked && has_backfill ? (row.done_to?.getTime() ?? Number.NEGATIVE_INFINITY) : nowMs,
    declaredHours: row.declared_hours
  }
}

export type OpenEnd = { readonly instrumentId: number; readonly last: Timed; readonly outlook: RegimeOutlook }

/** How things stand with every instrument that has an open signal and is not due anyway. */
export async function listOpenEnds(db: Queryable, type: SignalType, nowMs: number): Promise<OpenEnd[]> {
  const { rows } = await db.query<OutlookRow & { instrument_id: number; at: Date; span_hours: number }>(
    `select distinct on (s.instrument_id) s.instrument_id, n.at, n.span_hours, ${OUTLOOK}
     from signal s
       join signal_progress p on p.instrument_id = s.instrument_id and p.spot_id = s.spot_id and p.type = s.type
       join signal_input n on n.instrument_id = s.instrument_id and n.spot_id = s.spot_id and n.type = s.type and n.at = s.last_at
       join instrument i on i.id = s.instrument_id ${OUTLOOK_JOINS}
     where s.state = 'open' and s.type = $1 and p.due_from is null and n.span_hours is not null
     order by s.instrument_id`,
    [type]
  )
  return rows.map(({ instrument_id, at, span_hours, ...row }) => ({
    instrumentId: instrument_id,
    last: { at: at.getTime(), intervalHours: span_hours },
    outlook: outlookOf(row, nowMs)
  }))
}
