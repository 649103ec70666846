import type { OUTCOMES } from '../contract/webhooks.ts'

/** What one try came to, in a word. */
export type Outcome = (typeof OUTCOMES)[number]

/** One try of a delivery: when, how long, and what the receiver said. */
export type Try = {
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: Outcome
  readonly status: number | null
  /** Why there was no success, in words that name no address of a network. */
  readonly message: string | null
  /** The beginning of the answer's body. */
  readonly answer: string | null
  readonly retryAfterMs: number | null
}

/** A status in a word: only 2xx is a success, a redirect is not followed, 410 wants no more. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirected' : 'refused'
}
