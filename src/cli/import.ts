import type { Clock } from '../clock.ts'
import type { InstrumentName } from '../domain/instrument.ts'
import { keptFrom } from '../domain/retention.ts'
import { isoOf } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import type { ImportKind } from '../imports/cell-value.ts'
import { isFactFile, missingColumns } from '../imports/fact-rows.ts'
import { type ReadOutcome, readRows } from '../imports/read-rows.ts'
import { openSourceFile, type SourceFile, withFirstRow } from '../imports/source-file.ts'
import { type StoreOutcome, storeRows } from '../imports/store-rows.ts'
import { intervalEvents } from '../jobs/funding-events.ts'
import { derivePastBasis } from '../jobs/past-basis.ts'
import { tellCorrections } from '../jobs/past-corrections.ts'
import { correctedRates } from '../jobs/settle.ts'
import { noteSettlementGaps } from '../jobs/settlement-gaps.ts'
import { chooseSpotLegs } from '../jobs/spot-choices.ts'
import { ensureClosedVenues } from '../store/closed-venues.ts'
import type { Database } from '../store/database.ts'
import { insertEvents } from '../store/events.ts'
import { describeTable, type FactTable, isObservation } from '../store/fact-tables.ts'
import { type ImportStage, openImportStage, type StageSummary } from '../store/import-stage.ts'
import { ensureInstrument, listInstruments } from '../store/instruments.ts'
import { CLOSED_VENUES } from '../venues/closed.ts'
import type { ImportRequest } from './import-arguments.ts'
import { createProgress, type Progress } from './import-progress.ts'
import { importTable } from './import-table.ts'

export type ImportDeps = {
  readonly db: Database
  readonly clock: Clock
  /** One line of output. */
  readonly write: (line: string) => void
  readonly isTerminal: boolean
  /** Days that observations are kept; null: for ever. */
  readonly rawDays: number | null
}

const MOST_REFUSALS_SHOWN = 20
const NOTHING: StoreOutcome = { stored: 0, duplicate: 0, differs: 0, corrected: 0, bases: 0 }

/**
 * `contango import FILE …`: everything is read and checked before anything is stored. Answers 0 when rows were stored or were
 * there already, 1 when none could be used. Throws InvalidInputError for a file that cannot be used.
 */
export async function runImport(request: ImportRequest, deps: ImportDeps): Promise<number> {
  const { isTerminal, clock, write } = deps
  const progress = createProgress({ clock, isTerminal, write: request.isJson ? () => {} : write })
  const source = await withFirstRow(await openSourceFile(request.file))
  const table = await describeTable(deps.db, request.kind)
  try {
    const { read, summary, stored } =
      request.isPlain && isFactFile(source, table)
        ? await importTable(
            tableOf(request, table),
            source,
            { ...request, bounds: boundsOf(request, deps) },
            deps,
            progress
          )
        : await importLeg(legOf(request, source, table), source, deps, progress)
    progress.end()
    const report = reportOf(request, read, summary, stored)
    for (const line of request.isJson ? [JSON.stringify(report)] : describe(report)) write(line)
    return summary.unique === 0 ? 1 : 0
  } finally {
    progress.end()
  }
}

/** Rows from after now, and observations from before what is kept, are refused. */
function boundsOf({ kind }: Pick<ImportRequest, 'kind'>, { clock, rawDays }: Pick<ImportDeps, 'clock' | 'rawDays'>) {
  const nowMs = clock.now()
  return { nowMs, keptFromMs: rawDays !== null && isObservation(kind) ? keptFrom(nowMs, rawDays) : null }
}

function tableOf({ isCorrecting, file }: ImportRequest, table: FactTable): FactTable {
  if (!isCorrecting) return table
  const message =
    'is an exported table, which has revisions of its own: --correct is for prices or rates of one instrument'
  throw new InvalidInputError([{ path: file, message }], 'invalid_arguments')
}

type Leg = ImportRequest & { readonly kind: ImportKind; readonly instrument: InstrumentName }

/** What names no instrument has to be a table that `export` wrote; what such a table lacks is named. */
function legOf(request: ImportRequest, { columns, path }: SourceFile, table: FactTable): Leg {
  const { kind, instrument } = request
  if (instrument !== null && (kind === 'prices' || kind === 'funding')) return { ...request, kind, instrument }
  const missing = missingColumns(columns, table).map((name) => JSON.stringify(name))
  const message = `is no exported table of ${kind}: it has no column ${missing.join(', ')}`
  const hint = kind === 'prices' || kind === 'funding' ? '. Prices or rates of one instrument need --instrument' : ''
  throw new InvalidInputError([{ path, message: `${message}${hint}` }], 'invalid_file')
}

/** One instrument's prices or rates, two columns of a file. */
async function importLeg(request: Leg, source: SourceFile, deps: ImportDeps, progress: Progress) {
  await using stage = await openImportStage(deps.db)
  const rules = { ...request, ...boundsOf(request, deps) }
  const read = await readRows(source, rules, stage, (rows) =>
    progress.update('read', rows, source.bytesRead() / source.totalBytes)
  )
  const summary = await stage.summarise()
  const stored = summary.unique === 0 ? NOTHING : await store(request, deps, stage, summary, progress)
  return { read, summary, stored }
}

async function store(
  { kind, instrument: name, isCorrecting }: Leg,
  { db, clock }: ImportDeps,
  stage: ImportStage,
  summary: StageSummary,
  progress: Progress
): Promise<StoreOutcome> {
  await ensureInstrument(db, name)
  await ensureClosedVenues(db, CLOSED_VENUES)
  await chooseSpotLegs(db)
  const instruments = await listInstruments(db)
  const instrument = instruments.find(({ key }) => key === name.key)!
  return await storeRows(
    kind,
    {
      db,
      nowMs: clock.now(),
      instrument,
      isCorrecting,
      tellCorrected: async (client, revised) =>
        kind === 'prices'
          ? tellCorrections(client, instrument, { fact: 'market' }, revised)
          : insertEvents(
              client,
              await correctedRates(
                client,
                instrument,
                revised.map(({ at }) => at)
              )
            ),
      derive: (client, window) =>
        derivePastBasis(client, instruments, instrument, window, { source: 'import', epoch: 0 }),
      tellWithdrawn: async (client, news) =>
        insertEvents(client, await intervalEvents(client, instrument, news, clock.now())),
      noteGaps: (client, window) =>
        noteSettlementGaps(client, instrument, { ...window, isOldest: true }, 'absent_from_file'),
      onBatch: (done) => progress.update('stored', done, done / summary.unique)
    },
    stage,
    summary
  )
}

type Summary = Pick<StageSummary, 'unique' | 'duplicate' | 'conflictCount' | 'conflicts' | 'from' | 'to'>
type Report = ReturnType<typeof reportOf>

function reportOf(request: ImportRequest, read: ReadOutcome, summary: Summary, stored: StoreOutcome) {
  const conflicts = summary.conflicts.map(({ line, firstLine }) => ({
    line,
    reason: `conflict: line ${firstLine} has another value for the same time`
  }))
  return {
    instrument: request.instrument?.key ?? null,
    kind: request.kind,
    file: request.file,
    read: read.read,
    matched: read.matched,
    stored: stored.stored,
    duplicate: stored.duplicate + summary.duplicate,
    differs: stored.differs,
    corrected: stored.corrected,
    refused: read.refused + summary.conflictCount,
    ambiguous: read.ambiguous,
    ambiguousTakenAs: request.time.ambiguous,
    bases: stored.bases,
    from: summary.unique === 0 ? null : isoOf(summary.from),
    to: summary.unique === 0 ? null : isoOf(summary.to),
    refusals: [...read.refusals, ...conflicts].sort((a, b) => a.line - b.line)
  }
}

function describe(report: Report): string[] {
  const { refusals, refused, differs, corrected, ambiguous, bases } = report
  const shown = refusals.slice(0, MOST_REFUSALS_SHOWN)
  const count = (value: number) => String(value)
  return [
    `${report.instrument === null ? '' : `${report.instrument} `}${report.kind}${report.from === null ? '' : ` from ${report.from} to ${report.to}`}`,
    `read ${count(report.read)} rows${report.matched === report.read ? '' : `, ${count(report.matched)} of them match`}`,
    `stored ${count(report.stored)}`,
    `duplicate ${count(report.duplicate)}`,
    ...(differs === 0 ? [] : [`differs ${count(differs)}: another value is stored for that time, and stays`]),
    ...(corrected === 0 ? [] : [`corrected ${count(corrected)}: the file's value is the next revision`]),
    `refused ${count(refused)}`,
    ...shown.map(({ line, reason }) => `  line ${line}: ${reason}`),
    ...(refused > shown.length ? [`  and ${count(refused - shown.length)} more`] : []),
    `ambiguous ${count(ambiguous)}${ambiguous === 0 ? '' : `: local times that occur twice, taken as the ${report.ambiguousTakenAs}`}`,
    ...(report.kind === 'prices' ? [`bases ${count(bases)} derived`] : [])
  ]
}
