import { GRADES } from '../domain/quality.ts'
import { boardFields, CONTRACT_KINDS, FUNDING_FIELDS } from './board.ts'
import { withFallback } from './parameter.ts'
import { amount, choice, integer, list, listOf, sort, token } from './parameters.ts'

export const LIMIT_DEFAULT = 100
export const LIMIT_MAX = 5_000

/** Every list has these two. */
export const pageParameters = {
  limit: withFallback(integer('Rows of a page', 1, LIMIT_MAX), LIMIT_DEFAULT),
  cursor: token('Where to go on: `page.next` of the page before')
}

/** Filters that any view of the board has. */
export const boardFilters = {
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  kind: listOf(CONTRACT_KINDS, 'Kinds of contract'),
  quote: list('Currencies that the contract is priced in', 'USDT'),
  instrument: list('Contracts', 'binance:BTC/USDT:USDT'),
  minGrade: choice(GRADES, 'The least grade that a row has now'),
  minOpenInterestUsd: amount('The least open interest in US dollars; rows without one are left out'),
  minVolume24hUsd: amount('The least volume of 24 h in US dollars; rows without one are left out')
}

/** Lists and maps have no order. */
const UNSORTABLE: ReadonlySet<string> = new Set(['reasons', 'absent'])
const isSortable = (field: string) => !UNSORTABLE.has(field)

export type SortField = string

export const basisParameters = {
  ...boardFilters,
  sort: sort<SortField>(Object.keys(boardFields).filter(isSortable)),
  ...pageParameters
}

const { kind: _kind, ...fundingFilters } = boardFilters

/** As the board's, without `kind`: only perpetuals have funding. */
export const fundingParameters = {
  ...fundingFilters,
  sort: sort<SortField>(FUNDING_FIELDS.filter(isSortable)),
  ...pageParameters
}
