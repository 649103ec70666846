import { StartError } from '../errors.ts'
import type { Database } from './database.ts'
import { connectionProblem } from './database-errors.ts'
import type { Expectation } from './schema-file.ts'

const VERSION_MIN = 150_000

// One offset, no summer time. Debian installs write Etc/UTC.
const UTC_NAMES = /^(Etc\/)?(UTC|UCT|Universal|Zulu|GMT|Greenwich)$/i

export type ServiceKind = 'simulated' | 'live'

/**
 * Refuses to start on a database that would lose or bend data: too old, read-only, not UTF-8, in another time zone,
 * or without the tables and columns of this build. An exit code of a migration tool proves none of that.
 */
export async function proveDatabase(db: Database, expectation: Expectation): Promise<void> {
  try {
    await proveServer(db)
    await proveTimeZone(db)
    await proveColumns(db, expectation)
  } catch (error) {
    throw connectionProblem(db.address, error) ?? error
  }
}

async function proveServer(db: Database): Promise<void> {
  const { rows } = await db.query<{ version: number; name: string; encoding: string; isReadOnly: boolean }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
            current_setting('server_encoding') as encoding,
            pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "isReadOnly"`
  )
  const [server] = rows
  if (server === undefined) throw new StartError('database_silent', `The database at ${db.address} gives no answer.`)
  if (server.version < VERSION_MIN) {
    throw new StartError(
      'database_too_old',
      `The database at ${db.address} is PostgreSQL ${server.name}; Contango needs 15 or later. Upgrade it, ` +
        'or leave DATABASE_URL unset: Contango then brings its own.'
    )
  }
  if (server.encoding !== 'UTF8') {
    throw new StartError(
      'database_encoding',
      `The database ${db.address} has the encoding ${server.encoding}; expected UTF8. Make one with: ` +
        "create database contango encoding 'UTF8' template template0;"
    )
  }
  if (server.isReadOnly) {
    throw new StartError(
      'database_read_only',
      `The database at ${db.address} is read-only (a standby, or default_transaction_read_only is on). ` +
        'Point DATABASE_URL at the primary.'
    )
  }
}

type TimeZones = { database: string; role: string; forRole: boolean; forRoleHere: boolean }

/** Our own sessions are in UTC; whoever else opens one, Prisma's tools above all, must be too. */
async function proveTimeZone(db: Database): Promise<void> {
  const ours = await db.query<{ zone: string }>(`select current_setting('timezone') as zone`)
  const session = await db.openSession({ plain: true })
  try {
    const plain = await session.query<{ zone: string }>(`select current_setting('timezone') as zone`)
    const zone = [ours, plain].map(({ rows }) => rows[0]?.zone ?? '').find((name) => !UTC_NAMES.test(name))
    if (zone === undefined) return
    const { rows } = await session.query<TimeZones>(
      `select quote_ident(current_database()) as database, quote_ident(current_user) as role,
              bool_or(setrole <> 0 and setdatabase = 0) as "forRole",
              bool_or(setrole <> 0 and setdatabase <> 0) as "forRoleHere"
         from (select 0::oid as setrole, 0::oid as setdatabase union all
               select s.setrole, s.setdatabase
                 from pg_db_role_setting s, unnest(s.setconfig) as setting
                where setting ilike 'timezone=%'
                  and s.setrole in (0, (select oid from pg_roles where rolname = current_user))
                  and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))) found`
    )
    throw wrongTimeZone(db.address, zone, rows[0])
  } finally {
    await session.end()
  }
}

function wrongTimeZone(address: string, zone: string, zones: TimeZones | undefined): StartError {
  const { database = 'contango', role = 'contango', forRole, forRoleHere } = zones ?? {}
  // What a role says goes before what its database says.
  const target = forRoleHere
    ? `role ${role} in database ${database}`
    : forRole
      ? `role ${role}`
      : `database ${database}`
  return new StartError(
    'database_time_zone',
    `The database ${address} is in the time zone ${zone}; expected UTC, else times are stored hours off. ` +
      `Run: alter ${target} set timezone to 'UTC';`
  )
}

async function proveColumns(db: Database, expectation: Expectation): Promise<void> {
  const { rows } = await db.query<{ name: string; columns: string[] }>(
    `select case when table_schema = current_schema() then table_name else table_schema || '.' || table_name end as name,
            array_agg(column_name::text) as columns
       from information_schema.columns
      where table_schema not in ('pg_catalog', 'information_schema') group by 1`
  )
  const found = new Map(rows.map(({ name, columns }) => [name, new Set(columns)]))
  const missing = Object.entries(expectation).flatMap(([table, columns]) => {
    const there = found.get(table)
    if (there === undefined) return [`table ${table}`]
    return columns.filter((column) => !there.has(column)).map((column) => `column ${table}.${column}`)
  })
  if (missing.length === 0) return
  throw new StartError(
    'database_schema',
    `The database ${db.address} lacks ${missing.join(', ')}. Run: npm run -s contango -- migrate. If that changes ` +
      'nothing, the schema was altered by hand, or our user may not see it.'
  )
}

/** Marks the database at its first start; refuses one that holds the other kind of data. */
export async function stampDatabase(db: Database, kind: ServiceKind, folder?: string): Promise<void> {
  await db.query('insert into service_stamp (id, kind, created_at) values (1, $1, now()) on conflict (id) do nothing', [
    kind
  ])
  const { rows } = await db.query<{ kind: string }>('select kind from service_stamp where id = 1')
  const found = rows[0]?.kind
  if (found === kind) return
  const place = folder === undefined ? `database ${db.address}` : `database in ${folder}`
  const remedy = folder === undefined ? 'DATABASE_URL (or unset it and use DATA_DIR)' : 'DATA_DIR'
  throw new StartError(
    'database_kind',
    `The ${place} holds ${found} data; this start is for ${kind} data, and the two are never mixed. ` +
      `Give this one a place of its own with ${remedy}.`
  )
}

/** What kind of data the database holds; null before its first start. */
export async function findServiceKind(db: Database): Promise<ServiceKind | null> {
  const { rows } = await db.query<{ kind: ServiceKind }>('select kind from service_stamp where id = 1')
  return rows[0]?.kind ?? null
}
