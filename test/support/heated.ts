import type { Database } from '../../src/store/database.ts'
import { insertFlows } from '../../src/store/flow.ts'
import { insertSnapshots, type Stamp } from '../../src/store/observations.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { pastObservation } from '../../src/store/past-observations.ts'

export type HeldHour = {
  readonly observedAt: number
  readonly base: string
  readonly longShortRatio: string
}

/** Open interest, volume and account ratios of a perpetual, an hour each. */
export async function observeHours(db: Database, instrumentId: number, hours: readonly HeldHour[]): Promise<void> {
  const times = hours.map(({ observedAt }) => observedAt)
  for (const table of ['market_snapshot', 'flow_snapshot'] as const)
    await ensurePartitions(db, table, times, Math.max(...times))
  const stamp: Pick<Stamp, 'source' | 'adapterVersion' | 'epoch'> = { source: 'polled', adapterVersion: 1, epoch: 1 }
  const held = hours.map(({ observedAt, base }) => ({
    ...pastObservation(instrumentId, { at: observedAt, last: '64000', spanMs: 60_000 }),
    openInterestBase: base,
    openInterestUsd: String(Number(base) * 64_000),
    openInterestSides: 1,
    openInterestUnit: 'base' as const,
    openInterestAt: observedAt,
    volume24hUsd: '1280000'
  }))
  await db.transaction(async (client) => {
    await insertSnapshots(client, held, stamp)
    for (const { observedAt, longShortRatio } of hours) {
      const flow = {
        instrumentId,
        observedAt,
        longShortRatio,
        longShortAt: observedAt,
        takerBuy: null,
        takerSell: null,
        takerAt: null,
        windowMs: 300_000
      }
      await insertFlows(client, [flow], { ...stamp, tickAt: observedAt, spanMs: 300_000 })
    }
  })
}
