import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { DAY } from '../domain/time.ts'

const SECRET_BYTES = 32
/** How long the secret before a rotation still signs, so that a receiver can change over. */
export const ROTATION_MS = DAY

/** What a subscription's deliveries are signed with at one time; the newest first. */
export type Secrets = readonly [string, ...string[]]

/** A new secret in the form of Standard Webhooks. */
export function createSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
}

/** The headers that prove where a body comes from. Every attempt has its own time, and so its own signature. */
export function signedHeaders(id: string, body: string, atMs: number, secrets: Secrets): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const signed = `${id}.${timestamp}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => signatureOf(secret, signed)).join(' ')
  }
}

/** As the official library signs, by Node's own HMAC: a third of the time. */
function signatureOf(secret: string, signed: string): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`
}

/** Keys of secrets that have signed lately: making one costs more than signing with it. */
const keys = new Map<string, KeyObject>()
const KEYS_MAX = 1_000

function keyOf(secret: string): KeyObject {
  const known = keys.get(secret)
  if (known !== undefined) return known
  const key = createSecretKey(secret.replace(/^whsec_/, ''), 'base64')
  if (keys.size >= KEYS_MAX) keys.clear()
  keys.set(secret, key)
  return key
}

/** The secrets that sign now. */
export function secretsAt(
  { secret, previousSecret, previousUntil }: SigningState,
  atMs: number
): [string, ...string[]] {
  const isOverlap = previousSecret !== null && previousUntil !== null && atMs < previousUntil
  return isOverlap ? [secret, previousSecret] : [secret]
}

type SigningState = {
  readonly secret: string
  readonly previousSecret: string | null
  /** Epoch milliseconds. */
  readonly previousUntil: number | null
}
