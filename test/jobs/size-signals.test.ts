import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUCKET_MS } from '../../src/domain/signal-types.ts'
import { DAY } from '../../src/domain/time.ts'
import { listThinnings } from '../../src/store/closed-buckets/sizes.ts'
import type { Database } from '../../src/store/database.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { insertBasis } from '../api/fixture.ts'
import { type BucketRig, openBuckets, START } from '../support/buckets.ts'
import { testDatabase } from '../support/database.ts'
import { observeDepth, observeSizes } from '../support/sizes.ts'

const PERP = 'okx:BTC/USDT:USDT'
const BUCKETS_A_DAY = DAY / BUCKET_MS

/** Moves what is over into sealed days, as the keeper does, and leaves nothing of it in the table. */
async function seal(db: Database, fact: (typeof FACTS)[keyof typeof FACTS]): Promise<void> {
  const toMs = START + 60 * DAY
  await sealFact(db, fact, { beforeMs: toMs, nowMs: toMs, knownBeforeMs: Number.POSITIVE_INFINITY })
  const { rows } = await db.query(`select 1 from ${fact.table}`)
  assert.equal(rows.length, 0, 'all of it is sealed')
}

async function holds(db: Database, rig: BucketRig, id: number, base: (bucket: number) => number, count: number) {
  for (const day of [-1, 0]) {
    for (let bucket = 0; bucket < count; bucket += 1) {
      const observedAt = rig.within(bucket + day * BUCKETS_A_DAY).getTime()
      await observeSizes(db, id, { observedAt, base: String(day === 0 ? base(bucket) : 100) })
    }
  }
  rig.closed(count - 1)
}

for (const where of ['hot tables', 'sealed days']) {
  test(`a contract whose open interest in coins grew by a quarter in a day builds up, from ${where}`, async () => {
    await using t = await testDatabase()
    const rig = await openBuckets(t.db, 'leverage_buildup')
    const id = await rig.instrument(PERP)
    // Two are not enough, three are; three that are back near the day before close it.
    const held = [130, 120, 130, 140, 130, 109, 109, 109]
    await holds(t.db, rig, id, (bucket) => held[bucket]!, held.length)
    if (where === 'sealed days') await seal(t.db, FACTS.market)
    await rig.evaluate()
    assert.deepEqual(await rig.signals(), [['BUILD_UP', 5, 8, 'exit']])
    const [opened] = await rig.events()
    assert.equal(opened!.data.instrument, PERP)
    assert.ok(Math.abs(opened!.data.value - 0.3) < 1e-12)
    assert.equal(opened!.data.unit, 'fraction')
  })

  test(`a book that holds less than two fifths of its own week near its mid is thin, from ${where}`, async () => {
    await using t = await testDatabase()
    const rig = await openBuckets(t.db, 'liquidity_thinning')
    const id = await rig.instrument(PERP)
    const other = await rig.instrument('okx:ETH/USDT:USDT')
    // Of the other too little is known to say what is usual.
    for (let hour = 0; hour < 110; hour += 1) {
      const observedAt = START - DAY - hour * 3_600_000 + 1_000
      await observeDepth(t.db, id, { observedAt, bid10: '5000', ask10: '1000' })
      if (hour < 99) await observeDepth(t.db, other, { observedAt, bid10: '5000', ask10: '1000' })
    }
    for (const [bucket, ask10] of ['390', '390', '390', '700', '700', '700'].entries()) {
      for (const one of [id, other])
        await observeDepth(t.db, one, { observedAt: rig.within(bucket).getTime(), bid10: '5000', ask10 })
    }
    rig.closed(5)
    if (where === 'sealed days') await seal(t.db, FACTS.depth)
    await rig.evaluate()
    assert.deepEqual(await rig.signals(), [['THIN', 3, 6, 'exit']])
    const [opened] = await rig.events()
    assert.deepEqual([opened!.data.instrument, opened!.data.value], [PERP, 0.39])
    const questionsOf = async (instruments: ReadonlySet<number>) => {
      let asked = 0
      const query: Database['query'] = (...given: Parameters<Database['query']>) => {
        asked += 1
        return t.db.query(...given)
      }
      const span = { from: START, to: START + 6 * BUCKET_MS, bucketMs: BUCKET_MS }
      const points = await listThinnings({ query }, span, { instruments, venues: new Set() })
      assert.deepEqual(new Set(points.map(({ subject }) => subject.instrumentId)), instruments)
      return asked
    }
    assert.equal(await questionsOf(new Set([id, other])), await questionsOf(new Set([id])), 'weeks are read together')
  })

  test(`dislocations that were away for days are found in ${where}, as they were seen and not as they were corrected`, async () => {
    await using t = await testDatabase()
    const rig = await openBuckets(t.db, 'basis_dislocation')
    const spot = await rig.instrument('okx:BTC/USDT')
    const perp = await rig.instrument(PERP)
    const seen = [40, 40, 40, 1, 1, 1].map((basisBps, bucket) => ({ atMs: rig.within(bucket).getTime(), basisBps }))
    const corrected = seen.slice(0, 3).map(({ atMs }) => ({ atMs, basisBps: 0, revision: 1 }))
    await insertBasis(t.db, perp, spot, [...seen, ...corrected])
    rig.closed(5)
    if (where === 'sealed days') await seal(t.db, FACTS.basis)
    await rig.evaluate()
    assert.deepEqual(await rig.signals(), [['RICH', 3, 6, 'exit']])
  })
}

test('open interest whose day before was not looked at within a quarter of an hour says nothing', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'leverage_buildup')
  const id = await rig.instrument(PERP)
  await observeSizes(t.db, id, { observedAt: rig.within(-BUCKETS_A_DAY - 4).getTime(), base: '100' })
  for (const bucket of [0, 1, 2]) {
    await observeSizes(t.db, id, { observedAt: rig.within(bucket).getTime(), base: '200' })
  }
  rig.closed(2)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [])
})

test('a curve is of one asset on one venue: all of its futures that are good enough are above spot, or nothing is expected', async () => {
  await using t = await testDatabase()
  const rig = await openBuckets(t.db, 'expectation')
  const spot = await rig.instrument('okx:BTC/USDT')
  const near = await rig.instrument('okx:BTC/USDT:USDT-260329')
  const far = await rig.instrument('okx:BTC/USDT:USDT-260626')
  const elsewhere = await rig.instrument('bybit:BTC/USDT:USDT-260626')
  const rows = (bps: readonly number[], grade: 'signal' | 'display' = 'signal') =>
    bps.map((basisBps, bucket) => ({ atMs: rig.within(bucket).getTime(), basisBps, grade }))
  await insertBasis(t.db, near, spot, rows([40, 40, 40, 40, 40, 40]))
  await insertBasis(t.db, far, spot, rows([200, 200, 200, -1, -1, -1]))
  await insertBasis(t.db, elsewhere, spot, rows([200, 200, 200], 'display'))
  rig.closed(5)
  await rig.evaluate()
  assert.deepEqual(await rig.signals(), [['CONTANGO', 3, 6, 'exit']])
  const [opened] = await rig.events()
  const { instrument, venue, asset, kind, value, opening, absent, id } = opened!.data
  assert.deepEqual([instrument, venue, asset, kind, opening.observations], [null, 'okx', 'BTC', 'future', 2])
  assert.deepEqual(absent, { instrument: 'curve_of_an_asset', spot: 'curve_of_an_asset' })
  // The weakest of the two: 40 bps in some four weeks.
  assert.ok(value > 0.05 && value < 0.055, String(value))
  const { rows: stored } = await t.db.query('select venue_id, asset, instrument_id from signal where id = $1', [id])
  assert.deepEqual(stored, [{ venue_id: 'okx', asset: 'BTC', instrument_id: null }])
})
