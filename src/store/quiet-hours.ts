import { DAY, HOUR } from '../domain/time.ts'
import type { Database, Transaction } from './database.ts'
import { type Gap, recordGaps } from './gaps.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>
type Stretch = { readonly from: number; readonly to: number }

/** Why an hour has no price that anybody could fetch: the venue has candles before and after it, and none of it. */
export const NO_TRADES = 'no_trades'

type PriceRow = {
  tick_at: Date
  revision: number
  last: string | null
  mark: string | null
  bid: string | null
  ask: string | null
}
const PRICES = ['last', 'mark', 'bid', 'ask'] as const
/** A price at a full hour; an index alone is none of the instrument's own. */
const HAS_CLOSE = {
  test: (row: PriceRow) => row.tick_at.getTime() % HOUR === 0 && PRICES.some((price) => row[price] !== null),
  sql: `f.tick_at = date_trunc('hour', f.tick_at, 'UTC') and coalesce(f.last, f.mark, f.bid, f.ask) is not null`
}

/** The full hours in (from, to] at whose end a price is stored, epoch milliseconds. */
export async function listClosedHours(
  db: Queryable,
  instrumentId: number,
  { from, to }: Stretch
): Promise<Set<number>> {
  const question = { fromMs: from + 1, toMs: to + 1, knownAtMs: null, columns: PRICES, keep: HAS_CLOSE }
  const rows = await listRows<PriceRow>(db, FACTS.market, { instrumentId }, question)
  return new Set(rows.map(({ tick_at }) => tick_at.getTime()))
}

/** The full hours in (from, to], by their ends, in which nothing traded. */
export async function listQuietHours(db: Queryable, instrumentId: number, { from, to }: Stretch): Promise<Set<number>> {
  const { rows } = await db.query<{ from_at: Date; to_at: Date }>(
    `select from_at, to_at from gap where instrument_id = $1 and fact = 'market' and reason = $2 and from_at < $4 and to_at > $3`,
    [instrumentId, NO_TRADES, new Date(from), new Date(to)]
  )
  return new Set(rows.flatMap((gap) => hoursWithin({ from: gap.from_at.getTime(), to: gap.to_at.getTime() })))
}

/** The ends of the full hours in (from, to]. */
export function hoursWithin({ from, to }: Stretch): number[] {
  const first = Math.floor(from / HOUR) + 1
  return Array.from({ length: Math.max(0, Math.floor(to / HOUR) - first + 1) }, (_, hour) => (first + hour) * HOUR)
}

/**
 * Notes the hours between candles that a venue has, given by their ends in ascending order, of which it has none and nothing else is
 * stored: nothing traded. They stay without a price, and nobody waits for one. What is too long for that is missing from the answer.
 */
export async function noteQuietHours(
  client: Transaction,
  { id, venue }: { readonly id: number; readonly venue: string },
  candlesAt: readonly number[]
): Promise<void> {
  const holes = candlesAt
    .slice(1)
    .flatMap((to, index) => (to - candlesAt[index]! > HOUR ? [{ from: candlesAt[index]!, to: to - HOUR }] : []))
  if (holes.length === 0) return
  const all = { from: holes[0]!.from, to: holes.at(-1)!.to }
  const closed = await listClosedHours(client, id, all)
  const quiet = await listQuietHours(client, id, all)
  const gaps: Gap[] = []
  for (const hole of holes) {
    const reason = hole.to - hole.from > QUIET_MAX_MS ? 'absent_from_answer' : NO_TRADES
    for (const hour of hoursWithin(hole)) {
      if (closed.has(hour) || quiet.has(hour)) continue
      const before = gaps.at(-1)
      if (before?.to === hour - HOUR) gaps[gaps.length - 1] = { ...before, to: hour }
      else gaps.push({ instrumentId: id, venue, fact: 'market', from: hour - HOUR, to: hour, reason })
    }
  }
  await recordGaps(client, gaps)
}

/** A market that is followed does not pause for longer: its venue has lost something, or an answer was empty that should not have been. */
const QUIET_MAX_MS = 7 * DAY
