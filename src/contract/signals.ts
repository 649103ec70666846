import { doubtsOf } from '../domain/instrument.ts'
import { CENSORINGS, CLOSE_REASONS, SIGNAL_STATES, type Signal, type SignalSubject } from '../domain/signal.ts'
import { SHORTAGES } from '../domain/signal-supply.ts'
import { SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS, INTERVAL_SOURCES } from './board.ts'
import { doubts } from './histories.ts'
import { quotedCarrySchema } from './quoted-carry.ts'
import {
  absences,
  anyOf,
  arrayOf,
  count,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  time,
  timeOrNull,
  truth
} from './schema.ts'
import { bucketThresholdsView, regimeThresholdsView, thresholdsSchema } from './signal-thresholds.ts'
import { SIGNAL_UNITS, TYPE_WORDS } from './signal-type-words.ts'
import { closesWhen, meaningOf } from './signal-words.ts'

const settlementSchema = object({
  rate: number('The settled rate, fraction per intervalHours; positive: longs paid shorts', 0.0006),
  intervalHours: number('Hours that the rate was for', 8),
  intervalSource: oneOf(INTERVAL_SOURCES, 'How that interval is known; one that is assumed opens nothing'),
  rate8h: number('The rate scaled to 8 h', 0.0006),
  apr: number('The rate per year of 8,760 h, simple, fraction', 0.657),
  percentile: numberOrNull('Mid-rank of rate8h among the settlements of the window, itself included, 0 to 100', 98.2),
  observations: count('Settlements in the window', 270),
  heldHours: number('Hours for which the conditions to open had held without a break', 24),
  anchored: truth('Whether the rate stood at the interest that the venue’s formula is drawn to'),
  censored: oneOf(
    CENSORINGS,
    'Whether the rate was cut at the venue’s cap or floor; unknown where its bounds were not kept'
  )
})

const bucketFields = {
  value: numberOrNull('The value of the bucket, in the unit of its type; null: nothing was known', 31.5),
  bucketMinutes: number('Minutes that the bucket stands for', 5),
  observations: count('Facts in the bucket that the value was made of', 5)
}

// By the type of the signal: of a funding regime the first.
const readingSchema = anyOf(
  settlementSchema,
  object(bucketFields),
  object({ ...bucketFields, carry: quotedCarrySchema })
)
const KINDS = [...CONTRACT_KINDS, 'spot']

export const signalSchema = object(
  {
    id: text('The same for the same opening, whenever it is found', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e'),
    type: oneOf(SIGNAL_TYPES, 'What kind of signal it is; `/v1/signals/types` explains each'),
    label: oneOf(SIGNAL_LABELS, 'Which of its type'),
    state: oneOf(SIGNAL_STATES, 'Whether it goes on'),
    instrument: textOrNull(
      'The contract or pair that it is about; null: an asset’s curve, or the venue as a whole',
      'binance:BTC/USDT:USDT'
    ),
    spot: textOrNull('The other leg; null for what is not about two'),
    venue: text('Where it is', 'binance'),
    asset: textOrNull('What the contract or pair is about; null: the venue as a whole', 'BTC'),
    kind: oneOfOrNull(KINDS, 'Without or with an expiry, or a spot pair; null: the venue as a whole'),
    openedAt: time('The settlement, or the end of the bucket, at which it opened'),
    closedAt: timeOrNull(
      'The settlement or bucket, or the time without one, at which it closed; null while it is open'
    ),
    closeReason: oneOfOrNull(CLOSE_REASONS, 'Why it closed; null while it is open'),
    knownAt: time('When we first knew of it'),
    value: number('The value at its opening, in `unit`', 0.0006),
    unit: oneOf(SIGNAL_UNITS, 'What its values are; `/v1/signals/types` says it in words'),
    lastValue: number('The last value that it looked at', 0.0005),
    lastAt: time('The settlement or bucket of that value'),
    peakValue: number(
      'The furthest value while it was open: from zero, of what is about low values the lowest',
      0.0011
    ),
    reasons: doubts,
    parameters: thresholdsSchema,
    opening: readingSchema,
    closing: nullable(readingSchema),
    explanation: object({
      meaning: text('What it says, in words'),
      closesWhen: text('What would close it, or what did'),
      link: text(
        'Where its value is made again of what it looked at',
        '/v1/explain?metric=signals.value&signal=sig_4f1d9c2b7a6e5d3c8b9a0f1e'
      )
    }),
    absent: absences()
  },
  { $id: 'Signal', description: 'One opening of one signal, and its end' }
)

export const signalTypeSchema = object(
  {
    type: oneOf(SIGNAL_TYPES, 'The type'),
    title: text('Its name', 'Funding regime'),
    meaning: text('What it means'),
    not: text('What it does not mean'),
    labels: arrayOf(object({ label: oneOf(SIGNAL_LABELS, 'The label'), meaning: text('What it means') })),
    unit: oneOf(SIGNAL_UNITS, 'What its values are'),
    value: text('What its value is, in words'),
    isEvaluated: truth('Whether this service looks for it, with facts to find it in'),
    notEvaluatedReason: oneOfOrNull(
      SHORTAGES,
      'What its settings leave it without, so that it never opens: quotes are polled or stored too rarely (`POLL_SECONDS`, ' +
        '`STORE_SECONDS`), or books are (`DEPTH_CONTRACTS`, `DEPTH_SECONDS`). Null: nothing'
    ),
    parametersId: textOrNull(
      'The hash of the parameters in force, which is in the id of every signal; null: none ever were',
      '4f1d9c2b7a6e5d3c8b9a0f1e'
    ),
    parameters: thresholdsSchema
  },
  { description: 'A type of signal' }
)

export type SignalView = ReturnType<typeof signalView>

/** A signal as outsiders see it: over REST, over GraphQL, in events. */
export function signalView(signal: Signal, subject: SignalSubject) {
  const { closedAt, opening, closing, type } = signal
  return {
    id: signal.id,
    type,
    label: signal.label,
    state: closedAt === null ? ('open' as const) : ('closed' as const),
    instrument: subject.instrument,
    spot: subject.spot,
    venue: subject.venue,
    asset: subject.asset,
    kind: subject.kind,
    openedAt: isoOf(signal.openedAt),
    closedAt: isoOrNull(closedAt),
    closeReason: signal.closeReason,
    knownAt: isoOf(signal.knownAt),
    value: signal.value,
    unit: TYPE_WORDS[type].unit,
    lastValue: signal.lastValue,
    lastAt: isoOf(signal.lastAt),
    peakValue: signal.peakValue,
    reasons: doubtsOf(subject),
    parameters:
      type === 'funding_regime' ? regimeThresholdsView(signal.parameterSet) : bucketThresholdsView(signal.parameterSet),
    opening,
    closing,
    explanation: { meaning: meaningOf(signal), closesWhen: closesWhen(signal), link: linkOf(signal) },
    absent: absentIn(signal)
  }
}

const linkOf = ({ id }: Signal) => `/v1/explain?metric=signals.value&signal=${id}`

/** Why what is null is null, where the state does not make it plain. */
export function absentIn(signal: Signal): Record<string, string> {
  const { type, instrumentId, asset, spotId, closedAt, closing } = signal
  const absent: Record<string, string> = {}
  const whole = asset === null ? WHOLE : CURVE
  if (instrumentId === null) absent.instrument = whole
  if (instrumentId === null && asset === null) Object.assign(absent, { asset: WHOLE, kind: WHOLE })
  if (spotId === 0) absent.spot = instrumentId === null ? whole : 'contract_alone'
  if (closedAt !== null && closing === null) {
    absent.closing = type === 'funding_regime' ? 'no_settlement_closed_it' : 'no_bucket_closed_it'
  }
  if (type === 'funding_regime' && signal.closing?.percentile === null) {
    absent['closing.percentile'] = 'too_few_observations'
  }
  if (type !== 'funding_regime' && signal.closing?.value === null) absent['closing.value'] = 'nothing_known'
  return absent
}

const WHOLE = 'venue_as_a_whole'
const CURVE = 'curve_of_an_asset'
