import { InvalidInputError, messageOf } from '../errors.ts'

/** One row of a file. `refused` says why it is none; otherwise `cell` answers a column's trimmed text, empty where there is none. */
export type SourceRow = {
  readonly line: number
  readonly refused: string | null
  readonly cell: (column: string) => string
}

export type RowReader = {
  readonly rows: AsyncIterable<SourceRow>
  /** All columns are known at the first row. */
  readonly hasHeader: boolean
  /** Those seen so far, in the file's order. */
  readonly columns: ReadonlySet<string>
}

/** A file that cannot be read, in words. */
export function unreadable(path: string, error: unknown): InvalidInputError {
  if (error instanceof InvalidInputError) return error
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  return new InvalidInputError(
    [{ path, message: isMissing ? 'there is no such file' : `cannot be read: ${messageOf(error)}` }],
    'invalid_file'
  )
}
