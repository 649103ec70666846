import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { listHourFacts } from '../../src/store/hour-facts.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { listRows } from '../../src/store/sealed/rows.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { insertBasis, insertInstrument, NOW_MS } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'

const START = floorTo(NOW_MS - 30 * DAY, DAY)
const RANGE = { fromMs: START, toMs: START + 8 * HOUR, knownAtMs: null }
type BasisRow = { atMs: number; basisBps: number; spanMs: number; revision?: number }
type Row = { tick_at: Date; revision: number; span_ms: number; basis_bps: number }

/** Some rows a quarter of an hour, late in it or not, some corrected to what no longer reaches the end of the hour. */
function someRows(random: () => number): BasisRow[] {
  return Array.from({ length: 8 * 12 }, (_, index) => START + index * 5 * MINUTE)
    .filter(() => random() < 0.6)
    .flatMap((atMs) => {
      const row = { atMs, basisBps: Math.round(100 * random()), spanMs: random() < 0.5 ? HOUR : MINUTE }
      return random() < 0.3 ? [row, { ...row, basisBps: -row.basisBps, revision: 1, spanMs: MINUTE }] : [row]
    })
}

test('the last row of each hour is what going over every row finds, whatever was corrected or is sealed', async () => {
  await using t = await testDatabase()
  const { db } = t
  const random = createRandom(11)
  const spotId = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const seen: string[] = []
  const check = async (instrumentId: number, word: string) => {
    const pair = { instrumentId, spotId }
    const columns = ['basis_bps', 'span_ms'] as const
    const every = await listRows<Row>(db, FACTS.basis, pair, { ...RANGE, columns })
    const kept = every.filter(({ tick_at, span_ms }) => tick_at.getUTCMinutes() * MINUTE + span_ms >= 50 * MINUTE)
    const last = new Map(kept.map((row) => [floorTo(row.tick_at.getTime(), HOUR), row.basis_bps]))
    const found = (await listHourFacts(db, pair, RANGE)).map(({ basis }) => basis?.observedBps ?? null)
    const wanted = found.map((_, hour) => last.get(START + hour * HOUR) ?? null)
    assert.deepEqual(found, wanted, `${word}, instrument ${instrumentId}`)
    seen.push(...wanted.map(String))
  }
  const ids: number[] = []
  const corrected: { id: number; rows: BasisRow[] }[] = []
  for (const coin of ['A', 'B', 'C', 'D', 'E', 'F']) {
    const id = await insertInstrument(db, { key: `binance:${coin}/USDT:USDT`, spotId })
    const rows = someRows(random)
    await insertBasis(
      db,
      id,
      spotId,
      rows.filter(({ revision = 0 }) => revision === 0)
    )
    corrected.push({ id, rows: rows.filter(({ revision = 0 }) => revision > 0) })
    ids.push(id)
  }
  for (const id of ids) await check(id, 'hot')
  // First values sealed, corrections hot; then all of it sealed.
  const options = { beforeMs: NOW_MS, nowMs: NOW_MS, knownBeforeMs: Number.POSITIVE_INFINITY }
  await sealFact(db, FACTS.basis, options)
  await ensurePartitions(db, 'basis_snapshot', [START], NOW_MS)
  for (const { id, rows } of corrected) await insertBasis(db, id, spotId, rows)
  for (const id of ids) await check(id, 'corrections over sealed days')
  await sealFact(db, FACTS.basis, options)
  for (const id of ids) await check(id, 'sealed')
  assert.ok(seen.includes('null') && new Set(seen).size > 20, 'hours with and without')
})
