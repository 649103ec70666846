import type { Sort } from '../contract/parameters.ts'
import { pageOf } from './answers.ts'
import { compareKeys } from './board-query.ts'
import { cursorKeys, type PageQuestion } from './operations/operation.ts'

type Named = Readonly<Record<string, unknown>> & { readonly instrument: string }

type SortedQuestion = PageQuestion & {
  readonly values: { readonly limit: number; readonly sort: Sort<string> | undefined }
}

/** One page of rows in memory, by a field of theirs and, between equals, by instrument. `decimals`: texts that sort as numbers. */
export function sortedPage<Row extends Named>(
  rows: readonly Row[],
  question: SortedQuestion,
  decimals: ReadonlySet<string>
) {
  const { sort, limit } = question.values
  const sortValue = (row: Row): string | number | null => {
    const value = row[sort?.field ?? 'instrument'] ?? null
    if (value === null || typeof value === 'number') return value
    return decimals.has(sort?.field ?? '') ? Number(value) : String(value)
  }
  const keysOf = (row: Row) => [sortValue(row), row.instrument] as const
  const isDescending = sort?.isDescending ?? false
  const after = cursorKeys(question, ['any', 'text'])
  const left = rows
    .map((row) => ({ row, keys: keysOf(row) }))
    .filter(({ keys }) => after === undefined || compareKeys(keys, after, isDescending) > 0)
    .sort((a, b) => compareKeys(a.keys, b.keys, isDescending))
    .map(({ row }) => row)
  return pageOf(left, limit, question.fingerprint, keysOf)
}
