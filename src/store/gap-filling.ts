import type { Instrument } from '../domain/instrument.ts'
import type { Transaction } from './database.ts'
import type { GapFact } from './gaps.ts'
import { hoursWithin, listClosedHours, NO_TRADES } from './quiet-hours.ts'

/**
 * Hours of an instrument that nothing was known of and that have a price now are filled, for the transaction that stores prices of
 * (from, to]: a gap whose every hour has one as a whole, of others what has one.
 */
export async function fillPricedHours(
  client: Transaction,
  instrument: Pick<Instrument, 'id' | 'venue'>,
  { from, to }: Stretch
): Promise<void> {
  const { rows } = await client.query<{ from_at: Date; to_at: Date; reason: string }>(
    `select from_at, to_at, reason from gap where instrument_id = $1 and fact = 'market' and reason = any ($2) and filled_at is null
       and from_at < $4 and to_at >= $3 and date_trunc('hour', to_at, 'UTC') > from_at`,
    [instrument.id, [NO_TRADES, 'absent_from_answer'], new Date(from), new Date(to)]
  )
  for (const { from_at, to_at, reason } of rows) {
    const gap = { from: from_at.getTime(), to: to_at.getTime() }
    const closed = await listClosedHours(client, instrument.id, gap)
    if (closed.size > 0) await splitGap(client, instrument, { ...gap, fact: 'market', reason }, partsOf(gap, closed))
  }
}

/** A gap cut where hours that are closed and hours that are not meet; what is beyond its last full hour goes with that. */
export function partsOf(gap: Stretch, closed: ReadonlySet<number>): GapPart[] {
  const parts: GapPart[] = []
  for (const hour of hoursWithin(gap)) {
    const [before, isOpen] = [parts.at(-1), !closed.has(hour)]
    if (before?.isOpen === isOpen) parts[parts.length - 1] = { ...before, to: hour }
    else parts.push({ from: before?.to ?? gap.from, to: hour, isOpen })
  }
  return parts.with(-1, { ...parts.at(-1)!, to: gap.to })
}

type Stretch = { readonly from: number; readonly to: number }
export type OpenGap = Stretch & { readonly reason: string }

/** The settlement gaps of an instrument that are open and overlap a stretch. */
export async function listOpenSettlementGaps(
  client: Transaction,
  instrumentId: number,
  { from, to }: Stretch
): Promise<OpenGap[]> {
  const { rows } = await client.query<{ from_at: Date; to_at: Date; reason: string }>(
    `select from_at, to_at, reason from gap
     where instrument_id = $1 and fact = 'settlement' and from_at <= $3 and to_at >= $2 and filled_at is null`,
    [instrumentId, new Date(from), new Date(to)]
  )
  return rows.map(({ from_at, to_at, reason }) => ({ from: from_at.getTime(), to: to_at.getTime(), reason }))
}

/** One part of a gap: still open, or filled. */
export type GapPart = Stretch & { readonly isOpen: boolean }

/** Cuts an open gap of an instrument into its parts, in order and without a hole: what is filled of it counts as filled, the rest stays. */
export async function splitGap(
  client: Transaction,
  { id, venue }: Pick<Instrument, 'id' | 'venue'>,
  { fact, reason }: OpenGap & { readonly fact: GapFact },
  parts: readonly GapPart[]
): Promise<void> {
  await client.query(
    `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at, filled_at)
     select $1, $2, $7, p.from_at, p.to_at, $3, now(), case when p.is_open then null else now() end
     from unnest($4::timestamptz[], $5::timestamptz[], $6::bool[]) as p (from_at, to_at, is_open)
     on conflict (instrument_id, venue_id, fact, from_at, reason) do update
       set to_at = excluded.to_at, known_at = excluded.known_at, filled_at = excluded.filled_at
       where gap.filled_at is null`,
    [
      id,
      venue,
      reason,
      parts.map((part) => new Date(part.from)),
      parts.map((part) => new Date(part.to)),
      parts.map(({ isOpen }) => isOpen),
      fact
    ]
  )
}

/** Writes settlement gaps whose both ends are known: none continues another. One that was filled by mistake is open again. */
export async function recordSettlementGaps(
  client: Transaction,
  { id, venue }: Pick<Instrument, 'id' | 'venue'>,
  gaps: readonly OpenGap[]
): Promise<void> {
  if (gaps.length === 0) return
  await client.query(
    `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at)
     select $1, $2, 'settlement', g.*, now() from unnest($3::timestamptz[], $4::timestamptz[], $5::text[]) as g
     on conflict (instrument_id, venue_id, fact, from_at, reason) do update
       set to_at = excluded.to_at, known_at = excluded.known_at, filled_at = null where gap.filled_at is not null`,
    [
      id,
      venue,
      gaps.map(({ from }) => new Date(from)),
      gaps.map(({ to }) => new Date(to)),
      gaps.map(({ reason }) => reason)
    ]
  )
}
