import type { Database } from './database.ts'
import { alone } from './instruments.ts'

/** How large an asset is, and whether it is followed. */
export type AssetRank = {
  readonly asset: string
  readonly openInterestUsd: string | null
  readonly volume24hUsd: string | null
  readonly rank: number
  readonly tracked: boolean
}

/** Writes a ranking; assets it does not name are no longer followed. */
export async function saveAssetRanks(db: Database, ranks: readonly AssetRank[], nowMs: number): Promise<void> {
  const write = `insert into asset (id, open_interest_usd, volume_24h_usd, rank, tracked, ranked_at)
     select a.*, $6 from unnest($1::text[], $2::numeric[], $3::numeric[], $4::int[], $5::bool[]) as a (id, oi, vol, rank, tracked)
     on conflict (id) do update set open_interest_usd = excluded.open_interest_usd, volume_24h_usd = excluded.volume_24h_usd,
       rank = excluded.rank, tracked = excluded.tracked, ranked_at = excluded.ranked_at`
  const assets = ranks.map(({ asset }) => asset)
  const columns = [
    assets,
    ranks.map(({ openInterestUsd }) => openInterestUsd),
    ranks.map(({ volume24hUsd }) => volume24hUsd),
    ranks.map(({ rank }) => rank),
    ranks.map(({ tracked }) => tracked),
    new Date(nowMs)
  ]
  await alone(db, async (client) => {
    await client.query(write, columns)
    await client.query('update asset set tracked = false where tracked and id <> all ($1)', [assets])
  })
}

/** The followed assets of the last ranking, for when no venue can rank now. */
export async function listTrackedAssets(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('select id from asset where tracked order by rank')
  return rows.map(({ id }) => id)
}
