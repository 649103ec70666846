import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GRADES } from '../../src/domain/quality.ts'
import { listBasisBuckets } from '../../src/store/basis-buckets.ts'
import { listBasisPoints } from '../../src/store/basis-history.ts'
import type { Database } from '../../src/store/database.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { testDatabase } from '../support/database.ts'
import { CONTRACT, DAY, DAYS, keepAt, type Price, SPOT, START, storePrices } from '../support/keeping.ts'
import { createRandom, type Random } from '../support/random.ts'

const KILLS = Number(process.env['KEEPING_KILLS'] ?? 20)
const PROCESS = fileURLToPath(new URL('../support/keeping-process.ts', import.meta.url))
const SERIES = { instrumentId: CONTRACT.id, spotId: SPOT.id, knownAtMs: null, grades: GRADES }
const ALL = { fromMs: START, toMs: START + DAYS * DAY }
const END = START + (DAYS + 3) * DAY

/** Prices of both legs every half hour, in an order of their own. */
function manyPrices(random: Random): Price[] {
  const slots = Array.from({ length: DAYS * 48 }, (_, slot) => START + slot * 1_800_000)
  const prices = slots.flatMap((at) =>
    [SPOT, CONTRACT].map(({ id }) => ({ instrumentId: id, at, last: String(random.between(10_000, 10_900) / 100) }))
  )
  return prices
    .map((price) => ({ price, place: random.between(0, 1e9) }))
    .sort((a, b) => a.place - b.place)
    .map(({ price }) => price)
}

async function answers(db: Database) {
  const points = await listBasisPoints(db, SERIES, { ...ALL, limit: 100_000 })
  const buckets = await Promise.all(
    [3_600_000, DAY].map((bucketMs) => listBasisBuckets(db, SERIES, { ...ALL, bucketMs }))
  )
  const { rows } = await db.query('select sum(rows)::int as sealed from sealed_day')
  return { points: points.map(({ knownAt: _known, ...point }) => point), buckets, sealed: rows[0] }
}

test(`killed ${KILLS} times while storing, sealing and rolling up, it ends with every row once and every bucket right`, async () => {
  await using killed = await testDatabase()
  await using whole = await testDatabase()
  const random = createRandom(20_261_130)
  const prices = manyPrices(random)
  await storePrices(whole.db, prices)
  await keepAt(whole.db, END)
  const folder = await mkdtemp(join(tmpdir(), 'keeping-'))
  try {
    const file = join(folder, 'prices.json')
    await writeFile(file, JSON.stringify(prices))
    let done = 0
    for (let kill = 0; kill < KILLS; kill += 1)
      done = Math.max(done, await runUntilKilled(killed.url, file, done, random))
  } finally {
    await rm(folder, { recursive: true })
  }
  await storePrices(killed.db, prices)
  await keepAt(killed.db, END)
  const { points, buckets, sealed } = await answers(killed.db)
  const expected = await answers(whole.db)
  assert.deepEqual(points, expected.points)
  assert.deepEqual(buckets, expected.buckets)
  assert.deepEqual(sealed, expected.sealed)
  const hot = await killed.db.query('select 1 from market_snapshot limit 1')
  assert.equal(hot.rows.length, 0, 'and nothing is left behind')
})

/** Starts the process where the last one came to and kills it some steps later; answers how far it said it had come. */
async function runUntilKilled(url: string, file: string, from: number, random: Random): Promise<number> {
  const child = spawn(process.execPath, [PROCESS, url, file, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const steps = random.between(0, 2)
  let [done, lines] = [from, -1]
  for await (const line of createInterface({ input: child.stdout! })) {
    lines += 1
    if (line !== 'ready') done = Number(line)
    if (lines >= steps) break
  }
  // Anywhere in the step that comes after.
  await sleep(random.between(0, 120))
  child.kill('SIGKILL')
  await ended
  return done
}

test('what is written into a day while it is being sealed is neither lost nor doubled', async () => {
  await using t = await testDatabase()
  const prices = manyPrices(createRandom(7)).filter(({ at }) => at < START + DAY)
  const [late, ...early] = prices as [Price, ...Price[]]
  await storePrices(t.db, early)
  const options = { beforeMs: START + DAY, nowMs: END, knownBeforeMs: END }
  await t.db.transaction(async (client) => {
    await client.query(
      `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, last, span_ms, source, adapter_version)
       values ($1, $2, $2, now(), $2, $3, 60000, 'import', 1)`,
      [late.instrumentId, new Date(late.at), late.last]
    )
    const sealed = await sealFact(t.db, FACTS.market, options)
    assert.deepEqual(
      sealed.map(({ isDropped }) => isDropped),
      [false],
      'a writer is still at work'
    )
  })
  const sealed = await sealFact(t.db, FACTS.market, options)
  assert.deepEqual(
    sealed.map(({ rows, isDropped }) => ({ rows, isDropped })),
    [{ rows: prices.length, isDropped: true }]
  )
  const { rows } = await t.db.query('select sum(rows)::int as rows from sealed_day')
  assert.deepEqual(rows, [{ rows: prices.length }])
})
