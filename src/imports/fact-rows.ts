import { decimalToString, parseDecimal } from '../domain/decimal.ts'
import { parseInstrumentKey } from '../domain/instrument.ts'
import { InvalidInputError } from '../errors.ts'
import type { Row } from '../store/copy.ts'
import { type FactStage, fileColumns } from '../store/fact-stage.ts'
import type { FactColumn, FactTable } from '../store/fact-tables.ts'
import { type Refusal, readCellTime, type TimeRules } from './cell-time.ts'
import { readCellValue } from './cell-value.ts'
import { checkTime, MOST_REFUSALS_KEPT, type ReadOutcome } from './read-rows.ts'
import type { SourceFile } from './source-file.ts'
import type { SourceRow } from './source-row.ts'

export type FactRules = {
  readonly table: FactTable
  /** Only rows of this one; null: all of them. */
  readonly instrument: string | null
  readonly time: TimeRules
  readonly nowMs: number
  readonly keptFromMs: number | null
}

const BATCH_ROWS = 5_000

/** Whether a file has the columns without which no row of a table is: one that `export` wrote has them all. */
export function isFactFile({ columns }: Pick<SourceFile, 'columns'>, table: FactTable): boolean {
  return missingColumns(columns, table).length === 0
}

export function missingColumns(columns: ReadonlySet<string>, table: FactTable): string[] {
  const isKey = ({ column }: FactColumn) => table.key.includes(column)
  return table.columns
    .filter((each) => (each.isRequired || isKey(each)) && !columns.has(each.name))
    .map(({ name }) => name)
}

/** Reads every row of an exported table into the stage; nothing is stored yet. */
export async function readFactRows(
  source: SourceFile,
  { table, instrument, time, ...bounds }: FactRules,
  stage: Pick<FactStage, 'add'>,
  onBatch: (read: number) => void
): Promise<ReadOutcome> {
  const outcome: ReadOutcome = { read: 0, matched: 0, staged: 0, ambiguous: 0, refused: 0, refusals: [] }
  const columns = fileColumns(table)
  let batch: { line: number; values: Row }[] = []
  const flush = async () => {
    await stage.add(batch)
    outcome.staged += batch.length
    batch = []
    onBatch(outcome.read)
  }
  for await (const row of source.rows) {
    outcome.read += 1
    if (outcome.read === 1 || !source.hasHeader) refuseUnknown(source, table)
    if (instrument !== null && row.refused === null && row.cell('instrument') !== instrument) continue
    outcome.matched += 1
    const read = row.refused === null ? readValues(row, columns, { table, time, ...bounds }) : { refused: row.refused }
    if ('refused' in read) {
      outcome.refused += 1
      if (outcome.refusals.length < MOST_REFUSALS_KEPT) outcome.refusals.push({ line: row.line, reason: read.refused })
    } else batch.push({ line: row.line, values: read.values })
    if (batch.length >= BATCH_ROWS) await flush()
  }
  await flush()
  return outcome
}

/** What a table has no place for would be lost without a word. */
function refuseUnknown({ path, columns }: SourceFile, table: FactTable): void {
  const unknown = [...columns].filter((name) => !table.columns.some((column) => column.name === name))
  if (unknown.length === 0) return
  const names = unknown.map((name) => JSON.stringify(name)).join(', ')
  throw new InvalidInputError(
    [{ path, message: `has columns that ${table.kind} do not have: ${names}` }],
    'invalid_file'
  )
}

type Bounds = Pick<FactRules, 'nowMs' | 'keptFromMs'>
type Reading = Pick<FactRules, 'table' | 'time'> & Bounds

function readValues(row: SourceRow, columns: readonly FactColumn[], reading: Reading): { values: Row } | Refusal {
  const values: Row[number][] = []
  for (const column of columns) {
    const text = row.cell(column.name)
    const isNeeded = column.isRequired || column.column === reading.table.time
    if (text === '' && column.type !== 'text[]') {
      if (isNeeded) return { refused: `${column.name} is empty` }
      values.push(column.column === 'revision' || column.column === 'epoch' ? 0 : null)
      continue
    }
    const read = readValue(text, column, reading)
    if ('refused' in read) return read
    values.push(read.value)
  }
  return { values }
}

/** Prices and rates that no market can have are refused here as in any file. */
const CHECKED: Readonly<Record<string, 'prices' | 'funding'>> = {
  rate: 'funding',
  bid: 'prices',
  ask: 'prices',
  last: 'prices',
  mark: 'prices',
  indexPrice: 'prices',
  contractMid: 'prices',
  spotMid: 'prices'
}

type Read = { readonly value: Row[number] } | Refusal

function readValue(text: string, { name, column, type }: FactColumn, { table, time, ...bounds }: Reading): Read {
  const shown = JSON.stringify(text.slice(0, 40))
  if (type === 'timestamptz') return readTime(text, name, time, column === table.time ? bounds : null)
  if (type === 'text[]') return readTexts(text, name)
  if (type === 'instrument') {
    return parseInstrumentKey(text) ? { value: text } : { refused: `${name} ${shown} is no instrument's id` }
  }
  if (type === 'numeric') {
    const decimal = parseDecimal(text)
    if (!decimal) return { refused: `${name} ${shown} is not a number` }
    const checked = CHECKED[name] === undefined ? undefined : readCellValue(text, CHECKED[name])
    if (checked !== undefined && 'refused' in checked) return checked
    // As it is written where that can be, trailing zeros included: a row comes back as it was.
    return { value: /^-?\d+(\.\d+)?$/.test(text) ? text : decimalToString(decimal) }
  }
  if (type === 'text' || type === 'json') return { value: text }
  const number = /^[-+\d.eE]+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(number)) return { refused: `${name} ${shown} is not a number` }
  const isWhole =
    type === 'float8' || (Number.isInteger(number) && Math.abs(number) < (type === 'int2' ? 2 ** 15 : 2 ** 31))
  return isWhole ? { value: number } : { refused: `${name} ${shown} is not a whole number that fits` }
}

function readTime(text: string, name: string, rules: TimeRules, bounds: Bounds | null): Read {
  const read = readCellTime(text, { ...rules, shiftMs: 0 })
  const refused = 'refused' in read ? read : bounds === null ? undefined : checkTime(read.at, bounds)
  if (refused !== undefined) return { refused: refused.refused.replace(/^time/, name) }
  return { value: 'at' in read ? read.at : null }
}

/** `a b`, or a JSON list. */
function readTexts(text: string, name: string): Read {
  if (!text.startsWith('[')) return { value: text.split(' ').filter((item) => item !== '') }
  try {
    const items: unknown = JSON.parse(text)
    if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return { value: items }
  } catch {
    // Told below.
  }
  return { refused: `${name} ${JSON.stringify(text.slice(0, 40))} is not a list of texts` }
}
