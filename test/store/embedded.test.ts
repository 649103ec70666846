import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { describeEmbedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { askOnce, openHolder, startHolder, temporaryFolder, until } from '../support/embedded-process.ts'

const log = { info() {}, warn() {} }
const shared = await temporaryFolder()
after(() => shared[Symbol.asyncDispose]())
const dataDir = shared.path
const serverPid = async () => (await describeEmbedded(dataDir))?.pid

test('two processes that start at once on an empty folder share one server', async () => {
  const holders = await Promise.all([openHolder(dataDir), openHolder(dataDir)])
  assert.equal(holders[0].url, holders[1].url)
  assert.equal(await askOnce(holders[0].url, 'select 1'), 1)
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.startsWith('postgres.init-')),
    []
  )
  await Promise.all(holders.map((holder) => holder.release()))
  assert.equal((await describeEmbedded(dataDir))?.running, false)
})

test('the first one out leaves the server running, the last one stops it', async () => {
  const first = await openEmbedded({ dataDir, log })
  const second = await openHolder(dataDir)
  const third = await openEmbedded({ dataDir, log })
  assert.equal(second.url, first.url)
  await first.release()
  await first.release()
  assert.equal(await askOnce(second.url, 'select 1'), 1)
  await second.release()
  assert.equal(await askOnce(third.url, 'select 1'), 1)
  await third.release()
  assert.equal((await describeEmbedded(dataDir))?.running, false)
})

test('the server of a killed owner is adopted, not started again', async () => {
  const owner = await openHolder(dataDir)
  const pid = await serverPid()
  await owner.kill()
  const heir = await openEmbedded({ dataDir, log })
  assert.equal(heir.url, owner.url)
  assert.equal(await serverPid(), pid)
  await heir.release()
  assert.equal((await describeEmbedded(dataDir))?.running, false)
})

test('a killed member does not count as connected', async () => {
  const killed = await openHolder(dataDir)
  const last = await openEmbedded({ dataDir, log })
  await killed.kill()
  await last.release()
  assert.equal((await describeEmbedded(dataDir))?.running, false)
})

test('a killed server starts again over what it left, with every committed row', async () => {
  const owner = await openHolder(dataDir)
  await askOnce(owner.url, 'create table if not exists kept as select 42 as answer')
  const pid = (await serverPid()) ?? 0
  await owner.kill()
  process.kill(pid, 'SIGKILL')
  const next = await openEmbedded({ dataDir, log })
  assert.notEqual(await serverPid(), pid)
  assert.equal(await askOnce(next.url, 'select answer from kept'), 42)
  await next.release()
})

test('a server killed under its users comes back at the same address', async () => {
  const embedded = await openEmbedded({ dataDir, log })
  const pid = (await serverPid()) ?? 0
  process.kill(pid, 'SIGKILL')
  await until('a new server', () => askOnce(embedded.url, 'select 1').catch(() => false))
  assert.notEqual(await serverPid(), pid)
  await embedded.release()
})

test('a pid file whose number now belongs to another program is no obstacle', async () => {
  // As the server's user: PostgreSQL ignores the processes of others anyway.
  const { uid, gid } = await stat(join(dataDir, 'postgres'))
  const stranger = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {})
  const stale = [stranger.pid, join(dataDir, 'postgres'), '1700000000', '5432', '', '127.0.0.1', '0 0', 'ready', '']
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), stale.join('\n'))
  assert.equal((await describeEmbedded(dataDir))?.running, false)
  const embedded = await openEmbedded({ dataDir, log })
  assert.equal(await askOnce(embedded.url, 'select 1'), 1)
  await embedded.release()
  assert.equal(stranger.signalCode, null)
  stranger.kill()
})

test('who joins while the last one leaves gets a server that stays', async () => {
  for (let round = 0; round < 8; round += 1) {
    const leaving = await openEmbedded({ dataDir, log })
    const [, joined] = await Promise.all([leaving.release(), openEmbedded({ dataDir, log })])
    assert.equal(await askOnce(joined.url, 'select 1'), 1)
    await joined.release()
  }
})

test('a kept port that somebody else has taken is replaced', async () => {
  const before = await openEmbedded({ dataDir, log })
  await before.release()
  const port = Number(new URL(before.url).port)
  const thief: Server = createServer().listen(port, '127.0.0.1')
  await once(thief, 'listening')
  try {
    const embedded = await openEmbedded({ dataDir, log })
    assert.notEqual(Number(new URL(embedded.url).port), port)
    assert.equal(
      JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')).port,
      (await describeEmbedded(dataDir))?.port
    )
    assert.equal(await askOnce(embedded.url, 'select 1'), 1)
    await embedded.release()
  } finally {
    thief.close()
  }
})

test('password and port are for the owner alone; the server listens on loopback and wants the password', async () => {
  const embedded = await openEmbedded({ dataDir, log })
  assert.equal((await stat(join(dataDir, 'postgres.json'))).mode & 0o777, 0o600)
  assert.equal(await askOnce(embedded.url, "select current_setting('listen_addresses')"), '127.0.0.1')
  assert.equal(await askOnce(embedded.url, "select current_setting('fsync')"), 'on')
  assert.equal(await askOnce(embedded.url, "select current_setting('server_encoding')"), 'UTF8')
  const wrong = new URL(embedded.url)
  wrong.password = 'wrong'
  await assert.rejects(askOnce(wrong.href, 'select 1'), { code: '28P01' })
  await embedded.release()
})

test('a creation that was killed half-way is done again', async () => {
  await using folder = await temporaryFolder()
  const unfinished = async () => (await readdir(folder.path)).filter((name) => name.startsWith('postgres.init-'))
  const killed = startHolder(folder.path)
  const gone = once(killed, 'exit')
  await until('initdb to begin', async () => (await unfinished()).length > 0)
  killed.kill('SIGKILL')
  await gone
  const embedded = await openEmbedded({ dataDir: folder.path, log })
  assert.equal(await askOnce(embedded.url, 'select 1'), 1)
  assert.deepEqual(await unfinished(), [])
  await embedded.release()
})

test('data that is gone is not replaced by an empty database without a word', async () => {
  await rm(join(dataDir, 'postgres'), { recursive: true })
  await assert.rejects(openEmbedded({ dataDir, log }), { code: 'data_lost', message: /delete .*postgres\.json/ })
})

test('a folder in use from another container is refused', async () => {
  await using folder = await temporaryFolder()
  const embedded = await openEmbedded({ dataDir: folder.path, log })
  const file = join(folder.path, 'postgres.json')
  const record = JSON.parse(await readFile(file, 'utf8'))
  // Seen from the other container: attached, but no process of that number, and a host that is not ours.
  const pid = (await describeEmbedded(folder.path))?.pid ?? 0
  const pidFile = join(folder.path, 'postgres', 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8')
  await writeFile(file, JSON.stringify({ ...record, host: 'elsewhere' }))
  await writeFile(pidFile, text.replace(String(pid), String(process.pid)))
  await assert.rejects(openEmbedded({ dataDir: folder.path, log }), {
    code: 'data_dir_elsewhere',
    message: /elsewhere/
  })
  await writeFile(pidFile, text)
  await embedded.release()
})
