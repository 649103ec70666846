import { realisedOf, type Window } from '../../contract/realised.ts'
import { timeOrNull } from '../../contract/schema.ts'
import { termStructureParameters, termStructureSchema, termStructureView } from '../../contract/term-structure.ts'
import { DAY, isoOrNull } from '../../domain/time.ts'
import { listSettledRates } from '../../store/settled-rates.ts'
import { goneSince, keptMoment } from '../at.ts'
import { quoteAgeOf, readCarryFacts } from '../carry-facts.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { mapInTurns } from '../turns.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

const FUNDING_MS = 7 * DAY
/** Hourly settlements of a week. */
const SETTLEMENTS_MAX = 200

/** What the market pays for time. */
export function termStructureOperation(context: ApiContext): Operation {
  return operation({
    name: 'termStructure',
    url: '/v1/term-structure',
    tag: 'carry',
    summary:
      'The curve of each asset and venue: dated contracts by maturity, its shape, forwards and constant maturities',
    description:
      'Continuous rates after currency conversion. A perpetual is shown at day 0 with the funding it paid over seven days: it has no ' +
      'maturity and is not fitted, nor is what expires within two days. Constant maturities lie between two expiries.',
    parameters: termStructureParameters,
    type: 'TermStructureRow',
    row: termStructureSchema,
    meta: { at: timeOrNull('The moment that was asked for; null for now') },
    read: (question) => readCurves(context, question)
  })
}

async function readCurves(context: ApiContext, question: Question<typeof termStructureParameters>) {
  const { clock, config } = context
  const { values } = question
  const asOfMs = clock.now()
  const moment = keptMoment(context, values.at, asOfMs)
  const contracts = await contractsOf(context, values, goneSince(moment))
  const dated = contracts.filter(({ kind, expiresAt }) => kind === 'future' && (expiresAt ?? 0) > moment.nowMs)
  const curves = [...new Set(dated.map(({ asset, venue }) => `${asset} ${venue}`))]
  const { page, ...paging } = pageByName(curves, (curve) => curve, question)
  const shown = new Set(page)
  const placed = [...dated, ...contracts.filter(({ kind }) => kind === 'perpetual')].filter(({ asset, venue }) =>
    shown.has(`${asset} ${venue}`)
  )
  const perpetuals = placed.filter(({ kind }) => kind === 'perpetual').map(({ id }) => id)
  const window = fundingWindow(moment.nowMs)
  const [read, settled] = await Promise.all([
    readCarryFacts(context, placed, moment, question.budget),
    readFundingOf(context, perpetuals, window)
  ])
  const rows = placed.map(({ id, kind }) => ({
    facts: read.get(id)!.facts,
    realised: kind === 'perpetual' ? realisedOf(settled.get(id) ?? [], window, null) : null
  }))
  const quoteAgeMs = quoteAgeOf(config, moment.isPast)
  const byCurve = Map.groupBy(rows, ({ facts: { contract } }) => `${contract.asset} ${contract.venue}`)
  const data = await mapInTurns(page, (curve) => {
    const [asset = '', venue = ''] = curve.split(' ')
    const own = byCurve.get(curve) ?? []
    return termStructureView({ asset, venue, contracts: own }, quoteAgeMs, values.quoteRate)
  })
  return { data, ...paging, meta: { at: isoOrNull(values.at ?? null) }, asOfMs }
}

/** Over what a perpetual's funding is told: until now, that moment included. */
export const fundingWindow = (nowMs: number): Window => ({ fromMs: nowMs - FUNDING_MS, toMs: nowMs })

/** What perpetuals settled in that window; settled by then and told later was not known then. */
export function readFundingOf({ db }: Pick<ApiContext, 'db'>, perpetuals: readonly number[], { fromMs, toMs }: Window) {
  const range = { fromMs: fromMs + 1, toMs: toMs + 1, toldAtMs: toMs, limit: SETTLEMENTS_MAX }
  return listSettledRates(db, perpetuals, range)
}
