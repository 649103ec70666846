import type { Transaction } from './database.ts'

/** What was answered to a request; null where that was nothing. */
export type StoredAnswer = { readonly answer: string | null }

export type IdempotentRequest = {
  readonly keyId: string
  readonly key: string
  /** What was asked, so that a key is not used for two things. */
  readonly request: string
}

/** Any number: this kind of advisory lock. */
const LOCK = 7_266_828

/**
 * The answer that this key has had. `busy`: its first request is at work; `other`: it was used for another request.
 * Until the transaction ends nobody else gets past this with the same key; a process that dies in it has had no effect.
 */
export async function claimIdempotencyKey(
  client: Transaction,
  { keyId, key, request }: IdempotentRequest
): Promise<StoredAnswer | 'new' | 'busy' | 'other'> {
  const { rows: locks } = await client.query<{ is_ours: boolean }>(
    'select pg_try_advisory_xact_lock($1, hashtext($2)) as is_ours',
    [LOCK, `${keyId} ${key}`]
  )
  if (!locks[0]?.is_ours) return 'busy'
  const { rows } = await client.query<{ request: string; answer: string | null }>(
    'select request, answer from idempotency_key where key_id = $1 and key = $2',
    [keyId, key]
  )
  const [known] = rows
  if (known === undefined) return 'new'
  return known.request === request ? { answer: known.answer } : 'other'
}

/** Keeps the answer, in the transaction of what it tells of. */
export async function storeAnswer(
  client: Transaction,
  { keyId, key, request }: IdempotentRequest,
  { status, answer }: StoredAnswer & { readonly status: number },
  atMs: number
): Promise<void> {
  await client.query(
    'insert into idempotency_key (key_id, key, request, status, answer, created_at) values ($1, $2, $3, $4, $5, $6)',
    [keyId, key, request, status, answer, new Date(atMs)]
  )
}
