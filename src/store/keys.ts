import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InvalidInputError, NotFoundError, StartError } from '../errors.ts'
import type { Database } from './database.ts'

export const SCOPES = ['read', 'webhooks', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** A key as it may be shown: never the key itself, which only its creator sees, once. Times in epoch milliseconds. */
export type ApiKey = {
  readonly id: string
  readonly name: string | null
  readonly prefix: string
  readonly last4: string
  readonly scopes: readonly Scope[]
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}

type Queryable = Pick<Database, 'query'>

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 40
const FORM = /^ctg_[0-9A-Za-z]{32,100}$/
const COLUMNS = 'id, name, prefix, last4, hash, scopes, created_at, last_used_at, revoked_at'

/** Whether a text could be a key at all. */
export function isKeyForm(text: string): boolean {
  return FORM.test(text)
}

/** Makes a key; `secret` is answered here and nowhere else. */
export async function createKey(
  db: Queryable,
  { scopes, name = null }: { scopes: readonly Scope[]; name?: string | null }
): Promise<{ key: ApiKey; secret: string }> {
  const secret = `ctg_${randomText(SECRET_LENGTH)}`
  const key = await insertKey(db, secret, scopes, name)
  if (key === undefined) throw new Error('a random key existed already')
  return { key, secret }
}

/** Every key, newest first, revoked ones included. */
export async function listKeys(db: Queryable): Promise<ApiKey[]> {
  const { rows } = await db.query<KeyRow>(`select ${COLUMNS} from api_key order by created_at desc, id`)
  return rows.map(keyOf)
}

/** Ends a key. Revoking twice changes nothing. */
export async function revokeKey(db: Queryable, id: string): Promise<ApiKey> {
  const { rows } = await db.query<KeyRow>(
    `update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${COLUMNS}`,
    [id]
  )
  if (rows[0] === undefined) {
    throw new NotFoundError('unknown_key', `no key has the id ${JSON.stringify(id)}; \`keys list\` shows the ids`)
  }
  return keyOf(rows[0])
}

/** The unrevoked key that this secret is. */
export async function findKey(db: Queryable, secret: string): Promise<ApiKey | undefined> {
  const hash = hashOf(secret)
  const { rows } = await db.query<KeyRow>(`select ${COLUMNS} from api_key where hash = $1 and revoked_at is null`, [
    hash
  ])
  const row = rows[0]
  return row !== undefined && timingSafeEqual(row.hash, hash) ? keyOf(row) : undefined
}

/** Notes that a key was used. Called now and then, not per request. */
export async function touchKey(db: Queryable, id: string, atMs: number): Promise<void> {
  await db.query('update api_key set last_used_at = greatest(last_used_at, $2) where id = $1', [id, new Date(atMs)])
}

/** Whether anybody could show a key. */
export async function hasActiveKey(db: Queryable): Promise<boolean> {
  const { rows } = await db.query('select 1 from api_key where revoked_at is null limit 1')
  return rows.length > 0
}

/** Registers the key in a file, with every scope; one that is known already, revoked or not, stays as it is. */
export async function registerBootstrapKey(db: Queryable, file: string): Promise<void> {
  const secret = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      throw new StartError(
        'bootstrap_key',
        `BOOTSTRAP_KEY_FILE ${file} cannot be read (${error.code ?? error.message})`
      )
    }
  )
  if (!isKeyForm(secret)) {
    throw new StartError(
      'bootstrap_key',
      `BOOTSTRAP_KEY_FILE ${file} should hold one key: ctg_ and 32 to 100 letters and digits, nothing else`
    )
  }
  await insertKey(db, secret, SCOPES, 'bootstrap')
}

async function insertKey(db: Queryable, secret: string, scopes: readonly Scope[], name: string | null) {
  if (scopes.length === 0) throw new InvalidInputError([{ path: 'scope', message: 'a key needs at least one scope' }])
  const { rows } = await db.query<KeyRow>(
    `insert into api_key (id, name, prefix, last4, hash, scopes) values ($1, $2, $3, $4, $5, $6)
     on conflict (hash) do nothing returning ${COLUMNS}`,
    [`key_${randomUUID()}`, name, secret.slice(0, 8), secret.slice(-4), hashOf(secret), [...new Set(scopes)]]
  )
  return rows[0] === undefined ? undefined : keyOf(rows[0])
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Letters and digits, each equally likely. */
function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    // 248 is the largest multiple of 62 in a byte; the rest would favour the first letters.
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
  }
  return text
}

type KeyRow = {
  id: string
  name: string | null
  prefix: string
  last4: string
  hash: Buffer
  scopes: Scope[]
  created_at: Date
  last_used_at: Date | null
  revoked_at: Date | null
}

function keyOf(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    last4: row.last4,
    scopes: row.scopes,
    createdAt: row.created_at.getTime(),
    lastUsedAt: row.last_used_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null
  }
}
