import type { SignalParameters } from '../domain/signal.ts'
import { type BucketParameters, SIGNAL_LABELS } from '../domain/signal-types.ts'
import { REGIME_UPDATE_8H } from '../domain/signal-updates.ts'
import { HOUR, MINUTE } from '../domain/time.ts'
import { anyOf, arrayOf, count, number, object, oneOf, truth } from './schema.ts'

const boundsSchema = object({
  enterPercentile: number('Percentile to enter: at least of OVERHEATED, at most of PANIC', 95),
  enterRate8h: number('Rate per 8 h to enter, as well', 0.0003),
  exitPercentile: number('Percentile beyond which it ends', 80),
  exitRate8h: number('Rate per 8 h beyond which it ends, as well', 0.00015)
})

const regimeParametersSchema = object({
  OVERHEATED: boundsSchema,
  PANIC: boundsSchema,
  persistHours: number('Hours for which the conditions to enter must have held', 24),
  windowDays: number('Days of settlements among which a rate is ranked', 90),
  minDays: number('Days that they must span before there is a rank', 30),
  minObservations: count('Settlements that there must be', 90),
  staleIntervals: number('Intervals without a settlement after which it is stale', 3),
  updateRate8h: number('How far the rate per 8 h moves until it is told of again', 0.0001)
})

const bucketParameterFields = {
  version: count('Raised when the same facts would give other values', 1),
  bucketMinutes: number('Minutes of a bucket', 5),
  persistBuckets: count('Buckets for which the conditions to open must hold without a break', 3),
  exitPersistBuckets: count('Buckets for which those to close must', 3),
  coolDownHours: number('Hours after a close in which nothing counts towards an opening', 1),
  updateDelta: number('How far the value moves until it is told of again', 10),
  staleBuckets: count('Buckets without data after which it is stale', 3),
  thresholds: arrayOf(
    object({
      label: oneOf(SIGNAL_LABELS, 'The label'),
      enter: number('Where it opens', 25),
      exit: number('Beyond which it closes', 12),
      below: truth('Whether it is about low values: then it opens at or below `enter`')
    })
  )
}

const termsSchema = object(
  {
    notional: number('The size, in the quote currency of spot', 50_000),
    horizonHours: number('Hours that it would be held', 168),
    marginFrac: number('Margin of the contract, fraction of notional', 0.2),
    quoteRate: number('What dollars earn elsewhere, fraction a year', 0.05),
    feeTableVersion: count('Of the table of taker fees; the base tier is taken', 1)
  },
  { description: 'What a carry opportunity is worked out with' }
)

/** What a signal was opened with. By its type: of a funding regime the first. */
export const thresholdsSchema = anyOf(
  regimeParametersSchema,
  object(bucketParameterFields),
  object({ ...bucketParameterFields, terms: termsSchema })
)

/** What was stored before its steps were a parameter went by the usual one. */
export const regimeThresholdsView = (parameters: SignalParameters) => ({
  ...parameters,
  updateRate8h: parameters.updateRate8h ?? REGIME_UPDATE_8H
})

/** Parameters of buckets as outsiders see them. */
export function bucketThresholdsView(parameters: BucketParameters) {
  const { version, bucketMs, persist, exitPersist, coolDownMs, updateDelta, staleMs, thresholds, terms } = parameters
  return {
    version,
    bucketMinutes: bucketMs / MINUTE,
    persistBuckets: persist,
    exitPersistBuckets: exitPersist,
    coolDownHours: coolDownMs / HOUR,
    updateDelta,
    staleBuckets: staleMs / bucketMs,
    thresholds: Object.entries(thresholds).map(([label, threshold]) => ({ label, ...threshold })),
    ...(terms && { terms })
  }
}
