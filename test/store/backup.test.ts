import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { systemClock } from '../../src/clock.ts'
import { backUp, restore } from '../../src/store/backup/backup.ts'
import type { Database } from '../../src/store/database.ts'
import { openEmbedded } from '../../src/store/embedded/embedded.ts'
import { type OpenStore, openStore } from '../../src/store/open.ts'
import { insertBasis, insertInstrument, insertSettlements, NOW_MS } from '../api/fixture.ts'
import { temporaryFolder } from '../support/embedded-process.ts'
import { silentLog } from '../support/line.ts'

const log = { info() {}, warn() {} }
const HOUR = 3_600_000

const openAt = (dataDir: string): Promise<OpenStore> =>
  openStore({ config: { databaseUrl: null, dataDir }, log: silentLog, clock: systemClock, kind: 'simulated' })

/** An embedded database with some of everything, and a folder for what is made of it. */
async function stage() {
  const folder = await temporaryFolder()
  const dataDir = join(folder.path, 'source')
  // Nobody misses it after a power cut: made and run without waiting for the disk.
  const embedded = await openEmbedded({ dataDir, log, settings: { fsync: 'off' }, isDurable: false })
  const store = await openAt(dataDir)
  const { db } = store
  const spot = await insertInstrument(db, { key: 'binance:BTC/USDT' })
  const perp = await insertInstrument(db, { key: 'binance:BTC/USDT:USDT', spotId: spot })
  const hours = Array.from({ length: 200 }, (_, index) => NOW_MS - index * HOUR)
  await insertSettlements(
    db,
    perp,
    hours.map((atMs) => ({ atMs, rate: '0.00010000000000000001' }))
  )
  await insertBasis(
    db,
    perp,
    spot,
    hours.map((atMs) => ({ atMs, basisBps: 4.5 }))
  )
  await db.query(`update instrument set symbol = E'ta\\tb "quoted" \\\\ ünïcode' where id = $1`, [spot])
  return {
    db,
    perp,
    dataDir,
    file: join(folder.path, 'contango.backup'),
    elsewhere: (name: string) => join(folder.path, name),
    async [Symbol.asyncDispose]() {
      await store.close()
      await embedded.release()
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** Every table with what is in it, row by row. */
async function contentsOf(db: Database): Promise<Record<string, string>> {
  const { rows } = await db.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname = 'public' and tablename not in ('_prisma_migrations')`
  )
  const contents: Record<string, string> = {}
  for (const { name } of rows) {
    const found = await db.query<{ sum: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') as sum from ${name} t`
    )
    contents[name] = found.rows[0]!.sum
  }
  return contents
}

test('a restored database holds every row of every table exactly, and goes on numbering where the old one was', async () => {
  await using source = await stage()
  const summary = await backUp({ dataDir: source.dataDir, log }, source.file)
  assert.ok(summary.rows > 400)
  assert.equal((await stat(source.file)).mode & 0o777, 0o600)
  const before = await contentsOf(source.db)
  const dataDir = source.elsewhere('restored')
  await restore({ dataDir, log, isDurable: false }, source.file)
  const store = await openAt(dataDir)
  try {
    assert.deepEqual(await contentsOf(store.db), before)
    assert.equal(await insertInstrument(store.db, { key: 'binance:ETH/USDT' }), source.perp + 1)
  } finally {
    await store.close()
  }
})

test('a backup beside a running writer is one moment: what a transaction wrote is all in it or not at all', async () => {
  await using source = await stage()
  const stop = new AbortController()
  let written = 0
  const transfer = async () => {
    while (!stop.signal.aborted) {
      written += 1
      const at = new Date(NOW_MS + written * 60_000)
      await source.db.transaction(async (client) => {
        await client.query(
          `insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at) values ($1, 'v', 'basis', $2, $2, 'r', now())`,
          [written, at]
        )
        await client.query(
          `insert into event (id, type, at, created_at, data) values ($1, 'test.ping', $2, now(), '{}')`,
          [`event ${written}`, at]
        )
      })
    }
  }
  const writing = transfer()
  while (written < 20) await new Promise((resolve) => setImmediate(resolve))
  const before = written
  await backUp({ dataDir: source.dataDir, log }, source.file)
  const during = written - before
  stop.abort()
  await writing
  assert.ok(during > 0, 'nothing was written meanwhile')
  const dataDir = source.elsewhere('restored')
  await restore({ dataDir, log, isDurable: false }, source.file)
  const store = await openAt(dataDir)
  try {
    const { rows } = await store.db.query<{ gaps: number; events: number; last: number }>(
      `select (select count(*)::int from gap where venue_id = 'v') as gaps, (select count(*)::int from event) as events,
         (select max(instrument_id) from gap) as last`
    )
    const { gaps, events, last } = rows[0]!
    assert.ok(gaps >= before - 1 && gaps < written, `${gaps} of ${written}`)
    assert.deepEqual([events, last], [gaps, gaps])
  } finally {
    await store.close()
  }
})

test('what is not a whole backup, of a newer schema, or would fall on something, is refused and changes nothing', async () => {
  await using source = await stage()
  const { dataDir, file, elsewhere } = source
  await backUp({ dataDir, log }, file)
  await assert.rejects(backUp({ dataDir, log }, file), { code: 'backup_exists' })
  await assert.rejects(backUp({ dataDir: elsewhere('nothing'), log }, elsewhere('x')), { code: 'no_database' })
  await assert.rejects(restore({ dataDir, log }, file), { code: 'data_dir_used' })
  assert.deepEqual((await readdir(join(file, '..'))).toSorted(), ['contango.backup', 'source'])

  const target = elsewhere('target')
  const refused = async (bytes: Buffer, code: string) => {
    await writeFile(elsewhere('bad'), bytes)
    await assert.rejects(restore({ dataDir: target, log }, elsewhere('bad')), { code })
    await assert.rejects(stat(target), { code: 'ENOENT' })
  }
  const whole = await readFile(file)
  for (const length of [0, 10, whole.length >> 1, whole.length - 9]) {
    await refused(whole.subarray(0, length), 'backup_damaged')
  }
  const inside = gunzipSync(whole)
  await refused(gzipSync(inside.subarray(0, inside.length - 80)), 'backup_damaged')
  const bent = Buffer.from(inside)
  bent[inside.length >> 1]! ^= 1
  await refused(gzipSync(bent), 'backup_damaged')
  await refused(gzipSync(Buffer.concat([inside, inside])), 'backup_damaged')
  await refused(gzipSync('something else'), 'backup_damaged')
  await assert.rejects(restore({ dataDir: target, log }, elsewhere('missing')), { code: 'backup_unreadable' })

  await source.db.query(`insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
    values ('next', 'x', '29990101000000_later', now(), now())`)
  await backUp({ dataDir, log }, elsewhere('newer'))
  await assert.rejects(restore({ dataDir: target, log }, elsewhere('newer')), {
    code: 'backup_newer',
    message: /29990101000000_later/
  })
})

test('a restore that fails leaves the folder empty, and one that was killed is not taken for a database', async () => {
  await using source = await stage()
  const { elsewhere } = source
  // Two rows with one key: the file is whole, and cannot be taken in.
  await source.db.query('alter table gap drop constraint gap_pkey')
  for (let twice = 0; twice < 2; twice += 1) {
    await source.db.query(`insert into gap (instrument_id, venue_id, fact, from_at, to_at, reason, known_at)
      values (1, 'v', 'basis', '2026-01-01', '2026-01-01', 'r', '2026-01-01')`)
  }
  await backUp({ dataDir: source.dataDir, log }, source.file)
  const dataDir = elsewhere('failed')
  await assert.rejects(restore({ dataDir, log, isDurable: false }, source.file), { code: '23505' })
  assert.deepEqual(await readdir(dataDir), [])
  await writeFile(join(dataDir, 'restore.unfinished'), source.file)
  await assert.rejects(openAt(dataDir), { code: 'half_restored' })
})
