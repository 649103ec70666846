import { keepHistory } from '../../src/jobs/keeper.ts'
import { derivePastBasis } from '../../src/jobs/past-basis.ts'
import type { Database } from '../../src/store/database.ts'
import { insertSnapshots } from '../../src/store/observations.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { lockPast, pastObservation } from '../../src/store/past-observations.ts'
import { correctPrices } from '../../src/store/price-corrections.ts'
import { anInstrument } from './instrument.ts'

const MINUTE = 60_000
export const DAY = 86_400_000
/** From here on history is stored, sealed and rolled up in tests of keeping: days to come, so that all is known for long when they are over. */
export const START = Math.floor(Date.now() / DAY) * DAY
export const DAYS = 5
export const SPOT = anInstrument('binance:BTC/USDT', { id: 1 })
export const CONTRACT = anInstrument('binance:BTC/USDT:USDT', { id: 2, spotId: 1 })

export type Price = { readonly instrumentId: number; readonly at: number; readonly last: string }
const CONFIG = { hotDays: 1, rawDays: null }

/** Stores last prices of both legs and derives their bases, as an import does, in one transaction; one that corrects is the last word. */
export async function storePrices(db: Database, prices: readonly Price[], isCorrecting = false) {
  const times = prices.map(({ at }) => at)
  for (const table of ['market_snapshot', 'basis_snapshot'] as const)
    await ensurePartitions(db, table, times, START + DAYS * DAY)
  await db.transaction(async (client) => {
    const stamp = { source: 'import' as const, adapterVersion: 1, epoch: 0 }
    // The same more than once within one batch is for the caller to sort out, as an import does.
    const unique = [...new Map(prices.map((price) => [`${price.instrumentId} ${price.at}`, price])).values()]
    await insertSnapshots(
      client,
      unique.map(({ instrumentId, ...price }) => pastObservation(instrumentId, { ...price, spanMs: MINUTE })),
      stamp
    )
    for (const { id } of isCorrecting ? [SPOT, CONTRACT] : []) {
      await lockPast(client, id)
      const own = unique.filter(({ instrumentId }) => instrumentId === id)
      await correctPrices(client, id, own, stamp)
    }
    for (const changed of [SPOT, CONTRACT]) {
      const own = unique.filter(({ instrumentId }) => instrumentId === changed.id).map(({ at }) => at)
      if (own.length === 0) continue
      await derivePastBasis(client, [SPOT, CONTRACT], changed, { from: Math.min(...own), to: Math.max(...own) }, stamp)
    }
  })
}

/** One run of the keeper at a time. */
export const keepAt = (db: Database, nowMs: number, config: { hotDays: number; rawDays: number | null } = CONFIG) =>
  keepHistory({ db, clock: { now: () => nowMs }, config } as Parameters<typeof keepHistory>[0], () => true)
