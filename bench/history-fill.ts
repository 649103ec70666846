import { DAY } from '../src/domain/time.ts'
import { rebuildNextDay } from '../src/store/bucket-building.ts'
import type { Database } from '../src/store/database.ts'
import { ensurePartitions } from '../src/store/partitions.ts'
import { FACTS } from '../src/store/sealed/facts.ts'
import { sealFact } from '../src/store/sealed/seal.ts'

export const SERIES = 57
export const DAYS = 365
export const START = Date.UTC(2025, 0)
export const ROWS = SERIES * DAYS * 1_440
const NOW = START + 500 * DAY

const COLUMNS = `tick_at, observed_at, known_at, available_at, contract_observed_at, contract_venue_time, spot_observed_at,
  spot_venue_time, skew_ms, contract_bid, contract_ask, contract_mid, spot_bid, spot_ask, spot_mid, multiplier, fx, basis_bps,
  adjusted_basis_bps, premium_bps, carry_entry_bps, reverse_entry_bps, price_kind, grade, span_ms, source, formula_version,
  adapter_version, epoch`

/** Bases of days [from, to) of the first series, as a market walks: prices of two decimals, receive times that scatter. */
const walkSql = (from: number, to: number) => `
  insert into basis_snapshot (instrument_id, spot_id, ${COLUMNS})
  select 1, 1001, t, seen, t + interval '1.5 s' + random() * interval '1 s', seen, seen, seen - r1 * interval '200 ms', seen2,
    seen2 - r2 * interval '200 ms', (abs(extract(epoch from seen - seen2)) * 1000)::int, mid - 0.05, mid + 0.05, mid, spot - 0.01, spot + 0.01,
    spot, 1, 1, bps, bps, bps - r1, ((mid - 0.05) / (spot + 0.01) - 1) * 1e4, ((mid + 0.05) / (spot - 0.01) - 1) * 1e4, 'mid', 'signal',
    60000, 'polled', 1, 1, g
  from (
    select *, t + interval '400 ms' + r1 * interval '300 ms' as seen, t + interval '400 ms' + r2 * interval '300 ms' as seen2,
      ((mid / spot - 1) * 1e4)::float8 as bps
    from (
      select g, '${new Date(START).toISOString()}'::timestamptz + g * interval '1 minute' as t, r1, r2,
        round((60000 + 5000 * sin(g / 20000.0) + 300 * sin(g / 300.0) + 20 * r1)::numeric, 2) as mid,
        round((59980 + 5000 * sin(g / 20000.0) + 300 * sin(g / 300.0) + 20 * r2)::numeric, 2) as spot
      from (select g, random() as r1, random() as r2 from generate_series(${from * 1_440}, ${to * 1_440 - 1}) g) x
    ) y
  ) z`

const dayOf = (day: number) => new Date(START + day * DAY)

/** A year of minutes of one series, as it is stored. */
export async function fillWalk(db: Database): Promise<void> {
  const days = Array.from({ length: DAYS }, (_, day) => dayOf(day).getTime())
  await ensurePartitions(db, 'basis_snapshot', days, NOW)
  for (let day = 0; day < DAYS; day += 30) await db.query(walkSql(day, Math.min(day + 30, DAYS)))
}

/** The same walk of all series as plain rows with their primary key, in the order of arrival. */
export async function fillRaw(db: Database): Promise<void> {
  await db.query('create table bench_raw (like basis_snapshot including defaults including constraints)')
  await db.query('alter table bench_raw add primary key (instrument_id, spot_id, tick_at, revision)')
  for (let day = 0; day < DAYS; day += 1) {
    await db.query(
      `insert into bench_raw (instrument_id, spot_id, ${COLUMNS})
       select i, 1000 + i, ${COLUMNS} from basis_snapshot, generate_series(1, ${SERIES}) i
       where instrument_id = 1 and tick_at >= $1 and tick_at < $2 order by tick_at, i`,
      [dayOf(day), dayOf(day + 1)]
    )
  }
}

/** The walk sealed and rolled up by the service's own functions, and the same bodies and buckets once more for each other series. */
export async function fillSealed(db: Database): Promise<void> {
  await db.query(`update bucket_head set closed_to = $1, built_to = $1`, [dayOf(DAYS)])
  await db.query(
    `insert into bucket_due select distinct instrument_id, spot_id, date_trunc('day', tick_at), 1 from basis_snapshot`
  )
  while (await rebuildNextDay(db, NOW));
  await sealFact(db, FACTS.basis, { beforeMs: NOW, nowMs: NOW, knownBeforeMs: Number.POSITIVE_INFINITY })
  await db.query(
    `insert into sealed_day select i, fact, 1000 + i, day, rows, known_to, body, sealed_at from sealed_day, generate_series(2, ${SERIES}) i
     where instrument_id = 1 order by day, i`
  )
  await copyBuckets(db, `generate_series(2, ${SERIES}) i`, 'i', 'start')
}

/** The same buckets in years before. */
export async function keepMoreYears(db: Database, years: number): Promise<void> {
  const [from, to] = [START - (years - 1) * 365 * DAY, START]
  const times = Array.from({ length: (to - from) / DAY }, (_, day) => from + day * DAY)
  await ensurePartitions(db, 'basis_bucket', times, NOW)
  for (let year = 1; year < years; year += 1) {
    await copyBuckets(db, `generate_series(1, ${SERIES}) i`, 'i', `start - interval '${year * 365} days'`)
  }
  await db.query('vacuum analyze basis_bucket')
}

/** Two months of hours, and a year of days, of more contracts. */
export async function keepMoreContracts(db: Database, contracts: number): Promise<void> {
  await copyBuckets(
    db,
    `generate_series(100, ${100 + contracts}) i`,
    'i',
    'start',
    `and (length_ms = ${DAY} or start >= '${new Date(START + (DAYS - 60) * DAY).toISOString()}')`
  )
  await db.query('vacuum analyze basis_bucket')
}

async function copyBuckets(db: Database, of: string, id: string, start: string, only = ''): Promise<void> {
  await db.query(
    `insert into basis_bucket select ${id}, 1000 + ${id}, length_ms, ${start}, grade, first_at, last_at, open, high, low, close, sum, count, span_ms
     from basis_bucket, ${of} where instrument_id = 1 and start >= $1 ${only} order by start, i on conflict do nothing`,
    [new Date(START)]
  )
}
