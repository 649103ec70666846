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

export type SpotChoice = {
  readonly id: number
  readonly asset: string
  readonly multiplier: string | null
  readonly multiplierSource: MultiplierSource
  readonly spotId: number | null
  readonly spotReason: SpotReason | null
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
}

/** Every instrument ever seen, in the order in which they became known. */
export async function listInstruments(db: Pick<Database, 'query'>): Promise<Instrument[]> {
  const { rows } = await db.query<InstrumentRow>(
    `select id, key, venue_id, symbol, native_id, kind, asset, base, quote, settle, inverse, multiplier, multiplier_source,
       contract_size, expires_at, listed_at, delisted_at, status, source, spot_id, spot_reason, tracked, founding
     from instrument order by id`
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
    founding: row.founding
  }
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
  return await db.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtext($1))', ['contango instruments'])
    const { rows: known } = await client.query<{ key: string; status: string }>(
      `select key, status from instrument where venue_id = $1 and source = 'venue'`,
      [venue]
    )
    await upsertAll(client, venue, listings, known.length === 0, nowMs)
    const listedBefore = known.filter(({ status }) => status === 'listed').length
    if (listings.length < listedBefore * PLAUSIBLE_SHARE) {
      return { listed: listings.length, delisted: 0, refused: `only ${listings.length} of ${listedBefore} listed` }
    }
    const { rows: gone } = await client.query(
      `update instrument set status = case when expires_at <= $3 then 'expired' else 'delisted' end,
         delisted_at = coalesce(delisted_at, $3)
       where venue_id = $1 and source = 'venue' and status in ('listed', 'delisting', 'pre_listing') and key <> all ($2)
       returning 1`,
      [venue, listings.map(({ key }) => key), new Date(nowMs)]
    )
    return { listed: listings.length, delisted: gone.length, refused: null }
  })
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

/** Writes the chosen spot legs, multipliers and assets of contracts. */
export async function saveSpotChoices(db: Database, choices: readonly SpotChoice[]): Promise<void> {
  if (choices.length === 0) return
  await db.query(
    `update instrument i set asset = c.asset, multiplier = c.multiplier, multiplier_source = c.source, spot_id = c.spot_id,
       spot_reason = c.spot_reason
     from unnest($1::int[], $2::text[], $3::numeric[], $4::text[], $5::int[], $6::text[])
       as c (id, asset, multiplier, source, spot_id, spot_reason) where i.id = c.id`,
    [
      choices.map(({ id }) => id),
      choices.map(({ asset }) => asset),
      choices.map(({ multiplier }) => multiplier),
      choices.map(({ multiplierSource }) => multiplierSource),
      choices.map(({ spotId }) => spotId),
      choices.map(({ spotReason }) => spotReason)
    ]
  )
}

/** Follows exactly these instruments. */
export async function saveTracked(db: Database, ids: readonly number[]): Promise<void> {
  await db.query('update instrument set tracked = (id = any ($1)) where tracked <> (id = any ($1))', [ids])
}

export type AssetRank = {
  readonly asset: string
  readonly openInterestUsd: string | null
  readonly volume24hUsd: string | null
  readonly rank: number
  readonly tracked: boolean
}

export async function saveAssetRanks(db: Database, ranks: readonly AssetRank[], nowMs: number): Promise<void> {
  await db.query(
    `insert into asset (id, open_interest_usd, volume_24h_usd, rank, tracked, ranked_at)
     select a.*, $6 from unnest($1::text[], $2::numeric[], $3::numeric[], $4::int[], $5::bool[]) as a (id, oi, vol, rank, tracked)
     on conflict (id) do update set open_interest_usd = excluded.open_interest_usd, volume_24h_usd = excluded.volume_24h_usd,
       rank = excluded.rank, tracked = excluded.tracked, ranked_at = excluded.ranked_at`,
    [
      ranks.map(({ asset }) => asset),
      ranks.map(({ openInterestUsd }) => openInterestUsd),
      ranks.map(({ volume24hUsd }) => volume24hUsd),
      ranks.map(({ rank }) => rank),
      ranks.map(({ tracked }) => tracked),
      new Date(nowMs)
    ]
  )
}

/** The followed assets of the last ranking, for when no venue can rank now. */
export async function listTrackedAssets(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('select id from asset where tracked order by rank')
  return rows.map(({ id }) => id)
}

/** The venues on which the spot legs of a venue's followed contracts trade. */
export async function listSpotVenues(db: Database, venue: string): Promise<string[]> {
  const { rows } = await db.query<{ venue_id: string }>(
    `select distinct s.venue_id from instrument c join instrument s on s.id = c.spot_id where c.venue_id = $1 and c.tracked and s.tracked`,
    [venue]
  )
  return rows.map(({ venue_id }) => venue_id)
}
