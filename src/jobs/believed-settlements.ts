import { settlementProblems } from '../domain/told-plausibility.ts'
import type { Database } from '../store/database.ts'
import { listToldBefore } from '../store/last-estimates.ts'
import { listKnown } from '../store/settlements.ts'
import { skip } from '../venues/normalise.ts'
import type { Settlement, Skipped } from '../venues/venue.ts'

export type Believed = { readonly rows: readonly Settlement[]; readonly refused: readonly Skipped[] }

/** The part of what a venue says of its settlements that does not contradict what it said before; the rest with why. */
export async function believedSettlements(
  db: Pick<Database, 'query'>,
  instrumentId: number,
  rows: readonly Settlement[],
  saidAt: number
): Promise<Believed> {
  if (rows.length === 0) return { rows, refused: [] }
  const times = rows.map(({ settledAt }) => settledAt)
  const known = await listKnown(db, instrumentId, { from: Math.min(...times), to: Math.max(...times) })
  const storedAt = new Map(known.map(({ settledAt, rate }) => [settledAt, Number(rate)]))
  const told = await listToldBefore(db, instrumentId, times)
  const problems = settlementProblems(
    rows.map(({ settledAt, rate }) => ({
      settledAt,
      saidAt,
      rate: Number(rate),
      told: told.get(settledAt) ?? null,
      stored: storedAt.get(settledAt) ?? null
    }))
  )
  return {
    rows: rows.filter((_, index) => problems[index] === null),
    refused: rows.flatMap((row, index) => (problems[index] === null ? [] : [skip(row.symbol, problems[index]!)]))
  }
}
