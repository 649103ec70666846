import { compare, parseDecimal } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, MINUTE } from '../domain/time.ts'
import type { Database, Transaction } from '../store/database.ts'
import { fillPricedHours } from '../store/gap-filling.ts'
import { type ImportStage, listStoredValues, type StagedRow, type StageSummary } from '../store/import-stage.ts'
import {
  correctSettlements,
  insertSettlementsWith,
  intervalsWith,
  reviseIntervals
} from '../store/imported-settlements.ts'
import { type IntervalNews, recordObserved } from '../store/interval-ledger.ts'
import { insertSnapshots } from '../store/observations.ts'
import { ensurePartitions } from '../store/partitions.ts'
import { availableAfter, lockPast, pastObservation } from '../store/past-observations.ts'
import { correctPrices, type Revised } from '../store/price-corrections.ts'
import type { SettledRate, SettlementStamp } from '../store/settlements.ts'
import type { ImportKind } from './cell-value.ts'

export type StoreOutcome = {
  stored: number
  /** There already, with the same value. */
  duplicate: number
  /** There already with another value, which stays. */
  differs: number
  /** There already with another value, of which the file's is the next revision. */
  corrected: number
  bases: number
}

export type Window = { readonly from: number; readonly to: number }

export type StoreDeps = {
  readonly db: Database
  readonly nowMs: number
  readonly instrument: Instrument
  /** Whether the file is right where it says another value than what is stored. */
  readonly isCorrecting: boolean
  /** Derives the bases that new prices within a window make possible. */
  readonly derive: (client: Transaction, window: Window) => Promise<number>
  /** Tells of what the file has corrected. */
  readonly tellCorrected: (client: Transaction, revised: readonly Revised[]) => Promise<unknown>
  /** Tells of changes of a funding interval that were told before and did not happen. */
  readonly tellWithdrawn: (client: Transaction, news: readonly IntervalNews[]) => Promise<unknown>
  /** Names what is missing between the settlements of a window that is stored, and fills what was missing before. */
  readonly noteGaps: (client: Transaction, window: Window) => Promise<void>
  readonly onBatch: (done: number) => void
}

const BATCH_ROWS = 5_000
const STAMP = { source: 'import', adapterVersion: 1, epoch: 0 } as const

/** Moves staged rows into history, oldest first, a batch a transaction: one that is killed is finished by the next run. */
export async function storeRows(
  kind: ImportKind,
  deps: StoreDeps,
  stage: ImportStage,
  summary: StageSummary
): Promise<StoreOutcome> {
  const { db, nowMs } = deps
  const tables = kind === 'prices' ? (['market_snapshot', 'basis_snapshot'] as const) : (['settlement'] as const)
  for (const table of tables) await ensurePartitions(db, table, summary.days, nowMs)
  const store = kind === 'prices' ? storePrices(deps, summary) : await storeSettlements(deps, stage, summary)
  const outcome: StoreOutcome = { stored: 0, duplicate: 0, differs: 0, corrected: 0, bases: 0 }
  let done = 0
  for (let after = summary.from - 1; ; ) {
    const rows = await stage.listAfter(after, BATCH_ROWS)
    if (rows.length === 0) break
    after = rows.at(-1)!.at
    // What was made at the beginning, and has been filled since, may have been sealed in the meantime.
    for (const table of tables)
      await ensurePartitions(
        db,
        table,
        rows.map(({ at }) => at),
        nowMs
      )
    const result = await db.transaction((client) => storeBatch(client, kind, deps, rows, store.batch))
    outcome.stored += result.stored
    outcome.duplicate += result.duplicate
    outcome.differs += result.differs
    outcome.corrected += result.corrected
    outcome.bases += result.bases
    done += rows.length
    deps.onBatch(done)
  }
  await store.finish()
  return outcome
}

/** A row that was there: what is stored of its time; null: something without a value of this kind. */
type Known = StagedRow & { readonly before: string | null }
type BatchOutcome = { readonly stored: number; readonly bases: number; readonly revised: readonly Revised[] }
/** Stores what is new of a batch, and the next revision of what may be revised. */
type Batch = (client: Transaction, rows: readonly StagedRow[], revisable: readonly Known[]) => Promise<BatchOutcome>
type Store = { readonly batch: Batch; readonly finish: () => Promise<void> }

async function storeBatch(
  client: Transaction,
  kind: ImportKind,
  { instrument, isCorrecting, tellCorrected }: StoreDeps,
  rows: readonly StagedRow[],
  store: Batch
): Promise<StoreOutcome> {
  await lockPast(client, instrument.id)
  const times = rows.map(({ at }) => at)
  const there = await listStoredValues(client, kind, instrument.id, times)
  const others = rows.flatMap((row): Known[] => {
    const before = there.get(row.at)
    return before === undefined || isEqual(before, row.value) ? [] : [{ ...row, before }]
  })
  const revisable = others.filter(({ before }) => isCorrecting || before === null)
  const { stored, bases, revised } = await store(client, rows, revisable)
  // What had no value of this kind gets one: nothing that was said before is wrong.
  const corrected = revised.filter(({ at }) => there.get(at) !== null)
  await tellCorrected(client, corrected)
  const completed = revised.length - corrected.length
  return {
    stored: stored + completed,
    bases,
    corrected: corrected.length,
    differs: others.length - revised.length,
    duplicate: rows.length - stored - others.length
  }
}

function isEqual(stored: string | null, value: string): boolean {
  const decimal = stored === null ? undefined : parseDecimal(stored)
  return decimal !== undefined && compare(decimal, parseDecimal(value)!) === 0
}

function storePrices({ instrument, derive }: StoreDeps, { stepMs }: StageSummary): Store {
  const spanMs = Math.min(stepMs ?? MINUTE, DAY)
  return {
    batch: async (client, rows, revisable) => {
      const prices = rows.map(({ at, value }) => pastObservation(instrument.id, { at, last: value, spanMs }))
      const stored = await insertSnapshots(client, prices, STAMP)
      const corrections = revisable.map(({ at, value }) => ({ at, last: value }))
      const revised = await correctPrices(client, instrument.id, corrections, STAMP)
      const window = { from: rows[0]!.at, to: rows.at(-1)!.at }
      await fillPricedHours(client, instrument, window)
      return { stored, revised, bases: await derive(client, window) }
    },
    finish: async () => {}
  }
}

async function storeSettlements(
  { db, nowMs, instrument, tellWithdrawn, noteGaps }: StoreDeps,
  stage: ImportStage,
  { from, to }: StageSummary
): Promise<Store> {
  const stamp: SettlementStamp = { ...STAMP, venue: instrument.venue, observedAt: nowMs }
  const intervals = await intervalsWith(db, instrument.id, await stage.listTimes())
  return {
    batch: async (client, rows, revisable) => {
      const stored = await insertSettlementsWith(client, instrument.id, rows.map(rateOf), intervals, stamp)
      const revised = await correctSettlements(client, instrument.id, revisable.map(rateOf), stamp)
      return { stored, revised, bases: 0 }
    },
    finish: async () => {
      await db.transaction(async (client) => {
        await reviseIntervals(client, instrument.id, stamp)
        const news = await recordObserved(client, instrument.id, { from: null, to: null })
        // Changes of the past are kept, and told to nobody; only what was told and did not happen is corrected.
        await tellWithdrawn(
          client,
          news.map((found) => ({ ...found, change: null }))
        )
        await noteGaps(client, { from, to })
      })
    }
  }
}

const rateOf = ({ at, statedAt, value }: StagedRow): SettledRate => ({
  settledAt: at,
  venueTime: statedAt,
  rate: value,
  mark: null,
  availableAt: availableAfter(at)
})
