import type { Heat } from '../domain/heat.ts'
import { SENTIMENT_LABELS, SENTIMENT_WEIGHTS } from '../domain/sentiment.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { pageParameters } from './board-parameters.ts'
import { historyParameters } from './history-parameters.ts'
import { required } from './parameter.ts'
import { list, time, word } from './parameters.ts'
import {
  arrayOf,
  count,
  countOrNull,
  time as moment,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  timeOrNull
} from './schema.ts'

export const sentimentParameters = { asset: required(list('Assets', 'BTC')), ...pageParameters }

export const sentimentHistoryParameters = {
  asset: required(word('The asset', 'BTC')),
  from: time('From then on; a day before `to` unless given'),
  to: time('Before then; now unless given'),
  ...historyParameters
}

/** What each component is, and its unit. */
const UNITS = {
  basisExcess: 'bps',
  funding: 'rate_8h',
  oiChange: 'ratio',
  termSlope: 'fraction_per_30d',
  takerFlow: 'share',
  longShort: 'share'
} as const

const METHODS = ['mad', 'std', 'degenerate'] as const
const REASONS = ['too_few_components', 'low_coverage'] as const

const componentSchema = object({
  name: oneOf(Object.keys(SENTIMENT_WEIGHTS), 'The component'),
  weight: number('How much it counts, of 1', 0.25),
  value: numberOrNull(
    'Its last value, in `unit`: mean basis of an hour against the spot leg of that time (before fx; what is fair of it is one number of the venue, and moves no z), ' +
      'settled funding, open interest gained in a day over the volume of a day, share of accounts that are long',
    12.5
  ),
  unit: oneOf([...new Set(Object.values(UNITS))], 'What its value is'),
  z: numberOrNull(
    'Robust z-score among its own values of the 90 days before, of a basis those against the same spot leg; null: see `absent`',
    1.2
  ),
  method: oneOfOrNull(
    METHODS,
    'By the median absolute deviation, or the standard deviation where over half are the same'
  ),
  observations: count('Earlier values that it is compared with', 2_159),
  subscore: numberOrNull('0 to 100, 50 where it is usual', 88.5),
  contribution: numberOrNull('Its part of score − 50; they sum to it', 11.3),
  observedAt: timeOrNull('When its last value was known'),
  ageMs: countOrNull('From then to the moment that the score is of, milliseconds', 812_000),
  absent: textOrNull('Why it has no z; null: it has')
})

const fields = {
  asset: text('The asset', 'BTC'),
  instrument: textOrNull(
    'Its largest perpetual, which all of this is of; null: none is followed',
    'binance:BTC/USDT:USDT'
  ),
  at: moment('The moment that the score is of: nothing known later is in it'),
  score: numberOrNull('0 very cold to 100 hot, 50 is usual; null: see `reason`', 76.9),
  label: oneOfOrNull(SENTIMENT_LABELS, 'The score in a word'),
  reason: oneOfOrNull(REASONS, 'Why there is no score; null: there is'),
  coverage: number('Weight of the components that are known, of all of it', 0.85),
  components: arrayOf(componentSchema)
}
const description = 'How heated positions in an asset are, by what it is made of: a state, and no forecast'

export const sentimentSchema = object(fields, { $id: 'Sentiment', description })
export const sentimentPointSchema = object(fields, { description })

type Of = { readonly asset: string; readonly instrument: string | null; readonly atMs: number }

export function sentimentView({ sentiment, components }: Heat, { asset, instrument, atMs }: Of) {
  const { score, label, reason, coverage, contributions } = sentiment
  const parts = new Map(contributions.map((part) => [part.name, part]))
  return {
    asset,
    instrument,
    at: isoOf(atMs),
    score,
    label,
    reason,
    coverage,
    components: components.map(({ name, weight, value, z, method, observations, observedAt, absent }) => ({
      name,
      weight,
      value,
      unit: UNITS[name],
      z,
      method,
      observations,
      subscore: parts.get(name)?.subscore ?? null,
      contribution: parts.get(name)?.contribution ?? null,
      observedAt: isoOrNull(observedAt),
      ageMs: observedAt === null ? null : atMs - observedAt,
      absent
    }))
  }
}
