import { boardFilters } from './board-parameters.ts'
import { optional, refuse, withFallback } from './parameter.ts'
import { listOf } from './parameters.ts'

export const TOPICS = ['board', 'signals', 'funding', 'venues'] as const
export type Topic = (typeof TOPICS)[number]

/** The first word of an event's type → the topic that it belongs to. */
export const TOPIC_OF_EVENTS: Readonly<Record<string, Topic>> = {
  signal: 'signals',
  funding: 'funding',
  // Corrections are of settlements, so far.
  data: 'funding',
  venue: 'venues'
}

const { asset, venue, kind, quote, instrument, minGrade } = boardFilters

export const streamParameters = {
  topics: withFallback(listOf(TOPICS, 'What to hear of'), TOPICS as readonly Topic[]),
  asset,
  venue,
  kind,
  quote,
  instrument,
  minGrade,
  lastEventId: optional(
    'The last id that was heard, for who cannot send the header `Last-Event-ID`',
    { type: 'string' },
    (text) => (/^\d{1,15}$/.test(text) ? Number(text) : refuse('an id that this stream gave'))
  )
}

export const STREAM_DESCRIPTION = [
  'Server-sent events. `board`: `{ venue, asOf, rows }`, all rows of one venue that pass the filter, whenever one of them changes or',
  'its grade falls; one for each venue at the beginning, so that after a reconnection nothing is missing. `signal`, `funding`, `data`',
  '(corrections, of the topic `funding`) and `venue`: `{ type, timestamp, data }`, as webhooks tell it, each event once, in the order of commits. `heartbeat` at least every 15 s. `gap`: `{ after, before, reason }`, events between',
  'the two ids are not kept any more. The id of every message is the place in the order of events: `Last-Event-ID` goes on after it.'
].join(' ')
