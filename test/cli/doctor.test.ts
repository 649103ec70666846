import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { forecastDisk } from '../../src/cli/disk-forecast.ts'
import { type Finding, runDoctor } from '../../src/cli/doctor.ts'
import { diskFindings } from '../../src/cli/doctor-disk.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { startSim } from '../../src/sim/server.ts'
import { PROBED } from '../../src/venues/probe.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

/** Nothing listens on port 1: refused at once, never the network. */
const NOWHERE = JSON.stringify(Object.fromEntries(ADAPTERS.map(({ id }) => [id, 'http://127.0.0.1:1'])))

async function examine(env: Record<string, string>, clock: Clock = systemClock) {
  const lines: string[] = []
  const config = loadConfig({ VENUE_URLS: NOWHERE, ...env })
  const code = await runDoctor({ config, clock, write: (line) => lines.push(line), json: true })
  const { findings, isWell } = JSON.parse(lines.join('')) as { findings: Finding[]; isWell: boolean }
  return { code, isWell, findings, find: (check: string) => findings.filter((finding) => finding.check === check) }
}

test('a database that is up and venues that answer are well, and every check has a line', async () => {
  await using database = await testDatabase()
  const sim = await startSim({ seed: 1, clock: systemClock })
  try {
    const { code, isWell, findings, find } = await examine({
      DATABASE_URL: database.url,
      VENUE_URLS: JSON.stringify(sim.urls)
    })
    assert.deepEqual({ code, isWell }, { code: 0, isWell: true }, JSON.stringify(findings))
    for (const check of ['configuration', 'database', 'time zone', 'schema', 'clock', 'disk', 'binance', 'bybit']) {
      assert.ok(find(check).length > 0, check)
      assert.ok(
        find(check).every(({ verdict }) => verdict === 'ok'),
        JSON.stringify(find(check))
      )
    }
    assert.match(find('database')[0]!.words, /PostgreSQL \d+/)
    assert.match(find('time zone')[0]!.words, /UTC.*UTF8/)
    assert.match(find('disk')[0]!.words, /rows a minute of 133 bytes \(estimated\): .* a day while hot/)
  } finally {
    await sim.close()
  }
})

test('lines for people name what fails and what to do, and never the password', async () => {
  const lines: string[] = []
  const url = 'postgresql://me:hidden-word@127.0.0.1:1/gone'
  const config = loadConfig({ DATABASE_URL: url, VENUE_URLS: NOWHERE, DEPTH_CONTRACTS: '0' })
  const code = await runDoctor({ config, clock: systemClock, write: (line) => lines.push(line), json: false })
  const text = lines.join('\n')
  assert.equal(code, 1)
  assert.match(text, /^FAIL {2}database .*127\.0\.0\.1:1/m)
  assert.match(text, /^warn {2}binance .*refused/m)
  assert.match(text, /^warn {2}signals .*DEPTH_CONTRACTS leaves liquidity_thinning without facts: it never opens/m)
  assert.match(text, /→ /)
  assert.ok(text.includes(`\n1 to repair, ${ADAPTERS.length + 2} to know about.`), text)
  assert.doesNotMatch(text, /hidden-word/)
})

test('venues that cannot be reached are only a warning', async () => {
  await using database = await testDatabase()
  const { code, find } = await examine({ DATABASE_URL: database.url })
  assert.equal(code, 0)
  assert.equal(find('bybit')[0]?.verdict, 'warn')
})

test('a new database is well: the first start fills it', async () => {
  await using database = await emptyDatabase()
  const { code, find } = await examine({ DATABASE_URL: database.url })
  assert.equal(code, 0)
  assert.match(find('schema')[0]!.words, /new and empty/)
})

test('a database in another time zone fails with the statement that mends it', async () => {
  await using database = await testDatabase()
  const name = new URL(database.url).pathname.slice(1)
  await database.db.query(`alter database ${name} set timezone to 'Asia/Tokyo'`)
  const { code, find } = await examine({ DATABASE_URL: database.url })
  assert.equal(code, 1)
  assert.equal(find('time zone')[0]?.verdict, 'FAIL')
  assert.match(find('time zone')[0]!.words, /Asia\/Tokyo.*alter database/)
})

test('a clock that differs from the database is told, and fails when grades would be wrong', async () => {
  await using database = await testDatabase()
  const late = (byMs: number): Clock => ({ now: () => systemClock.now() - byMs })
  const off = await examine({ DATABASE_URL: database.url }, late(5_000))
  assert.equal(off.find('clock')[0]?.verdict, 'warn')
  assert.match(off.find('clock')[0]!.words, /^ours is (4\.9|5\.0)\d s behind/)
  const wrong = await examine({ DATABASE_URL: database.url }, late(60_000))
  assert.equal(wrong.find('clock')[0]?.verdict, 'FAIL')
})

for (const [status, words] of [
  [451, /location \(HTTP 451\)/],
  [403, /HTTP 403/],
  [503, /down or in maintenance \(HTTP 503\)/],
  [200, /something else answers/]
] as const) {
  test(`a venue that answers ${status} with a page is told apart`, async () => {
    const server = createServer((_request, response) => response.writeHead(status).end('<html></html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const env = {
        DATABASE_URL: 'postgresql://127.0.0.1:1/x',
        VENUES: 'bybit',
        VENUE_URLS: JSON.stringify({ bybit: url })
      }
      const { find } = await examine(env)
      assert.equal(find('bybit')[0]?.verdict, 'warn')
      assert.match(find('bybit')[0]!.words, words)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
}

test('every venue that we collect from can be asked', () => {
  assert.deepEqual(
    ADAPTERS.map(({ id }) => id).filter((id) => !PROBED.includes(id)),
    []
  )
})

const ROOM = {
  growth: { spots: 10, perpetuals: 20, futures: 5, bytesPerRow: 200, isSealed: false },
  storeMs: 60_000,
  expectedAssets: 50,
  venueCount: 2,
  sizeBytes: 1e9,
  freeBytes: 100e9,
  maxBytes: 2e9,
  hotDays: 2,
  rawDays: null as number | null
}

test('the forecast counts a row per instrument, one more per contract, one more per perpetual', () => {
  const { rowsPerMinute, hotBytesPerDay, sealedBytesPerDay, bytesPerYear, ...days } = forecastDisk(ROOM)
  assert.equal(rowsPerMinute, 10 + 20 * 3 + 5 * 2)
  assert.equal(hotBytesPerDay, 80 * 200 * 1_440)
  assert.equal(sealedBytesPerDay, null)
  assert.equal(bytesPerYear, 365 * hotBytesPerDay)
  assert.deepEqual(days.daysToLimit, 1e9 / hotBytesPerDay)
  assert.deepEqual(days.daysToFull, 100e9 / hotBytesPerDay)
  const { daysToLimit, daysToFull } = forecastDisk({ ...ROOM, maxBytes: null, freeBytes: null })
  assert.deepEqual([daysToLimit, daysToFull], [null, null])
})

test('where days are sealed, only the newest grow as plain rows', () => {
  const growth = { ...ROOM.growth, isSealed: true }
  const {
    hotBytesPerDay: hot,
    sealedBytesPerDay,
    bytesPerYear,
    daysToLimit
  } = forecastDisk({ ...ROOM, growth, sizeBytes: 0, maxBytes: 1e9 })
  assert.ok(sealedBytesPerDay !== null && sealedBytesPerDay < hot / 5)
  assert.equal(bytesPerYear, 3 * hot + 362 * sealedBytesPerDay)
  assert.equal(daysToLimit, 3 + (1e9 - 3 * hot) / sealedBytesPerDay)
  assert.equal(forecastDisk({ ...ROOM, growth, sizeBytes: 0, maxBytes: hot }).daysToLimit, 1)
  const week = forecastDisk({ ...ROOM, growth, sizeBytes: 0, hotDays: 6 })
  assert.equal(week.bytesPerYear, 7 * hot + 358 * sealedBytesPerDay)
})

test('where days are dropped after RAW_RETENTION_DAYS, what comes after a while replaces what goes', () => {
  const room = { ...ROOM, growth: { ...ROOM.growth, isSealed: true }, sizeBytes: 0, rawDays: 40 }
  const { hotBytesPerDay: hot, sealedBytesPerDay: sealed } = forecastDisk(room)
  // Today and two days before it, and 68 sealed: forty days and the rest of a month.
  const most = 3 * hot + 68 * sealed!
  assert.equal(forecastDisk(room).bytesPerYear, most)
  assert.equal(forecastDisk({ ...room, maxBytes: most + 1 }).daysToLimit, null)
  assert.ok(Math.abs(forecastDisk({ ...room, maxBytes: most }).daysToLimit! - 71) < 1e-9)
  assert.equal(forecastDisk({ ...room, sizeBytes: most }).bytesPerYear, 0)
})

test('the doctor tells in words what a day and a year take and when MAX_DISK_GB is reached, and fails when it is', () => {
  const nowMs = Date.UTC(2026, 0, 1)
  const words = (room: typeof ROOM) => diskFindings(room, nowMs).map(({ verdict, words }) => `${verdict} ${words}`)
  assert.deepEqual(words(ROOM), [
    'ok about 80 rows a minute of 200 bytes (measured here): 23 MB a day, 8.4 GB in a year',
    'ok MAX_DISK_GB 2 will be reached in 43 days, about 2026-02-13',
    'ok 100 GB free: the disk will be full in 12 years'
  ])
  const sealed = words({ ...ROOM, growth: { ...ROOM.growth, isSealed: true } })
  assert.match(sealed[0]!, /23 MB a day while hot, 3.8 MB once sealed/)
  assert.match(
    words({ ...ROOM, sizeBytes: 2.1e9 })[1]!,
    /^FAIL .*reached MAX_DISK_GB 2 with 2.1 GB: nothing is stored as history/
  )
  assert.match(words({ ...ROOM, sizeBytes: 1.9e9 })[1]!, /^warn .* in 4 days/)
})
