import { snapSettlement } from '../domain/funding.ts'
import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import type { ImportStage, StagedRow } from '../store/import-stage.ts'
import { type CellTime, type Refusal, readCellTime, type TimeRules } from './cell-time.ts'
import { type ImportKind, readCellValue } from './cell-value.ts'
import type { SourceFile } from './source-file.ts'
import type { SourceRow } from './source-row.ts'

export type RowRules = {
  readonly kind: ImportKind
  readonly where: ReadonlyMap<string, string>
  readonly columns: { readonly time: string; readonly value: string }
  readonly time: TimeRules
  readonly nowMs: number
  /** Observations from before it are not kept: refused. Null: all are. */
  readonly keptFromMs: number | null
}

export type RefusedRow = { readonly line: number; readonly reason: string }

export type ReadOutcome = {
  /** Rows of the file. */
  read: number
  /** Those that `where` keeps. */
  matched: number
  staged: number
  ambiguous: number
  refused: number
  /** The first of them. */
  readonly refusals: RefusedRow[]
}

/** So many refused rows are named one by one; all are counted. */
export const MOST_REFUSALS_KEPT = 1_000
const BATCH_ROWS = 5_000
/** No exchange of ours is older. */
const OLDEST_MS = Date.UTC(2010, 0, 1)
const MOST_VALUES_SHOWN = 12

/** Reads every row of a file into the stage; nothing is stored yet. Throws when the file cannot be what was asked for. */
export async function readRows(
  source: SourceFile,
  rules: RowRules,
  stage: Pick<ImportStage, 'add'>,
  onBatch: (read: number) => void
): Promise<ReadOutcome> {
  const outcome: ReadOutcome = { read: 0, matched: 0, staged: 0, ambiguous: 0, refused: 0, refusals: [] }
  const seen = new Map([...rules.where.keys()].map((column) => [column, new Set<string>()]))
  let batch: StagedRow[] = []
  const flush = async () => {
    await stage.add(batch)
    outcome.staged += batch.length
    batch = []
    onBatch(outcome.read)
  }
  for await (const row of source.rows) {
    outcome.read += 1
    // A CSV says all its columns first: what is missing shows at once.
    if (outcome.read === 1 && source.hasHeader) checkColumns(source, rules)
    const read = readRow(row, rules, seen, outcome)
    if (read) batch.push(read)
    if (batch.length >= BATCH_ROWS) await flush()
    else if (outcome.read % BATCH_ROWS === 0) onBatch(outcome.read)
  }
  if (outcome.read === 0) throw refused(source.path, 'has no rows')
  checkColumns(source, rules)
  if (outcome.matched === 0) throw refused('--where', nothingMatched(rules.where, seen, outcome.read))
  await flush()
  return outcome
}

function readRow(
  row: SourceRow,
  rules: RowRules,
  seen: ReadonlyMap<string, Set<string>>,
  outcome: ReadOutcome
): StagedRow | undefined {
  const { where, kind } = rules
  if (row.refused === null) {
    let isMatch = true
    for (const [column, wanted] of where) {
      const cell = row.cell(column)
      const values = seen.get(column)!
      if (values.size < MOST_VALUES_SHOWN) values.add(cell.slice(0, 60))
      isMatch &&= cell === wanted
    }
    if (!isMatch) return undefined
  }
  outcome.matched += 1
  const read = row.refused === null ? readCells(row, rules) : { refused: row.refused }
  if ('refused' in read) {
    outcome.refused += 1
    if (outcome.refusals.length < MOST_REFUSALS_KEPT) {
      outcome.refusals.push({ line: row.line, reason: read.refused })
    }
    return undefined
  }
  if (read.isAmbiguous) outcome.ambiguous += 1
  const at = kind === 'funding' ? snapSettlement(read.at) : read.at
  return { line: row.line, at, statedAt: read.at, value: read.value }
}

function readCells(
  row: SourceRow,
  { columns, kind, time, nowMs, keptFromMs }: RowRules
): (CellTime & { readonly value: string }) | Refusal {
  const value = readCellValue(row.cell(columns.value), kind)
  if ('refused' in value) return value
  const moment = row.cell(columns.time)
  if (moment === '') return { refused: 'time is empty' }
  const when = readCellTime(moment, time)
  if ('refused' in when) return when
  return checkTime(when.at, { nowMs, keptFromMs }) ?? { ...value, ...when }
}

export function checkTime(
  at: number,
  { nowMs, keptFromMs }: Pick<RowRules, 'nowMs' | 'keptFromMs'>
): Refusal | undefined {
  if (at > nowMs) {
    const shown = at < Date.UTC(9999, 0) ? isoOf(at) : 'far'
    return { refused: `time ${shown} is in the future` }
  }
  if (at < OLDEST_MS) return { refused: `time ${isoOf(at)} is before 2010` }
  if (keptFromMs === null || at >= keptFromMs) return undefined
  return {
    refused: `time ${isoOf(at)} is before ${isoOf(keptFromMs)}, from when on RAW_RETENTION_DAYS keeps observations`
  }
}

function checkColumns({ path, columns }: SourceFile, { columns: used, where }: RowRules): void {
  const missing = [used.time, used.value, ...where.keys()].filter((column) => !columns.has(column))
  if (missing.length === 0) return
  const names = (list: Iterable<string>) => [...list].map((name) => JSON.stringify(name)).join(', ')
  throw refused(
    path,
    `has no column ${names(new Set(missing))}; it has ${names(columns) || 'none'}. Name the columns with --columns`
  )
}

function nothingMatched(
  where: ReadonlyMap<string, string>,
  seen: ReadonlyMap<string, ReadonlySet<string>>,
  read: number
): string {
  const columns = [...where].map(([column, wanted]) => {
    const values = [...seen.get(column)!]
    const more = values.length >= MOST_VALUES_SHOWN ? ', …' : ''
    return `${column} has ${values.map((value) => JSON.stringify(value)).join(', ')}${more} (wanted ${JSON.stringify(wanted)})`
  })
  return `none of ${read} rows match: ${columns.join('; ')}`
}

function refused(path: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path, message }], 'invalid_file')
}
