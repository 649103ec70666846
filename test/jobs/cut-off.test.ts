import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { floorTo } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { cutOffRuns, runTick } from '../../src/store/tick-runs.ts'
import { type Claim, claimTick, finishTick, listUnderivedTicks, StaleClaimError } from '../../src/store/ticks.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine } from '../support/line.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

/** A test's database, over a link that can be cut. */
async function openCuttable() {
  const scope = new AsyncDisposableStack()
  const { db: direct, url } = scope.use(await testDatabase())
  const proxy = scope.use(await startTcpProxy(Number(new URL(url).port)))
  const through = new URL(url)
  through.port = String(proxy.port)
  const db = scope.use(openDatabase({ url: through.href, poolSize: 4, applicationName: 'contango test' }))
  return { direct, db, set: proxy.set, [Symbol.asyncDispose]: () => scope.disposeAsync() }
}

async function ticksOf(db: Database, job: string) {
  const { rows } = await db.query<{ state: string; epoch: number; rows: number | null }>(
    'select state, epoch, rows from tick where job = $1',
    [job]
  )
  return rows.map(({ state, epoch, rows }) => ({ state, epoch, isStored: (rows ?? 0) > 0 }))
}

const done = { state: 'done', rows: 0, skipped: 0 } as const

test('a poll and a derivation that lose the database in the middle are done again at the next attempt, long before their leases lapse', async () => {
  await using t = await openCuttable()
  const tickAt = floorTo(systemClock.now(), 60_000)
  const clock = { now: () => tickAt + 2_000 }
  await using exchange = await startExchange(clock)
  let isCut = true
  // Asked between claim and commit.
  const isFull = () => {
    t.set({ kind: isCut ? 'cut' : 'well' })
    return false
  }
  await using line = await openLine(t.db, exchange, { clock, isFull, adapters: [findAdapter('bybit')!] })
  const deps = { ...line.deps, leaseMs: 3_600_000 }
  const isCutOff = { state: 'claimed', epoch: 1, isStored: false }
  const isDone = { state: 'done', epoch: 2, isStored: true }

  await assert.rejects(collect(deps, line.venues.bybit!, tickAt))
  assert.deepEqual(await ticksOf(t.direct, 'collect'), [isCutOff])
  isCut = false
  t.set({ kind: 'well' })
  assert.deepEqual(await collect(deps, line.venues.bybit!, tickAt), { isSuccess: true })
  assert.deepEqual(await ticksOf(t.direct, 'collect'), [isDone])

  isCut = true
  await assert.rejects(derive(deps, 'bybit', tickAt))
  assert.deepEqual(await ticksOf(t.direct, 'derive'), [isCutOff])
  assert.deepEqual(await listUnderivedTicks(t.direct), [], 'another process cannot know')
  isCut = false
  t.set({ kind: 'well' })
  const due = await listUnderivedTicks(t.db, cutOffRuns('derive'))
  assert.deepEqual(
    due.map((tick) => [tick.venue, tick.tickAt]),
    [['bybit', tickAt]]
  )
  await derive(deps, 'bybit', tickAt)
  assert.deepEqual(await ticksOf(t.direct, 'derive'), [isDone])
  const { rows } = await t.direct.query<{ epoch: number }>('select distinct epoch from basis_snapshot')
  assert.deepEqual(rows, [{ epoch: 2 }], 'each basis was stored once, by the second run')
})

test('a claim that was cut off is its own process’s to take back, once, and whatever of the first run comes late is refused', async () => {
  await using t = await openCuttable()
  const tick = { job: 'derive', scope: 'bybit', tickAt: 60_000, holder: 'one', leaseMs: 3_600_000 }
  const finish = (claim: Claim) => t.direct.transaction((client) => finishTick(client, claim, done))
  let first: Claim | undefined
  await assert.rejects(
    runTick(t.db, tick, async (claim) => {
      first = claim
      t.set({ kind: 'cut' })
      await t.db.transaction((client) => finishTick(client, claim, done))
    })
  )
  t.set({ kind: 'well' })
  const runs = cutOffRuns('derive')
  assert.equal(await claimTick(t.direct, { ...tick, holder: 'two' }), undefined, 'others wait for the lease')
  const second = await runTick(t.db, tick, async (claim) => {
    assert.equal(claim.epoch, 2)
    await assert.rejects(finish(first!), StaleClaimError)
    // Its claim, sent again by nobody but on its way all the time, and one of a run that knows of no other.
    const late = { run: runs.at(-1)!, cutOff: runs.slice(0, -1) }
    assert.equal(await claimTick(t.direct, tick, late), undefined)
    assert.equal(await claimTick(t.direct, tick, { run: 'another', cutOff: runs }), undefined)
    await finish(claim)
    return claim
  })
  assert.ok(second)
  await assert.rejects(finish(first!), StaleClaimError)
  assert.equal(await runTick(t.db, tick, async () => true), undefined, 'what is done is not done again')
})

test('a claim whose answer was lost is taken back as well, and one whose run failed by itself is not', async () => {
  await using t = await openCuttable()
  const tick = { job: 'derive', scope: 'okx', tickAt: 60_000, holder: 'one', leaseMs: 3_600_000 }
  // The claim is made; its answer never arrives.
  const unheard: Database = {
    ...t.db,
    query: async (text, values) => {
      await t.db.query(text, values)
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
    }
  }
  await assert.rejects(runTick(unheard, tick, async () => assert.fail('it does not know that it has the claim')))
  assert.deepEqual(await ticksOf(t.direct, 'derive'), [{ state: 'claimed', epoch: 1, isStored: false }])
  await assert.rejects(
    runTick(t.db, tick, async ({ epoch }) => {
      assert.equal(epoch, 2)
      throw new RangeError('no board can be made of this')
    }),
    RangeError
  )
  assert.equal(await runTick(t.db, tick, async () => true), undefined, 'it would fail again: others have their turn')
})
