import { REGIMES } from '../domain/funding-regime.ts'
import {
  CENSORINGS,
  CLOSE_REASONS,
  SIGNAL_STATES,
  SIGNAL_TYPES,
  type Signal,
  type SignalReading,
  type SignalSubject
} from '../domain/signal.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS, INTERVAL_SOURCES } from './board.ts'
import {
  absences,
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
import { closesWhen, meaningOf } from './signal-words.ts'

const readingSchema = object({
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

const boundsSchema = object({
  enterPercentile: number('Percentile to enter: at least of OVERHEATED, at most of PANIC', 95),
  enterRate8h: number('Rate per 8 h to enter, as well', 0.0003),
  exitPercentile: number('Percentile beyond which it ends', 80),
  exitRate8h: number('Rate per 8 h beyond which it ends, as well', 0.00015)
})

export const signalParametersSchema = object({
  OVERHEATED: boundsSchema,
  PANIC: boundsSchema,
  persistHours: number('Hours for which the conditions to enter must have held', 24),
  windowDays: number('Days of settlements among which a rate is ranked', 90),
  minDays: number('Days that they must span before there is a rank', 30),
  minObservations: count('Settlements that there must be', 90),
  staleIntervals: number('Intervals without a settlement after which it is stale', 3)
})

export const signalSchema = object(
  {
    id: text('The same for the same opening, whenever it is found', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e'),
    type: oneOf(SIGNAL_TYPES, 'What kind of signal it is; `/v1/signals/types` explains each'),
    label: oneOf(REGIMES, 'Which of its type'),
    state: oneOf(SIGNAL_STATES, 'Whether it goes on'),
    instrument: text('The contract that it is about', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('The other leg; null for what is about the contract alone'),
    venue: text('Where the contract trades', 'binance'),
    asset: text('What the contract is about', 'BTC'),
    kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
    openedAt: time('The settlement at which it opened'),
    closedAt: timeOrNull('The settlement, or the time without one, at which it closed; null while it is open'),
    closeReason: oneOfOrNull(CLOSE_REASONS, 'Why it closed; null while it is open'),
    knownAt: time('When we first knew of it'),
    value: number('Rate per 8 h at its opening, fraction; positive: longs paid shorts', 0.0006),
    lastValue: number('The last such rate that it looked at', 0.0005),
    lastAt: time('The settlement of that rate'),
    peakValue: number('The rate furthest from zero while it was open', 0.0011),
    parameters: signalParametersSchema,
    opening: readingSchema,
    closing: nullable(readingSchema),
    explanation: object({
      meaning: text('What it says, in words'),
      closesWhen: text('What would close it, or what did')
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
    labels: arrayOf(object({ label: oneOf(REGIMES, 'The label'), meaning: text('What it means') })),
    parameters: signalParametersSchema
  },
  { description: 'A type of signal' }
)

export type SignalView = ReturnType<typeof signalView>

/** A signal as outsiders see it: over REST, over GraphQL, in events. */
export function signalView(signal: Signal, subject: SignalSubject) {
  const { closedAt, opening, closing } = signal
  return {
    id: signal.id,
    type: signal.type,
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
    lastValue: signal.lastValue,
    lastAt: isoOf(signal.lastAt),
    peakValue: signal.peakValue,
    parameters: signal.parameterSet,
    opening,
    closing,
    explanation: { meaning: meaningOf(signal), closesWhen: closesWhen(signal) },
    absent: absentIn(signal)
  }
}

/** Why what is null is null, where the state does not make it plain. */
function absentIn({ spotId, closedAt, closing }: Signal): Record<string, string> {
  const absent: Record<string, string> = {}
  if (spotId === 0) absent.spot = 'contract_alone'
  if (closedAt !== null && closing === null) absent.closing = 'no_settlement_closed_it'
  const hasPercentile = (reading: SignalReading | null) => reading === null || reading.percentile !== null
  if (!hasPercentile(closing)) absent['closing.percentile'] = 'too_few_observations'
  return absent
}
