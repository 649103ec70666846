import pg from 'pg'

const { builtins } = pg.types

// Its published type says that it is a function; it is not.
const arrayParser = pg.types.arrayParser as unknown as {
  create(text: string, parse: (item: string) => unknown): { parse(): unknown[] }
}

/** numeric[] and int8[] have no name in the list of builtins. */
const NUMERIC_ARRAY = 1231
const INT8_ARRAY = 1016
const DATE_ARRAY = 1182

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [builtins.INT8, parseInt8],
  [INT8_ARRAY, (text) => parseArray(text, parseInt8)],
  [builtins.NUMERIC, String],
  [NUMERIC_ARRAY, (text) => parseArray(text, String)],
  [builtins.TIMESTAMPTZ, parseTime],
  [builtins.TIMESTAMP, (text) => new Date(`${text.replace(' ', 'T')}Z`)],
  [builtins.DATE, String],
  [DATE_ARRAY, (text) => parseArray(text, String)]
])

/**
 * How columns arrive: numeric as an exact string, int8 as a number (an error beyond 2^53, never a rounded value),
 * timestamptz as Date, timestamp as Date read as UTC, date as `YYYY-MM-DD`; arrays likewise.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : (parsers.get(oid) ?? pg.types.getTypeParser(oid))
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`expected an int8 within 2^53, was ${text}`)
  return value
}

const standardTime = pg.types.getTypeParser(builtins.TIMESTAMPTZ)

/**
 * `2026-01-31 08:00:00.123456+00`, as sessions of ours write nearly every time: read by its digits, since a history is as many times as
 * rows. Anything else (years of five digits or before Christ, infinities, other zones) as the driver reads it.
 */
function parseTime(text: string): unknown {
  const { length } = text
  const isUsual = text[4] === '-' && text[10] === ' ' && text.endsWith('+00') && (length === 22 || text[19] === '.')
  const year = isUsual ? 100 * pairAt(text, 0) + pairAt(text, 2) : 0
  // Date.UTC takes years below 100 for those of the last century.
  if (year < 100) return standardTime(text)
  const milliseconds = length === 22 ? 0 : Number(text.slice(20, Math.min(23, length - 3)).padEnd(3, '0'))
  const [month, day] = [pairAt(text, 5) - 1, pairAt(text, 8)]
  return new Date(Date.UTC(year, month, day, pairAt(text, 11), pairAt(text, 14), pairAt(text, 17), milliseconds))
}

const ZERO = '0'.charCodeAt(0)
const pairAt = (text: string, place: number) => 10 * (text.charCodeAt(place) - ZERO) + text.charCodeAt(place + 1) - ZERO

function parseArray(text: string, parse: (item: string) => unknown): unknown[] {
  return arrayParser.create(text, parse).parse()
}
