import { REGIMES } from '../domain/funding-regime.ts'
import { SIGNAL_TYPES } from '../domain/signal.ts'
import { CONTRACT_KINDS } from './board.ts'
import { objectField, textsField } from './read-body.ts'

/** The words of REST's own filters. What is left out lets everything through. */
export type EventFilter = { readonly [Word in (typeof FILTER_WORDS)[number]]?: readonly string[] | undefined }
export const FILTER_WORDS = ['asset', 'venue', 'kind', 'type', 'label'] as const

export const filterField = objectField(
  {
    asset: textsField('Assets', { example: 'BTC' }),
    venue: textsField('Venues', { example: 'binance' }),
    kind: textsField('Kinds of contract', { known: CONTRACT_KINDS, example: 'perpetual' }),
    type: textsField('Types of signal', { known: SIGNAL_TYPES, example: 'funding_regime' }),
    label: textsField('Labels of signals', { known: REGIMES, example: 'OVERHEATED' })
  },
  'Which events: every word that is given must hold, by one of its values'
)
