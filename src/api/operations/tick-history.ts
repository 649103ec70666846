import { tickHistoryParameters } from '../../contract/history-parameters.ts'
import { type FieldSchema, text, textOrNull, time } from '../../contract/schema.ts'
import type { Instrument, InstrumentKind } from '../../domain/instrument.ts'
import { DAY, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import type { HistoryRange } from '../../store/funding-history.ts'
import type { Kept } from '../../store/kept-rows.ts'
import type { ApiContext } from '../context.ts'
import { type History, type OpenHistory, rangeOf, readHistory } from '../history.ts'
import { refuseGone, settleKnownAt } from '../known-at.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** The history of something that is kept tick by tick, of one instrument. */
type TickHistory<Stored extends Kept> = Pick<Operation, 'name' | 'url' | 'tag' | 'summary' | 'description' | 'type'> & {
  readonly row: FieldSchema
  /** What has it. */
  readonly kinds: readonly InstrumentKind[]
  /** What it is, in words, for those who ask it of something else. */
  readonly what: string
  readonly list: (db: Pick<Database, 'query'>, range: HistoryRange) => Promise<Stored[]>
  readonly view: (row: Stored, instrument: Instrument) => Readonly<Record<string, unknown>>
}

export function tickHistoryOperation<Stored extends Kept>(
  context: ApiContext,
  { kinds, what, list, view, ...told }: TickHistory<Stored>
): Operation {
  const open = async (question: Question<typeof tickHistoryParameters>): Promise<OpenHistory> => {
    const { values } = question
    const nowMs = context.clock.now()
    const instrument = await context.catalogue.getInstrument(values.instrument)
    if (!kinds.includes(instrument.kind)) throw hasNone(instrument, kinds, what)
    const knownAtMs = await settleKnownAt(context, values.knownAt)
    const range = rangeOf(question, nowMs, DAY)
    refuseGone(context, range.fromMs, { path: 'from', instead: 'ask from then on' })
    const history: History<Stored> = {
      rowSchema: told.row,
      read: (range) => list(context.db, { instrumentId: instrument.id, knownAtMs, ...range }),
      timeOf: ({ tickAt }) => tickAt,
      stepMs: 1,
      view: (row) => view(row, instrument),
      meta: { instrument: instrument.key, knownAt: isoOrNull(knownAtMs) }
    }
    return { history, range, asOfMs: nowMs }
  }
  return operation({
    ...told,
    parameters: tickHistoryParameters,
    meta: {
      instrument: text('The instrument'),
      knownAt: textOrNull('Only what was stored by then'),
      from: time('Beginning of the range'),
      to: time('End of the range, not included')
    },
    open,
    read: async (question) => readHistory(question, await open(question))
  })
}

function hasNone({ key, kind }: Instrument, kinds: readonly InstrumentKind[], what: string): InvalidInputError {
  const those = kinds.length === 1 ? 'perpetuals' : 'contracts'
  const message = `${key} is a ${kind}; only ${those} have ${what}`
  return new InvalidInputError([{ path: 'instrument', message }], 'invalid_parameter')
}
