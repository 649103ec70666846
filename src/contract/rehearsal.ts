import { sideProblem, type Threshold, thresholdProblem } from '../domain/lifecycle.ts'
import type { SignalType } from '../domain/signal.ts'
import { neutralOf, SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { CONTRACT_KINDS } from './board.ts'
import { suggestionFor } from './nearest.ts'
import { type BodyProblem, type Field, field, objectField, requiredField, textsField } from './read-body.ts'
import {
  arrayOf,
  count,
  countOrNull,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  textOrNull,
  time,
  timeOrNull
} from './schema.ts'
import { labelsOf, SIGNAL_UNITS } from './signal-type-words.ts'
import { moment } from './webhooks.ts'

/** A label's own thresholds, in place of those in force. */
export type OwnThreshold = { readonly label: string; readonly enter: number; readonly exit: number }

/** The kinds that a type is about; of a venue as a whole none. */
export const KINDS_OF: Readonly<Record<SignalType, readonly string[]>> = {
  funding_regime: ['perpetual'],
  basis_dislocation: ['perpetual'],
  expectation: ['future'],
  stablecoin_depeg: ['spot'],
  interval_change: ['perpetual'],
  venue_trouble: [],
  leverage_buildup: ['perpetual', 'future'],
  liquidity_thinning: ['perpetual', 'future'],
  carry_opportunity: ['perpetual', 'future']
}

const typeField = field<SignalType>(
  { type: 'string', enum: SIGNAL_TYPES, description: 'The type of signal', examples: ['basis_dislocation'] },
  (value) => {
    const known = SIGNAL_TYPES.find((type) => type === value)
    const near = typeof value === 'string' ? suggestionFor(value, SIGNAL_TYPES) : ''
    return known === undefined ? { expected: `one of ${SIGNAL_TYPES.join(', ')}${near}` } : { value: known }
  }
)

export const rehearsalBody = {
  type: requiredField(typeField),
  filter: objectField(
    {
      asset: textsField('Assets', { example: 'BTC' }),
      venue: textsField('Venues', { example: 'binance' }),
      kind: textsField('Kinds of contract', { known: CONTRACT_KINDS, example: 'perpetual' }),
      label: textsField('Labels', { known: SIGNAL_LABELS, example: 'RICH' })
    },
    'Of which: every word that is given must hold, by one of its values'
  ),
  thresholds: thresholdsField(),
  from: moment('From when on; thirty days before `to`, unless given'),
  to: moment('The time before which; now, unless given')
}

function thresholdsField(): Field<readonly OwnThreshold[] | undefined> {
  const names = ['label', 'enter', 'exit']
  return {
    schema: {
      type: 'array',
      description:
        'Thresholds to try in place of those in force, by label, in the unit of the type with its sign (`/v1/signals/types`); of a ' +
        'funding regime rates per 8 h, its percentiles stay. Both lie beyond neutral on the side of their label: above or below 0, of ' +
        '`liquidity_thinning` below 1',
      maxItems: 2,
      items: {
        type: 'object',
        additionalProperties: false,
        required: names,
        properties: {
          label: { type: 'string', enum: SIGNAL_LABELS },
          enter: { type: 'number' },
          exit: { type: 'number' }
        }
      },
      examples: [[{ label: 'RICH', enter: 40, exit: 20 }]]
    },
    isRequired: false,
    read: (value, path, report) => {
      if (!Array.isArray(value) || value.length > 2) {
        report({ path, message: 'expected an array of at most 2 objects with label, enter and exit' })
        return undefined
      }
      for (const [index, one] of value.entries()) {
        const given = typeof one === 'object' && one !== null ? (one as Record<string, unknown>) : {}
        const at = `${path}[${index}]`
        for (const name of Object.keys(given).filter((name) => !names.includes(name)))
          report({ path: `${at}.${name.slice(0, 80)}`, message: `unknown field${suggestionFor(name, names)}` })
        if (typeof given.label !== 'string') report({ path: `${at}.label`, message: 'required: a label of the type' })
        for (const name of ['enter', 'exit'])
          if (!Number.isFinite(given[name])) report({ path: `${at}.${name}`, message: 'required: a number' })
      }
      return value as OwnThreshold[]
    }
  }
}

/** What of a rule does not go together. `bounds`: the thresholds of the type that are in force. */
export function rehearsalProblems(
  type: SignalType,
  filter: { readonly [word in 'asset' | 'kind' | 'label']?: readonly string[] | undefined },
  thresholds: readonly OwnThreshold[],
  bounds: Readonly<Record<string, Threshold>>
): BodyProblem[] {
  const labels = labelsOf(type)
  const unknown = (label: string) =>
    `${label.slice(0, 80)} is no label of ${type}: ${labels.join(', ')}${suggestionFor(label, labels)}`
  const kinds = KINDS_OF[type]
  const about = kinds.length === 0 ? 'a venue as a whole' : `a ${kinds.join(' or ')}`
  const problems: BodyProblem[] = []
  for (const label of filter.label ?? [])
    if (!labels.includes(label)) problems.push({ path: 'filter.label', message: unknown(label) })
  if (filter.kind?.some((kind) => kinds.includes(kind)) === false)
    problems.push({ path: 'filter.kind', message: `${type} is about ${about}` })
  if (kinds.length === 0 && filter.asset !== undefined)
    problems.push({ path: 'filter.asset', message: `${type} is about ${about}` })
  for (const [index, { label, enter, exit }] of thresholds.entries()) {
    const path = `thresholds[${index}]`
    const bound = bounds[label]
    if (bound === undefined) problems.push({ path: `${path}.label`, message: unknown(label) })
    else if (thresholds.findIndex((one) => one.label === label) !== index)
      problems.push({ path: `${path}.label`, message: `${label} is given twice` })
    else problems.push(...boundProblems(type, path, { enter, exit, below: bound.below }))
  }
  return problems
}

/** Both bounds lie on their label's side of neutral, as settings do: a rule that is refused as a setting is no rule to rehearse. */
function boundProblems(type: SignalType, path: string, threshold: Threshold): BodyProblem[] {
  const neutral = neutralOf(type)
  const problems = (['enter', 'exit'] as const).flatMap((name) => {
    const problem = sideProblem(threshold[name], { below: threshold.below, neutral })
    return problem === null ? [] : [{ path: `${path}.${name}`, message: `${name} ${problem}` }]
  })
  const crossed = thresholdProblem(threshold)
  return crossed === null ? problems : [...problems, { path: `${path}.exit`, message: crossed }]
}

export const REHEARSAL_HISTORIES = ['enough', 'insufficient'] as const

export const rehearsalSchema = object(
  {
    type: oneOf(SIGNAL_TYPES, 'The type'),
    unit: oneOf(SIGNAL_UNITS, 'What its values are'),
    from: time('From when on it was gone over, as if nothing had been before'),
    to: time('Until when'),
    thresholds: arrayOf(
      object({
        label: oneOf(SIGNAL_LABELS, 'The label'),
        enter: number('Where it opens', 40),
        exit: number('Beyond which it closes', 20)
      })
    ),
    history: oneOf(REHEARSAL_HISTORIES, '`insufficient`: under half of the time that was asked for is known'),
    subjects: count('Contracts, pairs, curves or venues that something is known of', 4),
    coverage: number('Part of that time that is known, of all subjects together, 0 to 1', 0.98),
    fired: countOrNull('How often it would have; null where history is insufficient', 7),
    perDay: numberOrNull(
      'The same by days that are known, `coverage` of those from `from` to `to`; null where history is insufficient',
      0.23
    ),
    openHours: numberOrNull(
      'Hours for which it would have been open, of all together; null where history is insufficient',
      31.5
    ),
    medianHours: numberOrNull('The middle of how long each lasted, of those that closed', 2.5),
    longestHours: numberOrNull('The longest, of those that closed', 11),
    episodes: arrayOf(
      object({
        instrument: textOrNull(
          'The contract or pair; null: an asset’s curve, or a venue as a whole',
          'binance:BTC/USDT:USDT'
        ),
        spot: textOrNull('The other leg', 'binance:BTC/USDT'),
        venue: textOrNull('Where', 'binance'),
        asset: textOrNull('About what', 'BTC'),
        label: oneOf(SIGNAL_LABELS, 'Which'),
        openedAt: time('When it would have opened'),
        closedAt: timeOrNull('When it would have closed; null: it would still be open at `to`'),
        closeReason: oneOfOrNull(['exit', 'stale', 'delisted'], 'Why'),
        hours: number('For how long, at least', 2.5),
        value: number('The value at its opening', 41.2),
        peakValue: number('The furthest while it was open', 66)
      })
    ),
    episodesLeftOff: count('Older episodes that are counted and not listed', 0)
  },
  { description: 'How often a rule would have fired over stored history' }
)
