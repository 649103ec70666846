import { GRADES } from '../domain/quality.ts'
import { LIMIT_DEFAULT, LIMIT_MAX } from './board-parameters.ts'
import { described, required, withFallback } from './parameter.ts'
import { choice, integer, list, time, token, word } from './parameters.ts'

export const FORMATS = ['json', 'csv', 'ndjson', 'parquet'] as const
export type Format = (typeof FORMATS)[number]

export const RESOLUTIONS = ['raw', '5m', '15m', '1h', '4h', '1d', 'auto'] as const
export type Resolution = (typeof RESOLUTIONS)[number]

const instrument = required(word('The instrument', 'binance:BTC/USDT:USDT'))

/** What may be answered as a table as well: one page, or everything. */
export const tableParameters = {
  limit: integer(`Rows of a page; ${LIMIT_DEFAULT} unless given, and everything as a table`, 1, LIMIT_MAX),
  cursor: token('Where to go on: `page.next` of the page before, or the one in its `Link` header'),
  format: choice(FORMATS, 'How to answer, all but json being tables; the `Accept` header says it as well')
}

/** Every history has these. */
export const historyParameters = {
  knownAt: time('Only what was stored by then, corrections of later left out'),
  ...tableParameters
}

/** Of what is kept tick by tick. */
export const tickHistoryParameters = {
  instrument,
  from: time('From then on; a day before `to` unless given'),
  to: time('Before then; now unless given'),
  ...historyParameters
}

export const basisHistoryParameters = {
  instrument: described(instrument, 'The contract', 'binance:BTC/USDT:USDT'),
  spot: word('The spot leg; unless given, the one chosen for the contract now', 'binance:BTC/USDT'),
  from: time('From then on; a day before `to` unless given'),
  to: time('Before then; now unless given'),
  resolution: withFallback(
    choice(RESOLUTIONS, 'Rows as stored, buckets of this length, or the finest buckets that are at most `points`'),
    'raw' as const
  ),
  points: withFallback(integer('The most buckets that `resolution=auto` gives', 1, LIMIT_MAX), 500),
  minGrade: withFallback(choice(GRADES, 'Rows of a lesser grade are left out, of buckets as well'), 'none' as const),
  ...historyParameters
}

export const fundingHistoryParameters = {
  instrument: described(instrument, 'The perpetual', 'binance:BTC/USDT:USDT'),
  kind: withFallback(
    choice(['settled', 'estimate'] as const, 'What was exchanged, or the venue’s rates before that'),
    'settled' as const
  ),
  from: time('From then on; 30 days before `to` unless given, one day for estimates'),
  to: time('Before then; now unless given'),
  ...historyParameters
}

export const intervalParameters = {
  instrument: list('Perpetuals', 'binance:BTC/USDT:USDT'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  from: time('In effect from then on or later'),
  to: time('In effect from before then'),
  ...tableParameters
}

export const realisedParameters = {
  instrument: described(instrument, 'The perpetual', 'binance:BTC/USDT:USDT'),
  from: time('Settlements after then, not at it; 30 days before `to` unless given'),
  to: time('Settlements until then, that one included; now unless given'),
  knownAt: historyParameters.knownAt
}
