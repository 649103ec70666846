import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chown, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeEmbedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { canEnter, stagingFolder } from '../../src/store/embedded/server-user.ts'
import { askOnce, openHolder, temporaryFolder } from '../support/embedded-process.ts'

const log = { info() {}, warn() {} }
const skip = process.getuid?.() === 0 ? false : 'only root can act as two users'

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

test('as root, a folder that only root may enter keeps its data in a place that is told', { skip }, async () => {
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

test('what a temporary folder left outside is removed once the folder is gone', { skip }, async () => {
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

test('an ordinary user runs the server as itself', { skip }, async (t) => {
  const user = nobody()
  if (!(await canEnter(process.execPath, user))) return t.skip('this user cannot enter the folder of the sources')
  await using home = await temporaryFolder(0o700)
  await chown(home.path, user.uid, user.gid)
  const dataDir = join(home.path, '.data')
  const holder = await openHolder(dataDir, user)
  const { pid = 0, dataPath } = (await describeEmbedded(dataDir)) ?? {}
  assert.equal(holder.note, null)
  assert.equal(dataPath, join(dataDir, 'postgres'))
  assert.match(await readFile(`/proc/${pid}/status`, 'utf8'), new RegExp(`Uid:\\s+${user.uid}\\s`))
  assert.equal(await askOnce(holder.url, 'select 1'), 1)
  // Root beside it joins, and leaves nothing that its owner could not use.
  const root = await openEmbedded({ dataDir, log })
  assert.equal(root.url, holder.url)
  await holder.release()
  await root.release()
  const rootAgain = await openEmbedded({ dataDir, log })
  await rootAgain.release()
  const again = await openHolder(dataDir, user)
  await again.release()
})

test('a folder of another user is refused with its name', { skip }, async (t) => {
  const user = nobody()
  if (!(await canEnter(process.execPath, user))) return t.skip('this user cannot enter the folder of the sources')
  await using folder = await temporaryFolder()
  await assert.rejects(openHolder(folder.path, user), /cannot be used: .* belongs to uid 0, we are nobody/)
  await mkdir(join(folder.path, 'postgres'))
  await chown(folder.path, user.uid, user.gid)
  await assert.rejects(openHolder(folder.path, user), /belongs to uid 0, we are uid .* choose another DATA_DIR/)
})

test('the folder for what cannot stay where it is belongs to root and can be passed', { skip }, async () => {
  const folder = await stagingFolder(nobody())
  const { uid, mode } = await stat(folder)
  assert.deepEqual([uid, mode & 0o777], [0, 0o711])
})
