import type { LatestEstimate, LatestOpenInterest, LatestQuote } from '../../src/domain/latest.ts'
import type { Liquidation } from '../../src/domain/liquidation.ts'
import type { Database } from '../../src/store/database.ts'
import { insertDepths, type StoredDepth } from '../../src/store/depth.ts'
import { insertFlows, type StoredFlow } from '../../src/store/flow.ts'
import { upsertLatest } from '../../src/store/latest.ts'
import { insertLooks, type StoredLook } from '../../src/store/liquidations.ts'
import { insertSnapshots } from '../../src/store/observations.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { pastObservation } from '../../src/store/past-observations.ts'

const AT_MS = Date.UTC(2026, 5, 15, 12) - 10_000

/** Open interest and volume as a tick would have stored them, ten seconds before the tests' now unless told. */
export async function observeSizes(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<LatestOpenInterest, 'instrumentId'>>
): Promise<void> {
  const held: LatestOpenInterest = {
    instrumentId,
    base: '10',
    quote: '640000',
    usd: '640000',
    unit: 'base',
    sides: 1,
    venueTime: null,
    ...said,
    observedAt
  }
  const volumes = [{ instrumentId, volume24hUsd: '1280000', unit: 'quote' as const, observedAt }]
  const none = { quotes: [], lasts: [], marks: [], estimates: [] }
  await ensurePartitions(db, 'market_snapshot', [observedAt], observedAt)
  await db.transaction(async (client) => {
    await upsertLatest(client, observedAt, { ...none, openInterest: [held], volumes })
    const row = {
      ...pastObservation(instrumentId, { at: observedAt, last: '64000', spanMs: 60_000 }),
      openInterestBase: held.base,
      openInterestQuote: held.quote,
      openInterestUsd: held.usd,
      openInterestSides: held.sides,
      openInterestUnit: held.unit,
      openInterestAt: observedAt,
      volume24hUsd: '1280000'
    }
    await insertSnapshots(client, [row], { source: 'polled', adapterVersion: 1, epoch: 1 })
  })
}

/** Spread and depth as a round would have stored them, ten seconds before the tests' now unless told. */
export async function observeDepth(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<StoredDepth, 'instrumentId'>>
): Promise<void> {
  const depth: StoredDepth = {
    instrumentId,
    mid: '64000',
    spreadBps: 0.5,
    venueTime: observedAt - 40,
    bid10: '300',
    ask10: '100',
    bid25: '800',
    ask25: '700',
    bid50: '2000',
    ask50: '1500',
    ...said,
    observedAt
  }
  const stamp = { tickAt: observedAt, spanMs: 60_000, source: 'polled' as const, adapterVersion: 1, epoch: 1 }
  await ensurePartitions(db, 'depth_snapshot', [observedAt], observedAt)
  await db.transaction((client) => insertDepths(client, [depth], { ...stamp, formulaVersion: 1 }))
}

/** A quote as a poll would have left it, ten seconds before the tests' now unless told. */
export async function observeQuote(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<LatestQuote, 'instrumentId'>>
): Promise<void> {
  const quote = {
    instrumentId,
    bid: '0.9997',
    ask: '0.9999',
    bidSize: '1',
    askSize: '1',
    venueTime: null,
    ...said,
    observedAt
  }
  const none = { lasts: [], marks: [], estimates: [], openInterest: [], volumes: [] }
  await db.transaction((client) => upsertLatest(client, observedAt, { ...none, quotes: [quote] }))
}

/** Flow as a round would have stored it, ten seconds before the tests' now unless told. */
export async function observeFlow(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<StoredFlow, 'instrumentId'>>
): Promise<void> {
  const flow: StoredFlow = {
    instrumentId,
    longShortRatio: '1.5',
    longShortAt: observedAt - 60_000,
    takerBuy: '30',
    takerSell: '10',
    takerAt: observedAt - 360_000,
    windowMs: 300_000,
    ...said,
    observedAt
  }
  const stamp = { tickAt: observedAt, spanMs: 300_000, source: 'polled' as const, adapterVersion: 1, epoch: 1 }
  await ensurePartitions(db, 'flow_snapshot', [observedAt], observedAt)
  await db.transaction((client) => insertFlows(client, [flow], stamp))
}

/** A look for liquidations as a round would have stored it, ten seconds before the tests' now unless told. */
export async function observeLiquidations(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<StoredLook, 'instrumentId'>>
): Promise<void> {
  const look: StoredLook = {
    instrumentId,
    sampleOf: 'newest_100_orders',
    reachesFrom: observedAt - 3_600_000,
    liquidations: [],
    ...said,
    observedAt
  }
  const stamp = { tickAt: observedAt, spanMs: 60_000, source: 'polled' as const, adapterVersion: 1, epoch: 1 }
  await ensurePartitions(db, 'liquidation_look', [observedAt], observedAt)
  await ensurePartitions(db, 'liquidation', [observedAt], observedAt)
  await db.transaction((client) => insertLooks(client, [look], stamp))
}

/** A liquidation of one base at 64,000, a minute and ten seconds before the tests' now unless told. */
export const aLiquidation = (said: Partial<Liquidation> = {}): Liquidation => ({
  nativeId: 'a',
  occurredAt: AT_MS - 60_000,
  position: 'long',
  price: '64000',
  base: '1',
  quote: '64000',
  ...said
})

/** A venue's rate for its next settlement as a poll would have left it, ten seconds before the tests' now unless told. */
export async function observeEstimate(
  db: Database,
  instrumentId: number,
  { observedAt = AT_MS, ...said }: Partial<Omit<LatestEstimate, 'instrumentId'>>
): Promise<void> {
  const estimate: LatestEstimate = {
    instrumentId,
    rate: '0.0001',
    intervalHours: 8,
    intervalSource: 'declared',
    kind: 'indicative',
    nextSettlementAt: AT_MS + 10_000 + 4 * 3_600_000,
    nextSettlementVenueTime: AT_MS + 10_000 + 4 * 3_600_000,
    cap: '0.003',
    floor: '-0.003',
    determined: 0.25,
    venueTime: null,
    ...said,
    observedAt
  }
  const none = { quotes: [], lasts: [], marks: [], openInterest: [], volumes: [] }
  await db.transaction((client) => upsertLatest(client, observedAt, { ...none, estimates: [estimate] }))
}
