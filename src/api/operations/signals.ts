import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { oneSignalParameters, signalParameters, signalTypeParameters } from '../../contract/signal-parameters.ts'
import { signalSchema, signalTypeSchema, signalView } from '../../contract/signals.ts'
import { InvalidInputError, NotFoundError } from '../../errors.ts'
import {
  findSignal,
  type ListedSignal,
  listSignals,
  type SignalFilter,
  type SignalSort
} from '../../store/signal-list.ts'
import { pageOf } from '../answers.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation, type PageQuestion, type Question } from './operation.ts'
import { pageByName } from './reference.ts'
import { typeViews } from './signal-types.ts'

/** Signals, open and past, and what each type means. */
export function signalOperations(context: ApiContext): Operation[] {
  const { clock, db, config } = context
  const signals = operation({
    name: 'signals',
    url: '/v1/signals',
    tag: 'signals',
    summary: 'Signals, open and past',
    description:
      'Newest opening first unless sorted otherwise. With `from` and `to`, those that were open at some time between them. ' +
      'A signal that has been told stays: what no longer follows from corrected facts closes as `revised`.',
    parameters: signalParameters,
    type: 'Signal',
    row: signalSchema,
    isTable: true,
    read: (question) => readSignals(context, question)
  })
  const one = operation({
    name: 'signal',
    url: '/v1/signals/:id',
    tag: 'signals',
    summary: 'One signal',
    parameters: oneSignalParameters,
    type: 'Signal',
    row: signalSchema,
    isSingle: true,
    read: async ({ values }) => ({ data: viewOf(await getSignal(context, values.id)), asOfMs: clock.now() })
  })
  const types = operation({
    name: 'signalTypes',
    url: '/v1/signals/types',
    tag: 'signals',
    summary: 'Every type of signal: what it means, what it does not, and its parameters here',
    parameters: signalTypeParameters,
    type: 'SignalType',
    row: signalTypeSchema,
    read: async (question) => {
      const { page, ...paging } = pageByName(await typeViews(db, config), ({ type }) => type, question)
      return { data: page, ...paging, asOfMs: clock.now() }
    }
  })
  return [signals, one, types]
}

async function getSignal({ db }: ApiContext, id: string): Promise<ListedSignal> {
  const found = await findSignal(db, id)
  if (found === undefined)
    throw new NotFoundError('unknown_signal', 'id: no signal has this id; /v1/signals lists them')
  return found
}

const viewOf = ({ signal, subject }: ListedSignal) => signalView(signal, subject)

async function readSignals(context: ApiContext, question: Question<typeof signalParameters>) {
  const { type, label, state } = question.values
  const filter = { types: type ?? null, carries: null, labels: label ?? null, states: state ?? null }
  const { page, ...paging } = await readSignalPage(context, question, filter)
  return { data: page.map(viewOf), ...paging, asOfMs: context.clock.now() }
}

type Shared = 'asset' | 'venue' | 'instrument' | 'from' | 'to' | 'sort' | 'limit'
type SignalPageQuestion = PageQuestion & { readonly values: Pick<Question<typeof signalParameters>['values'], Shared> }

/** One page of signals: by what every list of them is asked with, and by what is its own. */
export async function readSignalPage(
  { db, catalogue }: ApiContext,
  question: SignalPageQuestion,
  filter: Pick<SignalFilter, 'types' | 'carries' | 'labels' | 'states'>
) {
  const { values, fingerprint } = question
  const { limit = LIMIT_DEFAULT } = values
  const { venues, assets } = namesOf(await catalogue.read(), values)
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  checkSpan(values)
  const order = values.sort ?? { field: 'openedAt', isDescending: true }
  const found = await listSignals(db, {
    ...filter,
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
  return pageOf(found, limit, fingerprint, ({ signal }) => [signal[order.field], signal.id])
}

export function checkSpan({ from, to }: { readonly from: number | undefined; readonly to: number | undefined }): void {
  if (from === undefined || to === undefined || from < to) return
  throw new InvalidInputError([{ path: 'from', message: 'must be before to' }], 'invalid_parameter')
}

/** Where the page before ended: the value sorted by, a number or a time, and the id. */
function placeOf(question: PageQuestion, sorted: SignalSort): readonly [number, string] | null {
  const keys = cursorKeys(question, [sorted.endsWith('At') ? 'time' : 'any', 'text'])
  if (keys === undefined) return null
  const [value, id] = keys
  if (typeof value === 'number') return [value, String(id)]
  throw new InvalidInputError([{ path: 'cursor', message: 'not a cursor that this service gave' }], 'invalid_cursor')
}
