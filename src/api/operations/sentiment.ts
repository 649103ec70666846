import { text, textOrNull, time } from '../../contract/schema.ts'
import {
  sentimentHistoryParameters,
  sentimentParameters,
  sentimentPointSchema,
  sentimentSchema,
  sentimentView
} from '../../contract/sentiment.ts'
import { type Heat, heatAt } from '../../domain/heat.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { DAY, HOUR, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listLatest } from '../../store/latest.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { readHeatInputs } from '../heat-inputs.ts'
import { type OpenHistory, rangeOf, readHistory } from '../history.ts'
import { refuseGone, settleKnownAt } from '../known-at.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

const DESCRIPTION =
  'Of the asset’s largest perpetual by open interest: each component’s last value among its own of the 90 days before, weighted. ' +
  'Null, with the reason, below three components or 60 % of the weights. It says how positions stand, not where prices go.'
/** Hours of a page when nobody says: each is a ranking of some thousand values. */
const PAGE = 100

/** Positioning heat of assets, now and over time. */
export function sentimentOperations(context: ApiContext): Operation[] {
  const current = operation({
    name: 'sentiment',
    url: '/v1/sentiment',
    tag: 'signals',
    summary: 'How heated positions in assets are, 0 to 100, with what that is made of',
    description: DESCRIPTION,
    parameters: sentimentParameters,
    type: 'Sentiment',
    row: sentimentSchema,
    read: (question) => readSentiment(context, question)
  })
  const open = (question: Question<typeof sentimentHistoryParameters>) => openHistory(context, question)
  const history = operation({
    name: 'sentimentHistory',
    url: '/v1/sentiment/history',
    tag: 'signals',
    summary: 'The same at every full hour of the past, of what was observed by then',
    description: DESCRIPTION,
    parameters: sentimentHistoryParameters,
    type: 'SentimentPoint',
    row: sentimentPointSchema,
    meta: {
      instrument: text('The perpetual that it is of: the largest now'),
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
  return [current, history]
}

async function readSentiment(context: ApiContext, question: Question<typeof sentimentParameters>) {
  const { values, budget } = question
  const atMs = context.clock.now()
  const largest = await largestOf(context, values.asset)
  const { page, ...paging } = pageByName([...largest], ([asset]) => asset, question)
  const data = []
  for (const [asset, perpetual] of page) {
    const inputs = await readHeatInputs(context, perpetual, { fromMs: atMs, toMs: atMs, knownAtMs: null }, budget)
    data.push(sentimentView(heatAt(inputs, atMs), { asset, instrument: perpetual.key, atMs }))
  }
  return { data, ...paging, asOfMs: atMs }
}

async function openHistory(
  context: ApiContext,
  question: Question<typeof sentimentHistoryParameters>
): Promise<OpenHistory> {
  const { values, budget } = question
  const nowMs = context.clock.now()
  const knownAtMs = await settleKnownAt(context, values.knownAt)
  const range = rangeOf(question, nowMs, DAY)
  refuseGone(context, range.fromMs, { path: 'from', instead: 'ask from then on' })
  const [found] = await largestOf(context, [values.asset])
  if (found === undefined) {
    const message = `no perpetual of ${values.asset} is followed; /v1/assets tells which are`
    throw new InvalidInputError([{ path: 'asset', message }], 'invalid_parameter')
  }
  const [asset, perpetual] = found
  const history = {
    rowSchema: sentimentPointSchema,
    limit: PAGE,
    stretch: PAGE,
    read: async ({ fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number }) => {
      const first = Math.ceil(fromMs / HOUR) * HOUR
      const end = Math.min(toMs, nowMs + 1, first + limit * HOUR)
      if (first >= end) return []
      const inputs = await readHeatInputs(context, perpetual, { fromMs: first, toMs: end, knownAtMs }, budget)
      const count = Math.ceil((end - first) / HOUR)
      return Array.from({ length: count }, (_, index) => first + index * HOUR).map((atMs) => ({
        atMs,
        heat: heatAt(inputs, atMs)
      }))
    },
    timeOf: ({ atMs }: { atMs: number }) => atMs,
    stepMs: HOUR,
    view: ({ atMs, heat }: { atMs: number; heat: Heat }) =>
      sentimentView(heat, { asset, instrument: perpetual.key, atMs }),
    meta: { instrument: perpetual.key, knownAt: isoOrNull(knownAtMs) }
  }
  return { history, range, asOfMs: nowMs }
}

/** Each asset's followed perpetual with the most open interest; of one without any that is known, the first by name. */
export async function largestOf(context: ApiContext, asset: readonly string[]): Promise<Map<string, Instrument>> {
  const perpetuals = await contractsOf(context, { asset, kind: ['perpetual'] })
  const latest = await listLatest(
    context.db,
    perpetuals.map(({ id }) => id)
  )
  const heldOf = ({ id }: Instrument) => Number(latest.get(id)?.openInterest?.usd ?? 0)
  const sorted = perpetuals.toSorted((a, b) => heldOf(b) - heldOf(a) || (a.key < b.key ? -1 : 1))
  const largest = new Map<string, Instrument>()
  for (const perpetual of sorted) if (!largest.has(perpetual.asset)) largest.set(perpetual.asset, perpetual)
  return largest
}
