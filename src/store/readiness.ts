import type { Database } from './database.ts'

const TABLES = ['venue', 'instrument', 'basis_snapshot', 'settlement', 'board', 'tick', 'gap', 'backfill', 'api_key']

/** Which of the tables that serving needs are missing; empty when the schema is there. Fails when the database does not answer. */
export async function listMissingTables(db: Pick<Database, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass('public.' || quote_ident(name)) is null`,
    [TABLES]
  )
  return rows.map(({ name }) => name)
}

/** Whether anybody has collected since: in this process or another. */
export async function hasCollectedSince(db: Pick<Database, 'query'>, sinceMs: number): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `select exists (select 1 from tick where job = 'collect' and tick_at >= $1) as found`,
    [new Date(sinceMs)]
  )
  return rows[0]?.found ?? false
}
