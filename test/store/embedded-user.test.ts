import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chown, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeEmbedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { stagingFolder } from '../../src/store/embedded/server-user.ts'
import { askOnce, openHolder, temporaryFolder } from '../support/embedded-process.ts'
import { enterableCopy } from '../support/enterable-copy.ts'

const log = { info() {}, warn() {} }
const isRoot = process.getuid?.() === 0
/** Only root can act as two users. */
const testAsRoot: typeof test | (() => void) = isRoot ? test : () => {}

testAsRoot('as root, a folder that only root may enter keeps its data in a place that is told', async () => {
  await using parent = await temporaryFolder(0o700)
  const dataDir = join(parent.path, 'data')
  const first = await openEmbedded({ dataDir, log })
  const dataPath = (await describeEmbedded(dataDir))?.dataPath ?? ''
  try {
    assert.ok(!dataPath.startsWith(parent.path))
    assert.match(first.note ?? '', new RegExp(dataPath))
    assert.notEqual((await stat(dataPath)).uid, 0)
    await askOnce(first.url, 'create table kept as select 42 as answer')
    await first.release()
    const again = await openEmbedded({ dataDir, log })
    assert.equal(await askOnce(again.url, 'select answer from kept'), 42)
    await again.release()
    assert.equal((await stat(parent.path)).mode & 0o777, 0o700)
  } finally {
    await rm(dataPath, { recursive: true, force: true })
    await rm(`${dataPath}.owner`, { force: true })
  }
})

testAsRoot('what a temporary folder left outside is removed once the folder is gone', async () => {
  await using parent = await temporaryFolder(0o700)
  const open = async (name: string) => {
    const dataDir = join(parent.path, name)
    await (await openEmbedded({ dataDir, log, isDurable: false })).release()
    return { dataDir, dataPath: (await describeEmbedded(dataDir))?.dataPath ?? '' }
  }
  const forsaken = await open('forsaken')
  await rm(forsaken.dataDir, { recursive: true })
  const kept = await open('kept')
  assert.equal(await stat(forsaken.dataPath).catch(() => undefined), undefined)
  await rm(kept.dataPath, { recursive: true })
  await rm(`${kept.dataPath}.owner`)
})

test('an ordinary user runs the server as itself', async () => {
  await using copy = await enterableCopy()
  await using home = await temporaryFolder(0o700)
  const user = isRoot ? nobody() : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  await chown(home.path, user.uid, user.gid)
  const dataDir = join(home.path, '.data')
  const holder = await openHolder(dataDir, { ...user, ...copy })
  const { pid = 0, dataPath } = (await describeEmbedded(dataDir)) ?? {}
  assert.equal(holder.note, null)
  assert.equal(dataPath, join(dataDir, 'postgres'))
  assert.equal(Number(execFileSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' })), user.uid)
  assert.equal(await askOnce(holder.url, 'select 1'), 1)
  await holder.release()
})

testAsRoot('root beside an ordinary user joins, and leaves nothing that its owner could not use', async () => {
  await using copy = await enterableCopy()
  await using home = await temporaryFolder(0o700)
  const user = nobody()
  await chown(home.path, user.uid, user.gid)
  const dataDir = join(home.path, '.data')
  const holder = await openHolder(dataDir, { ...user, ...copy })
  const root = await openEmbedded({ dataDir, log })
  assert.equal(root.url, holder.url)
  await holder.release()
  await root.release()
  const rootAgain = await openEmbedded({ dataDir, log })
  await rootAgain.release()
  const again = await openHolder(dataDir, { ...user, ...copy })
  await again.release()
})

testAsRoot('a folder of another user is refused with its name', async () => {
  await using copy = await enterableCopy()
  const user = { ...nobody(), ...copy }
  await using folder = await temporaryFolder()
  await assert.rejects(openHolder(folder.path, user), /cannot be used: .* belongs to uid 0, we are nobody/)
  await mkdir(join(folder.path, 'postgres'))
  await chown(folder.path, user.uid, user.gid)
  await assert.rejects(openHolder(folder.path, user), /belongs to uid 0, we are uid .* choose another DATA_DIR/)
})

testAsRoot('the folder for what cannot stay where it is belongs to root and can be passed', async () => {
  const folder = await stagingFolder(nobody())
  const { uid, mode } = await stat(folder)
  assert.deepEqual([uid, mode & 0o777], [0, 0o711])
})

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
