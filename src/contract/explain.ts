import type { Explained, StoredRows } from '../domain/explain.ts'
import { FEE_TABLE_VERSION } from '../domain/fees.ts'
import { METRIC_NAMES, METRICS, type Metric, type MetricName } from '../domain/metrics.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { suggestionFor } from './nearest.ts'
import { optional, type Parameter, refuse, required } from './parameter.ts'
import { time as timeParameter, word } from './parameters.ts'
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

export const explainParameters = {
  metric: required(metric()),
  instrument: required(word('The contract', 'binance:BTC/USDT:USDT')),
  at: timeParameter('As it was stored then; of the board now unless given')
}

function metric(): Parameter<MetricName | undefined> {
  const schema = { type: 'string', enum: METRIC_NAMES, examples: ['basisBps'] }
  return optional('A number of the board, or of a settlement', schema, (given) => {
    const found = METRIC_NAMES.find((name) => name === given)
    return found ?? refuse(`a metric${suggestionFor(given, METRIC_NAMES) || `: ${METRIC_NAMES.join(', ')}`}`)
  })
}

const ROWS = ['board', 'basis', 'market', 'estimate', 'settlement'] as const

const value = (description: string) =>
  nullable(anyOf(number(description), text(`${description}; prices and sizes are exact decimals`)))

export const explainSchema = object(
  {
    metric: oneOf(METRIC_NAMES, 'What is explained'),
    instrument: text('The contract', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('The spot leg it was held against', 'binance:BTC/USDT'),
    row: oneOfOrNull(ROWS, 'Whose number it is: of the board, or of a stored row; null when there is none'),
    asOf: time('The moment that the value is of'),
    value: value('The number as served'),
    unit: text('What it is counted in', 'basis points'),
    formula: text('How it follows from the inputs'),
    inputs: arrayOf(
      object({
        name: text('Where it stands in `rows`', 'contractLatest.quote.bid'),
        value: value('As it was received or stored'),
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
    feeTableVersion: count('Version of the fee table in use; no number here takes a fee', 1),
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
const INTERNAL = /^(instrumentId|spotId)$/

function shown(part: unknown, name = ''): unknown {
  if (Array.isArray(part)) return part
  if (typeof part === 'object' && part !== null) {
    const fields = Object.entries(part).filter(([field]) => !INTERNAL.test(field))
    return Object.fromEntries(fields.map(([field, value]) => [field, shown(value, field)]))
  }
  return typeof part === 'number' && TIME.test(name) ? isoOf(part) : part
}

export type Explanation = {
  readonly metric: MetricName
  readonly instrument: string
  readonly spot: string | null
  readonly isOfBoard: boolean
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
  const { metric: name, explained, rows, isOfBoard, versions } = explanation
  const metric: Metric = METRICS[name]
  const { formula, inputs } = (isOfBoard ? metric : metric.stored) ?? {}
  return {
    metric: name,
    instrument: explanation.instrument,
    spot: explanation.spot,
    row: rows === null ? null : isOfBoard ? 'board' : (metric.stored?.row ?? null),
    asOf: isoOf(explanation.asOfMs),
    value: explained.value,
    unit: metric.unit,
    formula: formula ?? metric.formula ?? metric.stored!.formula,
    inputs: rows === null ? [] : (inputs ?? []).map((path) => inputView(rows, path)),
    constants: Object.entries(metric.constants ?? {}).map(([constant, of]) => ({ name: constant, value: of })),
    recomputed: explained.recomputed,
    absent: explained.absent,
    ...versions,
    feeTableVersion: FEE_TABLE_VERSION,
    derivedAt: isOfBoard ? ((rows?.derivedAt as string | undefined) ?? null) : null,
    tickAt: isoOrNull(explanation.tickAt),
    knownAt: isoOrNull(explanation.knownAt),
    rows,
    rowsHash: explanation.rowsHash
  }
}

type Fields = Readonly<Record<string, unknown>>

function inputView(rows: ShownRows, path: string) {
  const names = path.split('.')
  const holder = names.slice(0, -1).reduce<unknown>((part, name) => (part as Fields | null | undefined)?.[name], rows)
  const fields = (holder ?? {}) as Fields
  return {
    name: path,
    value: (fields[names.at(-1)!] ?? null) as string | number | null,
    observedAt: (fields.observedAt ?? null) as string | null,
    venueTime: (fields.venueTime ?? null) as string | null
  }
}
