import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, systemClock } from '../../src/clock.ts'
import { startSim } from '../../src/sim/server.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { createFleet, type Fleet } from '../support/fleet.ts'
import { createRandom, type Random } from '../support/random.ts'
import { eventually } from '../support/service.ts'
import { assertCovered, assertHolesAreGaps, assertWhole } from '../support/soundness.ts'

/** Counted over all jobs and venues; CHAOS_TICKS for more of it. */
const TICKS = Number(process.env.CHAOS_TICKS ?? 600)
const POLL_MS = 500
/** Longer than any lease of a collection here (`runPolls` in `jobs/collector.ts`), with room for a busy machine. */
const LAPSE_MS = 180_000
const VENUES = ['binance', 'bybit', 'okx', 'hyperliquid', 'kraken', 'deribit']

async function countTicks(db: Database): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`select count(*) as n from tick where state <> 'claimed'`)
  return rows[0]!.n
}

/** Waits until so many more ticks have ended. */
async function progress(db: Database, ticks: number): Promise<void> {
  const goal = (await countTicks(db)) + ticks
  await eventually(`${ticks} more ticks`, async () => ((await countTicks(db)) >= goal ? true : undefined), LAPSE_MS)
}

/** Waits until each of these has ended a tick. */
async function working(db: Database, pids: readonly number[]): Promise<void> {
  const isWorking = async () => {
    const { rows } = await db.query(
      `select distinct holder_pid from tick, lateral (select split_part(holder, '/', 2)::int) h (holder_pid)
       where job = 'collect' and state <> 'claimed' and holder_pid = any ($1)`,
      [pids]
    )
    return rows.length === pids.length
  }
  await eventually('the new ones collect', async () => ((await isWorking()) ? true : undefined), LAPSE_MS)
}

async function isHolding(db: Database, pids: readonly number[]): Promise<boolean> {
  const { rows } = await db.query(
    `select 1 from tick where job = 'collect' and state = 'claimed' and split_part(holder, '/', 2)::int = any ($1) limit 1`,
    [pids]
  )
  return rows.length > 0
}

/** Freezes one that holds claims until somebody has ended all of them as missed: what it commits when it wakes is late. */
async function freezeHolder(fleet: Fleet, db: Database): Promise<void> {
  for (let isLate = false; !isLate; ) {
    await fleet.freeze('one', async (pids) => {
      isLate = await isHolding(db, pids)
      await eventually('others take over', async () => ((await isHolding(db, pids)) ? undefined : true), LAPSE_MS)
    })
  }
}

/** Kills and freezes, one after the other: each kind at least once, then any, until `goal` ticks have ended. */
async function harass(fleet: Fleet, db: Database, random: Random, goal: number): Promise<void> {
  const faults = [
    async () => working(db, [await fleet.replaceOne()]),
    () => freezeHolder(fleet, db),
    () => fleet.freeze('one', () => progress(db, random.between(1, 30))),
    () => fleet.freeze('all', () => sleep(random.between(200, 2_000)))
  ]
  for (let round = 0; round < faults.length || (await countTicks(db)) < goal; round += 1) {
    await (faults[round] ?? random.pick(faults))()
    await progress(db, random.between(5, 40))
  }
}

/** What was held when its holder died has been ended by others; nothing lapsed is left. */
async function settled(db: Database): Promise<void> {
  await eventually(
    'no lapsed tick is left',
    async () => {
      const { rows } = await db.query(
        `select 1 from tick where job in ('collect', 'derive') and state = 'claimed' and lease_until < now() limit 1`
      )
      return rows.length === 0 ? true : undefined
    },
    LAPSE_MS
  )
}

test('two and three instances on one database, killed and frozen at random: nothing twice, nothing missing without a reason', {
  timeout: 580_000
}, async (t) => {
  const random = createRandom(Number(process.env.CHAOS_SEED ?? Date.now() % 1e9))
  t.diagnostic(`CHAOS_SEED=${random.seed}`)
  await using database = await testDatabase()
  const { db } = database
  const sim = await startSim({ seed: 7, clock: systemClock, assets: ['SOL'] })
  t.after(() => sim.close())
  // Exchanges that take their time: who is frozen has most likely asked and not yet stored.
  const late = VENUES.map((venue) => ({ venue, kind: 'late', delayMs: 150 }))
  const answer = await fetch(`${sim.controlUrl}/faults`, { method: 'PUT', body: JSON.stringify(late) })
  assert.equal(answer.status, 200)
  await using fleet = createFleet(
    {
      DATABASE_URL: database.url,
      VENUE_URLS: JSON.stringify(sim.urls),
      ROLES: 'collect,derive',
      POLL_SECONDS: String(POLL_MS / 1_000),
      STORE_SECONDS: String(POLL_MS / 1_000),
      OPEN_INTEREST_SECONDS: '5',
      CALL_TIMEOUT_SECONDS: '1',
      ASSETS: 'SOL',
      HISTORY_BASIS_DAYS: '0',
      HISTORY_SETTLEMENT_DAYS: '0'
    },
    random
  )
  try {
    await working(db, [fleet.add(), fleet.add()])
    await harass(fleet, db, random, TICKS / 2)
    await working(db, [fleet.add()])
    await harass(fleet, db, random, TICKS)
    await settled(db)
    assert.deepEqual(await fleet.stop(), [0, 0, 0], `they end in order: ${fleet.output().slice(-2_000)}`)

    assert.ok(fleet.kills >= 2 && fleet.freezes >= 9, `${fleet.kills} kills, ${fleet.freezes} freezes`)
    const stale = fleet.output().match(/"msg":"(collect|derive)\.stale"/g) ?? []
    assert.ok(stale.length > 0, 'no late commit was ever tried')
    const { rows: holders } = await db.query<{ scope: string; n: number }>(
      `select scope, count(distinct holder) as n from tick where job = 'collect' and state = 'done' group by scope`
    )
    assert.equal(holders.filter(({ n }) => n >= 3).length, VENUES.length, 'every venue was collected by several')
    t.diagnostic(
      `${await countTicks(db)} ticks, ${fleet.kills} kills, ${fleet.freezes} freezes, ${stale.length} refused`
    )
    await assertWhole(db)
    await assertHolesAreGaps(db, POLL_MS)
    // What was collected late in the end would be told of by the next derivation, which there is none.
    const { rows: ends } = await db.query<{ until: Date }>(
      `select coalesce(min(tick_at) filter (where state = 'claimed'), max(tick_at)) - interval '10 seconds' as until from tick
       where job in ('collect', 'derive')`
    )
    await assertCovered(db, POLL_MS, ends[0]!.until)
  } catch (error) {
    throw new Error(`with CHAOS_SEED=${random.seed}: ${(error as Error).message}`, { cause: error })
  }
})
