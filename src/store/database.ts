import pg from 'pg'
import { sleep } from '../clock.ts'
import { StartError } from '../errors.ts'
import { isDatabaseUnavailable, sqlState } from './database-errors.ts'
import { columnTypes } from './database-types.ts'

export type Transaction = pg.PoolClient

export type DatabaseOptions = {
  readonly url: string
  readonly poolSize: number
  readonly applicationName: string
  /** Told about connections that were cut while nobody was waiting on them. */
  readonly onError?: (error: Error) => void
  /** The server cancels a statement after this long … */
  readonly statementTimeoutMs?: number
  /** … and the driver gives up on a silent server this much later. */
  readonly answerMarginMs?: number
  readonly connectTimeoutMs?: number
  /** 0 to 1, spreads the retries of transactions that got in each other's way. */
  readonly jitter?: () => number
}

/** One pool of connections, every session in UTC, no wait without an end. */
export type Database = {
  /** For Prisma and COPY streams. */
  readonly pool: pg.Pool
  /** Host, port and name, without user or password. */
  readonly address: string
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /** Runs `work` in one transaction; again, up to five times, when the database asks for that (40001, 40P01). */
  transaction<T>(work: (client: Transaction) => Promise<T>): Promise<T>
  /**
   * A connection of its own, for LISTEN. `plain`: with none of our session settings. `unhurried`: for statements that take as long as a
   * file is large, under a name of its own. The caller ends it.
   */
  openSession(options?: { plain?: boolean; unhurried?: string }): Promise<pg.Client>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const ATTEMPTS = 5
const RETRY_CODES: ReadonlySet<string | undefined> = new Set(['40001', '40P01'])

// Dates are sent as UTC text, so that a column without time zone means UTC as well.
pg.defaults.parseInputDatesAsUTC = true

/** Opens the pool; connects lazily, so an unreachable database shows at the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  let closing: Promise<void> | undefined
  // A server that we stop ourselves may cut what the pool has not quite closed: no news to anybody.
  const report = (error: Error) => {
    if (closing === undefined) options.onError?.(error)
  }
  const pool = new pg.Pool({ ...sessionConfig(options), max: options.poolSize, idleTimeoutMillis: 30_000 })
  // Without these listeners one terminated connection ends the process, idle or in use.
  pool.on('error', report)
  pool.on('connect', (client) => client.on('error', () => {}))
  const close = () => {
    closing ??= pool.end()
    return closing
  }
  return {
    pool,
    address: databaseAddress(options.url),
    query: (text, values) => pool.query(text, values as unknown[]),
    transaction: (work) => transactWithRetries(pool, work, options.jitter ?? processJitter),
    openSession: ({ plain = false, unhurried } = {}) =>
      openSession(
        plain ? plainConfig(options) : { ...sessionConfig(options), ...(unhurried && unhurriedConfig(unhurried)) },
        report
      ),
    close,
    [Symbol.asyncDispose]: close
  }
}

async function transactWithRetries<T>(pool: pg.Pool, work: (client: Transaction) => Promise<T>, jitter: () => number) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transact(pool, work)
    } catch (error) {
      if (attempt === ATTEMPTS || !RETRY_CODES.has(sqlState(error))) throw error
      await sleep(10 * 2 ** attempt * (0.5 + jitter()))
    }
  }
}

async function transact<T>(pool: pg.Pool, work: (client: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // A connection in an unknown state is thrown away: a rollback on it would wait, or hit somebody else's work.
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    if (isDatabaseUnavailable(error)) broken = error as Error
    else await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}

async function openSession(config: pg.ClientConfig, report: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client(config)
  client.on('error', report)
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return client
}

// Two processes that met in a deadlock should not meet again; within one process the waits need not differ.
function processJitter(): number {
  return (process.pid % 101) / 101
}

function plainConfig(options: DatabaseOptions): pg.ClientConfig {
  return {
    connectionString: parseUrl(options.url).href,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    query_timeout: (options.statementTimeoutMs ?? 30_000) + (options.answerMarginMs ?? 5000),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: columnTypes
  }
}

function sessionConfig(options: DatabaseOptions): pg.ClientConfig {
  const url = parseUrl(options.url)
  // What the URL says wins over this object in pg, so its options are taken out and ours are put behind them.
  const theirs = url.searchParams.get('options')
  url.searchParams.delete('options')
  return {
    ...plainConfig(options),
    connectionString: url.href,
    options: [theirs, '-c timezone=UTC'].filter(Boolean).join(' '),
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: 10_000,
    // A process that was frozen in a transaction holds its rows' locks: others of the same venue wait no longer than this.
    idle_in_transaction_session_timeout: 10_000
  }
}

/** A file that is read or written slowly is no statement, and no transaction, that hangs. */
const unhurriedConfig = (application_name: string): pg.ClientConfig => ({
  application_name,
  query_timeout: 0,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0
})

/** Host, port and database name of a URL: what may be shown. */
export function databaseAddress(url: string): string {
  const { hostname, port, pathname, searchParams } = parseUrl(url)
  const host = searchParams.get('host') ?? (hostname === '' ? 'localhost' : hostname)
  return `${host}:${searchParams.get('port') ?? (port === '' ? '5432' : port)}${pathname}`
}

function parseUrl(url: string): URL {
  // The parser's own error carries the whole text, password included: it must not travel on.
  if (!URL.canParse(url)) {
    throw new StartError(
      'database_url',
      'DATABASE_URL cannot be read; expected postgresql://user:password@host:5432/database ' +
        '(characters such as # / @ in a password are written %23 %2F %40)'
    )
  }
  return new URL(url)
}
