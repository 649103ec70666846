import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
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
  const at = new Date(atMs)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' ')
  }
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
