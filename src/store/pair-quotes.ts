import { isWhole, type Quotes } from '../domain/carry-return.ts'
import type { TradingWindow } from '../domain/carry-windows.ts'
import { decimalOf, multiply, parseDecimal } from '../domain/decimal.ts'
import type { Grade } from '../domain/quality.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** Best prices of a pair, of which revision, and when that was known, epoch milliseconds. */
export type TradedQuotes = Quotes & { readonly revision: number; readonly knownAt: number }

/** The first quotes of a pair in a window. */
export type QuoteQuestion = TradingWindow & { readonly instrumentId: number; readonly spotId: number }

type QuoteRow = {
  tick_at: Date
  revision: number
  known_at: Date
  contract_bid: string | null
  contract_ask: string | null
  spot_bid: string | null
  spot_ask: string | null
  multiplier: string | null
  fx: number | null
  grade: Grade
  source: string
}
const COLUMNS = [
  'tick_at',
  'revision',
  'known_at',
  'contract_bid',
  'contract_ask',
  'spot_bid',
  'spot_ask',
  'multiplier',
  'fx',
  'grade',
  'source'
] as const satisfies readonly (keyof QuoteRow)[]

/**
 * The first whole best prices of both legs that were polled in a window, each by its newest revision; spot in the contract's own unit and
 * currency. Undefined where there are none.
 */
export async function findFirstQuotes(
  db: Pick<Database, 'query'>,
  { instrumentId, spotId, ...window }: QuoteQuestion
): Promise<TradedQuotes | undefined> {
  const question = { ...window, knownAtMs: null, columns: COLUMNS }
  const rows = await listRows<QuoteRow>(db, FACTS.basis, { instrumentId, spotId }, question)
  return rows.flatMap((row) => quotesOf(row) ?? [])[0]
}

function quotesOf(row: QuoteRow): TradedQuotes | null {
  if (row.source !== 'polled' || row.grade === 'none') return null
  const [perpBid, perpAsk, spotBid, spotAsk, multiplier] = [
    row.contract_bid,
    row.contract_ask,
    row.spot_bid,
    row.spot_ask,
    row.multiplier
  ].map((text) => (text === null ? undefined : parseDecimal(text)))
  const fx = row.fx === null ? undefined : decimalOf(row.fx)
  if (!perpBid || !perpAsk || !spotBid || !spotAsk || !multiplier || !fx) return null
  const inContract = (price: typeof spotBid) => multiply(fx, multiply(multiplier, price))
  const quotes = {
    ts: row.tick_at.getTime(),
    revision: row.revision,
    knownAt: row.known_at.getTime(),
    perpBid,
    perpAsk,
    spotBid: inContract(spotBid),
    spotAsk: inContract(spotAsk)
  }
  return isWhole(quotes) ? quotes : null
}
