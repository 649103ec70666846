import type { Explained } from '../../domain/explain.ts'
import { explainMade } from '../../domain/explain-made.ts'
import type { MadeMetric } from '../../domain/made-metrics/words.ts'
import { isOfSignal, type MadeAnswer, madeMetricOf, type SignalAnswer } from '../../domain/made-metrics.ts'
import { InvalidInputError } from '../../errors.ts'
import type { ApiContext } from '../context.ts'
import { refuseGone } from '../known-at.ts'
import { readAggregates } from './aggregates.ts'
import { readAttribution } from './attribution.ts'
import { readCarry } from './carry.ts'
import { readCurve } from './curve.ts'
import { readIdentity } from './drivers.ts'
import { readLiquidations } from './liquidations.ts'
import { readMovement } from './movement.ts'
import { readOpportunity } from './opportunity.ts'
import { readPastCurve } from './past-curve.ts'
import type { Asked, AskedOfSignal, MadeReading, Read, ReadOfSignal } from './reading.ts'
import { readRealised } from './realised.ts'
import { readRealisedSpread } from './realised-spread.ts'
import { readRolled } from './rolled.ts'
import { readSentiment } from './sentiment.ts'
import { readSignal } from './signal.ts'
import { readDepth, readFlow, readOpenInterest, readStablecoin } from './sizes.ts'
import { readSpread } from './spread.ts'
import { readStanding } from './standing.ts'
import { readTrailing } from './trailing.ts'

const READERS: Readonly<Record<Exclude<MadeAnswer, SignalAnswer>, Read>> = {
  openInterest: readOpenInterest,
  depth: readDepth,
  flow: readFlow,
  liquidations: readLiquidations,
  stablecoins: readStablecoin,
  fundingTrailing: readTrailing,
  fundingStandings: readStanding,
  basisMovement: readMovement,
  drivers: readIdentity,
  driversAttribution: readAttribution,
  fundingSpreads: readSpread,
  fundingRealised: readRealised,
  fundingSpreadsRealised: readRealisedSpread,
  termStructure: readCurve,
  termStructureHistory: readPastCurve,
  termStructureRolled: readRolled,
  aggregates: readAggregates,
  carry: readCarry,
  sentiment: readSentiment
}
const SIGNAL_READERS: Readonly<Record<SignalAnswer, ReadOfSignal>> = {
  signals: readSignal,
  opportunities: readOpportunity
}
/** Made of settlements or of hours, which are kept for good. */
const KEPT_FOR_GOOD: ReadonlySet<MadeAnswer> = new Set([
  'fundingTrailing',
  'fundingStandings',
  'fundingRealised',
  'fundingSpreadsRealised',
  'termStructureHistory'
])
/** Of a window that ends at `at` and begins at `from`. */
const OF_WINDOWS: ReadonlySet<MadeAnswer> = new Set([
  'liquidations',
  'drivers',
  'driversAttribution',
  'fundingRealised',
  'fundingSpreadsRealised',
  'termStructureRolled'
])

export type ExplainedMade = {
  readonly answer: MadeAnswer
  readonly metric: MadeMetric
  /** A word where there is nothing to explain, and why. */
  readonly found: string | { readonly explained: Explained; readonly rows: object }
}

/** What is given and would change nothing: a number that seems to depend on it would not. */
function refuseIdle(name: string, { borrowApr, direction, against }: Asked): void {
  const refuse = (path: string, whose: string) => {
    throw new InvalidInputError([{ path, message: `concerns only numbers of ${whose}` }], 'invalid_parameter')
  }
  const isOfCarry = name.startsWith('carry.')
  if (borrowApr !== undefined && !isOfCarry && !name.startsWith('aggregates.breadth'))
    refuse('borrowApr', 'carry, aggregates.breadth…')
  if (direction !== 'forward' && !isOfCarry) refuse('direction', 'carry')
  if (against !== undefined && !/^fundingSpreads(Realised)?[.]/.test(name))
    refuse('against', 'fundingSpreads, fundingSpreadsRealised')
}

/** A number of another answer than the board's, and the same made again of its rows as JSON keeps them; undefined for no such metric. */
export async function explainAnswer(
  context: ApiContext,
  name: string,
  asked: Asked
): Promise<ExplainedMade | undefined> {
  const made = madeMetricOf(name)
  refuseIdle(name, asked)
  if (asked.fromMs !== undefined && !(made !== undefined && OF_WINDOWS.has(made.answer))) {
    const message = `only numbers of a window have a beginning: those of ${[...OF_WINDOWS].join(', ')}`
    throw new InvalidInputError([{ path: 'from', message }], 'invalid_parameter')
  }
  if (made === undefined || isOfSignal(made.answer)) return undefined
  const { nowMs, isPast } = asked.moment
  if (isPast && !KEPT_FOR_GOOD.has(made.answer)) refuseGone(context, nowMs, { path: 'at', instead: 'ask from then on' })
  return await explainReading(made, await READERS[made.answer](context, asked))
}

/** The same of a number of a signal. */
export async function explainSignal(
  context: ApiContext,
  name: string,
  asked: Omit<AskedOfSignal, 'field'>
): Promise<ExplainedMade | undefined> {
  const made = madeMetricOf(name)
  if (made === undefined || !isOfSignal(made.answer)) return undefined
  const field = name.split('.')[1]!
  return await explainReading(made, await SIGNAL_READERS[made.answer](context, { ...asked, field }))
}

async function explainReading(
  made: { readonly answer: MadeAnswer; readonly metric: MadeMetric },
  reading: MadeReading | string
): Promise<ExplainedMade> {
  if (typeof reading === 'string') return { ...made, found: reading }
  const { served, rows, remake } = reading
  const again = await remake(JSON.parse(JSON.stringify(rows)) as never)
  return { ...made, found: { explained: explainMade(made.metric.path!, served, again), rows } }
}
