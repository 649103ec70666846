import {
  boardRowsView,
  type Explanation,
  explainParameters,
  explainSchema,
  explainView,
  storedRowsView,
  type Words
} from '../../contract/explain.ts'
import {
  type Explained,
  explainOnBoard,
  explainStored,
  kindAbsence,
  type StoredRows,
  unexplained
} from '../../domain/explain.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { isOfSignal, MADE_FORMULA_VERSIONS, madeMetricOf, SIGNAL_ANSWERS } from '../../domain/made-metrics.ts'
import { METRICS, type Metric, type MetricName } from '../../domain/metrics.ts'
import { InvalidInputError } from '../../errors.ts'
import { findBoardEntry } from '../../store/board.ts'
import { findBasisAt, findEstimateAt, findMarketAt, findSettlementAt, type StoredRow } from '../../store/rows-at.ts'
import { findSignal } from '../../store/signal-list.ts'
import { pastMoment } from '../at.ts'
import type { ApiContext } from '../context.ts'
import { refuseGone } from '../known-at.ts'
import { type ExplainedMade, explainAnswer, explainSignal } from '../made/made.ts'
import type { Asked } from '../made/reading.ts'
import { newBudget, takeServed } from '../row-budget.ts'
import { hashOf } from '../rows-hash.ts'
import { heldAgainst } from '../spot-legs.ts'
import { type Operation, operation, type Question } from './operation.ts'

/** Where a number comes from. */
export function explainOperation(context: ApiContext): Operation {
  return operation({
    name: 'explain',
    url: '/v1/explain',
    tag: 'basis',
    summary:
      'Where a number comes from: its formula, inputs, constants and versions, and the number made again of them',
    description:
      'Of the board as it is now, or with `at` of the row that was stored for that moment. `recomputed` is made from `rows` alone, by the ' +
      'functions that made the number; `rowsHash` identifies them. A number that a contract does not have is null, with the reason in `absent`. ' +
      'Numbers of other answers are `answer.field`, of the instrument, of its asset, its curve or a `signal`, with every choice of the caller at its default ' +
      'but `borrowApr`, `direction` and `spot`; those of a window begin at `from` and end at `at`.',
    parameters: explainParameters,
    type: 'Explanation',
    row: explainSchema,
    isSingle: true,
    read: (question) => readExplanation(context, question)
  })
}

async function readExplanation(context: ApiContext, question: Question<typeof explainParameters>) {
  const { values, budget = newBudget(context) } = question
  const asOfMs = context.clock.now()
  const moment = pastMoment(values.at, asOfMs)
  const found = await findNumber(context, question, { moment, budget })
  const data = explainView({ ...found, metric: values.metric, asOfMs: moment.nowMs })
  if (question.budget !== undefined) {
    takeServed(budget, 1 + data.inputs.length, 'metric', '; each input of an explanation counts as one')
  }
  return { data, asOfMs }
}

async function findNumber(
  context: ApiContext,
  { values }: Question<typeof explainParameters>,
  known: Pick<Asked, 'moment' | 'budget'>
): Promise<Found> {
  const made = madeMetricOf(values.metric)
  if (made !== undefined && isOfSignal(made.answer)) return await ofSignal(context, values, known.moment.nowMs)
  const { instrument: key, spot, signal, against: other, borrowApr, direction, from: fromMs } = values
  if (signal !== undefined) return refuse('signal', `concerns only numbers of ${SIGNAL_ANSWERS.join(', ')}`)
  if (key === undefined) return refuse('instrument', 'required, and missing')
  if (spot !== undefined && made?.answer !== 'carry') return refuse('spot', 'concerns only numbers of carry')
  const named = await context.catalogue.getInstrument(key)
  const instrument = spot === undefined ? named : await heldAgainst(context, named, spot)
  const against = other === undefined ? undefined : await context.catalogue.getInstrument(other, 'against')
  const asked = { instrument, against, borrowApr, direction, fromMs, ...known }
  return (await ofAnswer(context, values.metric, asked)) ?? (await ofRow(context, values.metric as MetricName, asked))
}

function refuse(path: string, message: string): never {
  throw new InvalidInputError([{ path, message }], 'invalid_parameter')
}

/** A number of a signal, as it is stored. */
async function ofSignal(
  context: ApiContext,
  { direction, ...values }: Question<typeof explainParameters>['values'],
  nowMs: number
): Promise<Found> {
  for (const path of ['at', 'from', 'spot', 'against', 'borrowApr'] as const)
    if (values[path] !== undefined) refuse(path, 'a signal is explained as it is stored: leave it out')
  if (direction !== 'forward') refuse('direction', 'a signal is explained as it is stored: leave it out')
  if (values.signal === undefined) return refuse('signal', 'required of a number of a signal, and missing')
  const listed = await findSignal(context.db, values.signal)
  if (listed === undefined) return refuse('signal', 'no signal has this id; /v1/signals lists them')
  const { instrument, spot } = listed.subject
  if (values.instrument !== undefined && values.instrument !== instrument)
    refuse('instrument', `not what the signal is about: ${instrument ?? 'it is of no instrument'}`)
  const made = (await explainSignal(context, values.metric, { ...listed, nowMs }))!
  return { ...foundOf(made, { key: instrument }), spot }
}

type Found = Omit<Explanation, 'metric' | 'asOfMs'>

const NO_VERSIONS = { formulaVersion: null, fundingFormulaVersion: null, adapterVersion: null }

type About = { readonly key: string | null }
const nothing = (row: string, words: Words, { key }: About, explained: Explained): Found => ({
  row,
  words,
  instrument: key,
  spot: null,
  explained,
  rows: null,
  rowsHash: null,
  versions: NO_VERSIONS,
  tickAt: null,
  knownAt: null
})

/** A number of another answer than the board's. */
async function ofAnswer(context: ApiContext, name: string, asked: Asked): Promise<Found | undefined> {
  const made = await explainAnswer(context, name, asked)
  return made && foundOf(made, asked.instrument)
}

function foundOf({ answer, metric, found }: ExplainedMade, about: About): Found {
  if (typeof found === 'string') return nothing(answer, metric, about, unexplained(found))
  const rows = boardRowsView({ ...found.rows })
  const versions = { ...NO_VERSIONS, formulaVersion: MADE_FORMULA_VERSIONS[answer] }
  const { key: spot = null } = (rows.spot ?? {}) as { readonly key?: string }
  return { ...nothing(answer, metric, about, found.explained), spot, rows, rowsHash: hashOf(rows), versions }
}

/** A number of the board, or of a stored row. */
async function ofRow(context: ApiContext, name: MetricName, { instrument, moment }: Asked): Promise<Found> {
  const metric: Metric = METRICS[name]
  const isOfBoard = !moment.isPast && metric.formula !== undefined
  if (instrument.kind === 'spot') {
    return nothing('board', wordsOf(metric, isOfBoard), instrument, unexplained('not_a_contract'))
  }
  return isOfBoard
    ? await ofBoard(context, name, instrument, moment.nowMs)
    : await ofStore(context, name, instrument, moment.nowMs)
}

function wordsOf({ unit, constants = {}, stored, formula, inputs }: Metric, isOfBoard: boolean): Words {
  const said = isOfBoard ? { formula, inputs } : stored
  return { unit, constants, formula: said?.formula ?? formula ?? stored!.formula, inputs: said?.inputs ?? [] }
}

async function ofBoard(
  { db, config }: ApiContext,
  metric: MetricName,
  instrument: Instrument,
  nowMs: number
): Promise<Found> {
  const entry = await findBoardEntry(db, instrument.id)
  const words = wordsOf(METRICS[metric], true)
  if (entry === undefined) {
    const reason = kindAbsence(metric, instrument.kind) ?? 'not_on_board'
    return nothing('board', words, instrument, unexplained(reason))
  }
  const { row, tickAt } = entry
  const inputs = entry.inputs as Readonly<Record<string, unknown>>
  const rows = boardRowsView(inputs)
  const { formulaVersion = null, adapterVersion = null } = inputs as Partial<Record<string, number>>
  return {
    row: 'board',
    words,
    instrument: instrument.key,
    spot: row.spot,
    explained: explainOnBoard(metric, entry, config, nowMs),
    rows,
    rowsHash: hashOf(rows),
    versions: { formulaVersion, fundingFormulaVersion: row.fundingFormulaVersion, adapterVersion },
    tickAt,
    knownAt: null
  }
}

async function ofStore(context: ApiContext, metric: MetricName, instrument: Instrument, atMs: number): Promise<Found> {
  const { stored }: Metric = METRICS[metric]
  if (stored !== null && stored.row !== 'settlement') {
    refuseGone(context, atMs, { path: 'at', instead: 'ask from then on' })
  }
  const rows = stored === null ? {} : await readRows(context, stored, instrument, atMs)
  const row = stored === null ? undefined : rows[stored.row]
  const explained = explainStored(metric, instrument.kind, rows)
  const words = wordsOf(METRICS[metric], false)
  if (row === undefined) return nothing(stored?.row ?? 'board', words, instrument, explained)
  const { byId } = await context.catalogue.read()
  const shown = storedRowsView(rows)
  const numberOf = (field: string) => (row[field] ?? null) as number | null
  const ofFunding = stored!.row === 'estimate' || stored!.row === 'settlement'
  return {
    row: stored!.row,
    words,
    instrument: instrument.key,
    spot: byId.get(Number(row.spotId))?.key ?? null,
    explained,
    rows: shown,
    rowsHash: hashOf(shown),
    versions: {
      formulaVersion: ofFunding ? null : numberOf('formulaVersion'),
      fundingFormulaVersion: ofFunding ? numberOf('formulaVersion') : null,
      adapterVersion: numberOf('adapterVersion')
    },
    tickAt: numberOf('tickAt') ?? numberOf('settledAt'),
    knownAt: numberOf('knownAt')
  }
}

const FINDERS = {
  market: findMarketAt,
  estimate: findEstimateAt,
  settlement: findSettlementAt
} as const

/** The row that has the number, and whatever other row its inputs stand in. */
async function readRows(
  { db }: ApiContext,
  { row, inputs }: NonNullable<Metric['stored']>,
  { id, spotId }: Instrument,
  atMs: number
): Promise<StoredRows> {
  const names = [...new Set([row, ...inputs.map((path) => path.split('.')[0] as keyof StoredRows)])]
  const found = await Promise.all(
    names.map(
      async (name): Promise<[string, StoredRow | undefined]> => [
        name,
        name === 'basis' ? await findBasisAt(db, { instrumentId: id, spotId }, atMs) : await FINDERS[name](db, id, atMs)
      ]
    )
  )
  return Object.fromEntries(found.filter(([, stored]) => stored !== undefined))
}
