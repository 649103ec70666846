import { SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { medianOf } from '../domain/statistics.ts'
import { HOUR, isoOf } from '../domain/time.ts'
import {
  CLAIM_OF,
  CLAIMS,
  type Claim,
  dueAt,
  hitRecord,
  hoursOf,
  INDEPENDENT_MIN,
  isHit,
  type RecordedSignal,
  type Trial
} from '../domain/track-record.ts'
import { tableParameters } from './history-parameters.ts'
import { list, listOf, time } from './parameters.ts'
import {
  absences,
  count,
  countOrNull,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  time as timeField,
  truth
} from './schema.ts'

export const signalRecordParameters = {
  type: listOf(SIGNAL_TYPES, 'Types'),
  label: listOf(SIGNAL_LABELS, 'Labels'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  from: time('Signals that opened from then on; a year before `to` unless given'),
  to: time('Signals that opened before then; now unless given'),
  ...tableParameters
}

const VERDICTS = ['insufficient', 'not_distinguishable', 'above_half', 'below_half'] as const

/** What each claim takes for a hit. */
export const CLAIM_WORDS =
  'What counts as a hit. `back`: so many hours later what it looks at was nearer to the usual (0, or 1 of a ratio) than at the opening; ' +
  '`still`: the carry was still above what closes it; `given_back`: in the day after, open interest went the other way; ' +
  '`earned`: the carry of the episode came to more than its costs'

export const signalRecordSchema = object(
  {
    type: oneOf(SIGNAL_TYPES, 'The type'),
    label: oneOf(SIGNAL_LABELS, 'Which of its type'),
    parametersId: text('The parameters that these signals were found with', '4f1d9c2b7a6e5d3c8b9a0f1e'),
    isInForce: truth('Whether these are in force now'),
    claim: oneOfOrNull(CLAIMS, `${CLAIM_WORDS}. Null: it tells a fact and forecasts nothing`),
    hours: countOrNull('So many hours after the opening; null: at the close of the episode', 24),
    from: timeField('Signals that opened from then on'),
    to: timeField('and before then'),
    fired: count('How many there were', 64),
    open: count('Of those, how many go on', 2),
    closed: count('How many are over', 62),
    exited: count('Of those, how many closed because their values left; the others fell silent or were ended', 58),
    heldBack: count(
      'How many more there were of contracts that are under quarantine now: what they are is in doubt, and no number here is of them',
      0
    ),
    medianHours: numberOrNull('The middle of how long they lasted, of those that are over', 3.25),
    medianHalfLifeHours: numberOrNull('The middle of their half-lives, where there is one', 1.5),
    scored: count('Outcomes that are known', 60),
    unscored: count('Outcomes that are not: not due yet, or nothing was known then', 4),
    independent: count(
      'Clusters among the known: of one contract one outcome a horizon, and those of several that begin before the one that began first is over are one together; the next begins after that, whatever else still goes on',
      41
    ),
    hits: numberOrNull('Σ over those of the share that hit', 26.5),
    hitRate: numberOrNull(`Hits of independent; null below ${INDEPENDENT_MIN} of them`, 0.646),
    low: numberOrNull('Wilson’s interval at 95 %, lower end', 0.493),
    high: numberOrNull('The upper end', 0.774),
    medianChange: numberOrNull(
      'The middle of what the value changed by, in its unit; of `earned` the middle net, fraction',
      -12.5
    ),
    verdict: oneOfOrNull(
      VERDICTS,
      `Below ${INDEPENDENT_MIN} independent outcomes \`insufficient\`; \`not_distinguishable\` where the interval holds one half`
    ),
    absent: absences()
  },
  { description: 'What came of the signals of one label and one set of parameters' }
)

/** A signal with what is known of its outcomes, by hours; `net` of a carry that is over: null where it is not known, nothing where it is not known yet. */
export type ScoredSignal<Of = RecordedSignal> = {
  readonly signal: Of
  /** What it is about is under quarantine: it is counted as such, and nowhere else. */
  readonly isHeldBack: boolean
  readonly later: ReadonlyMap<number, number | null>
  readonly net?: number | null
}

type Range = { readonly fromMs: number; readonly toMs: number }

/**
 * Rows of `/v1/signals/records`, of signals of one type and label: of each set of parameters one for each claim and time, made one by one.
 * `inForce`: the parameters that are.
 */
export function* signalRecords(scored: readonly ScoredSignal[], range: Range, inForce: string | null) {
  for (const all of Map.groupBy(scored, ({ signal }) => signal.parameters).values()) {
    const { type, label, parameters } = all[0]!.signal
    const own = all.filter(({ isHeldBack }) => !isHeldBack)
    const shared = {
      type,
      label,
      parametersId: parameters,
      isInForce: inForce === parameters,
      range,
      ...livesOf(own),
      heldBack: all.length - own.length
    }
    const claim = CLAIM_OF[type]
    if (claim === null) yield rowOf(shared, null, null, own, [])
    else for (const hours of hoursOf(claim)) yield rowOf(shared, claim, hours, own, trialsOf(own, claim, hours))
    if (type === 'carry_opportunity') yield rowOf(shared, 'earned', null, own, earnedOf(own))
  }
}

export type SignalRecord = ReturnType<typeof rowOf>

/** Unique, and in the order in which they are shown. */
export const recordName = ({ type, label, parametersId, claim, hours }: SignalRecord): string =>
  [type, label, parametersId, hours === null ? '9' : String(hours).padStart(4, '0'), claim ?? ''].join(' ')

function livesOf(own: readonly ScoredSignal[]) {
  const signals = own.map(({ signal }) => signal)
  const over = signals.filter(({ closedAt }) => closedAt !== null)
  const halfLives = signals.flatMap(({ peakAt, halvedAt }) =>
    peakAt === null || halvedAt === null ? [] : [(halvedAt - peakAt) / HOUR]
  )
  return {
    fired: signals.length,
    open: signals.length - over.length,
    closed: over.length,
    exited: over.filter(({ closeReason }) => closeReason === 'exit').length,
    medianHours: middleOf(over.map(({ openedAt, closedAt }) => (closedAt! - openedAt) / HOUR)),
    medianHalfLifeHours: middleOf(halfLives)
  }
}

const middleOf = (values: readonly number[]) => (values.length === 0 ? null : medianOf(values))

type Outcome = Trial & { readonly change: number }

const subjectOf = ({ instrumentId, spotId, venue, asset }: RecordedSignal) =>
  `${instrumentId} ${spotId} ${venue} ${asset}`

function trialsOf(own: readonly ScoredSignal[], claim: Exclude<Claim, 'earned'>, hours: number): Outcome[] {
  return own.flatMap(({ signal, later: outcomes }) => {
    const later = outcomes.get(hours) ?? null
    if (later === null) return []
    const { openedAt: at, value: opened } = signal
    const hit = hitOf(signal, claim, later)
    return [{ subject: subjectOf(signal), at, until: dueAt(at, hours), isHit: hit, change: later - opened }]
  })
}

/** Whether what a signal looks at is a hit with a value of some time later. */
export function hitOf(
  { type, value: opened, exit }: Pick<RecordedSignal, 'type' | 'value' | 'exit'>,
  claim: Exclude<Claim, 'earned'>,
  later: number
): boolean {
  return isHit(claim, { opened, later, exit: exit ?? 0, isRatio: type === 'liquidity_thinning' })
}

/** Whether a carry has earned something, of its net. */
export const isEarned = (net: number): boolean => net > 0

function earnedOf(own: readonly ScoredSignal[]): Outcome[] {
  return own.flatMap(({ signal, net = null }) =>
    net === null || signal.closedAt === null
      ? []
      : [{ subject: subjectOf(signal), at: signal.openedAt, until: signal.closedAt, isHit: isEarned(net), change: net }]
  )
}

type Shared = ReturnType<typeof livesOf> & {
  readonly heldBack: number
  readonly type: RecordedSignal['type']
  readonly label: string
  readonly parametersId: string
  readonly isInForce: boolean
  readonly range: Range
}

function rowOf(
  { range, type, label, parametersId, isInForce, ...lives }: Shared,
  claim: Claim | null,
  hours: number | null,
  own: readonly ScoredSignal[],
  trials: readonly Outcome[]
) {
  const { independent, hits, rate, low, high, verdict } = hitRecord(trials)
  const absent: Record<string, string> = {}
  if (lives.medianHours === null) absent.medianHours = 'none_is_over'
  if (lives.medianHalfLifeHours === null) absent.medianHalfLifeHours = 'none_was_halved'
  if (claim === null) for (const field of FORECASTS) absent[field] = 'a_fact_and_no_forecast'
  else if (rate === null) for (const field of ['hitRate', 'low', 'high']) absent[field] = 'insufficient'
  const medianChange = middleOf(trials.map(({ change }) => change))
  if (claim !== null && medianChange === null) absent.medianChange = 'nothing_scored'
  return {
    type,
    label,
    parametersId,
    isInForce,
    claim,
    hours,
    from: isoOf(range.fromMs),
    to: isoOf(range.toMs),
    ...lives,
    scored: trials.length,
    unscored: claim === null ? 0 : own.length - trials.length,
    independent,
    hits: claim === null ? null : hits,
    hitRate: rate,
    low,
    high,
    medianChange,
    verdict: claim === null ? null : verdict,
    absent
  }
}

const FORECASTS = ['claim', 'hours', 'hits', 'hitRate', 'low', 'high', 'medianChange', 'verdict']
