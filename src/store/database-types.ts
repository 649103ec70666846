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

function parseArray(text: string, parse: (item: string) => unknown): unknown[] {
  return arrayParser.create(text, parse).parse()
}
