import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import pg from 'pg'
import { StartError } from '../../errors.ts'
import { SUPERUSER } from './cluster.ts'

const DATABASE = 'contango'

/** What a server says when asked: it serves, it will, it is going, or nothing. */
export type Answer = 'ready' | 'starting' | 'stopping' | 'silent'

export type Asked = { readonly port: number; readonly password: string; readonly dataPath: string }

export function embeddedUrl(port: number, password: string, database = DATABASE): string {
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`
}

/** Asks the server at that port, makes its database if it has none yet, and makes sure that it serves `dataPath`. */
export async function askServer({ port, password, dataPath }: Asked): Promise<Answer> {
  try {
    const folder = await ask(embeddedUrl(port, password), 'show data_directory')
    return isSamePath(folder, dataPath) ? 'ready' : 'silent'
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    if (code === '3D000') return createDatabase(port, password)
    if (code === '57P03') return message?.includes('shutting down') ? 'stopping' : 'starting'
    // No slot left for us means that it serves others.
    if (code === '53300') return 'ready'
    if (code === '28P01' || code === '28000') {
      throw new StartError(
        'embedded_password',
        `The embedded PostgreSQL at 127.0.0.1:${port} does not accept the password in postgres.json. ` +
          'Restore that file, or set DATABASE_URL.'
      )
    }
    return 'silent'
  }
}

async function createDatabase(port: number, password: string): Promise<Answer> {
  await ask(embeddedUrl(port, password, 'postgres'), `create database ${DATABASE}`)
  return 'ready'
}

async function ask(connectionString: string, text: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3000, query_timeout: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<Record<string, string>>(text)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end().catch(() => {})
  }
}

function isSamePath(left: string | undefined, right: string): boolean {
  if (left === undefined) return false
  try {
    return realpathSync(left) === realpathSync(right)
  } catch {
    return left === right
  }
}

/** The wanted port if it is free, else one that is. */
export async function choosePort(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? 0
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: found } = server.address() as { port: number }
      server.close(() => resolve(found))
    })
  })
}
