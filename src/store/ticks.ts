import type { Database, Transaction } from './database.ts'

/** A job's run at one grid time, held by us. A commit counts only while `epoch` is still the row's. */
export type Claim = { readonly job: string; readonly scope: string; readonly tickAt: number; readonly epoch: number }

export type TickOutcome = {
  readonly state: 'done' | 'failed'
  readonly rows: number
  readonly skipped: number
  readonly failure?: string | null
  readonly detail?: unknown
}

/** Somebody else holds, or ended, this tick: what we were about to commit must not be. */
export class StaleClaimError extends Error {
  override name = 'StaleClaimError'
}

export type WantedTick = {
  readonly job: string
  readonly scope: string
  readonly tickAt: number
  readonly holder: string
  readonly leaseMs: number
}

/**
 * Claims a tick for a run, or takes over one whose lease has lapsed, or whose run is known to be cut off (`tick-runs.ts`); undefined when another
 * has it, or had it. The database's clock decides.
 */
export async function claimTick(
  db: Database,
  { job, scope, tickAt, holder, leaseMs }: WantedTick,
  { run, cutOff }: { readonly run: string; readonly cutOff: readonly string[] } = { run: '', cutOff: [] }
): Promise<Claim | undefined> {
  const { rows } = await db.query<{ epoch: number }>(
    `insert into tick as t (job, scope, tick_at, epoch, state, holder, run, claimed_at, lease_until)
     values ($1, $2, $3, 1, 'claimed', $4, $6, now(), now() + $5 * interval '1 millisecond')
     on conflict (job, scope, tick_at) do update
       set epoch = t.epoch + 1, state = 'claimed', holder = excluded.holder, run = excluded.run,
           claimed_at = excluded.claimed_at, lease_until = excluded.lease_until
       where t.state = 'claimed' and (t.lease_until < excluded.claimed_at or t.run = any ($7))
     returning epoch`,
    [job, scope, new Date(tickAt), holder, leaseMs, run, cutOff]
  )
  const epoch = rows[0]?.epoch
  return epoch === undefined ? undefined : { job, scope, tickAt, epoch }
}

/** Ends a tick inside the transaction that writes its rows; throws StaleClaimError when the claim is no longer ours. */
export async function finishTick(client: Transaction, claim: Claim, outcome: TickOutcome): Promise<void> {
  const { rows } = await client.query(
    `update tick set state = $5, finished_at = clock_timestamp(), rows = $6, skipped = $7, failure = $8, detail = $9
     where job = $1 and scope = $2 and tick_at = $3 and epoch = $4 and state = 'claimed' returning 1`,
    [
      claim.job,
      claim.scope,
      new Date(claim.tickAt),
      claim.epoch,
      outcome.state,
      outcome.rows,
      outcome.skipped,
      outcome.failure ?? null,
      outcome.detail === undefined ? null : JSON.stringify(outcome.detail)
    ]
  )
  if (rows.length === 0) throw staleClaim(claim)
}

/** For a transaction that stores part of a tick: throws StaleClaimError when the claim is no longer ours, and keeps it ours to the end. */
export async function holdClaim(client: Transaction, { job, scope, tickAt, epoch }: Claim): Promise<void> {
  const { rows } = await client.query(
    `select 1 from tick where job = $1 and scope = $2 and tick_at = $3 and epoch = $4 and state = 'claimed' for update`,
    [job, scope, new Date(tickAt), epoch]
  )
  if (rows.length === 0) throw staleClaim({ job, scope, tickAt })
}

const staleClaim = ({ job, scope, tickAt }: Omit<Claim, 'epoch'>) =>
  new StaleClaimError(`${job} ${scope} ${new Date(tickAt).toISOString()} is no longer ours`)

/** A tick that ended without its holder, and the one before it, whose own commit would have told of the time between. */
export type LapsedTick = { readonly tickAt: number; readonly previousAt: number | undefined }

/** Ends as missed every tick whose holder let the lease lapse, and answers them, so that their gaps can be written. */
export async function closeLapsedTicks(
  client: Transaction,
  { job, scope, before }: { job: string; scope: string; before: number }
): Promise<LapsedTick[]> {
  const { rows } = await client.query<{ tick_at: Date; previous_at: Date | null }>(
    `update tick t set state = 'missed', epoch = epoch + 1, finished_at = now(), failure = 'lease_lapsed'
     where job = $1 and scope = $2 and tick_at < $3 and state = 'claimed' and lease_until < now()
     returning tick_at, (select max(p.tick_at) from tick p where p.job = t.job and p.scope = t.scope
       and p.tick_at < t.tick_at) as previous_at`,
    [job, scope, new Date(before)]
  )
  return rows
    .map((row) => ({ tickAt: row.tick_at.getTime(), previousAt: row.previous_at?.getTime() }))
    .sort((a, b) => a.tickAt - b.tickAt)
}

/** The newest tick before `before`, whatever became of it. */
export async function findLastTick(
  client: Pick<Database, 'query'>,
  { job, scope, before }: { job: string; scope: string; before: number }
): Promise<number | undefined> {
  const { rows } = await client.query<{ tick_at: Date }>(
    'select tick_at from tick where job = $1 and scope = $2 and tick_at < $3 order by tick_at desc limit 1',
    [job, scope, new Date(before)]
  )
  return rows[0]?.tick_at.getTime()
}

/** Whether a tick of `[from, before)` has already been kept as history. */
export async function hasKeptTick(
  db: Pick<Database, 'query'>,
  { job, scope, from, before }: { job: string; scope: string; from: number; before: number }
): Promise<boolean> {
  const { rows } = await db.query(
    `select 1 from tick where job = $1 and scope = $2 and tick_at >= $3 and tick_at < $4 and state = 'done' and rows > 0 limit 1`,
    [job, scope, new Date(from), new Date(before)]
  )
  return rows.length > 0
}

/** How many rows a tick has written; undefined when it has not ended well. */
export async function findTickRows(
  db: Pick<Database, 'query'>,
  { job, scope, tickAt }: { job: string; scope: string; tickAt: number }
): Promise<number | undefined> {
  const { rows } = await db.query<{ rows: number }>(
    `select rows from tick where job = $1 and scope = $2 and tick_at = $3 and state = 'done'`,
    [job, scope, new Date(tickAt)]
  )
  return rows[0]?.rows
}

export type UnderivedTick = { readonly venue: string; readonly tickAt: number; readonly finishedAt: number }

/** Collected ticks of the last hour, later than the last derived one of their venue; a derivation that died or was cut off counts for nothing. */
export async function listUnderivedTicks(db: Database, cutOff: readonly string[] = []): Promise<UnderivedTick[]> {
  const { rows } = await db.query<{ scope: string; tick_at: Date; finished_at: Date }>(
    `with derived as (
       select scope, max(tick_at) as tick_at from tick
       where job = 'derive' and tick_at > now() - interval '1 hour' and (state <> 'claimed' or (lease_until > now() and run <> all ($1)))
       group by scope
     )
     select c.scope, c.tick_at, c.finished_at from tick c left join derived d on d.scope = c.scope
     where c.job = 'collect' and c.state = 'done' and c.tick_at > now() - interval '1 hour'
       and (d.tick_at is null or c.tick_at > d.tick_at) order by c.tick_at`,
    [cutOff]
  )
  return rows.map(({ scope, tick_at, finished_at }) => ({
    venue: scope,
    tickAt: tick_at.getTime(),
    finishedAt: finished_at.getTime()
  }))
}

/** Kept collections of `[since, before)` without a derivation, done or running, that no gap tells of; oldest first. */
export async function listUnderivedKept(
  client: Transaction,
  { scope, since, before }: { scope: string; since: number; before: number }
): Promise<{ tickAt: number; isLapsed: boolean }[]> {
  const { rows } = await client.query<{ tick_at: Date; is_lapsed: boolean }>(
    `select c.tick_at, d.state is not null as is_lapsed from tick c
     left join tick d on d.job = 'derive' and d.scope = c.scope and d.tick_at = c.tick_at
     where c.job = 'collect' and c.scope = $1 and c.tick_at >= $2 and c.tick_at < $3 and c.state = 'done' and c.rows > 0
       and (d.state is null or d.state = 'missed') and not exists (
         select 1 from gap g where g.instrument_id = 0 and g.venue_id = c.scope and g.fact = 'basis'
           and g.from_at <= c.tick_at and g.to_at > c.tick_at)
     order by c.tick_at`,
    [scope, new Date(since), new Date(before)]
  )
  return rows.map(({ tick_at, is_lapsed }) => ({ tickAt: tick_at.getTime(), isLapsed: is_lapsed }))
}

/** How the venues' collections of one tick stand. */
export async function listTickStates(db: Database, job: string, tickAt: number): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ scope: string; state: string }>(
    'select scope, state from tick where job = $1 and tick_at = $2',
    [job, new Date(tickAt)]
  )
  return new Map(rows.map(({ scope, state }) => [scope, state]))
}

/** Ends as missed the ticks of every other job whose holder died: what they stood for is made up for by the next one. */
export async function closeDeadTicks(db: Database, except: readonly string[]): Promise<number> {
  const { rows } = await db.query(
    `update tick set state = 'missed', epoch = epoch + 1, finished_at = now(), failure = 'lease_lapsed'
     where state = 'claimed' and job <> all ($1) and lease_until < now() - interval '1 minute' returning 1`,
    [except]
  )
  return rows.length
}

/** Drops ended ticks older than `before`, but never the newest of a job and scope: it says where the next gap begins. */
export async function deleteOldTicks(db: Database, before: number): Promise<number> {
  const { rows } = await db.query(
    `delete from tick t where t.tick_at < $1 and t.state <> 'claimed'
       and t.tick_at < (select max(n.tick_at) from tick n where n.job = t.job and n.scope = t.scope) returning 1`,
    [new Date(before)]
  )
  return rows.length
}
