import { readFile } from 'node:fs/promises'
import { parseDecimal } from '../domain/decimal.ts'
import { ASSET_CLASSES, type AssetClass, parseInstrumentKey } from '../domain/instrument.ts'
import type { InstrumentOverride } from '../domain/override.ts'
import { type InputProblem, InvalidInputError, messageOf } from '../errors.ts'
import { brokenLine, type EntryLines, linesOfEntries } from './json-lines.ts'

/** The fields of an entry, with what a valid value looks like. */
const FIELDS = {
  instrument: 'an instrument id such as bybit:NEIRO/USDT:USDT',
  asset: 'a ticker of capital letters and digits, such as PEPE',
  assetClass: `one of ${ASSET_CLASSES.join(', ')}`,
  multiplier: 'a number above 0, or a text of one',
  renamedFrom: 'the id of another instrument of the same venue',
  note: 'a text'
} as const
type Field = keyof typeof FIELDS

const isText = (value: unknown): value is string => typeof value === 'string'
const isKey = (value: unknown) => isText(value) && parseInstrumentKey(value) !== undefined
const VALID: Readonly<Record<Field, (value: unknown) => boolean>> = {
  instrument: isKey,
  asset: (value) => isText(value) && /^[A-Z0-9]{1,20}$/.test(value),
  assetClass: (value) => ASSET_CLASSES.includes(value as AssetClass),
  multiplier: (value) =>
    (isText(value) || typeof value === 'number') && (parseDecimal(String(value))?.digits ?? 0n) > 0n,
  renamedFrom: isKey,
  note: isText
}

/** Reads INSTRUMENTS_FILE; throws one error that names the line and field of every problem. */
export async function readInstrumentsFile(path: string): Promise<InstrumentOverride[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw unusable([{ path: 'INSTRUMENTS_FILE', message: `cannot be read: ${messageOf(error)}` }])
  }
  return parseInstruments(text)
}

/** `{"instruments": [{"instrument": "…", …}]}` as overrides. */
export function parseInstruments(text: string): InstrumentOverride[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw unusable([{ path: `INSTRUMENTS_FILE line ${brokenLine(text)}`, message: messageOf(error) }])
  }
  const entries = (body as { instruments?: unknown } | null)?.instruments
  if (!Array.isArray(entries) || Object.keys(body as object).length !== 1) {
    const expected = 'expected an object with one field, instruments, that is a list'
    throw unusable([{ path: 'INSTRUMENTS_FILE', message: expected }])
  }
  const lines = linesOfEntries(text)
  const problems = entries.flatMap((entry, index) => problemsOf(entry, index, lines[index]))
  const usable = problems.length === 0 ? contradictions(entries, lines) : problems
  if (usable.length > 0) throw unusable(usable)
  return entries.map(overrideOf)
}

const unusable = (problems: InputProblem[]) => new InvalidInputError(problems, 'invalid_configuration')

function at(index: number, field: string | null, lines: EntryLines | undefined): string {
  const line = (field === null ? undefined : lines?.fields.get(field)) ?? lines?.line ?? 1
  return `INSTRUMENTS_FILE line ${line}: instruments[${index}]${field === null ? '' : `.${field}`}`
}

function problemsOf(entry: unknown, index: number, lines: EntryLines | undefined): InputProblem[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return [{ path: at(index, null, lines), message: 'expected an object' }]
  }
  const problems = Object.entries(entry).flatMap(([field, value]): InputProblem[] => {
    if (!(field in FIELDS)) {
      const message = `unknown field; known are ${Object.keys(FIELDS).join(', ')}`
      return [{ path: at(index, field, lines), message }]
    }
    if (VALID[field as Field](value)) return []
    return [{ path: at(index, field, lines), message: `expected ${FIELDS[field as Field]}; was ${shown(value)}` }]
  })
  const { instrument, renamedFrom } = entry as Record<string, unknown>
  if (instrument === undefined) problems.push({ path: at(index, 'instrument', lines), message: 'is missing' })
  if (isKey(instrument) && isKey(renamedFrom)) {
    const [a, b] = [instrument, renamedFrom].map((key) => parseInstrumentKey(key as string)!)
    if (a!.venue !== b!.venue || a!.key === b!.key) {
      problems.push({ path: at(index, 'renamedFrom', lines), message: `expected ${FIELDS.renamedFrom}` })
    }
  }
  return problems
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80)

/** An instrument said twice, or an old name given to two, leaves open which is meant. */
function contradictions(entries: readonly Entry[], lines: readonly EntryLines[]): InputProblem[] {
  const problems: InputProblem[] = []
  for (const field of ['instrument', 'renamedFrom'] as const) {
    const first = new Map<string, number>()
    for (const [index, entry] of entries.entries()) {
      const key = entry[field] === undefined ? undefined : parseInstrumentKey(entry[field])!.key
      if (key === undefined) continue
      const before = first.get(key)
      if (before === undefined) first.set(key, index)
      else {
        const message = `${key} is there already, on line ${lines[before]?.fields.get(field) ?? lines[before]?.line}`
        problems.push({ path: at(index, field, lines[index]), message })
      }
    }
  }
  return problems
}

type Entry = {
  readonly instrument: string
  readonly asset?: string
  readonly assetClass?: AssetClass
  readonly multiplier?: string | number
  readonly renamedFrom?: string
  readonly note?: string
}

function overrideOf({ instrument, multiplier, renamedFrom, ...said }: Entry): InstrumentOverride {
  return {
    key: parseInstrumentKey(instrument)!.key,
    asset: said.asset ?? null,
    assetClass: said.assetClass ?? null,
    multiplier: multiplier === undefined ? null : String(multiplier),
    renamedFrom: renamedFrom === undefined ? null : parseInstrumentKey(renamedFrom)!.key,
    note: said.note ?? null
  }
}
