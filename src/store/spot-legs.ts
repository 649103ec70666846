import type { AssetClass, MultiplierSource, SpotReason } from '../domain/instrument.ts'
import type { Database } from './database.ts'
import { alone } from './instruments.ts'

/** What an instrument is about, and a contract's spot leg, as it was decided. */
export type SpotChoice = {
  readonly id: number
  readonly asset: string
  readonly assetClass: AssetClass
  readonly multiplier: string | null
  readonly multiplierSource: MultiplierSource
  readonly spotId: number | null
  readonly spotReason: SpotReason | null
}

/** Writes assets, multipliers and spot legs as they were decided. */
export async function saveSpotChoices(db: Database, choices: readonly SpotChoice[]): Promise<void> {
  if (choices.length === 0) return
  const write = `update instrument i set asset = c.asset, multiplier = c.multiplier, multiplier_source = c.source,
       spot_id = c.spot_id, spot_reason = c.spot_reason, asset_class = c.asset_class
     from unnest($1::int[], $2::text[], $3::numeric[], $4::text[], $5::int[], $6::text[], $7::text[])
       as c (id, asset, multiplier, source, spot_id, spot_reason, asset_class) where i.id = c.id`
  const columns = [
    choices.map(({ id }) => id),
    choices.map(({ asset }) => asset),
    choices.map(({ multiplier }) => multiplier),
    choices.map(({ multiplierSource }) => multiplierSource),
    choices.map(({ spotId }) => spotId),
    choices.map(({ spotReason }) => spotReason),
    choices.map(({ assetClass }) => assetClass)
  ]
  await alone(db, async (client) => {
    await client.query(write, columns)
  })
}

/** Follows exactly these instruments. */
export async function saveTracked(db: Database, ids: readonly number[]): Promise<void> {
  const write = 'update instrument set tracked = (id = any ($1)) where tracked <> (id = any ($1))'
  await alone(db, async (client) => {
    await client.query(write, [ids])
  })
}

/** The venues on which the spot legs of a venue's followed contracts trade. */
export async function listSpotVenues(db: Database, venue: string): Promise<string[]> {
  const { rows } = await db.query<{ venue_id: string }>(
    `select distinct s.venue_id from instrument c join instrument s on s.id = c.spot_id where c.venue_id = $1 and c.tracked and s.tracked`,
    [venue]
  )
  return rows.map(({ venue_id }) => venue_id)
}
