import { isoOf } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { insertSnapshots } from '../../src/store/observations.ts'
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
  const held = hours.map(({ observedAt, base }) => ({
    ...pastObservation(instrumentId, { at: observedAt, last: '64000', spanMs: 60_000 }),
    openInterestBase: base,
    openInterestUsd: String(Number(base) * 64_000),
    openInterestSides: 1,
    openInterestUnit: 'base' as const,
    openInterestAt: observedAt,
    volume24hUsd: '1280000'
  }))
  const flows = hours.map(({ observedAt, longShortRatio }) => ({ at: isoOf(observedAt), ratio: longShortRatio }))
  await db.transaction(async (client) => {
    await insertSnapshots(client, held, { source: 'polled', adapterVersion: 1, epoch: 1 })
    await client.query(
      `insert into flow_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, long_short_ratio,
         long_short_at, window_ms, span_ms, source, adapter_version, epoch)
       select $1, at, at, now(), at, ratio, at, 300000, 300000, 'polled', 1, 1
       from json_to_recordset($2) as r (at timestamptz, ratio numeric)`,
      [instrumentId, JSON.stringify(flows)]
    )
  })
}
