import type { Instrument } from '../domain/instrument.ts'
import { HOUR } from '../domain/time.ts'
import { listBasisHours, listSeriesSpots } from './basis-history.ts'
import type { Database, Transaction } from './database.ts'
import { isDatabaseUnavailable, isTooSlow } from './database-errors.ts'
import { partsOf, splitGap } from './gap-filling.ts'
import { type Gap, recordGaps } from './gaps.ts'
import { hoursWithin, listClosedHours, listQuietHours, NO_TRADES } from './quiet-hours.ts'

/** An open gap that holds the end of a full hour. Times in epoch milliseconds. */
type HourlyGap = Gap & { readonly fact: 'market' | 'basis' }
type Stretch = { readonly from: number; readonly to: number }

/** Where the venue itself has nothing for some of a gap's time. */
const isLost = (instrumentId: string) =>
  `exists (select from gap n where n.instrument_id = ${instrumentId} and n.venue_id = g.venue_id and n.fact = 'market'
     and n.reason = 'not_kept_by_venue' and n.from_at < g.to_at and n.to_at > g.from_at)`

/**
 * What has to be true of a gap before stored hours can fill it: it holds the close of one, nothing of it is lost, and of a whole venue's
 * every past that is fetched has come over it, but for the one in hand.
 */
const isJudged = (inHand: string) => `g.filled_at is null and g.reason <> 'not_kept_by_venue'
  and date_trunc('hour', g.to_at, 'UTC') > g.from_at and g.fact in ('market', 'basis')
  and case when g.instrument_id = 0 then not exists (
      select from backfill b join instrument i on i.id = b.instrument_id
      where i.venue_id = g.venue_id and i.tracked and b.fact = 'price_1h' and (${isLost('b.instrument_id')}
        or (b.instrument_id is distinct from ${inHand} and (b.state in ('waiting', 'running') or b.done_from is null
          or b.done_from > g.from_at or b.done_to < date_trunc('hour', g.to_at, 'UTC')))))
    else not ${isLost('g.instrument_id')} and (g.fact = 'basis' or g.reason <> '${NO_TRADES}') end`

type GapRow = {
  instrument_id: number
  venue_id: string
  fact: 'market' | 'basis'
  from_at: Date
  to_at: Date
  reason: string
}
const COLUMNS = 'g.instrument_id, g.venue_id, g.fact, g.from_at, g.to_at, g.reason'

const gapOf = (row: GapRow): HourlyGap => ({
  instrumentId: row.instrument_id,
  venue: row.venue_id,
  fact: row.fact,
  from: row.from_at.getTime(),
  to: row.to_at.getTime(),
  reason: row.reason
})

/**
 * Marks as filled the gaps whose every full hour is known, or is known to have had no trades: an instrument's own, those of bases that stand
 * on its prices, and its venue's. Called when a piece of hourly prices is finished; `from` to `to` is what was asked for.
 */
export async function fillHourlyGaps(
  db: Database,
  { id, venue }: Pick<Instrument, 'id' | 'venue'>,
  { from, to }: Stretch
): Promise<void> {
  const { rows } = await db.query<GapRow>(
    `select ${COLUMNS} from gap g
     where g.venue_id = $2 and ${isJudged('$1')} and g.from_at >= $3 and date_trunc('hour', g.to_at, 'UTC') <= $4
       and g.instrument_id = any (array(select id from instrument where spot_id = $1 union select unnest(array[$1, 0])))
       and (g.instrument_id in ($1, 0) or g.fact = 'basis')
     order by g.instrument_id, g.from_at`,
    [id, venue, new Date(from), new Date(to)]
  )
  const legsOf = seriesSpots(db)
  for (const row of rows) await judge(db, gapOf(row), legsOf)
}

type Judging = {
  readonly endedBefore: number
  /** Also the hours without trades that have a mark, which few bases ever come of. */
  readonly hasQuiet: boolean
  readonly mayGoOn: () => boolean
  /** One that cannot be judged keeps none of the others. */
  readonly onFailure: (gap: Gap, error: unknown) => void
}

/**
 * Goes over every open gap that ended before then and marks what stored hours fill, whoever brought them and whenever: nobody is asked for
 * anything. A gap that stays open has an hour of which nothing is known.
 */
export async function judgeGaps(db: Database, { endedBefore, hasQuiet, mayGoOn, onFailure }: Judging): Promise<void> {
  const legsOf = seriesSpots(db)
  for (let after: HourlyGap | undefined; mayGoOn(); ) {
    const { rows } = await db.query<GapRow>(
      `select ${COLUMNS} from gap g where g.to_at < $1 and ${isJudged('0')} ${hasQuiet ? '' : `and g.reason <> '${NO_TRADES}'`}
         and (g.instrument_id, g.venue_id, g.fact, g.from_at, g.reason) > ($2, $3, $4, $5::timestamptz, $6)
       order by g.instrument_id, g.venue_id, g.fact, g.from_at, g.reason limit ${BATCH}`,
      [
        new Date(endedBefore),
        after?.instrumentId ?? -1,
        after?.venue ?? '',
        after?.fact ?? '',
        new Date(after?.from ?? 0),
        after?.reason ?? ''
      ]
    )
    const gaps = rows.map(gapOf)
    for (const gap of gaps) {
      if (!mayGoOn()) return
      try {
        await judge(db, gap, legsOf)
      } catch (error) {
        if (isDatabaseUnavailable(error) && !isTooSlow(error)) throw error
        onFailure(gap, error)
      }
    }
    after = gaps.at(-1)
    if (gaps.length < BATCH) return
  }
}

const BATCH = 500

type LegsOf = (contractId: number) => Promise<readonly number[]>

/** The spot legs of a contract's series, asked for once for all its gaps, which come one after the other. */
function seriesSpots(db: Database): LegsOf {
  let last: { readonly id: number; readonly legs: readonly number[] } | undefined
  return async (id) => {
    if (last?.id !== id) last = { id, legs: await listSeriesSpots(db, id) }
    return last.legs
  }
}

async function judge(db: Database, gap: HourlyGap, legsOf: LegsOf): Promise<void> {
  if (gap.fact === 'basis' && gap.instrumentId !== 0) return await judgeBasis(db, gap, await legsOf(gap.instrumentId))
  if (await isPriced(db, gap)) await fill(db, gap, [])
}

/** A contract's own bases: hours that have one, and hours in which one of the legs did not trade, which are gaps of their own. */
async function judgeBasis(db: Database, gap: HourlyGap, legs: readonly number[]): Promise<void> {
  const { instrumentId: id, venue } = gap
  const based = await listBasisHours(db, id, gap, legs)
  if (gap.reason === NO_TRADES) {
    if (based.size === 0) return
    return await db.transaction(async (client) => {
      if (await lockAsRead(client, gap)) await splitGap(client, { id, venue }, gap, partsOf(gap, based))
    })
  }
  const rest = hoursWithin(gap).filter((hour) => !based.has(hour))
  const quiet = rest.length === 0 ? new Set<number>() : await listQuietHoursOfLegs(db, id, gap, legs)
  if (rest.every((hour) => quiet.has(hour))) await fill(db, gap, rest)
}

async function listQuietHoursOfLegs(
  db: Database,
  contractId: number,
  stretch: Stretch,
  earlier: readonly number[]
): Promise<Set<number>> {
  const { rows } = await db.query<{ spot_id: number }>(
    'select spot_id from instrument where id = $1 and spot_id is not null',
    [contractId]
  )
  const legs = new Set([contractId, ...rows.map(({ spot_id }) => spot_id), ...earlier])
  const quiet = [...(await listQuietHours(db, contractId, stretch, 'basis'))]
  for (const leg of legs) quiet.push(...(await listQuietHours(db, leg, stretch)))
  return new Set(quiet)
}

/** Whether a gap is still open and as it was read; if so it stays so until the end of the transaction. One that has grown is another. */
async function lockAsRead(client: Transaction, { instrumentId, venue, fact, from, to, reason }: Gap): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from gap
     where instrument_id = $1 and venue_id = $2 and fact = $3 and from_at = $4 and to_at = $5 and reason = $6 and filled_at is null
     for update`,
    [instrumentId, venue, fact, new Date(from), new Date(to), reason]
  )
  return rowCount === 1
}

/** One that has grown meanwhile is another. What is missing of it for want of trades is noted with it. */
async function fill(db: Database, gap: HourlyGap, quietHours: readonly number[]): Promise<void> {
  const { instrumentId, venue, fact, from, to, reason } = gap
  await db.transaction(async (client) => {
    const { rowCount } = await client.query(
      `update gap set filled_at = now(), known_at = now()
       where instrument_id = $1 and venue_id = $2 and fact = $3 and from_at = $4 and to_at = $5 and reason = $6 and filled_at is null`,
      [instrumentId, venue, fact, new Date(from), new Date(to), reason]
    )
    if (rowCount === 0) return
    const quiet = { instrumentId, venue, fact, reason: NO_TRADES }
    for (const hour of quietHours) await recordGaps(client, [{ ...quiet, from: hour - HOUR, to: hour }])
  })
}

type Member = { id: number; listed_at: Date | null }

/** A coin that nothing is set against is followed without its past. */
const HAS_A_PAST = `(m.kind <> 'spot' or exists (select from instrument c where c.spot_id = m.id and c.tracked)
  or exists (select from backfill b where b.instrument_id = m.id and b.fact = 'price_1h'))`

/** Whose prices a gap is of: one instrument's, or everybody's who is followed; who was listed after it misses nothing. */
async function membersOf(db: Database, gap: HourlyGap): Promise<Member[]> {
  const { rows } = await db.query<Member>(
    `select m.id, m.listed_at from instrument m where case when $1 <> 0 then m.id = $1
       else m.venue_id = $2 and m.tracked and (m.listed_at is null or m.listed_at < $3) and ${HAS_A_PAST} end order by m.id`,
    [gap.instrumentId, gap.venue, new Date(gap.to)]
  )
  return rows
}

async function isPriced(db: Database, gap: HourlyGap): Promise<boolean> {
  const { to } = gap
  const members = await membersOf(db, gap)
  for (const { id, listed_at } of members) {
    const from = Math.max(gap.from, gap.instrumentId === 0 ? (listed_at?.getTime() ?? 0) : 0)
    const due = hoursWithin({ from, to })
    if (due.length === 0) continue
    const closed = await listClosedHours(db, id, { from, to })
    if (closed.size >= due.length) continue
    const quiet = await listQuietHours(db, id, { from, to })
    if (!due.every((hour) => closed.has(hour) || quiet.has(hour))) return false
  }
  return members.length > 0
}
