import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { recordName, signalRecordParameters, signalRecordSchema, signalRecords } from '../../contract/signal-records.ts'
import { SIGNAL_TYPES } from '../../domain/signal-types.ts'
import { DAY } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { findActivation } from '../../store/signal-activations.ts'
import { type ListedSignal, listSignals } from '../../store/signal-list.ts'
import type { ApiContext } from '../context.ts'
import { scoreSignals } from '../signal-scores.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'
import { checkSpan } from './signals.ts'

/** So many signals are gone over at the most. */
const SIGNALS_MAX = 20_000
const YEAR_MS = 365 * DAY

/** What came of the signals of each type. */
export function signalRecordsOperation(context: ApiContext): Operation {
  return operation({
    name: 'signalRecords',
    url: '/v1/signals/records',
    tag: 'signals',
    summary: 'Each type’s own track record: how many fired, how long they lasted, and what came of them',
    description:
      'One row for each label, set of parameters, claim and time. What a signal looks at is noted 1, 8, 24, 72 and 168 hours after it ' +
      'opened, by what was known then; of a funding regime it is the last settlement of up to eight hours before. Outcomes that overlap are ' +
      'one cluster and count as one. What is far from usual tends to come back by itself: a hit rate above one half is no proof of an edge, and no ' +
      'row has been compared with times without a signal. `/v1/signals/outcomes` lists what each is counted of. Several rows are several tests: some will look good by chance.',
    parameters: signalRecordParameters,
    type: 'SignalRecord',
    row: signalRecordSchema,
    isTable: true,
    read: (question) => readRecords(context, question)
  })
}

async function readRecords(context: ApiContext, question: Question<typeof signalRecordParameters>) {
  const { db, clock } = context
  const { values } = question
  const nowMs = clock.now()
  const toMs = Math.min(values.to ?? nowMs, nowMs)
  const fromMs = values.from ?? toMs - YEAR_MS
  checkSpan({ from: fromMs, to: toMs })
  const listed = await listOpenedIn(db, values, { fromMs, toMs })
  const scored = await scoreSignals(db, listed, nowMs)
  const inForce = new Map<string, string>()
  for (const type of SIGNAL_TYPES) {
    const activation = await findActivation(db, type)
    if (activation !== undefined) inForce.set(type, activation.parameters)
  }
  const rows = signalRecords(scored, { fromMs, toMs }, inForce)
  const paged = { ...question, values: { ...values, limit: values.limit ?? LIMIT_DEFAULT } }
  const { page, ...paging } = pageByName(rows, recordName, paged)
  return { data: page, ...paging, asOfMs: nowMs }
}

async function listOpenedIn(
  db: ApiContext['db'],
  { type, label }: Question<typeof signalRecordParameters>['values'],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Promise<ListedSignal[]> {
  const found = await listSignals(db, {
    types: type ?? null,
    carries: null,
    labels: label ?? null,
    states: null,
    assets: null,
    venues: null,
    instrumentIds: null,
    fromMs,
    toMs,
    sort: 'openedAt',
    isDescending: true,
    after: null,
    limit: SIGNALS_MAX + 1
  })
  if (found.length > SIGNALS_MAX) {
    const message = `more than ${SIGNALS_MAX.toLocaleString('en')} signals: narrow it, or name a type`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
  // Listed is what was open at some time; what opened before is of another range.
  return found.filter(({ signal }) => signal.openedAt >= fromMs)
}
