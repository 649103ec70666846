import { CARRY_DIRECTIONS } from '../domain/carry.ts'
import { CODE_VERSION } from '../domain/code-version.ts'
import type { Explained, StoredRows } from '../domain/explain.ts'
import { FEE_TABLE_VERSION } from '../domain/fees.ts'
import { MADE_ANSWERS, MADE_NAMES } from '../domain/made-metrics.ts'
import { METRIC_NAMES } from '../domain/metrics.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { carryParameters } from './carry-parameters.ts'
import { nearestOf } from './nearest.ts'
import { described, optional, type Parameter, refuse, required, withFallback } from './parameter.ts'
import { choice, time as timeParameter, word } from './parameters.ts'
import {
  absences,
  anyOf,
  arrayOf,
  count,
  countOrNull,
  json,
  nullable,
  number,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  time,
  timeOrNull
} from './schema.ts'

/** Of the board, of settlements, of other answers. */
const NAMES: readonly string[] = [...METRIC_NAMES, ...MADE_NAMES]

export const explainParameters = {
  metric: required(metric()),
  instrument: word('The contract; required unless the number is of a signal', 'binance:BTC/USDT:USDT'),
  signal: word('Of `signals.…` and `opportunities.…`: the signal’s id', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e'),
  borrowApr: described(
    carryParameters.borrowApr,
    'Of `aggregates.breadth…` and `carry.…`: what borrowing the coin costs, fraction a year'
  ),
  direction: withFallback(
    choice(CARRY_DIRECTIONS, 'Of `carry.…`: short contract and long spot, or the reverse, which needs `borrowApr`'),
    'forward' as const
  ),
  spot: word(
    'Of `carry.…`: the spot leg, of the same asset on any venue; the one chosen for the contract unless given',
    'bybit:BTC/USDT'
  ),
  against: word('Of `fundingSpreads.…` and `fundingSpreadsRealised.…`: the other perpetual', 'bybit:BTC/USDT:USDT'),
  at: timeParameter('As it was stored then; of the board now unless given'),
  from: timeParameter('Of a number of a window: its beginning, `at` being its end; as the answer has it unless given')
}

function metric(): Parameter<string | undefined> {
  const schema = { type: 'string', enum: NAMES, examples: ['basisBps'] }
  const what = 'A number of the board or of a settlement; of another answer as `answer.field`'
  return optional(what, schema, (given) => {
    if (NAMES.includes(given)) return given
    // A field of another answer without the answer's name.
    const near = NAMES.find((name) => name.endsWith(`.${given}`)) ?? nearestOf(given, NAMES)
    return refuse(`a metric${near === undefined ? `: ${NAMES.join(', ')}` : `; did you mean ${near}?`}`)
  })
}

const ROWS = ['board', 'basis', 'market', 'estimate', 'settlement', ...MADE_ANSWERS]

const value = (description: string) =>
  nullable(anyOf(number(description), text(`${description}; prices and sizes are exact decimals`)))

export const explainSchema = object(
  {
    metric: oneOf(NAMES, 'What is explained'),
    instrument: textOrNull(
      'The contract; null: a signal of a curve, or of a venue as a whole',
      'binance:BTC/USDT:USDT'
    ),
    spot: textOrNull('The spot leg it was held against', 'binance:BTC/USDT'),
    row: oneOfOrNull(
      ROWS,
      'Whose number it is: of the board, of a stored row, or of another answer; null when there is none'
    ),
    asOf: time('The moment that the value is of'),
    value: value('The number as served'),
    unit: text('What it is counted in', 'basis points'),
    formula: text('How it follows from the inputs'),
    inputs: arrayOf(
      object({
        name: text('Where it stands in `rows`', 'contractLatest.quote.bid'),
        value: value('As it was received or stored'),
        instrument: textOrNull('Whose it is; null: the venue’s', 'binance:BTC/USDT:USDT'),
        source: textOrNull('How it came here: polled, backfill, import; null for what is no observation', 'polled'),
        observedAt: timeOrNull('When we received it; null for what is no observation'),
        venueTime: timeOrNull('The venue’s own time of it')
      })
    ),
    constants: arrayOf(object({ name: text('As the formula calls it', 'bps'), value: number('Its value', 10_000) })),
    recomputed: value('The same made again from `rows`, by the functions that made it'),
    absent: absences(),
    formulaVersion: countOrNull('Version of the formulas of the row', 1),
    fundingFormulaVersion: countOrNull('The venue’s own formula behind the funding rate', 1),
    adapterVersion: countOrNull('Which of our readings of the venue brought it', 1),
    feeTableVersion: count(
      'Version of the fee table in use: costs and what is left after them, in `carry`, `fundingSpreads`, `fundingSpreadsRealised`, the breadth of `aggregates`, and of carries in `signals` and `opportunities`, are by its fees; no other number here takes one',
      1
    ),
    codeVersion: text('Version of the service that answers', CODE_VERSION),
    derivedAt: timeOrNull('Of the board: when the row was made'),
    tickAt: timeOrNull('Grid time of the row'),
    knownAt: timeOrNull('Of a stored row: when it was stored'),
    rows: json('All that the row was made of, with its times'),
    rowsHash: textOrNull('SHA-256, hexadecimal, of `rows` as JSON without spaces, the keys of every object sorted')
  },
  { $id: 'Explanation', description: 'One number of a contract, and what it is made of' }
)

/** The rows behind a number, as outsiders see them: times as ISO 8601. */
export type ShownRows = Readonly<Record<string, unknown>>

export function boardRowsView({ nowMs, ...inputs }: Readonly<Record<string, unknown>>): ShownRows {
  return shown({ ...(nowMs === undefined ? {} : { derivedAt: nowMs }), ...inputs }) as ShownRows
}

export function storedRowsView(rows: StoredRows): ShownRows {
  return shown(rows) as ShownRows
}

const TIME = /(At|Time|since)$/
/** Numbers of this database, which mean nothing outside. */
const INTERNAL = /^(id|instrumentId|spotId)$/

function shown(part: unknown, name = ''): unknown {
  if (Array.isArray(part)) return part.map((each) => shown(each))
  if (typeof part === 'object' && part !== null) {
    const fields = Object.entries(part).filter(([field]) => !INTERNAL.test(field))
    return Object.fromEntries(fields.map(([field, value]) => [field, shown(value, field)]))
  }
  return typeof part === 'number' && TIME.test(name) ? isoOf(part) : part
}

/** A number in words. */
export type Words = {
  readonly unit: string
  readonly formula: string
  readonly inputs: readonly string[]
  readonly constants?: Readonly<Record<string, number>>
}

export type Explanation = {
  readonly metric: string
  readonly instrument: string | null
  readonly spot: string | null
  readonly row: string
  readonly words: Words
  readonly asOfMs: number
  readonly explained: Explained
  readonly rows: ShownRows | null
  readonly rowsHash: string | null
  readonly versions: {
    readonly formulaVersion: number | null
    readonly fundingFormulaVersion: number | null
    readonly adapterVersion: number | null
  }
  readonly tickAt: number | null
  readonly knownAt: number | null
}

/** The answer of `/v1/explain`. */
export function explainView(explanation: Explanation) {
  const { metric, explained, rows, words, versions } = explanation
  return {
    metric,
    instrument: explanation.instrument,
    spot: explanation.spot,
    row: rows === null ? null : explanation.row,
    asOf: isoOf(explanation.asOfMs),
    value: explained.value,
    unit: words.unit,
    formula: words.formula,
    inputs: rows === null ? [] : words.inputs.flatMap((path) => inputsAt(rows, path, explanation.instrument)),
    constants: Object.entries(words.constants ?? {}).map(([constant, of]) => ({ name: constant, value: of })),
    recomputed: explained.recomputed,
    absent: explained.absent,
    ...versions,
    feeTableVersion: FEE_TABLE_VERSION,
    codeVersion: CODE_VERSION,
    derivedAt: (rows?.derivedAt as string | undefined) ?? null,
    tickAt: isoOrNull(explanation.tickAt),
    knownAt: isoOrNull(explanation.knownAt),
    rows,
    rowsHash: explanation.rowsHash
  }
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (part: unknown): Fields => (typeof part === 'object' && part !== null ? (part as Fields) : {})

/** The inputs that a path names: one of each row of a list where it says `*`, none of what is not there. */
function inputsAt(rows: ShownRows, path: string, instrument: string | null): ReturnType<typeof inputView>[] {
  const [list, field] = path.split('.*.')
  if (!(path.split('.')[0]! in rows)) return []
  if (field === undefined) return [inputView(rows, path, instrument)]
  const found = list!.split('.').reduce<unknown>((part, name) => fieldsOf(part)[name], rows)
  const { length } = Array.isArray(found) ? found : []
  return Array.from({ length }, (_, place) => inputView(rows, `${list}.${place}.${field}`, instrument))
}

function inputView(rows: ShownRows, path: string, instrument: string | null) {
  const names = path.split('.')
  const fields = fieldsOf(names.slice(0, -1).reduce<unknown>((part, name) => fieldsOf(part)[name], rows))
  const observedAt = (fields.observedAt ?? null) as string | null
  return {
    name: path,
    value: (fields[names.at(-1)!] ?? null) as string | number | null,
    instrument: ownerOf(rows, names[0]!, fields) ?? instrument,
    source: (fields.source ?? (observedAt === null ? null : 'polled')) as string | null,
    observedAt,
    venueTime: (fields.venueTime ?? null) as string | null
  }
}

/** Whose a fact is: it says so, it is an instrument’s own, or that of a leg. */
function ownerOf(rows: ShownRows, group: string, fields: Fields): string | undefined {
  const leg = group.startsWith('spot') ? rows.spot : rows.contract
  const own =
    fields.instrument ??
    fields.key ??
    (/^(contract|spot)/.test(group) ? fieldsOf(leg).key : fieldsOf(rows[group]).instrument)
  return typeof own === 'string' ? own : undefined
}
