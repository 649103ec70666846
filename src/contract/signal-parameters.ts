import { SIGNAL_STATES } from '../domain/signal.ts'
import { SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { pageParameters } from './board-parameters.ts'
import { tableParameters } from './history-parameters.ts'
import { required } from './parameter.ts'
import { list, listOf, sort, time, word } from './parameters.ts'

/** What signals may be sorted by. */
export const SIGNAL_SORTS = ['openedAt', 'lastAt', 'value', 'lastValue', 'peakValue'] as const

export const signalParameters = {
  type: listOf(SIGNAL_TYPES, 'Types'),
  label: listOf(SIGNAL_LABELS, 'Labels'),
  state: listOf(SIGNAL_STATES, 'States; both unless given'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  instrument: list('Contracts', 'binance:BTC/USDT:USDT'),
  from: time('Signals that were open after this'),
  to: time('Signals that opened before this'),
  sort: sort(SIGNAL_SORTS),
  ...tableParameters
}

export const oneSignalParameters = { id: required(word('The signal', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e')) }

export const signalTypeParameters = { ...pageParameters }
