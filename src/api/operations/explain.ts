import { createHash } from 'node:crypto'
import {
  boardRowsView,
  type Explanation,
  explainParameters,
  explainSchema,
  explainView,
  type ShownRows,
  storedRowsView
} from '../../contract/explain.ts'
import { explainOnBoard, explainStored, kindAbsence, type StoredRows, unexplained } from '../../domain/explain.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { METRICS, type Metric, type MetricName } from '../../domain/metrics.ts'
import { findBoardEntry } from '../../store/board.ts'
import { findBasisAt, findEstimateAt, findMarketAt, findSettlementAt, type StoredRow } from '../../store/rows-at.ts'
import { pastMoment } from '../at.ts'
import type { ApiContext } from '../context.ts'
import { refuseGone } from '../known-at.ts'
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
      'functions that made the number; `rowsHash` identifies them. A number that a contract does not have is null, with the reason in `absent`.',
    parameters: explainParameters,
    type: 'Explanation',
    row: explainSchema,
    isSingle: true,
    read: (question) => readExplanation(context, question)
  })
}

async function readExplanation(context: ApiContext, { values }: Question<typeof explainParameters>) {
  const { clock, catalogue } = context
  const asOfMs = clock.now()
  const moment = pastMoment(values.at, asOfMs)
  const instrument = await catalogue.getInstrument(values.instrument)
  const metric: Metric = METRICS[values.metric]
  const isOfBoard = !moment.isPast && metric.formula !== undefined
  const found =
    instrument.kind === 'spot'
      ? nothing(values.metric, instrument, 'not_a_contract')
      : isOfBoard
        ? await ofBoard(context, values.metric, instrument, asOfMs)
        : await ofStore(context, values.metric, instrument, moment.nowMs)
  const data = explainView({ ...found, isOfBoard, asOfMs: moment.nowMs })
  return { data, asOfMs }
}

type Found = Omit<Explanation, 'isOfBoard' | 'asOfMs'>

const NO_VERSIONS = { formulaVersion: null, fundingFormulaVersion: null, adapterVersion: null }

const nothing = (metric: MetricName, { key, kind }: Instrument, reason: string): Found => ({
  metric,
  instrument: key,
  spot: null,
  explained: unexplained(kindAbsence(metric, kind) ?? reason),
  rows: null,
  rowsHash: null,
  versions: NO_VERSIONS,
  tickAt: null,
  knownAt: null
})

async function ofBoard(
  { db, config }: ApiContext,
  metric: MetricName,
  instrument: Instrument,
  nowMs: number
): Promise<Found> {
  const entry = await findBoardEntry(db, instrument.id)
  if (entry === undefined) return nothing(metric, instrument, 'not_on_board')
  const { row, tickAt } = entry
  const inputs = entry.inputs as Readonly<Record<string, unknown>>
  const rows = boardRowsView(inputs)
  const { formulaVersion = null, adapterVersion = null } = inputs as Partial<Record<string, number>>
  return {
    metric,
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
  if (row === undefined) return { ...nothing(metric, instrument, ''), explained }
  const { byId } = await context.catalogue.read()
  const shown = storedRowsView(rows)
  const numberOf = (field: string) => (row[field] ?? null) as number | null
  const ofFunding = stored!.row === 'estimate' || stored!.row === 'settlement'
  return {
    metric,
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

/** The same rows have the same hash, whatever the order of their fields. */
function hashOf(rows: ShownRows): string {
  return createHash('sha256').update(JSON.stringify(rows, sortKeys)).digest('hex')
}

function sortKeys(_name: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
}
