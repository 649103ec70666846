import type { Instrument } from '../domain/instrument.ts'
import type { Database, Transaction } from './database.ts'
import type { GapFact } from './gaps.ts'
import { hoursWithin, listClosedHours, listQuietHours, NO_TRADES } from './quiet-hours.ts'

/** What has to be true of a gap before hourly closes can fill it: it holds the close of an hour, and it is one of ours. */
const IS_HOURLY = `g.filled_at is null and g.reason not in ('not_kept_by_venue', '${NO_TRADES}')
  and date_trunc('hour', g.to_at, 'UTC') > g.from_at`

/** Where the venue itself has nothing for some of a gap's time. */
const isLost = (instrumentId: string) =>
  `exists (select from gap n where n.instrument_id = ${instrumentId} and n.venue_id = g.venue_id and n.fact = 'market'
     and n.reason = 'not_kept_by_venue' and n.from_at < g.to_at and n.to_at > g.from_at)`

type HourlyGap = { instrument_id: number; fact: string; from_at: Date; to_at: Date; reason: string }
type Member = { id: number; listed_at: Date | null }

/**
 * Marks as filled the gaps whose every full hour has a price, or is known to have none: those of an instrument's market by its own closes,
 * those of its whole venue by the closes of every followed instrument. Called when a piece of hourly prices is finished; `from` to `to` is what was asked for.
 */
export async function fillHourlyGaps(
  db: Database,
  { id, venue }: Pick<Instrument, 'id' | 'venue'>,
  { from, to }: Stretch
): Promise<void> {
  const { rows: gaps } = await db.query<HourlyGap>(
    `select g.instrument_id, g.fact, g.from_at, g.to_at, g.reason from gap g
     where g.venue_id = $2 and ${IS_HOURLY} and g.from_at >= $3 and date_trunc('hour', g.to_at, 'UTC') <= $4
       and not ${isLost('$1::int')}
       and (g.instrument_id = $1 and g.fact = 'market' or g.instrument_id = 0 and g.fact in ('market', 'basis') and not exists (
         select from backfill b join instrument i on i.id = b.instrument_id
         where i.venue_id = g.venue_id and i.tracked and b.fact = 'price_1h' and (${isLost('b.instrument_id')}
           or (b.instrument_id <> $1 and (b.state in ('waiting', 'running') or b.done_from is null or b.done_from > g.from_at
             or b.done_to < date_trunc('hour', g.to_at, 'UTC'))))))`,
    [id, venue, new Date(from), new Date(to)]
  )
  for (const gap of gaps) {
    if (!(await isFilled(db, await membersOf(db, id, gap), gap))) continue
    // One that has grown meanwhile is another.
    await db.query(
      `update gap set filled_at = now(), known_at = now()
       where instrument_id = $1 and venue_id = $2 and fact = $3 and from_at = $4 and to_at = $5 and reason = $6 and filled_at is null`,
      [gap.instrument_id, venue, gap.fact, gap.from_at, gap.to_at, gap.reason]
    )
  }
}

/** A coin that nothing is set against is followed without its past. */
const HAS_A_PAST = `(m.kind <> 'spot' or exists (select from instrument c where c.spot_id = m.id and c.tracked)
  or exists (select from backfill b where b.instrument_id = m.id and b.fact = 'price_1h'))`

/** Whose prices a gap is of: one instrument's, or everybody's who is followed; who was listed after it misses nothing. */
async function membersOf(db: Database, id: number, gap: HourlyGap): Promise<Member[]> {
  const { rows } = await db.query<Member>(
    `select m.id, m.listed_at from instrument i join instrument m on m.id = i.id or ($2 and m.venue_id = i.venue_id and m.tracked)
     where i.id = $1 and (m.id = i.id or (m.listed_at is null or m.listed_at < $3) and ${HAS_A_PAST}) order by m.id <> $1, m.id`,
    [id, gap.instrument_id === 0, gap.to_at]
  )
  return rows
}

async function isFilled(db: Database, members: readonly Member[], gap: HourlyGap): Promise<boolean> {
  const to = gap.to_at.getTime()
  for (const { id, listed_at } of members) {
    const from = Math.max(gap.from_at.getTime(), gap.instrument_id === 0 ? (listed_at?.getTime() ?? 0) : 0)
    const due = hoursWithin({ from, to })
    if (due.length === 0) continue
    const closed = await listClosedHours(db, id, { from, to })
    if (closed.size >= due.length) continue
    const quiet = await listQuietHours(db, id, { from, to })
    if (!due.every((hour) => closed.has(hour) || quiet.has(hour))) return false
  }
  return true
}

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

/** A gap cut where hours with a price and hours without meet; what is beyond its last full hour goes with that. */
function partsOf(gap: Stretch, closed: ReadonlySet<number>): GapPart[] {
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
