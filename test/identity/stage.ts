import assert from 'node:assert/strict'
import { startApi } from '../../src/api/server.ts'
import type { BoardRow } from '../../src/domain/board-row.ts'
import type { InstrumentOverride } from '../../src/domain/override.ts'
import { floorTo } from '../../src/domain/time.ts'
import { rankAssets } from '../../src/jobs/assets.ts'
import { type CollectedVenue, collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { loadMarkets } from '../../src/jobs/markets.ts'
import type { FaultRule } from '../../src/sim/faults/rule.ts'
import { startSim } from '../../src/sim/server.ts'
import { readBoard } from '../../src/store/board.ts'
import { ensureClosedVenues } from '../../src/store/closed-venues.ts'
import type { Database } from '../../src/store/database.ts'
import { listInstrumentsOf } from '../../src/store/instruments.ts'
import { saveOverrides } from '../../src/store/overrides.ts'
import { ensureLivePartitions } from '../../src/store/partitions.ts'
import { CLOSED_VENUES } from '../../src/venues/closed.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { CONFIG, eventually } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { FEW_ASSETS } from '../support/exchange.ts'
import { openLine, silentLog } from '../support/line.ts'

export const POLL_MS = 10_000
const STARTS_AT = Date.UTC(2026, 10, 25, 3, 20) + 400

// biome-ignore lint/suspicious/noExplicitAny: answers of the API, read by tests that know their shape
export type Answer = any

/** Collectors and derivers on simulated exchanges that are steered by their control port, looked at through REST. */
export type Stage = AsyncDisposable & {
  readonly db: Database
  now(): number
  /** Moves the time on by a poll (or to `atMs`), collects every venue and derives every board. */
  tick(atMs?: number): Promise<void>
  setFaults(rules: readonly FaultRule[]): Promise<void>
  /** Loads what these venues list, `afterMs` later, and decides anew what is followed. */
  reload(venues?: readonly string[], afterMs?: number): Promise<void>
  override(overrides: readonly Partial<InstrumentOverride>[]): Promise<void>
  get(path: string): Promise<Answer>
  /** One instrument, board row or venue as REST tells it. */
  instrument(key: string): Promise<Answer>
  row(key: string): Promise<BoardRow | undefined>
  venue(id: string): Promise<Answer>
  graphql(query: string): Promise<Answer>
}

export async function openStage(
  ids: readonly string[],
  {
    assets,
    faults = [],
    listing = 'few'
  }: { readonly assets: readonly string[]; readonly faults?: readonly FaultRule[]; readonly listing?: 'few' | 'every' }
): Promise<Stage> {
  let nowMs = STARTS_AT
  const clock = { now: () => nowMs }
  await using opened = new AsyncDisposableStack()
  const sim = await startSim({ seed: 7, clock, ...(listing === 'few' ? { assets: FEW_ASSETS } : {}) })
  opened.defer(() => sim.close())
  const { db } = opened.use(await testDatabase())
  const setFaults = async (rules: readonly FaultRule[]) => {
    const response = await fetch(`${sim.controlUrl}/faults`, { method: 'PUT', body: JSON.stringify(rules) })
    assert.equal(response.status, 200, await response.text())
  }
  await setFaults(faults)
  await ensureClosedVenues(db, CLOSED_VENUES)
  const adapters = ids.map((id) => findAdapter(id)!)
  const line = opened.use(await openLine(db, sim, { clock, adapters, assets, timeoutMs: 10_000 }))
  const deps = { ...line.deps, storeMs: POLL_MS }
  const venues: Record<string, CollectedVenue> = { ...line.venues }
  // A board is made anew when a second has passed: the server's clock goes to and fro by one.
  let offsetMs = 0
  const apiClock = { now: () => nowMs + offsetMs }
  const api = await startApi({ config: CONFIG, db, clock: apiClock, log: silentLog, kind: 'simulated' })
  opened.defer(() => api.close())
  const get = async (path: string): Promise<Answer> => {
    offsetMs = 1_000 - offsetMs
    const response = await fetch(api.address + path)
    return await response.json()
  }
  const follow = async () => {
    await rankAssets({ ...deps, assets, assetCount: 50, venues: new Set(ids) }, [])
    for (const id of ids) {
      const ours = (await listInstrumentsOf(db, id)).filter(({ venue }) => venue === id)
      venues[id] = { ...venues[id]!, instruments: new Map(ours.map((each) => [each.symbol, each])) }
    }
  }
  const everything = opened.move()
  return {
    db,
    now: () => nowMs,
    tick: async (atMs = nowMs + POLL_MS) => {
      nowMs = floorTo(atMs, POLL_MS) + 400
      await ensureLivePartitions(db, nowMs, 1)
      const tickAt = floorTo(nowMs, POLL_MS)
      await Promise.all(ids.map((id) => collect(deps, venues[id]!, tickAt)))
      for (const id of ids) await derive(deps, id, tickAt)
      for (const id of ids) await isServed(db, id, get)
    },
    setFaults,
    reload: async (which = ids, afterMs = POLL_MS) => {
      nowMs += afterMs
      for (const id of which) await loadMarkets(deps, venues[id]!.adapter, venues[id]!.client)
      await follow()
    },
    override: async (overrides) => {
      const nothing = { asset: null, assetClass: null, multiplier: null, renamedFrom: null, note: null }
      await saveOverrides(
        db,
        overrides.map((override) => ({ ...nothing, ...override }) as InstrumentOverride)
      )
    },
    get,
    instrument: async (key) => {
      // What names mean is kept for some seconds: as soon as anything is asked.
      nowMs += 6_000
      const { data } = await get(`/v1/instruments?venue=${key.split(':')[0]}&limit=5000`)
      return data.find(({ instrument }: Answer) => instrument === key)
    },
    row: async (key) => {
      const { data } = await get(`/v1/basis?venue=${key.split(':')[0]}&limit=5000`)
      return data.find(({ instrument }: Answer) => instrument === key)
    },
    venue: async (id) => (await get(`/v1/venues?venue=${id}`)).data[0],
    graphql: async (query) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${api.address}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query })
      })
      return await response.json()
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync()
  }
}

/** The board is served from memory, which follows what is stored. */
async function isServed(db: Database, venue: string, get: (path: string) => Promise<Answer>): Promise<void> {
  const stored = await readBoard(db, venue)
  const textOf = (rows: readonly BoardRow[]) =>
    rows
      .map(({ instrument, contractObservedAt }) => `${instrument} ${contractObservedAt}`)
      .sort()
      .join()
  await eventually(
    () => get(`/v1/basis?venue=${venue}&limit=5000`),
    ({ data }) => textOf(data) === textOf(stored)
  )
}
