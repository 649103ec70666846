import { thresholdProblem } from '../domain/lifecycle.ts'
import type { SignalType } from '../domain/signal.ts'
import { SIGNAL_LABELS, SIGNAL_TYPES } from '../domain/signal-types.ts'
import { CONTRACT_KINDS } from './board.ts'
import { suggestionFor } from './nearest.ts'
import { type BodyProblem, type Field, objectField, textsField } from './read-body.ts'
import { labelsOf } from './signal-type-words.ts'

/** The words of REST's own filters. What is left out lets everything through. */
export type EventFilter = { readonly [Word in (typeof FILTER_WORDS)[number]]?: readonly string[] | undefined } & {
  readonly threshold?: FilterThreshold | undefined
}
/** Distances of a signal's value from neutral on its label's side, in the unit of its type. */
export type FilterThreshold = { readonly enter: number; readonly exit: number }
export const FILTER_WORDS = ['asset', 'venue', 'kind', 'type', 'label'] as const

export const filterField = objectField(
  {
    asset: textsField('Assets', { example: 'BTC' }),
    venue: textsField('Venues', { example: 'binance' }),
    kind: textsField('Kinds of contract', { known: CONTRACT_KINDS, example: 'perpetual' }),
    type: textsField('Types of signal', { known: SIGNAL_TYPES, example: 'funding_regime' }),
    label: textsField('Labels of signals', { known: SIGNAL_LABELS, example: 'OVERHEATED' }),
    threshold: thresholdField()
  },
  'Which events: every word that is given must hold, by one of its values'
)

/** What of a filter does not go together: nothing would ever pass it. */
export function filterProblems({ type, label }: EventFilter): BodyProblem[] {
  if (type === undefined || label === undefined) return []
  const labels = type.flatMap((one) => labelsOf(one as SignalType))
  return label
    .filter((one) => !labels.includes(one))
    .map((one) => ({
      path: 'filter.label',
      message: `${one} is no label of ${type.join(' or ')}: ${labels.join(', ')}${suggestionFor(one, labels)}`
    }))
}

function thresholdField(): Field<FilterThreshold | undefined> {
  const description =
    'Signals only: from when their value has been at least `enter` from neutral on the side that their label is about (above or below 0; ' +
    'of `liquidity_thinning` below 1), until it is nearer than `exit` or on the other side; in the unit of the ' +
    'type of signal (`/v1/signals/types`). `enter` is above 0, `exit` not beyond `enter`'
  return {
    schema: {
      type: 'object',
      description,
      additionalProperties: false,
      properties: { enter: { type: 'number', exclusiveMinimum: 0 }, exit: { type: 'number', minimum: 0 } },
      required: ['enter', 'exit'],
      examples: [{ enter: 60, exit: 40 }]
    },
    isRequired: false,
    read: (value, path, report) => {
      const { enter, exit, ...others } =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
      for (const name of Object.keys(others)) {
        report({
          path: `${path}.${name.slice(0, 80)}`,
          message: `unknown field${suggestionFor(name, ['enter', 'exit'])}`
        })
      }
      if (!isDistance(enter) || !isDistance(exit)) {
        report({ path, message: 'expected an object with enter and exit, both numbers from 0' })
        return undefined
      }
      if (enter === 0) {
        // Every signal opens on the side of its label: it would let all of them through, and look as if it did not.
        report({
          path: `${path}.enter`,
          message: 'must be above 0, which is neutral: raise it, or leave out threshold'
        })
      }
      const problem = thresholdProblem({ enter, exit, below: false })
      if (problem !== null) report({ path: `${path}.exit`, message: problem })
      return { enter, exit }
    }
  }
}

const isDistance = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
