import assert from 'node:assert/strict'
import type { Clock } from '../../src/clock.ts'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { DAY, floorTo } from '../../src/domain/time.ts'
import { type CollectOutcome, collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { createSweepMemory, sweepVenue } from '../../src/jobs/sweep.ts'
import type { FaultRule } from '../../src/sim/faults/rule.ts'
import { type Sim, startSim } from '../../src/sim/server.ts'
import { readBoard } from '../../src/store/board.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureLivePartitions } from '../../src/store/partitions.ts'
import { openClient } from '../../src/venues/ccxt-client.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import type { Reading, VenueAdapter } from '../../src/venues/venue.ts'
import { testDatabase } from '../support/database.ts'
import { FEW_ASSETS } from '../support/exchange.ts'
import { type Line, openLine } from '../support/line.ts'

export const POLL_MS = 10_000
const SEED = 7
/** A day on which the simulated market has moved so little that yesterday's prices look like today's. */
const STARTS_AT = Date.UTC(2026, 10, 25, 3, 20) + 400
/** Long enough for a parse on a busy machine, short enough for a test of silence. */
export const TIMEOUT_MS = 4_000

export type VenueRow = {
  readonly state: string
  readonly reason: string | null
  readonly bannedUntil: number | null
}

/** A collector and a deriver, simulated exchanges that can be made to misbehave, and others that cannot: the truth. */
export type Rig = AsyncDisposable & {
  readonly db: Database
  readonly line: Line
  readonly sim: Sim
  readonly clock: Clock
  /** Moves the time on by a poll (or to `atMs`), collects both venues at once, and derives both boards. */
  tick(atMs?: number): Promise<Readonly<Record<string, CollectOutcome | undefined>>>
  /** Moves the time on, and asks nobody. */
  wait(atMs: number): void
  /** Orders every asset's regime on the simulated exchanges, from a moment on: now unless told. */
  order(regime: string, fromMs?: number): Promise<void>
  setFaults(rules: readonly FaultRule[]): Promise<void>
  /** How many requests have met the fault that is on; of several the one that the fewest have. */
  injected(): Promise<number>
  requests(since?: number): Promise<{ venue: string; path: string; at: number; fault: string | null }[]>
  /** What a venue that nothing is wrong with says at this moment. */
  truth(venue: string): Promise<Reading>
  venue(id: string): Promise<VenueRow>
  board(venue: string): Promise<BoardRow[]>
}

const ASSETS = ['BTC', 'ETH', 'PEPE', 'SOL']

export async function openRig(
  venues: readonly string[] = ['binance', 'bybit'],
  assets: readonly string[] = ASSETS
): Promise<Rig> {
  let nowMs = STARTS_AT
  let partitionedAt = Number.NaN
  const clock = { now: () => nowMs }
  const market = { seed: SEED, clock, assets: FEW_ASSETS }
  const [sim, well] = await Promise.all([startSim(market), startSim(market)])
  const t = await testDatabase()
  const adapters = venues.map((id) => findAdapter(id)!)
  const line = await openLine(t.db, sim, { clock, assets, adapters, timeoutMs: TIMEOUT_MS })
  const oracle = await openClients(well, clock, adapters)
  // Every poll is kept as history, so that every poll can be looked at.
  const deps = { ...line.deps, storeMs: POLL_MS }
  const control = (path: string, init?: RequestInit) => controlled(sim, path, init)
  const poll = async (id: string) => [id, await collect(deps, line.venues[id]!, floorTo(nowMs, POLL_MS))] as const
  return {
    db: t.db,
    line,
    sim,
    clock,
    tick: async (atMs = nowMs + POLL_MS) => {
      nowMs = floorTo(atMs, POLL_MS) + 400
      // A day's are made with those of a week ahead.
      if (floorTo(nowMs, DAY) !== partitionedAt) await ensureLivePartitions(t.db, nowMs)
      partitionedAt = floorTo(nowMs, DAY)
      const outcomes = await Promise.all(venues.map(poll))
      for (const id of venues) await derive(deps, id, floorTo(nowMs, POLL_MS))
      return Object.fromEntries(outcomes)
    },
    wait: (atMs) => {
      nowMs = atMs
    },
    order: async (regime, fromMs = nowMs) => {
      const now = nowMs
      nowMs = fromMs
      const body = JSON.stringify(Object.fromEntries(assets.map((asset) => [asset, regime])))
      await control('/regimes', { method: 'PUT', body })
      nowMs = now
    },
    setFaults: async (rules) => {
      await control('/faults', { method: 'PUT', body: JSON.stringify(rules) })
    },
    injected: async () =>
      Math.min(...(await control('/faults')).faults.map((rule: { injected: number }) => rule.injected)),
    requests: async (since = 0) => (await control(`/requests?since=${since}`)).requests,
    truth: async (id) => {
      const { adapter, client } = oracle.get(id)!
      return (await sweepVenue(adapter, client, createSweepMemory(), nowMs)).reading
    },
    venue: async (id) => {
      const { rows } = await t.db.query<{ state: string; state_reason: string | null; banned_until: Date | null }>(
        'select state, state_reason, banned_until from venue where id = $1',
        [id]
      )
      const { state, state_reason, banned_until } = rows[0]!
      return { state, reason: state_reason, bannedUntil: banned_until?.getTime() ?? null }
    },
    board: (id) => readBoard(t.db, id),
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]()
      await Promise.all([...oracle.values()].map(({ client }) => client.close()))
      await Promise.all([sim.close(), well.close()])
      await t[Symbol.asyncDispose]()
    }
  }
}

/** Who asks the exchanges that are well keeps nothing, and so needs no database. */
async function openClients(sim: Sim, clock: Clock, adapters: readonly VenueAdapter[]) {
  const opened = adapters.map(async (adapter) => {
    const urls = sim.urls[adapter.id as keyof Sim['urls']]
    const options = { clock, timeoutMs: 10_000, maxBytes: 20e6, urls, throttled: false }
    const client = await openClient(adapter, options)
    await client.loadMarkets()
    return [adapter.id, { adapter, client }] as const
  })
  return new Map(await Promise.all(opened))
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of the control endpoint, read by the tests that know its shape
async function controlled(sim: Sim, path: string, init?: RequestInit): Promise<any> {
  const response = await fetch(sim.controlUrl + path, init)
  const body = await response.json()
  assert.equal(response.status, 200, JSON.stringify(body))
  return body
}
