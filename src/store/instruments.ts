import type {
  Instrument,
  InstrumentName,
  InstrumentStatus,
  MultiplierSource,
  SpotReason
} from '../domain/instrument.ts'
import type { Database, Transaction } from './database.ts'

/** What a venue lists, as the store needs it. */
export type ListedInstrument = Omit<InstrumentName, 'venue'> & {
  readonly nativeId: string
  readonly contractSize: string | null
  readonly listedAt: number | null
  readonly delistedAt: number | null
  readonly status: InstrumentStatus
}

type InstrumentRow = {
  id: number
  key: string
  venue_id: string
  symbol: string
  native_id: string | null
  kind: Instrument['kind']
  asset: string
  base: string
  quote: string
  settle: string | null
  inverse: boolean | null
  multiplier: string | null
  multiplier_source: MultiplierSource
  contract_size: string | null
  expires_at: Date | null
  listed_at: Date | null
  delisted_at: Date | null
  status: InstrumentStatus
  source: Instrument['source']
  spot_id: number | null
  spot_reason: SpotReason | null
  tracked: boolean
  founding: boolean
  first_seen_at: Date
}

const COLUMNS = `id, key, venue_id, symbol, native_id, kind, asset, base, quote, settle, inverse, multiplier, multiplier_source,
  contract_size, expires_at, listed_at, delisted_at, status, source, spot_id, spot_reason, tracked, founding, first_seen_at`

/** Every instrument ever seen, in the order in which they became known. */
export async function listInstruments(db: Pick<Database, 'query'>): Promise<Instrument[]> {
  const { rows } = await db.query<InstrumentRow>(`select ${COLUMNS} from instrument order by id`)
  return rows.map(toInstrument)
}

/** A venue's followed instruments, with every followed coin: its contracts' spot legs and the stablecoins are among those. */
export async function listInstrumentsOf(db: Pick<Database, 'query'>, venue: string): Promise<Instrument[]> {
  const { rows } = await db.query<InstrumentRow>(
    `select ${COLUMNS} from instrument where tracked and (venue_id = $1 or kind = 'spot') order by id`,
    [venue]
  )
  return rows.map(toInstrument)
}

function toInstrument(row: InstrumentRow): Instrument {
  return {
    id: row.id,
    key: row.key,
    venue: row.venue_id,
    symbol: row.symbol,
    nativeId: row.native_id,
    kind: row.kind,
    asset: row.asset,
    base: row.base,
    quote: row.quote,
    settle: row.settle,
    inverse: row.inverse,
    multiplier: row.multiplier,
    multiplierSource: row.multiplier_source,
    contractSize: row.contract_size,
    expiresAt: row.expires_at?.getTime() ?? null,
    listedAt: row.listed_at?.getTime() ?? null,
    delistedAt: row.delisted_at?.getTime() ?? null,
    status: row.status,
    source: row.source,
    spotId: row.spot_id,
    spotReason: row.spot_reason,
    tracked: row.tracked,
    founding: row.founding,
    firstSeenAt: row.first_seen_at.getTime()
  }
}

/** Instruments and assets are written by one at a time: two that write many rows in different orders would wait for each other. */
export async function alone<T>(db: Database, work: (client: Transaction) => Promise<T>): Promise<T> {
  return await db.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtext($1))', ['contango instruments'])
    return await work(client)
  })
}

/** A list this much shorter than what was listed before is a faulty answer, not a mass delisting. */
const PLAUSIBLE_SHARE = 0.5

export type ListingOutcome = { readonly listed: number; readonly delisted: number; readonly refused: string | null }

/** Writes what a venue lists now: new instruments, changed ones, and as delisted those that are gone. */
export async function upsertListings(
  db: Database,
  venue: string,
  listings: readonly ListedInstrument[],
  nowMs: number
): Promise<ListingOutcome> {
  return await alone(db, async (client) => {
    const { rows: known } = await client.query<Live>(
      `select kind, inverse, status from instrument where venue_id = $1 and source = 'venue'`,
      [venue]
    )
    await upsertAll(client, venue, listings, known.length === 0, nowMs)
    const groups = trustedGroups(known, listings)
    const { rows: gone } = await client.query(
      `update instrument set status = case when expires_at <= $3 then 'expired' else 'delisted' end,
         delisted_at = coalesce(delisted_at, $3)
       where venue_id = $1 and source = 'venue' and status in ('listed', 'delisting', 'pre_listing') and key <> all ($2)
         and kind || ' ' || coalesce(inverse::text, '-') = any ($4) returning 1`,
      [venue, listings.map(({ key }) => key), new Date(nowMs), groups.trusted]
    )
    return { listed: listings.length, delisted: gone.length, refused: groups.refused }
  })
}

type Live = { readonly kind: string; readonly inverse: boolean | null; readonly status: string }

/** Spot, linear and inverse contracts come in answers of their own: in each group by itself what is gone is believed, or not. */
function trustedGroups(
  known: readonly Live[],
  listings: readonly Live[]
): { trusted: string[]; refused: string | null } {
  const count = (rows: readonly Live[]) => {
    const counts = new Map<string, number>()
    for (const { kind, inverse, status } of rows) {
      const group = `${kind} ${inverse ?? '-'}`
      if (status === 'listed') counts.set(group, (counts.get(group) ?? 0) + 1)
    }
    return counts
  }
  const [before, now] = [count(known), count(listings)]
  const isTrusted = ([group, listed]: [string, number]) => (now.get(group) ?? 0) >= listed * PLAUSIBLE_SHARE
  const shrunk = [...before].filter((entry) => !isTrusted(entry))
  return {
    trusted: [...before].filter(isTrusted).map(([group]) => group),
    refused:
      shrunk.length === 0
        ? null
        : shrunk.map(([group, listed]) => `${now.get(group) ?? 0} of ${listed} ${group}`).join(', ')
  }
}

async function upsertAll(
  client: Transaction,
  venue: string,
  listings: readonly ListedInstrument[],
  founding: boolean,
  nowMs: number
): Promise<void> {
  const date = (at: number | null) => (at === null ? null : new Date(at))
  const column = <T>(pick: (listing: ListedInstrument) => T) => listings.map(pick)
  await client.query(
    `insert into instrument as t (venue_id, founding, first_seen_at, last_seen_at, key, symbol, native_id, kind, asset, base,
       quote, settle, inverse, multiplier, contract_size, expires_at, listed_at, delisted_at, status)
     select $1, $2, $3, $3, l.key, l.symbol, l.native_id, l.kind, l.base, l.base, l.quote, l.settle, l.inverse, 1,
       l.contract_size, l.expires_at, l.listed_at, l.delisted_at, l.status
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bool[],
       $12::numeric[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::text[])
       as l (key, symbol, native_id, kind, base, quote, settle, inverse, contract_size, expires_at, listed_at, delisted_at, status)
     on conflict (key) do update set native_id = excluded.native_id, contract_size = excluded.contract_size,
       expires_at = excluded.expires_at, listed_at = coalesce(excluded.listed_at, t.listed_at),
       delisted_at = excluded.delisted_at, status = excluded.status, source = 'venue', last_seen_at = excluded.last_seen_at`,
    [
      venue,
      founding,
      new Date(nowMs),
      column(({ key }) => key),
      column(({ symbol }) => symbol),
      column(({ nativeId }) => nativeId),
      column(({ kind }) => kind),
      column(({ base }) => base),
      column(({ quote }) => quote),
      column(({ settle }) => settle),
      column(({ inverse }) => inverse),
      column(({ contractSize }) => contractSize),
      column(({ expiresAt }) => date(expiresAt)),
      column(({ listedAt }) => date(listedAt)),
      column(({ delistedAt }) => date(delistedAt)),
      column(({ status }) => status)
    ]
  )
}

/** Adds an instrument known only by its name, as imports do; one that exists stays as it is. */
export async function ensureInstrument(db: Database, name: InstrumentName): Promise<void> {
  await db.query(
    `insert into instrument (key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, multiplier_source,
       expires_at, status, source, founding)
     values ($1, $2, $3, $4, $5, $5, $6, $7, $8, 1, 'import', $9, 'unknown', 'import', true) on conflict (key) do nothing`,
    [
      name.key,
      name.venue,
      name.symbol,
      name.kind,
      name.base,
      name.quote,
      name.settle,
      name.inverse,
      name.expiresAt === null ? null : new Date(name.expiresAt)
    ]
  )
}
