import {
  type Declaration,
  declareInterval,
  type LedgerEntry,
  type LedgerNews,
  newsIn,
  observeIntervals
} from '../domain/interval-ledger.ts'
import type { Database, Transaction } from './database.ts'

type Queryable = Pick<Database, 'query'>

/** What became known of a contract's interval: that it has changed, or that it had not. */
export type IntervalNews = LedgerNews & { readonly instrumentId: number; readonly knownAt: number }

export type DeclaredInterval = Declaration & { readonly instrumentId: number }

/** Any number: the first half of the lock that one writer of a contract's ledger holds. */
const LOCK = 7_266_827

/** Adds what a poll heard declared where it differs from what was declared last; answers what is new. */
export async function recordDeclared(
  client: Transaction,
  declared: readonly DeclaredInterval[]
): Promise<IntervalNews[]> {
  const found: IntervalNews[] = []
  // All in one order, which everybody who locks several keeps to.
  for (const news of (await newsOf(client, declared)).sort((a, b) => a.instrumentId - b.instrumentId)) {
    const { instrumentId } = news
    const ledger = await openLedger(client, instrumentId)
    const entry = declareInterval(ledger, news, await findNewestAt(client, instrumentId))
    if (entry) found.push(...(await append(client, instrumentId, ledger, [entry])))
  }
  return found
}

/** Adds what the stored settlements of a window show; answers what is new, if anything is. */
export async function recordObserved(
  client: Transaction,
  instrumentId: number,
  { from, to }: { readonly from: number | null; readonly to: number | null }
): Promise<IntervalNews[]> {
  const { rows } = await client.query<{ settled_at: Date; interval_hours: number }>(
    `select settled_at, interval_hours from (
       select distinct on (settled_at) settled_at, interval_hours from settlement
       where instrument_id = $1 and settled_at between $2 and $3 order by settled_at, revision desc) s
     where interval_hours is not null order by settled_at`,
    [instrumentId, from === null ? '-infinity' : new Date(from), to === null ? 'infinity' : new Date(to)]
  )
  if (rows.length === 0) return []
  const settled = rows.map((row) => ({ settledAt: row.settled_at.getTime(), intervalHours: row.interval_hours }))
  const ledger = await openLedger(client, instrumentId)
  return await append(client, instrumentId, ledger, observeIntervals(ledger, settled))
}

/** Those of the declarations that are not what was declared last. */
async function newsOf(client: Queryable, declared: readonly DeclaredInterval[]): Promise<DeclaredInterval[]> {
  const { rows } = await client.query<{ instrument_id: number; interval_hours: number }>(
    `select distinct on (instrument_id) instrument_id, interval_hours from funding_interval
     where instrument_id = any ($1) and declared_at is not null
     order by instrument_id, declared_at desc, effective_from desc, revision desc`,
    [declared.map(({ instrumentId }) => instrumentId)]
  )
  const last = new Map(rows.map((row) => [row.instrument_id, row.interval_hours]))
  return declared.filter(({ instrumentId, hours }) => last.get(instrumentId) !== hours)
}

/** A contract's ledger, ours to write until the transaction ends. */
async function openLedger(client: Transaction, instrumentId: number): Promise<LedgerEntry[]> {
  await client.query('select pg_advisory_xact_lock($1, $2)', [LOCK, instrumentId])
  return await listLedger(client, instrumentId)
}

async function append(
  client: Transaction,
  instrumentId: number,
  before: readonly LedgerEntry[],
  entries: readonly LedgerEntry[]
): Promise<IntervalNews[]> {
  if (entries.length === 0) return []
  const { rows } = await client.query<{ known_at: Date }>(
    `insert into funding_interval (instrument_id, effective_from, revision, interval_hours, source, declared_at, settled_from, known_at)
     select $1, e.*, now() from unnest($2::timestamptz[], $3::int[], $4::float8[], $5::text[], $6::timestamptz[], $7::timestamptz[]) as e
     returning known_at`,
    [
      instrumentId,
      entries.map(({ effectiveFrom }) => new Date(effectiveFrom)),
      entries.map(({ revision }) => revision),
      entries.map(({ hours }) => hours),
      entries.map(({ source }) => source),
      entries.map(({ declaredAt }) => dateOf(declaredAt)),
      entries.map(({ settledFrom }) => dateOf(settledFrom))
    ]
  )
  const news = newsIn(before, await listLedger(client, instrumentId))
  if (news.change === null && news.withdrawn.length === 0) return []
  return [{ ...news, instrumentId, knownAt: rows[0]!.known_at.getTime() }]
}

async function listLedger(client: Queryable, instrumentId: number): Promise<LedgerEntry[]> {
  const { rows } = await client.query<LedgerRow>(
    `select distinct on (effective_from) effective_from, interval_hours, source, declared_at, settled_from, revision
     from funding_interval where instrument_id = $1 order by effective_from, revision desc`,
    [instrumentId]
  )
  return rows.map((row) => ({
    effectiveFrom: row.effective_from.getTime(),
    hours: row.interval_hours,
    source: row.source,
    declaredAt: row.declared_at?.getTime() ?? null,
    settledFrom: row.settled_from?.getTime() ?? null,
    revision: row.revision
  }))
}

type LedgerRow = {
  readonly effective_from: Date
  readonly interval_hours: number
  readonly source: LedgerEntry['source']
  readonly declared_at: Date | null
  readonly settled_from: Date | null
  readonly revision: number
}

async function findNewestAt(client: Queryable, instrumentId: number): Promise<number | null> {
  const { rows } = await client.query<{ settled_at: Date }>(
    'select settled_at from settlement where instrument_id = $1 order by settled_at desc limit 1',
    [instrumentId]
  )
  return rows[0]?.settled_at.getTime() ?? null
}

const dateOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs))
