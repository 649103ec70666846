import { doubtsOf } from '../domain/instrument.ts'
import { SIGNAL_STATES, type Signal, type SignalSubject } from '../domain/signal.ts'
import { SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { CLAIM_OF, CLAIMS, dueAt, hoursOf, OUTCOME_HOURS } from '../domain/track-record.ts'
import { CONTRACT_KINDS } from './board.ts'
import { doubts } from './histories.ts'
import { reasonsIn } from './reasons.ts'
import {
  absences,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  time,
  timeOrNull,
  truthOrNull
} from './schema.ts'
import { CLAIM_WORDS, hitOf, isEarned, type ScoredSignal } from './signal-records.ts'
import { SIGNAL_UNITS, TYPE_WORDS } from './signal-type-words.ts'
import { absentIn } from './signals.ts'

const atHours = Object.fromEntries(
  OUTCOME_HOURS.flatMap((hours) => [
    [
      `value${hours}h`,
      numberOrNull(`What it looks at, ${hours} h after its opening, by what was known then, in \`unit\``, 12.5)
    ],
    [`isHit${hours}h`, truthOrNull(`Whether that is a hit by \`claim\``)]
  ])
)

export const signalOutcomeSchema = object(
  {
    signal: text('The signal', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e'),
    type: oneOf(SIGNAL_TYPES, 'Its type'),
    label: oneOf(SIGNAL_LABELS, 'Which of its type'),
    state: oneOf(SIGNAL_STATES, 'Whether it goes on'),
    instrument: textOrNull(
      'The contract or pair that it is about; null: an asset’s curve, or the venue as a whole',
      'binance:BTC/USDT:USDT'
    ),
    venue: text('Where it is', 'binance'),
    asset: textOrNull('What the contract or pair is about; null: the venue as a whole', 'BTC'),
    kind: oneOfOrNull(
      [...CONTRACT_KINDS, 'spot'],
      'Without or with an expiry, or a spot pair; null: the venue as a whole'
    ),
    parametersId: text('The parameters that it was found with', '4f1d9c2b7a6e5d3c8b9a0f1e'),
    openedAt: time('When it opened'),
    closedAt: timeOrNull('When it closed; null while it is open'),
    value: number('The value at its opening, in `unit`', 31.5),
    unit: oneOf(SIGNAL_UNITS, 'What its values are'),
    claim: oneOfOrNull(
      CLAIMS,
      `${CLAIM_WORDS}: of a carry that is told by \`isEarned\`. Null: it tells a fact and forecasts nothing`
    ),
    ...atHours,
    reasons: doubts,
    netFrac: numberOrNull('What the carry of the episode came to after its costs, fraction', 0.0009),
    isEarned: truthOrNull('Whether that is more than nothing'),
    absent: absences()
  },
  { $id: 'SignalOutcome', description: 'What came of one signal: the rows that a track record is counted of' }
)

/** A row of `/v1/signals/outcomes`. */
export function signalOutcomeView(scored: ScoredSignal<Signal>, subject: SignalSubject, nowMs: number) {
  const { signal } = scored
  const claim = CLAIM_OF[signal.type]
  const netFrac = scored.net ?? null
  const row = {
    signal: signal.id,
    type: signal.type,
    label: signal.label,
    state: signal.closedAt === null ? ('open' as const) : ('closed' as const),
    instrument: subject.instrument,
    venue: subject.venue,
    asset: subject.asset,
    kind: subject.kind,
    parametersId: signal.parameters,
    openedAt: isoOf(signal.openedAt),
    closedAt: isoOrNull(signal.closedAt),
    value: signal.value,
    unit: TYPE_WORDS[signal.type].unit,
    claim,
    ...laterOf(scored),
    netFrac,
    isEarned: netFrac === null ? null : isEarned(netFrac),
    reasons: doubtsOf(subject)
  }
  const unearned = whyNoNet(scored)
  const claimless = claim === null ? { claim: NO_FORECAST } : {}
  return {
    ...row,
    absent: reasonsIn(row, {
      ...absentIn(signal),
      ...claimless,
      ...whyNoOutcome(scored, nowMs),
      netFrac: unearned,
      isEarned: unearned
    })
  }
}

const NO_FORECAST = 'a_fact_and_no_forecast'

/** What it looked at later, and whether that is a hit at the hours by which its type is judged. */
function laterOf({ signal, later }: ScoredSignal<Signal>): Record<string, number | boolean | null> {
  const claim = CLAIM_OF[signal.type]
  const judged = claim === null ? [] : hoursOf(claim)
  const exit = signal.type === 'funding_regime' ? null : (signal.parameterSet.thresholds[signal.label]?.exit ?? null)
  return Object.fromEntries(
    OUTCOME_HOURS.flatMap((hours) => {
      const value = later.get(hours) ?? null
      const isHit =
        claim === null || value === null || !judged.includes(hours) ? null : hitOf({ ...signal, exit }, claim, value)
      return [
        [`value${hours}h`, value],
        [`isHit${hours}h`, isHit]
      ]
    })
  )
}

function whyNoOutcome({ signal, later, isHeldBack }: ScoredSignal<Signal>, nowMs: number): Record<string, string> {
  const claim = CLAIM_OF[signal.type]
  const unknown = (hours: number) => {
    if (isHeldBack) return 'quarantined'
    if (nowMs < dueAt(signal.openedAt, hours)) return 'not_due'
    return later.has(hours) ? 'nothing_known' : 'not_kept'
  }
  const unjudged = (hours: number) =>
    claim === null ? NO_FORECAST : hoursOf(claim).includes(hours) ? unknown(hours) : 'not_judged_then'
  return Object.fromEntries(
    OUTCOME_HOURS.flatMap((hours) => [
      [`value${hours}h`, unknown(hours)],
      [`isHit${hours}h`, unjudged(hours)]
    ])
  )
}

function whyNoNet({ signal, net, isHeldBack }: ScoredSignal<Signal>): string {
  if (signal.type !== 'carry_opportunity') return 'only_of_carries'
  if (isHeldBack) return 'quarantined'
  if (signal.closedAt === null) return 'still_open'
  return net === undefined ? 'not_worked_out' : 'nothing_known'
}
