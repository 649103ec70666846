import type { AssetClass, InstrumentName, InstrumentStatus } from '../domain/instrument.ts'
import { judgeMarketList, type ListDoubt, type ListedName } from '../domain/market-list.ts'
import type { Database, Transaction } from './database.ts'
import { alone } from './instruments.ts'

/** What a venue lists, as the store needs it. */
export type ListedInstrument = Omit<InstrumentName, 'venue'> & {
  readonly nativeId: string
  readonly assetClass: AssetClass
  readonly contractSize: string | null
  readonly listedAt: number | null
  readonly delistedAt: number | null
  readonly status: InstrumentStatus
}

export type ListingOutcome = {
  readonly listed: number
  readonly delisted: number
  readonly renamed: number
  /** Why part of the list is not believed; null when all of it is. */
  readonly doubt: string | null
}

/** Writes what a venue lists now: new instruments, changed and renamed ones, and as delisted those that are gone. */
export async function upsertListings(
  db: Database,
  venue: string,
  listings: readonly ListedInstrument[],
  nowMs: number
): Promise<ListingOutcome> {
  return await alone(db, async (client) => {
    const known = await listKnown(client, venue)
    const before = await findDoubt(client, venue)
    await upsertAll(client, venue, listings, known.length === 0, nowMs)
    const renamed = renamesOf(known, listings)
    await markRenamed(client, renamed, nowMs, { isOldGone: false })
    const old = new Set(renamed.map(({ from }) => from))
    const rest = known.filter(({ key }) => !old.has(key))
    const verdict = judgeMarketList(rest, new Set(listings.map(({ key }) => key)), before, nowMs)
    await markGone(client, verdict.gone, verdict.goneSince, nowMs)
    await saveDoubt(client, venue, verdict.doubt)
    return {
      listed: listings.length,
      delisted: verdict.gone.length,
      renamed: renamed.length,
      doubt: verdict.doubt?.reason ?? null
    }
  })
}

type Known = ListedName & { readonly nativeId: string | null }

async function listKnown(client: Transaction, venue: string): Promise<Known[]> {
  const { rows } = await client.query<Omit<Known, 'expiresAt'> & { expires_at: Date | null }>(
    `select key, kind, inverse, status, native_id as "nativeId", expires_at from instrument where venue_id = $1 and source = 'venue'`,
    [venue]
  )
  return rows.map(({ expires_at, ...row }) => ({ ...row, expiresAt: expires_at?.getTime() ?? null }))
}

async function findDoubt(client: Transaction, venue: string): Promise<ListDoubt | null> {
  const { rows } = await client.query<{ reason: string | null; since: Date; count: number }>(
    'select list_doubt as reason, list_doubt_since as since, list_doubt_count as count from venue where id = $1',
    [venue]
  )
  const [row] = rows
  return row && row.reason !== null ? { reason: row.reason, since: row.since.getTime(), count: row.count } : null
}

async function saveDoubt(client: Transaction, venue: string, doubt: ListDoubt | null): Promise<void> {
  await client.query('update venue set list_doubt = $2, list_doubt_since = $3, list_doubt_count = $4 where id = $1', [
    venue,
    doubt?.reason ?? null,
    doubt === null ? null : new Date(doubt.since),
    doubt?.count ?? 0
  ])
}

type Rename = { readonly from: string; readonly to: string }

/** The venue's own id stays while a name changes (ccxt renames its currencies): one instrument, two names. */
function renamesOf(known: readonly Known[], listings: readonly ListedInstrument[]): Rename[] {
  const idOf = ({ kind, inverse, nativeId }: Pick<Known, 'kind' | 'inverse' | 'nativeId'>) =>
    `${kind} ${inverse} ${nativeId}`
  const keys = new Set(known.map(({ key }) => key))
  const listed = new Set(listings.map(({ key }) => key))
  const fresh = new Map(listings.filter(({ key }) => !keys.has(key)).map((listing) => [idOf(listing), listing.key]))
  return known.flatMap((instrument) => {
    // An id that comes back long after its market has gone may be another coin's.
    const isTraded = ['pre_listing', 'listed', 'delisting'].includes(instrument.status)
    const isRenamed = isTraded && instrument.nativeId !== null && !listed.has(instrument.key)
    const to = isRenamed ? fresh.get(idOf(instrument)) : undefined
    return to === undefined ? [] : [{ from: instrument.key, to }]
  })
}

/** Links two names of one instrument. The older one ends as renamed: now, or (`isOldGone`) once its venue has stopped listing it. */
export async function markRenamed(
  client: Transaction,
  renames: readonly Rename[],
  nowMs: number,
  { isOldGone }: { readonly isOldGone: boolean }
): Promise<void> {
  if (renames.length === 0) return
  const columns = [renames.map(({ from }) => from), renames.map(({ to }) => to)]
  await client.query(
    `update instrument i set status = 'renamed', renamed_to = r.new, delisted_at = coalesce(i.delisted_at, $3),
       status_since = case when i.status = 'renamed' then i.status_since else $3 end
     from unnest($1::text[], $2::text[]) as r (old, new)
     where i.key = r.old and exists (select 1 from instrument n where n.key = r.new)
       and (i.renamed_to is distinct from r.new or i.status <> 'renamed')
       and not ($4 and i.status in ('pre_listing', 'listed', 'delisting'))`,
    [...columns, new Date(nowMs), isOldGone]
  )
  await client.query(
    `update instrument i set renamed_from = r.old from unnest($1::text[], $2::text[]) as r (old, new)
     where i.key = r.new and i.renamed_from is distinct from r.old`,
    columns
  )
}

async function markGone(client: Transaction, keys: readonly string[], since: number, nowMs: number): Promise<void> {
  await client.query(
    `update instrument set status = case when expires_at <= $3 then 'expired' else 'delisted' end, status_since = $2,
       delisted_at = case when expires_at <= $3 then coalesce(delisted_at, expires_at) else least(delisted_at, $2) end
     where key = any ($1)`,
    [keys, new Date(since), new Date(nowMs)]
  )
}

const COLUMNS: Readonly<Record<string, [type: string, pick: (listing: ListedInstrument) => unknown]>> = {
  key: ['text', ({ key }) => key],
  symbol: ['text', ({ symbol }) => symbol],
  native_id: ['text', ({ nativeId }) => nativeId],
  kind: ['text', ({ kind }) => kind],
  asset_class: ['text', ({ assetClass }) => assetClass],
  base: ['text', ({ base }) => base],
  quote: ['text', ({ quote }) => quote],
  settle: ['text', ({ settle }) => settle],
  inverse: ['bool', ({ inverse }) => inverse],
  contract_size: ['numeric', ({ contractSize }) => contractSize],
  expires_at: ['timestamptz', ({ expiresAt }) => dateOf(expiresAt)],
  listed_at: ['timestamptz', ({ listedAt }) => dateOf(listedAt)],
  delisted_at: ['timestamptz', ({ delistedAt }) => dateOf(delistedAt)],
  status: ['text', ({ status }) => status]
}

const dateOf = (at: number | null) => (at === null ? null : new Date(at))

async function upsertAll(
  client: Transaction,
  venue: string,
  listings: readonly ListedInstrument[],
  founding: boolean,
  nowMs: number
): Promise<void> {
  const names = Object.keys(COLUMNS).join(', ')
  const arrays = Object.values(COLUMNS).map(([type], index) => `$${index + 4}::${type}[]`)
  await client.query(
    `insert into instrument as t (venue_id, founding, first_seen_at, last_seen_at, status_since, asset, multiplier, delisting_said_at, ${names})
     select $1, $2::bool, $3::timestamptz, $3::timestamptz, $3::timestamptz, l.base, 1, case when l.status = 'delisting' then $3::timestamptz end, l.* from unnest(${arrays.join(', ')}) as l (${names})
     on conflict (key) do update set native_id = excluded.native_id, contract_size = excluded.contract_size,
       asset_class = excluded.asset_class, expires_at = excluded.expires_at, listed_at = coalesce(excluded.listed_at, t.listed_at),
       delisted_at = case when excluded.status = 'delisted' then coalesce(excluded.delisted_at, t.delisted_at, $3::timestamptz) else excluded.delisted_at end,
       status_since = case when t.status = excluded.status then t.status_since else $3::timestamptz end,
       delisting_said_at = case when excluded.status = 'delisting' then coalesce(t.delisting_said_at, $3::timestamptz)
         when excluded.status = 'delisted' then t.delisting_said_at end,
       status = excluded.status, source = 'venue', renamed_to = null, last_seen_at = excluded.last_seen_at`,
    [venue, founding, new Date(nowMs), ...Object.values(COLUMNS).map(([, pick]) => listings.map(pick))]
  )
}
