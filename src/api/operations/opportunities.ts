import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { opportunityParameters, opportunitySchema, opportunityView } from '../../contract/opportunities.ts'
import { listSignals } from '../../store/signal-list.ts'
import { pageOf } from '../answers.ts'
import { type ListedCarry, readOutcomes } from '../carry-outcomes.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { newBudget } from '../row-budget.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { checkSpan, placeOf } from './signals.ts'

type OpportunityQuestion = Question<typeof opportunityParameters>

/** Every carry that was worth it: for how long, at what it was quoted, and what it came to. */
export function opportunitiesOperation(context: ApiContext): Operation {
  return operation({
    name: 'opportunities',
    url: '/v1/opportunities',
    tag: 'signals',
    summary: 'Every carry opportunity from its opening to its end: quoted, and afterwards realised',
    description:
      'One row for each signal `carry_opportunity`. Quoted is what the service knew when it opened. Realised is entered at the first best ' +
      'prices of both legs a minute or more after that and left at the first after its close, with the rates that really settled in between, ' +
      'taker fees and the impact of the size; it is null while the episode goes on, and its net is null while a settlement is missing. ' +
      'Dated contracts are sold at the close of the episode, not held to expiry. Newest opening first unless sorted otherwise.',
    parameters: opportunityParameters,
    type: 'Opportunity',
    row: opportunitySchema,
    isTable: true,
    read: (question) => readOpportunities(context, question)
  })
}

async function readOpportunities(context: ApiContext, question: OpportunityQuestion) {
  const { db, clock, catalogue } = context
  const { values, fingerprint } = question
  const { limit = LIMIT_DEFAULT } = values
  const { venues, assets } = namesOf(await catalogue.read(), values)
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  checkSpan(values)
  const order = values.sort ?? { field: 'openedAt', isDescending: true }
  const found = await listSignals(db, {
    types: ['carry_opportunity'],
    carries: values.type ?? null,
    labels: null,
    states: values.open === undefined ? null : [values.open === 'true' ? 'open' : 'closed'],
    assets: assets === undefined ? null : [...assets],
    venues: venues === undefined ? null : [...venues],
    instrumentIds: instruments?.map(({ id }) => id) ?? null,
    fromMs: values.from ?? null,
    toMs: values.to ?? null,
    sort: order.field,
    isDescending: order.isDescending,
    after: placeOf(question, order.field),
    limit: limit + 1
  })
  const { page, ...paging } = pageOf(found, limit, fingerprint, ({ signal }) => [signal[order.field], signal.id])
  // They are of one type.
  const carries = page as readonly ListedCarry[]
  const outcomes = await readOutcomes(db, carries, question.budget ?? newBudget(context))
  const data = carries.map(({ signal, subject }, index) => opportunityView(signal, subject, outcomes[index]!))
  return { data, ...paging, asOfMs: clock.now() }
}
