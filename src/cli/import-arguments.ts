import { nearestOf, suggestionFor } from '../contract/nearest.ts'
import { type InstrumentName, parseInstrumentKey } from '../domain/instrument.ts'
import { type InputProblem, InvalidInputError } from '../errors.ts'
import { type Ambiguous, readShift, readTimeZone, type TimeRules } from '../imports/cell-time.ts'
import { FACT_KINDS, type FactKind } from '../store/fact-tables.ts'

/** What comes in only as it went out. */
const TABLES = FACT_KINDS.filter((kind) => kind !== 'prices' && kind !== 'funding')

export const IMPORT_USAGE = `contango import FILE --kind prices|funding --instrument ID [options]

Puts one instrument's prices, or its settled funding rates, into history; or a table that \`contango export\` wrote, which names
its instruments itself. FILE is CSV with a header, one JSON object a line (NDJSON), a JSON array of objects, or Parquet; any of
them may be packed with gzip.

  --kind prices|funding          what the file holds; of an exported table also ${TABLES.join(', ')}
  --instrument ID                such as binance:BTC/USDT:USDT; one not known yet is created. Of an exported table: only its rows
  --where column=value,…         only rows with these values; may be repeated
  --columns time=…,price=…       the file's names of the two columns used (funding: time=…,rate=…)
  --time-zone ZONE               of times that do not say theirs, such as Europe/London or UTC
  --ambiguous earlier|later|refuse   local times that occur twice; earlier unless told
  --shift 8h                     added to every time after conversion to UTC: a candle stamped at its start has its close later
  --correct                      where the file has another value than what is stored, its own is the next revision, and told as
                                 data.corrected; of an instrument's prices only those that were not polled
  --json                         one JSON object instead of lines

What is stored already is never changed or doubled, and what was known earlier can still be asked for. Rows that cannot be used are refused with their line and the reason.
Exit code 0 when rows were stored or were there already, 1 when none could be used.`

export type ImportRequest = {
  readonly file: string
  readonly kind: FactKind
  /** null: those that the file names, which `export` wrote. */
  readonly instrument: InstrumentName | null
  /** Nothing was said of the file's columns: it may be one that `export` wrote. */
  readonly isPlain: boolean
  readonly where: ReadonlyMap<string, string>
  readonly columns: { readonly time: string; readonly value: string }
  readonly time: TimeRules
  readonly isCorrecting: boolean
  readonly isJson: boolean
}

const OPTIONS = ['--kind', '--instrument', '--where', '--columns', '--time-zone', '--ambiguous', '--shift'] as const
const FLAGS = ['--correct', '--json'] as const
const NAMES = [...OPTIONS, ...FLAGS, '--help']
const REPEATABLE = new Set(['--where', '--columns'])

/** Reads the command's words; throws one error that names every problem. */
export function readImportArguments(args: readonly string[]): ImportRequest {
  const problems: InputProblem[] = []
  const { options, words } = splitArguments(args, problems)
  const refuse = (path: string, message: string) => void problems.push({ path, message })
  const [file = '', extra] = words
  if (file === '') refuse('FILE', 'missing; expected a CSV, NDJSON or JSON file')
  if (extra !== undefined) refuse(extra, 'not expected here; a value with spaces needs quotes')
  const kind = readChoice(options, '--kind', FACT_KINDS, undefined, refuse)
  const isPlain = !['--columns', '--where', '--shift'].some((name) => options.has(name))
  const request = {
    file,
    kind,
    instrument: readInstrument(options.get('--instrument')?.[0], kind, isPlain, refuse),
    isPlain,
    where: readPairs('--where', options.get('--where') ?? [], refuse),
    columns: readColumns(options.get('--columns') ?? [], kind, refuse),
    time: readTimeRules(options, refuse),
    isCorrecting: options.has('--correct'),
    isJson: options.has('--json')
  }
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_arguments')
  return request as ImportRequest
}

type Options = ReadonlyMap<string, readonly string[]>
type Refuse = (path: string, message: string) => void

/** `--name value` and `--name=value`; the rest are words. */
function splitArguments(args: readonly string[], problems: InputProblem[]) {
  const options = new Map<string, string[]>()
  const words: string[] = []
  const refuse = (path: string, message: string) => problems.push({ path, message })
  for (let index = 0; index < args.length; index += 1) {
    const text = args[index]!
    const [name = '', inline] = text.split(/=(.*)/s)
    if (!name.startsWith('--')) words.push(text)
    else if (FLAGS.some((flag) => flag === name) && inline === undefined) options.set(name, [])
    else if (!OPTIONS.some((known) => known === name)) refuse(name, `unknown option${suggestionFor(name, NAMES)}`)
    else {
      const value = inline ?? args[index + 1]
      if (inline === undefined) index += 1
      if (value === undefined || value === '' || NAMES.includes(value)) refuse(name, 'a value is missing')
      else if (options.has(name) && !REPEATABLE.has(name)) refuse(name, 'given twice')
      else options.set(name, [...(options.get(name) ?? []), value])
    }
  }
  return { options, words }
}

function readChoice<T extends string>(
  options: Options,
  name: string,
  choices: readonly T[],
  fallback: T | undefined,
  refuse: Refuse
): T | undefined {
  const text = options.get(name)?.[0]
  if (text === undefined) {
    if (fallback === undefined) refuse(name, `missing; expected ${choices.join(' or ')}`)
    return fallback
  }
  const choice = choices.find((value) => value === text)
  if (choice === undefined) {
    refuse(name, `expected ${choices.join(' or ')}; was ${JSON.stringify(text)}${suggestionFor(text, choices)}`)
  }
  return choice
}

function readInstrument(text: string | undefined, kind: FactKind | undefined, isPlain: boolean, refuse: Refuse) {
  const form = 'venue:BASE/QUOTE (spot), venue:BASE/QUOTE:SETTLE (perpetual) or venue:BASE/QUOTE:SETTLE-YYMMDD (future)'
  if (text === undefined) {
    if (kind === undefined || !isPlain) refuse('--instrument', `missing; expected ${form}`)
    return null
  }
  const name = parseInstrumentKey(text)
  if (!name) refuse('--instrument', `expected ${form}; was ${JSON.stringify(text.slice(0, 80))}`)
  else if (kind === 'funding' && name.kind !== 'perpetual') {
    refuse('--instrument', `${text} is ${name.kind === 'spot' ? 'spot' : 'a future'}: only perpetuals settle funding`)
  }
  return name
}

/** `column=value,column=value`; names and values may hold spaces. */
function readPairs(option: string, texts: readonly string[], refuse: Refuse): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const text of texts.flatMap((list) => list.split(','))) {
    const [name = '', value] = text.split(/=(.*)/s).map((part) => part.trim())
    if (name === '' || value === undefined) refuse(option, `expected name=value,…; was ${JSON.stringify(text)}`)
    else if (pairs.has(name)) refuse(option, `${JSON.stringify(name)} is given twice`)
    else pairs.set(name, value)
  }
  return pairs
}

function readColumns(texts: readonly string[], kind: FactKind | undefined, refuse: Refuse) {
  const valueName = kind === 'funding' ? 'rate' : 'price'
  const pairs = readPairs('--columns', texts, refuse)
  for (const [name, column] of pairs) {
    const known = ['time', valueName]
    if (!known.includes(name)) {
      const hint = nearestOf(name, known) ?? known.join(' and ')
      if (kind) refuse('--columns', `${JSON.stringify(name)} is not a field of ${kind}; expected ${hint}`)
    } else if (column === '') refuse('--columns', `${name}= names no column`)
  }
  return { time: pairs.get('time') ?? 'time', value: pairs.get(valueName) ?? valueName }
}

function readTimeRules(options: Options, refuse: Refuse): TimeRules {
  const zoneText = options.get('--time-zone')?.[0]
  const timeZone = zoneText === undefined ? null : readTimeZone(zoneText)
  if (timeZone === undefined) {
    const hint = suggestionFor(zoneText!, Intl.supportedValuesOf('timeZone'))
    refuse('--time-zone', `no time zone is called ${JSON.stringify(zoneText)}; expected such as Europe/London${hint}`)
  }
  const shiftText = options.get('--shift')?.[0]
  const shiftMs = shiftText === undefined ? 0 : readShift(shiftText)
  if (shiftMs === undefined) {
    refuse('--shift', `expected such as 8h, 30m, 90s, 1d or -1h; was ${JSON.stringify(shiftText)}`)
  }
  const ambiguous = readChoice<Ambiguous>(options, '--ambiguous', ['earlier', 'later', 'refuse'], 'earlier', refuse)
  return { timeZone: timeZone ?? null, ambiguous: ambiguous ?? 'earlier', shiftMs: shiftMs ?? 0 }
}
