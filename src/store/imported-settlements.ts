import { observedIntervals } from '../domain/funding.ts'
import { settledIntervals } from '../domain/settled-intervals.ts'
import type { Database, Transaction } from './database.ts'
import type { Revised } from './price-corrections.ts'
import { correctionRow, declaredHoursOf } from './settlement-intake.ts'
import {
  listKnown,
  reviseInterval,
  type SettledRate,
  type SettlementStamp,
  settlementRow,
  writeSettlements
} from './settlements.ts'

/** The intervals of an instrument's whole history, what is stored and what is about to be: the same however a file is cut. */
export async function intervalsWith(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  added: readonly number[]
): Promise<Map<number, number | null>> {
  const { rows } = await client.query<{ settled_at: Date }>(
    'select distinct settled_at from settlement where instrument_id = $1',
    [instrumentId]
  )
  const times = [...new Set([...rows.map(({ settled_at }) => settled_at.getTime()), ...added])].sort((a, b) => a - b)
  const intervals = observedIntervals(times)
  return new Map(times.map((time, index) => [time, intervals[index] ?? null]))
}

/** Stores settlements with intervals that are known already; one that is there stays. Answers how many were new. */
export async function insertSettlementsWith(
  client: Transaction,
  instrumentId: number,
  rates: readonly SettledRate[],
  intervals: ReadonlyMap<number, number | null>,
  stamp: SettlementStamp
): Promise<number> {
  const rows = rates.map((rate) => {
    const hours = intervals.get(rate.settledAt) ?? null
    return settlementRow(instrumentId, rate, hours === null ? null : { hours, source: 'observed' }, stamp)
  })
  return (await writeSettlements(client, instrumentId, rows)).length
}

/** Stores another rate for settlements that are there, each as the next revision. Answers what was revised. */
export async function correctSettlements(
  client: Transaction,
  instrumentId: number,
  rates: readonly SettledRate[],
  stamp: SettlementStamp
): Promise<Revised[]> {
  if (rates.length === 0) return []
  const times = rates.map(({ settledAt }) => settledAt)
  const window = { from: times.reduce((a, b) => Math.min(a, b)), to: times.reduce((a, b) => Math.max(a, b)) }
  const known = new Map((await listKnown(client, instrumentId, window)).map((row) => [row.settledAt, row]))
  const rows = rates.flatMap((rate) => {
    const before = known.get(rate.settledAt)
    // The file says nothing of the mark, which stays.
    return before === undefined ? [] : [correctionRow(instrumentId, before, { ...rate, mark: before.mark }, stamp)]
  })
  const written = await writeSettlements(client, instrumentId, rows)
  return written.map(({ settledAt, revision }) => ({ at: settledAt, revision }))
}

/** Revises every stored settlement whose interval the whole history shows to be another. Answers how many. */
export async function reviseIntervals(
  client: Transaction,
  instrumentId: number,
  stamp: SettlementStamp
): Promise<number> {
  const known = await listKnown(client, instrumentId, { from: null, to: null })
  const intervals = settledIntervals(
    known.map((row) => ({ settledAt: row.settledAt, declaredHours: declaredHoursOf(row) }))
  )
  const rows = known.flatMap((row, index) => {
    const interval = intervals[index] ?? null
    return row.intervalHours === (interval?.hours ?? null) ? [] : [reviseInterval(instrumentId, row, interval, stamp)]
  })
  return (await writeSettlements(client, instrumentId, rows)).length
}
