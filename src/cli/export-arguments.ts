import { suggestionFor } from '../contract/nearest.ts'
import { isRefused } from '../contract/parameter.ts'
import { readTime } from '../contract/time-text.ts'
import { isoOf } from '../domain/time.ts'
import { type InputProblem, InvalidInputError } from '../errors.ts'
import { TABLE_FORMATS, type TableFormat } from '../formats/column.ts'
import { FACT_KINDS, type FactKind } from '../store/fact-tables.ts'

export const EXPORT_USAGE = `contango export --kind KIND [options]

Writes a table of history to a file, every column and every revision of it, in the order of time. \`contango import\` reads it back
into the same table, here or elsewhere.

  --kind KIND            ${FACT_KINDS.join(', ')}; open interest is in prices
  --instrument ID,…      such as binance:BTC/USDT:USDT; may be repeated; every instrument unless given
  --from TIME --to TIME  rows of [from, to): ISO 8601 with a zone, a date (midnight UTC), or epoch milliseconds
  --format FORMAT        ${TABLE_FORMATS.join(', ')}; unless given by the file's name, else csv
  --out FILE             - is standard output, and unless given; a name that ends in .gz is compressed
  --json                 the report as one JSON object

Times are UTC, prices exact. A file is there when it is whole, and not before.`

export type ExportRequest = {
  readonly kind: FactKind
  /** Keys; empty: every instrument. */
  readonly instruments: readonly string[]
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly format: TableFormat
  /** null: standard output. */
  readonly file: string | null
  readonly isGzip: boolean
  readonly isJson: boolean
}

const OPTIONS = ['--kind', '--instrument', '--from', '--to', '--format', '--out']
const NAMES = [...OPTIONS, '--json', '--help']

type Refuse = (path: string, message: string) => void

/** Reads the command's words; throws one error that names every problem. */
export function readExportArguments(args: readonly string[]): ExportRequest {
  const problems: InputProblem[] = []
  const refuse: Refuse = (path, message) => void problems.push({ path, message })
  const options = readOptions(args, refuse)
  const one = (name: string) => options.get(name)?.[0]
  const out = one('--out') ?? '-'
  const request = {
    kind: readWord('--kind', one('--kind'), FACT_KINDS, refuse),
    instruments: (options.get('--instrument') ?? []).flatMap((list) => list.split(',')).map((key) => key.trim()),
    ...readRange(one('--from'), one('--to'), refuse),
    format:
      one('--format') === undefined ? formatOfName(out) : readWord('--format', one('--format'), TABLE_FORMATS, refuse),
    file: out === '-' ? null : out,
    isGzip: out.endsWith('.gz'),
    isJson: options.has('--json')
  }
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_arguments')
  return request as ExportRequest
}

/** `--name value` and `--name=value`, nothing else. */
function readOptions(args: readonly string[], refuse: Refuse): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>()
  for (let index = 0; index < args.length; index += 1) {
    const [name = '', inline] = args[index]!.split(/=(.*)/s)
    if (name === '--json' && inline === undefined) options.set(name, [])
    else if (!name.startsWith('--')) refuse(name, 'not expected here; options begin with --')
    else if (!OPTIONS.includes(name)) refuse(name, `unknown option${suggestionFor(name, NAMES)}`)
    else {
      const value = inline ?? args[index + 1]
      if (inline === undefined) index += 1
      if (value === undefined || value === '' || NAMES.includes(value)) refuse(name, 'a value is missing')
      else if (options.has(name) && name !== '--instrument') refuse(name, 'given twice')
      else options.set(name, [...(options.get(name) ?? []), value])
    }
  }
  return options
}

function readWord<T extends string>(name: string, text: string | undefined, words: readonly T[], refuse: Refuse) {
  const found = words.find((word) => word === text)
  if (text === undefined) refuse(name, `missing; expected one of ${words.join(', ')}`)
  else if (found === undefined) {
    refuse(name, `expected one of ${words.join(', ')}; was ${JSON.stringify(text)}${suggestionFor(text, words)}`)
  }
  return found
}

function readRange(from: string | undefined, to: string | undefined, refuse: Refuse) {
  const read = (name: string, text: string | undefined) => {
    if (text === undefined) return null
    const time = readTime(text)
    if (!isRefused(time)) return time
    refuse(name, `expected ${time.refused}; was ${JSON.stringify(text.slice(0, 80))}`)
    return null
  }
  const [fromMs, toMs] = [read('--from', from), read('--to', to)]
  if (fromMs !== null && toMs !== null && fromMs >= toMs) {
    refuse('--from', `must be before --to (${isoOf(toMs)}); was ${isoOf(fromMs)}`)
  }
  return { fromMs, toMs }
}

const ENDINGS: Readonly<Record<string, TableFormat>> = { ndjson: 'ndjson', jsonl: 'ndjson', parquet: 'parquet' }

function formatOfName(file: string): TableFormat {
  const [, ending = ''] = /\.(\w+)$/.exec(file.replace(/\.gz$/, '')) ?? []
  return ENDINGS[ending.toLowerCase()] ?? 'csv'
}
