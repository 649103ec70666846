import type { CursorKeys } from '../contract/cursor.ts'
import type { BoardRow } from '../domain/board-row.ts'
import { type Grade, reachesGrade } from '../domain/quality.ts'
import type { Board, ServedRow } from './board-cache.ts'

export type BoardFilter = {
  readonly venues: ReadonlySet<string> | undefined
  readonly assets: ReadonlySet<string> | undefined
  readonly kinds: readonly string[] | undefined
  readonly quotes: readonly string[] | undefined
  readonly instruments: ReadonlySet<string> | undefined
  readonly minGrade: Grade | undefined
  readonly minOpenInterestUsd: number | undefined
  readonly minVolume24hUsd: number | undefined
}

export type BoardOrder = { readonly field: string; readonly isDescending: boolean }

const BY_INSTRUMENT: BoardOrder = { field: 'instrument', isDescending: false }

/** Fields that are texts of numbers, and sort as numbers. */
const DECIMAL_FIELDS: ReadonlySet<string> = new Set([
  'contractBid',
  'contractAsk',
  'contractMid',
  'spotBid',
  'spotAsk',
  'spotMid',
  'mark',
  'index',
  'basisAbs',
  'openInterestUsd',
  'volume24hUsd'
] satisfies (keyof BoardRow)[])

export type Selection = {
  readonly order?: BoardOrder | undefined
  /** The keys of the last row of the page before. */
  readonly after?: CursorKeys | undefined
  /** No more than so many. */
  readonly most: number
}

/** The first rows that pass, in order, after those of the page before. */
export function selectRows(
  board: Pick<Board, 'rows' | 'orders'>,
  filter: BoardFilter,
  { order = BY_INSTRUMENT, after, most }: Selection
): ServedRow[] {
  const rows = sortedRows(board, order)
  const selected: ServedRow[] = []
  for (let index = after === undefined ? 0 : placeAfter(rows, after, order); index < rows.length; index += 1) {
    const served = rows[index]!
    if (!passes(served.row, filter)) continue
    selected.push(served)
    if (selected.length === most) break
  }
  return selected
}

/** A board is sorted once for each order that is asked for, not for each question. */
function sortedRows({ rows, orders }: Pick<Board, 'rows' | 'orders'>, order: BoardOrder): readonly ServedRow[] {
  const name = `${order.isDescending ? '-' : ''}${order.field}`
  const known = orders.get(name)
  if (known !== undefined) return known
  const keyed = rows.map((served) => ({ served, keys: keysOf(served, order) }))
  const sorted = keyed.sort((a, b) => compareKeys(a.keys, b.keys, order.isDescending)).map(({ served }) => served)
  orders.set(name, sorted)
  return sorted
}

/** The index of the first row after these keys. */
function placeAfter(rows: readonly ServedRow[], keys: CursorKeys, order: BoardOrder): number {
  let [from, to] = [0, rows.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compareKeys(keysOf(rows[middle]!, order), keys, order.isDescending) > 0) to = middle
    else from = middle + 1
  }
  return from
}

/** Where a row stands in an order: its value and, between equals, its instrument. */
export function keysOf({ row }: ServedRow, { field }: BoardOrder = BY_INSTRUMENT): CursorKeys {
  return [sortValue(row, field), row.instrument]
}

/** Whether a row is what a filter asks for. */
export function passes(row: BoardRow, filter: BoardFilter): boolean {
  return (
    (filter.venues?.has(row.venue) ?? true) &&
    (filter.assets?.has(row.asset) ?? true) &&
    (filter.kinds?.includes(row.kind) ?? true) &&
    (filter.quotes?.includes(row.quote) ?? true) &&
    (filter.instruments?.has(row.instrument) ?? true) &&
    (filter.minGrade === undefined || reachesGrade(row.grade, filter.minGrade)) &&
    reaches(row.openInterestUsd, filter.minOpenInterestUsd) &&
    reaches(row.volume24hUsd, filter.minVolume24hUsd)
  )
}

/** An amount that is not known reaches nothing, not even 0. */
export function reaches(amount: string | null, least: number | undefined): boolean {
  return least === undefined || (amount !== null && Number(amount) >= least)
}

function sortValue(row: BoardRow, field: string): string | number | null {
  const value = row[field as keyof BoardRow]
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return value
  return DECIMAL_FIELDS.has(field) ? Number(value) : String(value)
}

/** Rows without a value come last, whichever way the rest goes. */
export function compareKeys(a: CursorKeys, b: CursorKeys, isDescending: boolean): number {
  const [x = null, y = null] = [a[0], b[0]]
  if (x !== y) {
    if (x === null) return 1
    if (y === null) return -1
    return (x < y ? -1 : 1) * (isDescending ? -1 : 1)
  }
  const [first, second] = [String(a[1]), String(b[1])]
  return first < second ? -1 : first > second ? 1 : 0
}
