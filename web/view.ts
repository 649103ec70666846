import type { BoardRow } from '../src/domain/board-row.ts'
import { GRADES, type Grade, reachesGrade } from '../src/domain/quality.ts'
import { queryOf } from './api.ts'
import type { LiveRow } from './live-row.ts'

/** Which rows are shown, in which order, and which one in detail. Its words are those of the API's parameters. */
export type View = {
  readonly asset: readonly string[]
  readonly venue: readonly string[]
  readonly kind: readonly string[]
  readonly quote: readonly string[]
  readonly minGrade: Grade
  readonly minOpenInterestUsd: number
  readonly search: string
  /** A field; descending with a minus before it. */
  readonly sort: string
  /** The contract shown in detail. */
  readonly instrument: string | undefined
}

export const EVERYTHING: View = {
  asset: [],
  venue: [],
  kind: [],
  quote: [],
  minGrade: 'none',
  minOpenInterestUsd: 0,
  search: '',
  sort: '-openInterestUsd',
  instrument: undefined
}

/** Reads the address; what it does not say, or says wrongly, is as at first. */
export function viewOf(address: string): View {
  const query = new URLSearchParams(address)
  const listed = (name: string) => (query.get(name) ?? '').split(',').filter((word) => word !== '')
  const grade = GRADES.find((name) => name === query.get('minGrade'))
  const open = Number(query.get('minOpenInterestUsd') ?? 0)
  return {
    asset: listed('asset'),
    venue: listed('venue'),
    kind: listed('kind'),
    quote: listed('quote'),
    minGrade: grade ?? EVERYTHING.minGrade,
    minOpenInterestUsd: Number.isFinite(open) && open > 0 ? open : 0,
    search: query.get('search') ?? '',
    sort: query.get('sort') ?? EVERYTHING.sort,
    instrument: query.get('instrument') ?? undefined
  }
}

/** The address of the page that shows this. */
export function addressOf(view: View): string {
  const sort = view.sort === EVERYTHING.sort ? undefined : view.sort
  return queryOf('/', { ...filtersOf(view), search: view.search, sort, instrument: view.instrument })
}

/** The question that the API answers with the same rows, a text search apart. */
export function questionOf(view: View): string {
  return queryOf('/v1/basis', { ...filtersOf(view), sort: view.sort })
}

function filtersOf(view: View): Record<string, string | undefined> {
  return {
    asset: view.asset.join(','),
    venue: view.venue.join(','),
    kind: view.kind.join(','),
    quote: view.quote.join(','),
    minGrade: view.minGrade === 'none' ? undefined : view.minGrade,
    minOpenInterestUsd: view.minOpenInterestUsd === 0 ? undefined : String(view.minOpenInterestUsd)
  }
}

export function selectRows(rows: readonly LiveRow[], view: View): LiveRow[] {
  const words = view.search.toLowerCase().split(/\s+/)
  const isIn = (wanted: readonly string[], value: string) => wanted.length === 0 || wanted.includes(value)
  return rows
    .filter(
      ({ row, grade, words: own }) =>
        isIn(view.venue, row.venue) &&
        isIn(view.asset, row.asset) &&
        isIn(view.kind, row.kind) &&
        isIn(view.quote, row.quote) &&
        reachesGrade(grade, view.minGrade) &&
        (view.minOpenInterestUsd === 0 || Number(row.openInterestUsd ?? -1) >= view.minOpenInterestUsd) &&
        words.every((word) => own.includes(word))
    )
    .sort(orderOf(view.sort))
}

type Order = (one: LiveRow, other: LiveRow) => number

/** Rows without the value come last in either direction. */
function orderOf(sort: string): Order {
  const isDescending = sort.startsWith('-')
  const field = sort.replace(/^-/, '') as keyof BoardRow
  const byName: Order = (one, other) => (one.row.instrument < other.row.instrument ? -1 : 1)
  return (one, other) => {
    const [a, b] = [sortValueOf(one, field), sortValueOf(other, field)]
    if (a === b) return byName(one, other)
    if (a === null) return 1
    if (b === null) return -1
    return a < b === isDescending ? 1 : -1
  }
}

const DECIMAL_FIELDS: ReadonlySet<string> = new Set(['openInterestUsd', 'volume24hUsd'])

function sortValueOf({ row, grade, ageMs }: LiveRow, field: keyof BoardRow): number | string | null {
  if (field === 'grade') return GRADES.indexOf(grade)
  if (field === 'ageMs') return ageMs
  const value = row[field]
  if (value === null || value === undefined) return null
  if (DECIMAL_FIELDS.has(field)) return Number(value)
  return typeof value === 'number' ? value : String(value)
}
