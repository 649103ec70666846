import type { FastifyRequest } from 'fastify'
import { HttpError } from '../problem.ts'
import type { Pulse } from './pulse.ts'

/** So many follow one process at once, and so many of them are one key's, or one address's without a key. */
const FOLLOWERS_MAX = 1_000
const PER_CALLER_MAX = 100
const RETRY_SECONDS = '10'

/** Everybody who follows this process, over whatever protocol. */
export type Followers = {
  /** Joins the pulse for a caller; throws what it is answered where there are too many. `signal` aborts when all must go. */
  join(caller: string): Promise<Follower>
  close(): void
}

export type Follower = { readonly signal: AbortSignal; leave(): void }

/** Whom a request counts for. */
export function callerName({ caller, ip }: Pick<FastifyRequest, 'caller' | 'ip'>): string {
  return caller?.kind === 'key' ? caller.key.id : ip
}

export function countFollowers(pulse: Pulse, limits = { all: FOLLOWERS_MAX, perCaller: PER_CALLER_MAX }): Followers {
  const controllers = new Set<AbortController>()
  const counts = new Map<string, number>()
  let isClosed = false
  const add = (caller: string, by: number) => {
    const count = (counts.get(caller) ?? 0) + by
    if (count === 0) counts.delete(caller)
    else counts.set(caller, count)
  }
  return {
    join: async (caller) => {
      const headers = { 'retry-after': RETRY_SECONDS }
      // Who joined now would wait for beats that come no more.
      if (isClosed) throw new HttpError(503, 'stopping', 'This process is stopping; ask again.', { headers })
      if (controllers.size >= limits.all) {
        throw new HttpError(503, 'too_many_followers', `${limits.all} follow already; ask again.`, { headers })
      }
      if ((counts.get(caller) ?? 0) >= limits.perCaller) {
        const message = `You follow ${limits.perCaller} times already; end one, or ask one for more with its filters.`
        throw new HttpError(429, 'too_many_followers', message, { headers })
      }
      const controller = new AbortController()
      controllers.add(controller)
      add(caller, 1)
      const forget = () => {
        controllers.delete(controller)
        add(caller, -1)
      }
      const { leave } = await pulse.join().catch((error: unknown) => {
        // Who could not join holds nobody's place.
        forget()
        throw error
      })
      if (isClosed) controller.abort()
      return {
        signal: controller.signal,
        leave: () => {
          if (!controllers.has(controller)) return
          forget()
          controller.abort()
          leave()
        }
      }
    },
    close: () => {
      isClosed = true
      pulse.close()
      for (const controller of controllers) controller.abort()
    }
  }
}
