import { CARRY_BOOK_AGE_MS } from './carry-signal.ts'
import { GATE_DEFAULTS } from './gates.ts'
import type { BucketParameters, BucketType, SIGNAL_TYPES } from './signal-types.ts'

/** How often what signals look at is observed, and what they ask of it. */
export type Supply = {
  readonly pollMs: number
  readonly storeMs: number
  readonly depth: { readonly contracts: number; readonly everyMs: number }
  readonly bucketParameters: Readonly<Record<BucketType, Pick<BucketParameters, 'bucketMs' | 'persist'>>>
}

export const SHORTAGES = ['observed_too_rarely', 'no_books', 'books_too_rarely', 'quotes_too_old'] as const

/** What a setting leaves a type without. `isWhole`: it never opens for anything. */
export type Shortage = {
  readonly type: (typeof SIGNAL_TYPES)[number]
  readonly setting: 'POLL_SECONDS' | 'STORE_SECONDS' | 'DEPTH_CONTRACTS' | 'DEPTH_SECONDS'
  readonly reason: (typeof SHORTAGES)[number]
  readonly isWhole: boolean
}

/** Types that look at what is stored of every poll. */
const OF_STORED = [
  'basis_dislocation',
  'expectation',
  'stablecoin_depeg',
  'leverage_buildup',
  'carry_opportunity'
] as const
const OF_BOOKS = ['liquidity_thinning', 'carry_opportunity'] as const

/** Types that would not open, or not for all, whatever happens, because of how rarely is observed: an empty bucket breaks persistence. */
export function shortagesOf({ pollMs, storeMs, depth, bucketParameters }: Supply): Shortage[] {
  const short = (type: BucketType, everyMs: number) => isNeverHeld(everyMs, bucketParameters[type])
  const storedMs = Math.max(pollMs, storeMs)
  const setting = pollMs > storeMs ? ('POLL_SECONDS' as const) : ('STORE_SECONDS' as const)
  const rarely = { reason: 'observed_too_rarely', isWhole: true } as const
  const found: Shortage[] = OF_STORED.filter((type) => short(type, storedMs)).map((type) => ({
    type,
    setting,
    ...rarely
  }))
  if (short('venue_trouble', pollMs)) found.push({ type: 'venue_trouble', setting: 'POLL_SECONDS', ...rarely })
  if (storedMs > GATE_DEFAULTS.fxMaxAgeMs)
    found.push({ type: 'carry_opportunity', setting, reason: 'quotes_too_old', isWhole: false })
  if (depth.contracts === 0)
    return [
      ...found,
      ...OF_BOOKS.map((type) => ({ type, setting: 'DEPTH_CONTRACTS', reason: 'no_books', isWhole: true }) as const)
    ]
  const books = { setting: 'DEPTH_SECONDS', reason: 'books_too_rarely', isWhole: true } as const
  if (short('liquidity_thinning', depth.everyMs)) found.push({ type: 'liquidity_thinning', ...books })
  const { bucketMs, persist } = bucketParameters.carry_opportunity
  // A book counts for some buckets; then at least one is without.
  if (depth.everyMs >= CARRY_BOOK_AGE_MS + bucketMs && persist > CARRY_BOOK_AGE_MS / bucketMs)
    found.push({ type: 'carry_opportunity', ...books })
  return found
}

/** Whether of buckets that are observed so rarely never enough in a row have anything in them. */
function isNeverHeld(everyMs: number, { bucketMs, persist }: Pick<BucketParameters, 'bucketMs' | 'persist'>): boolean {
  return everyMs > bucketMs && persist > Math.ceil(bucketMs / (everyMs - bucketMs))
}

/** What keeps a type from ever opening; null: nothing does. */
export const shortageOf = (supply: Supply, type: Shortage['type']): Shortage | null =>
  shortagesOf(supply).find((one) => one.type === type && one.isWhole) ?? null

const WORDS: Readonly<Record<Shortage['reason'], string>> = {
  observed_too_rarely: 'too rarely for as many buckets of five minutes in a row as it must persist',
  no_books: 'no books are asked for',
  books_too_rarely: 'books are asked for too rarely for as many buckets of five minutes in a row as it must persist',
  quotes_too_old: `of pairs in two currencies, whose rate must be ${GATE_DEFAULTS.fxMaxAgeMs / 1_000} s old at the most`
}

/** What operators are told of it. */
export const shortageWords = ({ type, setting, reason, isWhole }: Shortage): string =>
  `${setting} leaves ${type} ${isWhole ? 'without facts: it never opens' : 'without some of its facts'} (${WORDS[reason]})`
