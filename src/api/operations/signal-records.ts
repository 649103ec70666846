import { othersTurn } from '../../clock.ts'
import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import {
  recordName,
  type ScoredSignal,
  type SignalRecord,
  signalRecordParameters,
  signalRecordSchema,
  signalRecords
} from '../../contract/signal-records.ts'
import { labelsOf } from '../../contract/signal-type-words.ts'
import { SIGNAL_TYPES } from '../../domain/signal-types.ts'
import { DAY } from '../../domain/time.ts'
import { CLAIM_OF } from '../../domain/track-record.ts'
import { InvalidInputError } from '../../errors.ts'
import { findActivation } from '../../store/signal-activations.ts'
import { listRecorded, type RecordedFilter } from '../../store/signal-records.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { scoreSignals } from '../signal-scores.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'
import { checkSpan } from './signals.ts'

/** So many signals of one label are gone over at the most: of three hundred contracts nearly one a day for a year. */
const SIGNALS_MAX = 100_000
/** So many are read before others have their turn. */
const SIGNALS_AT_ONCE = 1_000
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
  const { db, clock, catalogue } = context
  const { values } = question
  const nowMs = clock.now()
  const toMs = Math.min(values.to ?? nowMs, nowMs)
  const fromMs = values.from ?? toMs - YEAR_MS
  checkSpan({ from: fromMs, to: toMs })
  const { venues, assets } = namesOf(await catalogue.read(), values)
  const of = { assets: assets && [...assets], venues: venues && [...venues] }
  const rows: SignalRecord[] = []
  for (const type of SIGNAL_TYPES.filter((one) => values.type?.includes(one) ?? true)) {
    const inForce = (await findActivation(db, type))?.parameters ?? null
    for (const label of labelsOf(type).filter((one) => values.label?.includes(one) ?? true)) {
      const filter = { type, label, assets: of.assets ?? null, venues: of.venues ?? null, fromMs, toMs }
      for (const row of signalRecords(await readScored(db, filter, nowMs), { fromMs, toMs }, inForce)) {
        rows.push(row)
        // Clusters of a year are some work: others have their turn between two rows.
        await othersTurn()
      }
    }
  }
  const paged = { ...question, values: { ...values, limit: values.limit ?? LIMIT_DEFAULT } }
  const { page, ...paging } = pageByName(rows, recordName, paged)
  return { data: page, ...paging, asOfMs: nowMs }
}

/** Signals of one label with what came of them, read some at a time; of what forecasts nothing nothing is asked. */
async function readScored(db: ApiContext['db'], filter: RecordedFilter, nowMs: number): Promise<ScoredSignal[]> {
  const scored: ScoredSignal[] = []
  for (;;) {
    const listed = await listRecorded(db, filter, scored.at(-1)?.signal, SIGNALS_AT_ONCE)
    const isFact = CLAIM_OF[filter.type] === null
    const some = isFact
      ? listed.map((one) => ({ ...one, later: NOTHING_LATER }))
      : await scoreSignals(db, listed, nowMs)
    scored.push(...some)
    if (listed.length < SIGNALS_AT_ONCE) return scored
    if (scored.length <= SIGNALS_MAX) continue
    const message = `more than ${SIGNALS_MAX.toLocaleString('en')} signals ${filter.label}: name assets or venues, or give a shorter range`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
}

const NOTHING_LATER: ReadonlyMap<number, number | null> = new Map()
