import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { startApi } from '../../src/api/server.ts'
import { HOUR, isoOf } from '../../src/domain/time.ts'
import { CONFIG } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { silentLog } from '../support/line.ts'
import { fileFolder, importJson, NOW } from './import-run.ts'

const START = Date.UTC(2025, 5, 1)

type Stretch = { readonly hours: number; readonly count: number; readonly nanos: number }
type Settled = { readonly at: number; readonly hours: number; readonly nanos: number }

/** Settlements of each stretch, one after another; a rate is so many billionths. */
function settlementsOf(stretches: readonly Stretch[]): Settled[] {
  let at = START
  return stretches.flatMap(({ hours, count, nanos }) =>
    Array.from({ length: count }, () => {
      at += hours * HOUR
      return { at, hours, nanos }
    })
  )
}

/** Three at least: two gaps of one length in a row are a change, one may be a hole. */
const split = fc.array(
  fc.record({
    hours: fc.constantFrom(1, 2, 4, 8),
    count: fc.integer({ min: 3, max: 20 }),
    nanos: fc.integer({ min: -900_000, max: 900_000 })
  }),
  { minLength: 1, maxLength: 5 }
)

test('an imported series with any changes of its interval gives its sum, a year of it by hours, and each change on its day', async () => {
  await using t = await testDatabase()
  await using folder = await fileFolder()
  let run = 0
  // Later at every run, so that the new contract is looked up.
  const clock = { now: () => NOW + run * HOUR }
  const api = await startApi({ config: CONFIG, db: t.db, clock, log: silentLog, kind: 'simulated' })
  try {
    await fc.assert(
      fc.asyncProperty(split, fc.boolean(), async (stretches, isNewestFirst) => {
        run += 1
        const key = `okx:A${run}/USDT:USDT`
        const settled = settlementsOf(stretches)
        const halves = [settled.slice(0, settled.length / 2), settled.slice(settled.length / 2)]
        for (const half of isNewestFirst ? halves.reverse() : halves) {
          const lines = half.map(({ at, nanos }) => `${isoOf(at)},${(nanos / 1e9).toFixed(9)}`)
          const file = await folder.write(`${run}.csv`, ['time,rate', ...lines].join('\n'))
          const columns = ['--columns', 'time=time,rate=rate']
          assert.equal((await importJson(t.db, [file, '--kind', 'funding', '--instrument', key, ...columns])).code, 0)
        }
        const get = async (path: string) => (await request(api.address).get(`/v1/funding/${path}`)).body
        const range = `from=${isoOf(START)}&to=${isoOf(settled.at(-1)!.at)}`
        const { data } = await get(`realised?instrument=${key}&${range}`)
        const hours = settled.reduce((sum, each) => sum + each.hours, 0)
        const nanos = settled.reduce((sum, each) => sum + each.nanos, 0)
        assert.deepEqual([data.sumRate, data.hours, data.coverage], [nanos / 1e9, hours, 1])
        assert.ok(Math.abs(data.realisedApr - ((nanos / 1e9) * 8_760) / hours) < 1e-12)
        const changes = stretches.flatMap((stretch, index) => {
          const before = stretches[index - 1]
          return before === undefined || before.hours === stretch.hours ? [] : [stretch]
        })
        const intervals = (await get(`intervals?instrument=${key}`)).data.reverse()
        assert.deepEqual(
          intervals.slice(1).map((row: { intervalHours: number; intervalSource: string }) => row.intervalHours),
          changes.map((stretch) => stretch.hours)
        )
        for (const { effectiveFrom, previousHours, intervalHours } of intervals.slice(1)) {
          const from = Date.parse(effectiveFrom)
          assert.equal(settled.find(({ at }) => at === from)!.hours, previousHours)
          assert.equal(settled.find(({ at }) => at > from)!.hours, intervalHours)
        }
      }),
      { numRuns: 12 }
    )
  } finally {
    await api.close()
  }
  const { rows } = await t.db.query('select count(*)::int as n from event')
  assert.equal(rows[0]!.n, 0, 'what is imported is told to nobody')
})
