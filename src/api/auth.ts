import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Database } from '../store/database.ts'
import { type ApiKey, findKey, isKeyForm, type Scope, touchKey } from '../store/keys.ts'
import { HttpError } from './problem.ts'

/** Who asks: a key, nobody in particular, or somebody with a key that is not valid. */
export type Caller =
  | { readonly kind: 'key'; readonly key: ApiKey }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'invalid' }

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined until it is known. */
    caller: Caller | undefined
    /** Whether the key that was shown would still be let in. */
    isStillAllowed: () => Promise<boolean>
    /** Whose key an Authorization header holds: for keys that come otherwise than with the request. */
    identify: (authorization: string | undefined) => Promise<Caller>
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow; left out where nothing is asked of anybody. */
    scope?: Scope
  }
}

const ANONYMOUS: Caller = { kind: 'anonymous' }
const INVALID: Caller = { kind: 'invalid' }
/** A revoked key is refused after this long at the latest. */
const REMEMBERED_MS = 2_000
const TOUCHED_EVERY_MS = 60_000
/** Wrong keys are remembered too; this bounds what guessing may cost. */
const REMEMBERED_MAX = 2_000

type AuthOptions = { readonly db: Database; readonly clock: Clock; readonly isLoopback: boolean }

/** Adds `request.caller`, known before the rate limit counts, and refuses, after it, who may not ask. */
export function authenticate(app: FastifyInstance, { db, clock, isLoopback }: AuthOptions): void {
  const findCaller = rememberCallers(db, clock)
  app.decorateRequest<Caller | undefined, 'caller'>('caller', undefined)
  app.decorateRequest('identify', (authorization: string | undefined) => callerOf(authorization, findCaller))
  app.decorateRequest('isStillAllowed', async function isStillAllowed() {
    const { scope } = this.routeOptions.config
    try {
      if (scope !== undefined) authorise(await callerOf(this.headers.authorization, findCaller), scope, isLoopback)
      return true
    } catch (error) {
      if (error instanceof HttpError) return false
      throw error
    }
  })
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.scope === undefined || request.headers.authorization === undefined) {
      request.caller = ANONYMOUS
      return done()
    }
    callerOf(request.headers.authorization, findCaller).then((caller) => {
      request.caller = caller
      done()
    }, done)
  })
  // The rate limit counts in the route's own onRequest, so that guessing keys is limited by address.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { scope } = request.routeOptions.config
    try {
      if (scope !== undefined) authorise(request.caller, scope, isLoopback)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
}

async function callerOf(header: string | undefined, findCaller: (secret: string) => Promise<Caller>): Promise<Caller> {
  if (header === undefined) return ANONYMOUS
  const secret = /^Bearer +(\S+) *$/i.exec(header)?.[1]
  return secret !== undefined && isKeyForm(secret) ? findCaller(secret) : INVALID
}

/** Refuses who may not do what needs this scope. */
export function authorise(caller: Caller | undefined, scope: Scope, isLoopback: boolean): void {
  if (caller?.kind === 'invalid') throw unauthorised('This key is not valid: unknown, revoked or cut short.')
  if (caller?.kind !== 'key') {
    if (isLoopback && scope === 'read') return
    throw unauthorised(
      `A key with the scope ${scope} is needed: \`Authorization: Bearer ctg_…\`. \`contango keys create\` makes one.`
    )
  }
  const { scopes } = caller.key
  if (!scopes.includes(scope) && !scopes.includes('admin')) {
    const headers = { 'www-authenticate': `Bearer realm="contango", error="insufficient_scope", scope="${scope}"` }
    const message = `This key has the scopes ${scopes.join(', ')}; this needs ${scope}.`
    throw new HttpError(403, 'insufficient_scope', message, { headers })
  }
}

function unauthorised(message: string): HttpError {
  return new HttpError(401, 'unauthorised', message, { headers: { 'www-authenticate': 'Bearer realm="contango"' } })
}

/** Looks keys up at most every two seconds each. */
function rememberCallers(db: Database, clock: Clock): (secret: string) => Promise<Caller> {
  const remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>()
  const touchedMs = new Map<string, number>()
  return async (secret) => {
    const nowMs = clock.now()
    const known = remembered.get(secret)
    // A clock that went back must not keep a revoked key alive.
    if (known !== undefined && nowMs < known.untilMs && known.untilMs - nowMs <= REMEMBERED_MS) return known.caller
    const key = await findKey(db, secret)
    const caller: Caller = key === undefined ? INVALID : { kind: 'key', key }
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(secret, { caller, untilMs: nowMs + REMEMBERED_MS })
    if (key !== undefined && nowMs - (touchedMs.get(key.id) ?? 0) >= TOUCHED_EVERY_MS) {
      touchedMs.set(key.id, nowMs)
      // When a key was last used is not worth failing a request for.
      touchKey(db, key.id, nowMs).catch(() => {})
    }
    return caller
  }
}
