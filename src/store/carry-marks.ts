import { ENTRY_DELAY_MS, QUOTES_WITHIN_MS } from '../domain/carry-windows.ts'
import { DAY } from '../domain/time.ts'
import type { Database } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** From the close of a carry until nobody could leave it any more. */
export const LEFT_WITHIN = `interval '${ENTRY_DELAY_MS + QUOTES_WITHIN_MS} milliseconds'`
/**
 * Longer than a transaction that stores facts lasts. Who writes while a carry is being closed does not see it as closed and marks nothing:
 * until then whoever did has committed.
 */
const WRITTEN_WITHIN = `interval '1 minute'`
/** A row that is being worked out is waited for, and marked after that, due or not: no mark is lost. All wait in one order. */
const marking = (which: string) =>
  `insert into carry_due as d (signal_id, due_at) select s.id, clock_timestamp() + ${WRITTEN_WITHIN} from signal s
   where s.type = 'carry_opportunity' and s.state = 'closed' and ${which} order by s.id
   on conflict (signal_id) do update set is_due = true, due_at = excluded.due_at`

/** Notes in the transaction that closed them what carries have to be worked out; of these, those that are over. */
export async function markClosed(client: Queryable, ids: readonly string[]): Promise<void> {
  await client.query(marking('s.id = any ($1)'), [ids])
}

/** The same in the transaction of an instrument's settlements, of `fromMs` to `toMs`, both with. */
export async function markPaid(
  client: Queryable,
  instrumentId: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<void> {
  await client.query(marking(`s.instrument_id = $1 and s.closed_at + ${LEFT_WITHIN} >= $2 and s.opened_at <= $3`), [
    instrumentId,
    new Date(fromMs),
    new Date(toMs)
  ])
}

/** The same in the transaction of bases of days whose hours are closed: carries that were entered or left in one of them. */
export async function markTraded(
  client: Queryable,
  pairs: readonly { readonly instrumentId: number; readonly spotId: number; readonly dayMs: number }[]
): Promise<void> {
  const within = (time: string) =>
    `s.${time} < p.day + interval '${DAY} milliseconds' and s.${time} + ${LEFT_WITHIN} > p.day`
  await client.query(
    marking(
      `exists (select 1 from unnest($1::int[], $2::int[], $3::timestamptz[]) as p (instrument_id, spot_id, day)
         where p.instrument_id = s.instrument_id and p.spot_id = s.spot_id and ((${within('opened_at')}) or (${within('closed_at')})))
       and s.instrument_id = any ($1)`
    ),
    [
      pairs.map(({ instrumentId }) => instrumentId),
      pairs.map(({ spotId }) => spotId),
      pairs.map(({ dayMs }) => new Date(dayMs))
    ]
  )
}
