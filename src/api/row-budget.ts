import { InvalidInputError } from '../errors.ts'
import type { ApiDeps } from './context.ts'
import { LIMITS } from './graphql/limits.ts'

/** What one request has brought together so far: rows that are answered, and stored rows that were read for them. */
export type RowBudget = { served: number; stored: number; readonly storedMax: number }

export const newBudget = ({ storedRowsMax = STORED_ROWS_MAX }: Pick<ApiDeps, 'storedRowsMax'>): RowBudget => ({
  served: 0,
  stored: 0,
  storedMax: storedRowsMax
})

/** About two years of one contract at a row a minute: some seconds of reading. */
export const STORED_ROWS_MAX = 1_000_000
/** What can be no more than this is not counted before it is read. */
const UNCOUNTED_MAX = 20_000

/** Adds rows that are going to be answered; `words`: how they are counted. A rule sees neither variables nor what a list really holds; here both are known. */
export function takeServed(budget: RowBudget, rows: number, path: string, words = ''): void {
  budget.served += rows
  if (budget.served <= LIMITS.rows) return
  const most = LIMITS.rows.toLocaleString('en')
  const message =
    `${budget.served.toLocaleString('en')} rows in one request, all of its lists together${words}; at most ${most} are answered. ` +
    'Lower `first`, ask for fewer lists, or give histories a shorter range or longer buckets'
  throw new InvalidInputError([{ path, message }], 'range_too_long')
}

/** Adds the newest stored row of each of so many contracts: a list has them all read, whatever its page shows. */
export function takeNewest(budget: RowBudget, contracts: readonly unknown[]): Promise<void> {
  const narrow = 'name instruments, assets or venues, or ask for fewer lists'
  const count = async (most: number) => Math.min(contracts.length, most)
  return takeStored(budget, { most: contracts.length, count, path: 'asset', narrow })
}

type StoredRows = {
  /** The most that there can be. */
  readonly most: number
  /** Counts those that there are, and stops after so many. */
  readonly count: (most: number) => Promise<number>
  readonly path: string
  /** What to ask for instead. */
  readonly narrow: string
}

/** Adds stored rows that are going to be read; refuses before they are. */
export async function takeStored(budget: RowBudget, { most, count, path, narrow }: StoredRows): Promise<void> {
  const left = Math.max(0, budget.storedMax - budget.stored)
  const rows = most <= Math.min(UNCOUNTED_MAX, left) ? most : await count(left + 1)
  // Lists of one request are counted side by side: what the others have taken meanwhile counts.
  budget.stored += rows
  if (budget.stored <= budget.storedMax) return
  const message = `more than ${budget.storedMax.toLocaleString('en')} stored rows would have to be read; ${narrow}`
  throw new InvalidInputError([{ path, message }], 'range_too_long')
}
