import { observedIntervals } from '../domain/funding.ts'
import type { Database, Transaction } from './database.ts'
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
  const rows = rates.map((rate) => settlementRow(instrumentId, rate, 0, intervals.get(rate.settledAt) ?? null, stamp))
  return (await writeSettlements(client, instrumentId, rows)).length
}

/** Revises every stored settlement whose interval the whole history shows to be another. Answers how many. */
export async function reviseIntervals(
  client: Transaction,
  instrumentId: number,
  stamp: SettlementStamp
): Promise<number> {
  const known = await listKnown(client, instrumentId, { from: null, to: null })
  const intervals = observedIntervals(known.map(({ settledAt }) => settledAt))
  const rows = known.flatMap((row, index) => {
    const intervalHours = intervals[index] ?? null
    return row.intervalHours === intervalHours ? [] : [reviseInterval(instrumentId, row, intervalHours, stamp)]
  })
  return (await writeSettlements(client, instrumentId, rows)).length
}
