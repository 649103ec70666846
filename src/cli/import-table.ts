import type { Clock } from '../clock.ts'
import { type Instrument, parseInstrumentKey } from '../domain/instrument.ts'
import { DAY } from '../domain/time.ts'
import { type FactRules, readFactRows } from '../imports/fact-rows.ts'
import type { ReadOutcome } from '../imports/read-rows.ts'
import type { SourceFile } from '../imports/source-file.ts'
import type { StoreOutcome } from '../imports/store-rows.ts'
import { derivePastBasis } from '../jobs/past-basis.ts'
import { noteSettlementGaps } from '../jobs/settlement-gaps.ts'
import { chooseSpotLegs } from '../jobs/spot-choices.ts'
import { ensureClosedVenues } from '../store/closed-venues.ts'
import type { Database } from '../store/database.ts'
import { type FactStage, type FactSummary, openFactStage } from '../store/fact-stage.ts'
import type { FactTable } from '../store/fact-tables.ts'
import { ensureInstrument, listInstruments } from '../store/instruments.ts'
import { ensurePartitions, isPartitioned } from '../store/partitions.ts'
import { CLOSED_VENUES } from '../venues/closed.ts'
import type { ImportRequest } from './import-arguments.ts'
import type { Progress } from './import-progress.ts'

export type TableOutcome = { readonly read: ReadOutcome; readonly summary: FactSummary; readonly stored: StoreOutcome }

type TableRequest = Pick<ImportRequest, 'instrument' | 'time'> & {
  readonly bounds: Pick<FactRules, 'nowMs' | 'keptFromMs'>
}

/** So much of the past is derived in one transaction. */
const DERIVED_AT_ONCE = 7 * DAY

/**
 * A table that `export` wrote, into the table that it was: every column but the time at which a row became known here. Everything is
 * read and checked before anything is stored.
 */
export async function importTable(
  table: FactTable,
  source: SourceFile,
  { instrument, time, bounds }: TableRequest,
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  progress: Progress
): Promise<TableOutcome> {
  await using stage = await openFactStage(db, table)
  const rules = { table, instrument: instrument?.key ?? null, time, ...bounds }
  const read = await readFactRows(source, rules, stage, (rows) =>
    progress.update('read', rows, source.bytesRead() / source.totalBytes)
  )
  const summary = await stage.summarise()
  const stored: StoreOutcome = { stored: 0, duplicate: 0, differs: 0, corrected: 0, bases: 0 }
  if (summary.unique === 0) return { read, summary, stored }
  const instruments = await knowInstruments(db, summary.instruments)
  await preparePartitions(db, table, summary, clock.now())
  const result = await stage.store((rows) => progress.update('stored', rows, rows / summary.unique))
  stored.stored = result.stored
  stored.differs = result.differs
  stored.duplicate = result.rows - result.stored - result.differs
  if (table.kind === 'prices') stored.bases = await deriveBases(db, stage, instruments, summary)
  if (table.kind === 'funding') await noteGaps(db, instruments, summary)
  return { read, summary, stored }
}

async function noteGaps(
  db: Database,
  instruments: readonly Instrument[],
  { instruments: keys, from, to }: FactSummary
) {
  for (const instrument of instruments.filter(({ key }) => keys.includes(key))) {
    const stretch = { from, to, isOldest: true }
    await db.transaction((client) => noteSettlementGaps(client, instrument, stretch, 'absent_from_file'))
  }
}

async function knowInstruments(db: Database, keys: readonly string[]): Promise<Instrument[]> {
  for (const key of keys) await ensureInstrument(db, parseInstrumentKey(key)!)
  await ensureClosedVenues(db, CLOSED_VENUES)
  await chooseSpotLegs(db)
  return await listInstruments(db)
}

async function preparePartitions(db: Database, { table, kind }: FactTable, { days }: FactSummary, nowMs: number) {
  const tables = kind === 'prices' ? [table, 'basis_snapshot' as const] : [table]
  for (const each of tables) if (isPartitioned(each)) await ensurePartitions(db, each, days, nowMs)
}

/** Prices of the past make bases wherever both legs are there, as in any import; those that were polled had theirs when they were. */
async function deriveBases(
  db: Database,
  stage: FactStage,
  instruments: readonly Instrument[],
  { from, to }: FactSummary
): Promise<number> {
  let bases = 0
  for (const { key, source } of await stage.listPast()) {
    const instrument = instruments.find((each) => each.key === key)!
    for (let at = from; at <= to; at += DERIVED_AT_ONCE) {
      const window = { from: at, to: Math.min(to, at + DERIVED_AT_ONCE - 1) }
      bases += await db.transaction((client) =>
        derivePastBasis(client, instruments, instrument, window, { source, epoch: 0 })
      )
    }
  }
  return bases
}
