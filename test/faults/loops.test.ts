import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { runCollector } from '../../src/jobs/collector.ts'
import type { FaultRule } from '../../src/sim/faults/rule.ts'
import { type Sim, startSim } from '../../src/sim/server.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureLivePartitions } from '../../src/store/partitions.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { FEW_ASSETS } from '../support/exchange.ts'
import { silentLog } from '../support/line.ts'
import { eventually } from '../support/service.ts'

const POLL_MS = 500
/** What an instance may rely on what it read about a ban (`jobs/venue-gate.ts`), and what is on its way meanwhile. */
const WORD_SPREADS_MS = 1_300

/** One instance's collector, running until it is stopped. */
function startCollector(db: Database, sim: Sim, holder: string, settings: Readonly<Record<string, string>> = {}) {
  const stop = new AbortController()
  const config = loadConfig({
    POLL_SECONDS: String(POLL_MS / 1_000),
    STORE_SECONDS: '60',
    OPEN_INTEREST_SECONDS: '1',
    CALL_TIMEOUT_SECONDS: '0.45',
    ASSETS: 'BTC,ETH,SOL',
    VENUES: 'binance,bybit',
    VENUE_URLS: JSON.stringify(sim.urls),
    ...settings
  })
  const deps = {
    db,
    clock: systemClock,
    log: silentLog,
    config,
    holder,
    adapters: [findAdapter('binance')!, findAdapter('bybit')!],
    jitter: () => 0.5,
    isSimulated: true,
    disk: { isFull: async () => false }
  }
  const ended = runCollector(deps, stop.signal)
  return {
    stop: async () => {
      stop.abort()
      await ended
    }
  }
}

const setFaults = async (sim: Sim, rules: readonly FaultRule[]) => {
  const response = await fetch(`${sim.controlUrl}/faults`, { method: 'PUT', body: JSON.stringify(rules) })
  assert.equal(response.status, 200)
}
type Logged = { venue: string; at: number; fault: string | null }
const requestsOf = async (sim: Sim): Promise<Logged[]> =>
  ((await (await fetch(`${sim.controlUrl}/requests`)).json()) as { requests: Logged[] }).requests

const venueOf = async (db: Database, venue: string) => {
  const { rows } = await db.query<{ state: string; banned_until: Date | null }>(
    'select state, banned_until from venue where id = $1',
    [venue]
  )
  return rows[0]
}
const untilUp = (db: Database, venue: string) =>
  eventually(`${venue} is up`, async () => ((await venueOf(db, venue))?.state === 'up' ? true : undefined))

async function doneTicks(db: Database, venue: string, since: number) {
  const { rows } = await db.query<{ tick_at: Date }>(
    `select tick_at from tick
     where job = 'collect' and scope = $1 and state = 'done' and tick_at > $2 order by tick_at`,
    [venue, new Date(since)]
  )
  return rows
}

test('a venue that does not answer does not hold up another', async () => {
  await using t = await testDatabase()
  await ensureLivePartitions(t.db, systemClock.now())
  const sim = await startSim({ seed: 7, clock: systemClock, assets: FEW_ASSETS })
  const collector = startCollector(t.db, sim, 'one', { CALL_TIMEOUT_SECONDS: '60' })
  try {
    await untilUp(t.db, 'binance')
    await untilUp(t.db, 'bybit')
    await setFaults(sim, [{ venue: 'bybit', kind: 'silence' }])
    const isAsked = async () => (await requestsOf(sim)).some(({ fault }) => fault === 'silence')
    await eventually('bybit is asked', async () => ((await isAsked()) ? true : undefined))
    const since = systemClock.now()
    await eventually('ten polls', async () =>
      (await doneTicks(t.db, 'binance', since)).length >= 10 ? true : undefined
    )
    assert.deepEqual(await doneTicks(t.db, 'bybit', since), [], 'it is still waited for')
  } finally {
    // The call that is not answered ends with the exchange.
    await sim.close()
    await collector.stop()
  }
})

test('a ban is kept by two instances and over a restart: not one request inside it, and all goes on after it', async () => {
  await using t = await testDatabase()
  await ensureLivePartitions(t.db, systemClock.now())
  const sim = await startSim({ seed: 7, clock: systemClock, assets: FEW_ASSETS })
  let one = startCollector(t.db, sim, 'one')
  const two = startCollector(t.db, sim, 'two')
  try {
    for (const venue of ['binance', 'bybit']) await untilUp(t.db, venue)
    await setFaults(sim, [
      { venue: 'binance', kind: 'banned', retryAfter: 5 },
      { venue: 'bybit', kind: 'rate_limited', retryAfter: 5 }
    ])
    for (const venue of ['binance', 'bybit']) {
      await eventually(`${venue} bans`, async () => ((await venueOf(t.db, venue))?.banned_until ? true : undefined))
    }
    await one.stop()
    one = startCollector(t.db, sim, 'one again')
    await setFaults(sim, [])
    for (const venue of ['binance', 'bybit']) await untilUp(t.db, venue)
    const requests = await requestsOf(sim)
    for (const venue of ['binance', 'bybit']) {
      const own = requests.filter((request) => request.venue === venue)
      const refused = own.filter(({ fault }) => fault !== null).map(({ at }) => at)
      assert.ok(refused.length > 0, `${venue} refused nothing`)
      const [from, until] = [Math.min(...refused) + WORD_SPREADS_MS, Math.min(...refused) + 5_000]
      const inside = own.filter(({ at }) => at > from && at < until)
      assert.deepEqual(inside, [], `${venue} was asked while it had banned us`)
      assert.ok(
        own.some(({ at }) => at >= until),
        `${venue} was not asked again`
      )
    }
  } finally {
    await Promise.all([one.stop(), two.stop()])
    await sim.close()
  }
})
