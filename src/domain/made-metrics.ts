import { DRIVERS_ATTRIBUTION } from './made-metrics/attribution.ts'
import { BREADTH } from './made-metrics/breadth.ts'
import { CARRY } from './made-metrics/carry.ts'
import { TERM_STRUCTURE_HISTORY, TERM_STRUCTURE_ROLLED, TERM_STRUCTURE_SHAPE } from './made-metrics/curves.ts'
import { DRIVERS_IDENTITY } from './made-metrics/drivers.ts'
import { AGGREGATES, FUNDING_SPREADS, FUNDING_TRAILING } from './made-metrics/funding.ts'
import { LIQUIDATIONS } from './made-metrics/liquidations.ts'
import { OPPORTUNITIES } from './made-metrics/opportunities.ts'
import { BASIS_MOVEMENT, FUNDING_STANDINGS } from './made-metrics/past.ts'
import { FUNDING_REALISED, FUNDING_SPREADS_REALISED } from './made-metrics/realised.ts'
import { SENTIMENT } from './made-metrics/sentiment.ts'
import { SIGNALS } from './made-metrics/signals.ts'
import { DEPTH, FLOW, OPEN_INTEREST, STABLECOINS } from './made-metrics/sizes.ts'
import { TERM_STRUCTURE } from './made-metrics/term-structure.ts'
import type { MadeMetric, Words } from './made-metrics/words.ts'

// Numbers of other answers than the board's: what each is, in words, and the paths of what it is made of. A metric is the answer's name
// and the field's: `depth.imbalance10`. In a path `*` stands for every row of a list.

/** The answers, and their numbers. */
export const MADE_METRICS = {
  openInterest: OPEN_INTEREST,
  depth: DEPTH,
  flow: FLOW,
  liquidations: LIQUIDATIONS,
  stablecoins: STABLECOINS,
  fundingTrailing: FUNDING_TRAILING,
  fundingStandings: FUNDING_STANDINGS,
  basisMovement: BASIS_MOVEMENT,
  drivers: DRIVERS_IDENTITY,
  driversAttribution: DRIVERS_ATTRIBUTION,
  fundingSpreads: FUNDING_SPREADS,
  fundingRealised: FUNDING_REALISED,
  fundingSpreadsRealised: FUNDING_SPREADS_REALISED,
  termStructure: { ...TERM_STRUCTURE, ...TERM_STRUCTURE_SHAPE },
  termStructureHistory: TERM_STRUCTURE_HISTORY,
  termStructureRolled: TERM_STRUCTURE_ROLLED,
  aggregates: { ...AGGREGATES, ...BREADTH },
  carry: CARRY,
  sentiment: SENTIMENT,
  signals: SIGNALS,
  opportunities: OPPORTUNITIES
} as const satisfies Record<string, Words>

export type MadeAnswer = keyof typeof MADE_METRICS
/** Whose numbers are of a signal, which its id names, and not of an instrument. */
export const SIGNAL_ANSWERS = ['signals', 'opportunities'] as const satisfies readonly MadeAnswer[]
export type SignalAnswer = (typeof SIGNAL_ANSWERS)[number]
export const isOfSignal = (answer: MadeAnswer): answer is SignalAnswer =>
  (SIGNAL_ANSWERS as readonly MadeAnswer[]).includes(answer)

export const MADE_ANSWERS = Object.keys(MADE_METRICS) as MadeAnswer[]
const RAISED: Partial<Record<MadeAnswer, number>> = {
  carry: 3,
  fundingSpreads: 3,
  fundingSpreadsRealised: 2,
  signals: 2,
  opportunities: 2,
  sentiment: 2
}
/** Version of the formulas of each answer: one more whenever any of its numbers comes out another way of the same rows. */
export const MADE_FORMULA_VERSIONS = Object.fromEntries(
  MADE_ANSWERS.map((answer) => [answer, RAISED[answer] ?? 1])
) as Readonly<Record<MadeAnswer, number>>
/** `answer.field`. */
export const MADE_NAMES = MADE_ANSWERS.flatMap((answer) =>
  Object.keys(MADE_METRICS[answer]).map((field) => `${answer}.${field}`)
)

/** The answer of a metric of that form, and its words. */
export function madeMetricOf(name: string): { readonly answer: MadeAnswer; readonly metric: MadeMetric } | undefined {
  const [answer = '', field = ''] = name.split('.')
  const metric = (MADE_METRICS as Readonly<Record<string, Words>>)[answer]?.[field]
  return metric && { answer: answer as MadeAnswer, metric: { path: field, ...metric } }
}
