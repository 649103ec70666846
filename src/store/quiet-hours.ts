import type { Instrument } from '../domain/instrument.ts'
import { DAY, HOUR } from '../domain/time.ts'
import { listBasisHours, listSeriesSpots } from './basis-history.ts'
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

/** The full hours in (from, to], by their ends, in which nothing traded as far as is known; of `basis`, those with a mark all the same. */
export async function listQuietHours(
  db: Queryable,
  instrumentId: number,
  { from, to }: Stretch,
  fact: 'market' | 'basis' = 'market'
): Promise<Set<number>> {
  const { rows } = await db.query<{ from_at: Date; to_at: Date }>(
    `select from_at, to_at from gap where instrument_id = $1 and fact = $5 and reason = $2 and filled_at is null
       and from_at < $4 and to_at > $3`,
    [instrumentId, NO_TRADES, new Date(from), new Date(to), fact]
  )
  return new Set(rows.flatMap((gap) => hoursWithin({ from: gap.from_at.getTime(), to: gap.to_at.getTime() })))
}

/** The ends of the full hours in (from, to]. */
export function hoursWithin({ from, to }: Stretch): number[] {
  const first = Math.floor(from / HOUR) + 1
  return Array.from({ length: Math.max(0, Math.floor(to / HOUR) - first + 1) }, (_, hour) => (first + hour) * HOUR)
}

/**
 * Notes the hours between candles that a venue has, given by their ends in ascending order, of which it has none: nothing traded. Where
 * nothing else is stored of them they stay without a price, and nobody waits for one; a contract that has a mark there has no basis still.
 * What is too long for a pause is missing from the answer.
 */
export async function noteQuietHours(
  client: Transaction,
  { id, venue, kind, spotId }: Pick<Instrument, 'id' | 'venue' | 'kind' | 'spotId'>,
  candlesAt: readonly number[]
): Promise<void> {
  const holes = candlesAt
    .slice(1)
    .flatMap((to, index) => (to - candlesAt[index]! > HOUR ? [{ from: candlesAt[index]!, to: to - HOUR }] : []))
  if (holes.length === 0) return
  const all = { from: holes[0]!.from, to: holes.at(-1)!.to }
  const closed = await listClosedHours(client, id, all)
  const quiet = await listQuietHours(client, id, all)
  const gaps = holes.flatMap((hole) => {
    const reason = isPause(hole) ? NO_TRADES : 'absent_from_answer'
    const runs = runsOf(hoursWithin(hole).filter((hour) => !closed.has(hour) && !quiet.has(hour)))
    return runs.map((run): Gap => ({ instrumentId: id, venue, fact: 'market', ...run, reason }))
  })
  await recordGaps(client, gaps)
  const marked = holes
    .filter(isPause)
    .flatMap(hoursWithin)
    .filter((hour) => closed.has(hour))
  if (kind === 'spot' || marked.length === 0) return
  const spotIds = await listSeriesSpots(client, id)
  // What is set against nothing has no basis to miss.
  if (spotId === null && spotIds.length === 0) return
  const known = [await listBasisHours(client, id, all, spotIds), await listQuietHours(client, id, all, 'basis')]
  const runs = runsOf(marked.filter((hour) => !known.some((hours) => hours.has(hour))))
  await recordGaps(
    client,
    runs.map((run) => ({ instrumentId: id, venue, fact: 'basis', ...run, reason: NO_TRADES }))
  )
}

/** Hours, by their ends, as stretches without a hole. */
function runsOf(hours: readonly number[]): Stretch[] {
  const runs: Stretch[] = []
  for (const hour of hours) {
    const before = runs.at(-1)
    if (before?.to === hour - HOUR) runs[runs.length - 1] = { ...before, to: hour }
    else runs.push({ from: hour - HOUR, to: hour })
  }
  return runs
}

const isPause = ({ from, to }: Stretch) => to - from <= QUIET_MAX_MS

/** A market that is followed does not pause for longer: its venue has lost something, or an answer was empty that should not have been. */
const QUIET_MAX_MS = 7 * DAY
