import { signalOutcomeSchema, signalOutcomeView } from '../../contract/signal-outcomes.ts'
import { signalParameters } from '../../contract/signal-parameters.ts'
import type { ApiContext } from '../context.ts'
import { scoreSignals } from '../signal-scores.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { readSignalPage } from './signals.ts'

/** What came of each signal. */
export function signalOutcomesOperation(context: ApiContext): Operation {
  return operation({
    name: 'signalOutcomes',
    url: '/v1/signals/outcomes',
    tag: 'signals',
    summary: 'What came of each signal: the rows that its type’s track record is counted of',
    description:
      'One row for each signal, with what it looks at 1, 8, 24, 72 and 168 hours after its opening and whether that is a hit; of a carry ' +
      'what the episode came to. Of a contract under quarantine nothing is told: what it is, is in doubt. Newest opening first unless sorted otherwise.',
    parameters: signalParameters,
    type: 'SignalOutcome',
    row: signalOutcomeSchema,
    isTable: true,
    read: (question) => readOutcomes(context, question)
  })
}

async function readOutcomes(context: ApiContext, question: Question<typeof signalParameters>) {
  const { type, label, state } = question.values
  const nowMs = context.clock.now()
  const filter = { types: type ?? null, carries: null, labels: label ?? null, states: state ?? null }
  const { page, ...paging } = await readSignalPage(context, question, filter)
  const listed = page.map(({ signal, subject }) => ({ signal, isHeldBack: subject.quarantine !== null }))
  const scored = await scoreSignals(context.db, listed, nowMs)
  const data = page.map(({ subject }, index) => signalOutcomeView(scored[index]!, subject, nowMs))
  return { data, ...paging, asOfMs: nowMs }
}
