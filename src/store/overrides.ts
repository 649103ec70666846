import type { AssetClass } from '../domain/instrument.ts'
import type { InstrumentOverride } from '../domain/override.ts'
import type { Database } from './database.ts'
import { alone } from './instruments.ts'
import { markRenamed } from './listings.ts'

/** Replaces what humans have said about instruments, for every process of this database. */
export async function saveOverrides(db: Database, overrides: readonly InstrumentOverride[]): Promise<void> {
  const write = `insert into instrument_override (key, asset, asset_class, multiplier, renamed_from, note)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[])`
  const columns = [
    overrides.map(({ key }) => key),
    overrides.map(({ asset }) => asset),
    overrides.map(({ assetClass }) => assetClass),
    overrides.map(({ multiplier }) => multiplier),
    overrides.map(({ renamedFrom }) => renamedFrom),
    overrides.map(({ note }) => note)
  ]
  await alone(db, async (client) => {
    await client.query('delete from instrument_override')
    await client.query(write, columns)
  })
}

type OverrideRow = {
  key: string
  asset: string | null
  asset_class: AssetClass | null
  multiplier: string | null
  renamed_from: string | null
  note: string | null
}

/** What humans have said, by the instrument's key. */
export async function listOverrides(db: Pick<Database, 'query'>): Promise<Map<string, InstrumentOverride>> {
  const { rows } = await db.query<OverrideRow>('select * from instrument_override')
  return new Map(
    rows.map(({ asset_class, renamed_from, ...row }) => [
      row.key,
      { ...row, assetClass: asset_class, renamedFrom: renamed_from }
    ])
  )
}

/** Links the names that humans have said to be of one instrument. */
export async function linkRenamed(
  db: Database,
  overrides: ReadonlyMap<string, InstrumentOverride>,
  nowMs: number
): Promise<void> {
  const renames = [...overrides.values()].flatMap(({ key, renamedFrom }) =>
    renamedFrom === null ? [] : [{ from: renamedFrom, to: key }]
  )
  if (renames.length > 0) await alone(db, (client) => markRenamed(client, renames, nowMs, { isOldGone: true }))
}
