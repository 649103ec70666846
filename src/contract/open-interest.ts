import { freshActivity } from '../domain/board-facts.ts'
import type { Rhythm } from '../domain/expiry.ts'
import { doubtsOf, type Instrument, settlementOf } from '../domain/instrument.ts'
import { type Latest, VOLUME_UNITS } from '../domain/latest.ts'
import { OPEN_INTEREST_UNITS } from '../domain/open-interest.ts'
import { isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import { boardFilters, pageParameters } from './board-parameters.ts'
import { provenance } from './histories.ts'
import { sort } from './parameters.ts'
import {
  absences,
  countOrNull,
  decimalOrNull,
  type FieldSchema,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  texts,
  time,
  timeOrNull,
  truthOrNull
} from './schema.ts'

const PAR = 'a stablecoin counts at par unless the venue says dollars itself'

const amounts = {
  openInterestBase: decimalOrNull('Open interest, one side counted, in base', '81234.5'),
  openInterestQuote: decimalOrNull('The same in the quote currency, at the mark', '5199008000'),
  openInterestUsd: decimalOrNull(`The same in US dollars; ${PAR}`, '5199008000'),
  unit: oneOfOrNull(OPEN_INTEREST_UNITS, 'What the venue’s own figure counts; the others follow from it and the mark'),
  sides: countOrNull('Sides of each contract that the venue counts; where it is 2, the amounts here are half of its', 1)
}

const REASONS =
  'What is doubtful about it: `oi_sides_inferred` where both sides were counted and half is taken; `quarantined` where prices contradict what it is taken for'

const fields = {
  instrument: text('The contract', 'binance:BTC/USDT:USDT'),
  venue: text('Where it trades', 'binance'),
  asset: text('What it is about once multipliers are resolved', 'BTC'),
  kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
  quote: text('Currency it is priced in', 'USDT'),
  settle: textOrNull('Currency it settles in', 'USDT'),
  inverse: truthOrNull('Settled in its base currency'),
  ...amounts,
  volume24hUsd: decimalOrNull('Volume of 24 h, US dollars', '23456789012.3'),
  volume24hUnit: oneOfOrNull(VOLUME_UNITS, 'What the venue’s own volume counts; dollars are made of it'),
  reasons: texts(REASONS),
  absent: absences(),
  openInterestAgeMs: numberOrNull('meta.asOf − openInterestObservedAt, milliseconds', 812),
  openInterestObservedAt: timeOrNull('When we received the open interest'),
  openInterestVenueTime: timeOrNull('The venue’s own time of it'),
  volumeObservedAt: timeOrNull('When we received the volume')
} satisfies Record<string, FieldSchema>

export const openInterestSchema = object(fields, {
  $id: 'OpenInterestRow',
  description: 'What is held open in one contract, and what was traded in it, now'
})

const UNSORTABLE: ReadonlySet<string> = new Set(['reasons', 'absent'])
export const OPEN_INTEREST_DECIMALS: ReadonlySet<string> = new Set([
  'openInterestBase',
  'openInterestQuote',
  'openInterestUsd',
  'volume24hUsd'
])

const { minGrade: _minGrade, ...filters } = boardFilters

export const openInterestParameters = {
  ...filters,
  sort: sort<string>(Object.keys(fields).filter((field) => !UNSORTABLE.has(field))),
  ...pageParameters
}

/** What is known now of a contract's size; what is too old to be of now is absent. */
export function openInterestView(
  instrument: Instrument,
  latest: Latest | undefined,
  { rhythm, nowMs }: { readonly rhythm: Rhythm; readonly nowMs: number }
) {
  const { open, traded } = freshActivity(latest, rhythm, nowMs)
  const absent: Record<string, string> = {}
  const held = typeof open === 'string' ? null : open
  const volume = typeof traded === 'string' ? null : traded
  const values = {
    openInterestBase: held?.base ?? null,
    openInterestQuote: held?.quote ?? null,
    openInterestUsd: held?.usd ?? null,
    unit: held?.unit ?? null,
    sides: held?.sides ?? null
  }
  const unknown = settlementOf(instrument) === 'quanto' ? 'quanto' : 'unit_unknown'
  for (const [field, value] of Object.entries(values)) {
    if (value === null) absent[field] = typeof open === 'string' ? open : unknown
  }
  if (typeof traded === 'string') absent.volume24hUsd = traded
  if (volume === null || volume.unit === null)
    absent.volume24hUnit = typeof traded === 'string' ? traded : 'unit_unknown'
  const observedAt = latest?.openInterest?.observedAt ?? null
  if (observedAt === null) absent.openInterestAgeMs = absent.openInterestObservedAt = 'not_observed'
  if (!latest?.openInterest?.venueTime)
    absent.openInterestVenueTime = observedAt === null ? 'not_observed' : 'not_published'
  if (!latest?.volume) absent.volumeObservedAt = 'not_observed'
  return {
    instrument: instrument.key,
    venue: instrument.venue,
    asset: instrument.asset,
    kind: instrument.kind,
    quote: instrument.quote,
    settle: instrument.settle,
    inverse: instrument.inverse,
    ...values,
    volume24hUsd: volume?.volume24hUsd ?? null,
    volume24hUnit: volume?.unit ?? null,
    reasons: doubtsOf(instrument, reasonsOf(held?.sides ?? null)),
    absent,
    openInterestAgeMs: observedAt === null ? null : nowMs - observedAt,
    openInterestObservedAt: isoOrNull(observedAt),
    openInterestVenueTime: isoOrNull(latest?.openInterest?.venueTime),
    volumeObservedAt: isoOrNull(latest?.volume?.observedAt)
  }
}

/** Half of what counts both sides is what it should be, which the venue does not say. */
export const reasonsOf = (sides: number | null): string[] => (sides === 2 ? ['oi_sides_inferred'] : [])

export const openInterestPointSchema = object({
  instrument: text('The contract', 'binance:BTC/USDT:USDT'),
  observedAt: time('When we received the open interest: rows between two askings repeat it'),
  tickAt: time('The grid time it belongs to, by which the history is ordered and cut'),
  ...amounts,
  volume24hUsd: decimalOrNull('Volume of 24 h, US dollars', '23456789012.3'),
  ...provenance
})
