import { DAY } from '../domain/time.ts'
import type { Database } from './database.ts'

/** Where a perpetual's last settlement stands among those of the days before it, itself included. */
export type FundingStanding = {
  readonly settledAt: number
  /** Fraction per 8 h, so that a change of interval does not move it. */
  readonly rate8h: number
  /** Mid-rank, 0–100: 100·(#less + ½·#equal)/n, as `midrankPercentile` of the domain. */
  readonly percentile: number
  readonly observations: number
  readonly spanDays: number
}

/** No perpetual settles less often than daily: an older settlement is not the last. */
const LAST_WITHIN_DAYS = 2

/** Of many perpetuals in one query; none for those without a settlement within two days; each is read by its key. */
export async function listFundingStandings(
  db: Pick<Database, 'query'>,
  instrumentIds: readonly number[],
  { days, nowMs }: { readonly days: number; readonly nowMs: number }
): Promise<ReadonlyMap<number, FundingStanding>> {
  const { rows } = await db.query<{
    instrument_id: number
    settled_at: Date
    rate_8h: number
    percentile: number
    observations: number
    first_at: Date
  }>(
    `select p.id as instrument_id, l.settled_at, l.rate_8h, c.observations, c.first_at, c.percentile
     from unnest($1::int[]) as p (id)
     cross join lateral (
       select settled_at, rate::float8 * 8 / interval_hours as rate_8h from settlement
       where instrument_id = p.id and settled_at > $2 and settled_at <= $3 and interval_hours is not null
       order by settled_at desc, revision desc limit 1
     ) l
     cross join lateral (
       select count(*)::int as observations, min(s.settled_at) as first_at,
         (100 * (count(*) filter (where s.rate_8h < l.rate_8h) + count(*) filter (where s.rate_8h = l.rate_8h) / 2.0::float8)
           / count(*))::float8 as percentile
       from (
         select distinct on (settled_at) settled_at, rate::float8 * 8 / interval_hours as rate_8h from settlement
         where instrument_id = p.id and settled_at > l.settled_at - make_interval(days => $4) and settled_at <= l.settled_at
         order by settled_at, revision desc
       ) s where s.rate_8h is not null
     ) c`,
    [instrumentIds, new Date(nowMs - LAST_WITHIN_DAYS * DAY), new Date(nowMs), days]
  )
  return new Map(
    rows.map((row) => [
      row.instrument_id,
      {
        settledAt: row.settled_at.getTime(),
        rate8h: row.rate_8h,
        percentile: row.percentile,
        observations: row.observations,
        spanDays: (row.settled_at.getTime() - row.first_at.getTime()) / DAY
      }
    ])
  )
}
