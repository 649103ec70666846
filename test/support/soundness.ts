import assert from 'node:assert/strict'
import type { Database } from '../../src/store/database.ts'

// What must hold of the stored rows whatever was killed or frozen, at any moment.

async function assertNone(db: Database, promise: string, query: string, values: readonly unknown[] = []) {
  const { rows } = await db.query(`${query} limit 5`, values)
  assert.equal(rows.length, 0, `${promise}: ${JSON.stringify(rows)}`)
}

/** Facts of a venue's instruments with the tick that wrote them; basis rows belong to the derivation. */
const FACTS = [
  { table: 'market_snapshot', key: 'instrument_id, tick_at', job: 'collect' },
  { table: 'funding_estimate', key: 'instrument_id, tick_at', job: 'collect' },
  { table: 'basis_snapshot', key: 'instrument_id, spot_id, tick_at', job: 'derive' }
] as const

/** One row per instrument and tick, each written by the claim that ended its tick, and each tick with as many as it says. */
export async function assertWhole(db: Database): Promise<void> {
  for (const { table, key, job } of FACTS) {
    await assertNone(
      db,
      `one row of ${table} per instrument and tick`,
      `select ${key} from ${table} where source = 'polled' group by ${key} having count(*) > 1`
    )
    await assertNone(
      db,
      `no row of ${table} but from the claim that ended its tick`,
      `select f.tick_at, f.epoch, i.venue_id, t.epoch as ended_by, t.state from ${table} f join instrument i on i.id = f.instrument_id
       left join tick t on t.job = '${job}' and t.scope = i.venue_id and t.tick_at = f.tick_at
       where f.source = 'polled' and (t.epoch is null or t.epoch <> f.epoch or t.state not in ('done', 'failed'))`
    )
  }
  for (const job of ['collect', 'derive']) {
    const tables = FACTS.filter((fact) => fact.job === job).map(
      ({ table }) => `select instrument_id, tick_at from ${table} where source = 'polled'`
    )
    await assertNone(
      db,
      `a ${job} tick says how many rows it wrote, and has them`,
      `select t.scope, t.tick_at, t.state, t.rows as told, f.written from tick t
       left join (select i.venue_id, f.tick_at, count(*) as written from (${tables.join(' union all ')}) f
             join instrument i on i.id = f.instrument_id group by 1, 2) f on f.venue_id = t.scope and f.tick_at = t.tick_at
       where t.job = $1 and t.state <> 'claimed' and coalesce(t.rows, 0) <> coalesce(f.written, 0)`,
      [job]
    )
  }
}

/** Every hole between two ticks of a venue is a gap with a reason; of those `since` then, where polls came at another pace before. */
export async function assertHolesAreGaps(db: Database, pollMs: number, since = new Date(0)): Promise<void> {
  await assertNone(
    db,
    'every hole between two ticks is a gap with a reason',
    `select scope, before, tick_at from (
       select scope, tick_at, state, lag(tick_at) over (partition by scope order by tick_at) as before from tick
       where job = 'collect' and tick_at >= $2
     ) t where state <> 'claimed' and before < tick_at - $1 * interval '1 millisecond' and not exists (
       select 1 from gap g where g.venue_id = t.scope and g.instrument_id = 0
         and g.from_at <= t.before + $1 * interval '1 millisecond' and g.to_at >= t.tick_at)`,
    [pollMs, since]
  )
}

/**
 * Where every tick is kept: each instrument has, from its first row until `until`, a row or a gap with a reason for every tick;
 * observations and bases alike.
 */
export async function assertCovered(db: Database, pollMs: number, until: Date): Promise<void> {
  for (const { table, fact } of [
    { table: 'market_snapshot', fact: 'market' },
    { table: 'basis_snapshot', fact: 'basis' }
  ]) {
    await assertNone(
      db,
      `every instrument has a row of ${table} or a gap for every tick`,
      `select i.id, i.key, l.venue_id, g.at, t.state, t.failure, d.state as derived from (
         select instrument_id as id, min(tick_at) as first from ${table} where source = 'polled' group by 1) f
       join instrument i on i.id = f.id
       cross join lateral (select i.venue_id) l
       cross join lateral generate_series(f.first, $2::timestamptz - interval '1 millisecond', $1 * interval '1 millisecond') g (at)
       left join tick t on t.job = 'collect' and t.scope = i.venue_id and t.tick_at = g.at
       left join tick d on d.job = 'derive' and d.scope = i.venue_id and d.tick_at = g.at
       where not exists (select 1 from ${table} s where s.instrument_id = i.id and s.tick_at = g.at)
         and not exists (select 1 from gap p where p.venue_id = i.venue_id and p.instrument_id in (0, i.id)
           and p.fact in ('market', $3) and p.from_at <= g.at and p.to_at >= g.at + $1 * interval '1 millisecond')`,
      [pollMs, until, fact]
    )
  }
}
