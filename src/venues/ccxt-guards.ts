import type { CcxtExchange } from './venue.ts'

/** Puts bounds around ccxt's readers, so that one garbled row costs that row and not the rest, nor the process. */
export function guardReaders(exchange: CcxtExchange): void {
  for (const method of ROW_PARSERS) isolateRows(exchange, method)
  boundPrecision(exchange)
}

/** ccxt's readers of one row, in which a figure like 1e400 throws and takes every other row along. */
const ROW_PARSERS = [
  'parseTicker',
  'parseFundingRate',
  'parseFundingRateHistory',
  'parseOpenInterest',
  'parseLongShortRatio',
  'parseTrade'
] as const

/** No market has more decimals. */
const DECIMALS_MAX = 100

/** ccxt writes a precision out zero by zero: one garbled market, and the process is out of memory. */
function boundPrecision(exchange: CcxtExchange): void {
  const parse = exchange.parsePrecision.bind(exchange)
  exchange.parsePrecision = (text: unknown) => (Math.abs(Number(text)) <= DECIMALS_MAX ? parse(text) : undefined)
}

/** A row that ccxt trips over is a row without a symbol: it is left out, and missed by whoever expected it. */
function isolateRows(exchange: CcxtExchange, method: (typeof ROW_PARSERS)[number]): void {
  const parse = exchange[method]?.bind(exchange)
  if (!parse) return
  exchange[method] = (row: unknown, ...rest: unknown[]) => {
    try {
      return parse(row, ...rest)
    } catch (error) {
      // What is no row at all is no answer either.
      if (typeof row !== 'object' || row === null) throw error
      return { symbol: undefined, info: row }
    }
  }
}
