import { opportunityParameters, opportunitySchema, opportunityView } from '../../contract/opportunities.ts'
import { type ListedCarry, readOutcomes } from '../carry-outcomes.ts'
import type { ApiContext } from '../context.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { readSignalPage } from './signals.ts'

type OpportunityQuestion = Question<typeof opportunityParameters>

/** Every carry that was worth it: for how long, at what it was quoted, and what it came to. */
export function opportunitiesOperation(context: ApiContext): Operation {
  return operation({
    name: 'opportunities',
    url: '/v1/opportunities',
    tag: 'signals',
    summary: 'Every carry opportunity from its opening to its end: quoted, and afterwards realised',
    description:
      'One row for each signal `carry_opportunity`: of contracts whose books are polled (the `DEPTH_CONTRACTS` largest of each venue by open ' +
      'interest), short contract and long spot, never the reverse. Quoted is what the service knew when it opened. Realised is entered at the first best ' +
      'prices of both legs a minute or more after that and left at the first after its close, with the rates that really settled in between, ' +
      'taker fees and the impact of the size. It is worked out once, when the hour of its exit is closed, and kept; what comes or is corrected ' +
      'later makes its next revision. It is null until then, and its net is null while a settlement is missing. ' +
      'Dated contracts are sold at the close of the episode, not held to expiry. Newest opening first unless sorted otherwise.',
    parameters: opportunityParameters,
    type: 'Opportunity',
    row: opportunitySchema,
    isTable: true,
    read: (question) => readOpportunities(context, question)
  })
}

async function readOpportunities(context: ApiContext, question: OpportunityQuestion) {
  const { type, open } = question.values
  const states = open === undefined ? null : [open === 'true' ? 'open' : 'closed']
  const filter = { types: ['carry_opportunity'], carries: type ?? null, labels: null, states }
  const { page, ...paging } = await readSignalPage(context, question, filter)
  // They are of one type.
  const carries = page as readonly ListedCarry[]
  const outcomes = await readOutcomes(context.db, carries)
  const data = carries.map(({ signal, subject }, index) => opportunityView(signal, subject, outcomes[index]!))
  return { data, ...paging, asOfMs: context.clock.now() }
}
