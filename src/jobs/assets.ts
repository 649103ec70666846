import type { Clock } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Log } from '../log.ts'
import { type AssetRank, listTrackedAssets, saveAssetRanks } from '../store/assets.ts'
import type { Database } from '../store/database.ts'
import { listInstruments } from '../store/instruments.ts'
import { saveTracked } from '../store/spot-legs.ts'
import type { VenueClient } from '../venues/ccxt-client.ts'
import type { Fact, Reading, VenueAdapter } from '../venues/venue.ts'
import { toOpenInterest } from './collected-facts.ts'
import { chooseTracked } from './markets.ts'
import { createSweepMemory, sweepVenue } from './sweep.ts'

export type AssetDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** The configured assets; null ranks them. */
  readonly assets: readonly string[] | null
  readonly assetCount: number
  readonly venues: ReadonlySet<string>
}
type Connected = { readonly adapter: VenueAdapter; readonly client: VenueClient }

/** A followed asset stays until it falls this much below the line, so that two neighbours do not swap places every hour. */
const STAYING_SHARE = 1.2

/**
 * Decides which assets are followed: the configured ones, else the largest by open interest on the venues that give it in bulk,
 * else by 24 h volume. While a venue does not answer fully, the last ranking stays; without one the venues that do must do.
 * Answers how many instruments are followed; throws when nobody could rank and there is no ranking yet.
 */
export async function rankAssets(deps: AssetDeps, connected: readonly Connected[]): Promise<number> {
  const { db, clock, log } = deps
  const instruments = await listInstruments(db)
  const before = await listTrackedAssets(db)
  const ranks = deps.assets ? configuredRanks(deps.assets) : await measureRanks(deps, connected, instruments, before)
  if (ranks.length === 0 && before.length === 0) throw new Error('no venue could rank the assets yet')
  const assets = ranks.length > 0 ? ranks.filter(({ tracked }) => tracked).map(({ asset }) => asset) : before
  if (ranks.length > 0) await saveAssetRanks(db, ranks, clock.now())
  const tracked = chooseTracked(instruments, new Set(assets), deps.venues)
  await saveTracked(db, tracked)
  log.info({ assets: assets.length, instruments: tracked.length, ranked: ranks.length }, 'assets.finished')
  return tracked.length
}

const configuredRanks = (assets: readonly string[]): AssetRank[] =>
  assets.map((asset, index) => ({ asset, openInterestUsd: null, volume24hUsd: null, rank: index + 1, tracked: true }))

async function measureRanks(
  { assetCount }: AssetDeps,
  connected: readonly Connected[],
  instruments: readonly Instrument[],
  before: readonly string[]
): Promise<AssetRank[]> {
  const measured = await Promise.all(connected.map(async (venue) => ({ ...venue, reading: await measure(venue) })))
  const bulk = measured.filter(({ adapter }) => adapter.hasBulkOpenInterest)
  // A venue that is missing today would push its assets out of a ranking that is only a little old.
  if (before.length > 0 && bulk.some(({ reading }) => reading === undefined)) return []
  const answered = (venues: typeof measured) => venues.filter(({ reading }) => reading !== undefined)
  const sources = answered(bulk).length > 0 ? answered(bulk) : answered(measured)
  const totals = new Map<string, Totals>()
  const all = instruments.filter(({ kind }) => kind !== 'spot')
  for (const { adapter, reading } of sources) {
    const contracts = all.filter(({ venue, quarantine }) => venue === adapter.id && quarantine === null)
    addTotals(totals, reading!, new Map(contracts.map((contract) => [contract.symbol, contract])))
  }
  const doubted = new Set(all.filter(({ quarantine }) => quarantine !== null).map(({ asset }) => asset))
  return rankTotals(totals, assetCount, { before: new Set(before), doubted })
}

/** What a venue says of open interest and volume; undefined unless it answers all of it. */
async function measure({ adapter, client }: Connected): Promise<Reading | undefined> {
  const { reading, failures } = await sweepVenue(adapter, client, createSweepMemory(), 0, { isPatient: true })
  const isSize = (fact: Fact) => fact === 'open_interest' || fact === 'volume'
  return failures.some(({ call }) => call.facts.some(isSize)) ? undefined : reading
}

/** What is under quarantine counts for nobody's size; an asset of which something is stays followed, or nothing could ever release it. */
function rankTotals(
  totals: ReadonlyMap<string, Totals>,
  assetCount: number,
  { before, doubted }: { readonly before: ReadonlySet<string>; readonly doubted: ReadonlySet<string> }
): AssetRank[] {
  const byOpenInterest = [...totals.values()].some(({ openInterest }) => openInterest > 0)
  const size = (total: Totals) => (byOpenInterest ? total.openInterest : total.volume)
  const ordered = [...totals].sort(([a, x], [b, y]) => size(y) - size(x) || a.localeCompare(b))
  const isHeld = (asset: string) => before.has(asset) && doubted.has(asset)
  const unmeasured = [...doubted].filter((asset) => isHeld(asset) && !totals.has(asset)).sort()
  const measured = ordered.map(([asset, { openInterest, volume }], index) => ({
    asset,
    openInterestUsd: byOpenInterest ? openInterest.toFixed(2) : null,
    volume24hUsd: volume.toFixed(2),
    rank: index + 1,
    tracked: index < assetCount || (before.has(asset) && index < assetCount * STAYING_SHARE) || isHeld(asset)
  }))
  const rest = unmeasured.map((asset, index) => ({
    asset,
    openInterestUsd: null,
    volume24hUsd: null,
    rank: measured.length + index + 1,
    tracked: true
  }))
  return [...measured, ...rest]
}

type Totals = { openInterest: number; volume: number }

function addTotals(totals: Map<string, Totals>, reading: Reading, contracts: ReadonlyMap<string, Instrument>): void {
  const totalOf = (symbol: string): Totals | undefined => {
    const contract = contracts.get(symbol)
    if (!contract) return undefined
    const total = totals.get(contract.asset) ?? { openInterest: 0, volume: 0 }
    totals.set(contract.asset, total)
    return total
  }
  for (const row of reading.openInterest) {
    const total = totalOf(row.symbol)
    if (total) total.openInterest += Number(toOpenInterest(row, contracts.get(row.symbol)!, null).usd ?? 0)
  }
  for (const row of reading.volumes) {
    const total = totalOf(row.symbol)
    if (total) total.volume += Number(row.volume24hUsd)
  }
}
