import { isoOf } from '../domain/time.ts'
import { tableParameters } from './history-parameters.ts'
import { required } from './parameter.ts'
import { choice, listOf, time as timeParameter } from './parameters.ts'
import { count, map, object, oneOf, text, textOrNull, time } from './schema.ts'

export const CHANGE_FACTS = [
  'market',
  'funding_estimate',
  'basis',
  'depth',
  'flow',
  'settlement',
  'funding_interval',
  'gap',
  'liquidation'
] as const

export const changeParameters = {
  since: required(
    timeParameter('Known at that moment or later; `meta.to` of the last page asked goes on without a hole')
  ),
  fact: listOf(CHANGE_FACTS, 'Kinds of fact'),
  corrections: choice(
    ['only'] as const,
    'Only what corrects a value that was there before: listed for good, also of days that are sealed'
  ),
  ...tableParameters
}

export const changeSchema = object({
  knownAt: time('When it became known here: stored, corrected, or, of a gap, made longer or filled'),
  fact: oneOf(CHANGE_FACTS, 'What it is'),
  instrument: textOrNull('What it is about; null: every instrument of the venue', 'binance:BTC/USDT:USDT'),
  venue: text('Its venue', 'binance'),
  at: time('The time it is about: grid time, settlement, beginning'),
  revision: count('0 as first stored, raised by each correction'),
  source: textOrNull('How it came here', 'polled'),
  body: map({}, 'What it says: the fields of the fact, prices and sizes as exact decimals, ratios as numbers')
})

export const changeMeta = {
  from: time('Beginning of what this answers'),
  to: time('End of it, not included: whatever became known before then is in it, and nothing comes after it')
}

type Change = {
  readonly knownAt: number
  readonly fact: string
  readonly instrument: string | null
  readonly venue: string
  readonly at: number
  readonly revision: number
  readonly source: string | null
  readonly body: Readonly<Record<string, unknown>>
}

export function changeView({ knownAt, fact, instrument, venue, at, revision, source, body }: Change) {
  return { knownAt: isoOf(knownAt), fact, instrument, venue, at: isoOf(at), revision, source, body }
}
