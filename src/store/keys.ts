import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InvalidInputError, NotFoundError, StartError } from '../errors.ts'
import type { Database } from './database.ts'
import type { api_key } from './generated/client.ts'
import { prismaOf } from './prisma.ts'

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

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 40
const FORM = /^ctg_[0-9A-Za-z]{32,100}$/

/** Whether a text could be a key at all. */
export function isKeyForm(text: string): boolean {
  return FORM.test(text)
}

/** Makes a key; `secret` is answered here and nowhere else. */
export async function createKey(
  db: Database,
  { scopes, name = null }: { scopes: readonly Scope[]; name?: string | null }
): Promise<{ key: ApiKey; secret: string }> {
  const secret = `ctg_${randomText(SECRET_LENGTH)}`
  const key = await insertKey(db, secret, scopes, name)
  if (key === undefined) throw new Error('a random key existed already')
  return { key, secret }
}

/** Every key, newest first, revoked ones included. */
export async function listKeys(db: Database): Promise<ApiKey[]> {
  const rows = await prismaOf(db).api_key.findMany({ orderBy: [{ created_at: 'desc' }, { id: 'asc' }] })
  return rows.map(keyOf)
}

/** Ends a key. Revoking twice changes nothing. */
export async function revokeKey(db: Database, id: string, atMs: number): Promise<ApiKey> {
  const keys = prismaOf(db).api_key
  await keys.updateMany({ where: { id, revoked_at: null }, data: { revoked_at: new Date(atMs) } })
  const row = await keys.findUnique({ where: { id } })
  if (row === null) {
    throw new NotFoundError('unknown_key', `no key has the id ${JSON.stringify(id)}; \`keys list\` shows the ids`)
  }
  return keyOf(row)
}

/** The unrevoked key that this secret is. */
export async function findKey(db: Database, secret: string): Promise<ApiKey | undefined> {
  const hash = hashOf(secret)
  const row = await prismaOf(db).api_key.findUnique({ where: { hash, revoked_at: null } })
  return row !== null && timingSafeEqual(row.hash, hash) ? keyOf(row) : undefined
}

/** Notes that a key was used. Called now and then, not per request. */
export async function touchKey(db: Database, id: string, atMs: number): Promise<void> {
  const at = new Date(atMs)
  await prismaOf(db).api_key.updateMany({
    where: { id, OR: [{ last_used_at: null }, { last_used_at: { lt: at } }] },
    data: { last_used_at: at }
  })
}

/** Whether anybody could show a key. */
export async function hasActiveKey(db: Database): Promise<boolean> {
  return (await prismaOf(db).api_key.findFirst({ where: { revoked_at: null }, select: { id: true } })) !== null
}

/** Registers the key in a file, with every scope; one that is known already, revoked or not, stays as it is. */
export async function registerBootstrapKey(db: Database, file: string): Promise<void> {
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

async function insertKey(db: Database, secret: string, scopes: readonly Scope[], name: string | null) {
  if (scopes.length === 0) throw new InvalidInputError([{ path: 'scope', message: 'a key needs at least one scope' }])
  const hash = hashOf(secret)
  const keys = prismaOf(db).api_key
  const data = { id: `key_${randomUUID()}`, name, prefix: secret.slice(0, 8), last4: secret.slice(-4), hash }
  const { count } = await keys.createMany({ data: { ...data, scopes: [...new Set(scopes)] }, skipDuplicates: true })
  return count === 0 ? undefined : keyOf(await keys.findUniqueOrThrow({ where: { hash } }))
}

function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest())
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

function keyOf(row: api_key): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    last4: row.last4,
    scopes: row.scopes as Scope[],
    createdAt: row.created_at.getTime(),
    lastUsedAt: row.last_used_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null
  }
}
