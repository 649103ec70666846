import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { describeEmbedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { temporaryFolder } from '../support/embedded-process.ts'
import { startHammer } from '../support/hammer.ts'
import { eventually, type ServiceProcess, startContango } from '../support/service.ts'
import { assertHolesAreGaps, assertWhole } from '../support/soundness.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const POLL_MS = 1_000
const silent = { info() {}, warn() {} }

async function lastTick(db: Database): Promise<number> {
  const { rows } = await db.query<{ at: Date | null }>(
    `select max(tick_at) as at from tick where job = 'derive' and state = 'done'`
  )
  return rows[0]!.at?.getTime() ?? 0
}

/** Waits until ticks are collected and derived that began after now. */
const goesOn = (db: Database) => {
  const now = Date.now()
  return eventually('it goes on', async () => ((await lastTick(db)) > now ? true : undefined), 90_000)
}

const readyOf = (address: string) => fetch(`${address}/readyz`).then(({ status }) => status)

/** Every tick that the log says is stored, with its rows. */
function acknowledged(service: ServiceProcess) {
  const events = service
    .output()
    .split('\n')
    .filter((line) => /"msg":"(collect|derive)\.finished"/.test(line))
    .map((line) => JSON.parse(line) as { name: string; venue: string; tick: string; rows: number })
  return events.map(({ name, venue, tick, rows }) => ({ job: name, scope: venue, tick, rows }))
}

async function assertKept(db: Database, service: ServiceProcess): Promise<void> {
  const told = acknowledged(service)
  const { rows: lost } = await db.query(
    `select a.* from json_to_recordset($1) as a (job text, scope text, tick timestamptz, rows int)
     left join tick t on t.job = a.job and t.scope = a.scope and t.tick_at = a.tick
     where t.state is null or t.state not in ('done', 'failed') or t.rows <> a.rows limit 5`,
    [JSON.stringify(told)]
  )
  assert.ok(told.length > 0)
  assert.deepEqual(lost, [], 'what was acknowledged is there')
}

test('a database that is slow, silent, read-only, full or killed: the service answers, keeps gaps, and goes on by itself', {
  timeout: 580_000
}, async (t) => {
  await using folder = await temporaryFolder()
  // A server that is killed loses nothing that the machine has: only its disk need not be waited for.
  const settings = { fsync: 'off' }
  const embedded = await openEmbedded({ dataDir: folder.path, log: silent, settings, isDurable: false })
  await using _held = { [Symbol.asyncDispose]: () => embedded.release() }
  await using proxy = await startTcpProxy(Number(new URL(embedded.url).port))
  const throughProxy = new URL(embedded.url)
  throughProxy.port = String(proxy.port)
  await using db = openDatabase({ url: embedded.url, poolSize: 2, applicationName: 'test' })
  await using service = startContango(['demo'], {
    DATABASE_URL: throughProxy.href,
    PORT: '0',
    POLL_SECONDS: String(POLL_MS / 1_000),
    STORE_SECONDS: String(POLL_MS / 1_000),
    ASSETS: 'SOL',
    HISTORY_BASIS_DAYS: '0',
    HISTORY_SETTLEMENT_DAYS: '0',
    RATE_LIMIT_PER_MINUTE: '1000000'
  })
  const [, address] = await service.says(/first page\s+(http:\S+)\//, 120_000)
  const hammer = startHammer(['venues', 'gaps', 'basis?limit=5'].map((path) => `${address}/v1/${path}`))
  const database = new URL(embedded.url).pathname.slice(1)
  const cutAll = () =>
    db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'contango%' and pid <> pg_backend_pid()`
    )
  const failures = () => (service.output().match(/"msg":"collect\.failed"/g) ?? []).length
  const collectingFails = async () => {
    const before = failures()
    await eventually('collecting fails', async () => (failures() > before ? true : undefined), 60_000)
  }
  const refused = () => hammer.counts[503] ?? 0

  await t.test('slow: answers come late, and ticks still do', async () => {
    proxy.set({ kind: 'slow', delayMs: 10 })
    await goesOn(db)
    assert.ok(proxy.disturbed > 0)
    proxy.set({ kind: 'well' })
    await goesOn(db)
  })

  await t.test('half-open: 503 with Retry-After in time, then all goes on over new connections', async () => {
    const before = refused()
    const disturbed = proxy.disturbed
    proxy.set({ kind: 'silent' })
    await eventually('a 503', async () => (refused() > before ? true : undefined))
    assert.equal((await fetch(`${address}/v1/basis?limit=5`)).status, 200, 'the board needs no database')
    assert.ok(proxy.disturbed > disturbed)
    proxy.set({ kind: 'well' })
    await goesOn(db)
    assert.equal(await readyOf(address!), 200)
  })

  await t.test('read-only: what is there is served, nothing is stored, and all goes on afterwards', async () => {
    await db.query(`alter database ${database} set default_transaction_read_only = on`)
    await cutAll()
    await collectingFails()
    assert.equal((await fetch(`${address}/v1/venues`)).status, 200)
    // Sessions of before the change may still write: this one says so itself.
    await db.transaction(async (client) => {
      await client.query('set transaction read write')
      await client.query(`alter database ${database} reset default_transaction_read_only`)
    })
    await goesOn(db)
  })

  await t.test('full (every insert of a tick fails as on a full disk): the same', async () => {
    await db.query(
      `create function full_disk() returns trigger language plpgsql as
       $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
       create trigger full_disk before insert on tick for each statement execute function full_disk()`
    )
    await collectingFails()
    assert.equal((await fetch(`${address}/v1/venues`)).status, 200)
    await db.query('drop trigger full_disk on tick; drop function full_disk()')
    await goesOn(db)
  })

  await t.test('killed under load, three times: ready again after its return', async () => {
    for (let kills = 1; kills <= 3; kills += 1) {
      const server = await describeEmbedded(folder.path)
      process.kill(server!.pid!, 'SIGKILL')
      await eventually('it is gone', async () =>
        (await describeEmbedded(folder.path))?.pid === server!.pid ? undefined : true
      )
      await eventually(
        'it accepts connections',
        async () => ((await db.query('select 1')).rowCount === 1 ? true : undefined),
        60_000
      )
      const backAt = performance.now()
      await eventually('ready', async () => ((await readyOf(address!)) === 200 ? true : undefined))
      t.diagnostic(`ready ${Math.round(performance.now() - backAt)} ms after its return`)
      await goesOn(db)
    }
  })

  await hammer.stop()
  t.diagnostic(`answers: ${JSON.stringify(hammer.counts)}, slowest ${Math.round(hammer.slowestMs)} ms`)
  assert.deepEqual(hammer.wrong, [], 'every answer was 200, or 503 with Retry-After')
  assert.ok(refused() > 0)
  assert.equal(service.child.exitCode, null, 'the process never ended')
  assert.doesNotMatch(service.output(), /thread\.died/, 'nor did any of its threads')
  await assertKept(db, service)
  assert.equal(await service.end('SIGTERM'), 0)
  await assertWhole(db)
  await assertHolesAreGaps(db, POLL_MS)
})
