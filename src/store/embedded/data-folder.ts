import { randomBytes } from 'node:crypto'
import {
  access,
  chmod,
  chown,
  constants,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile
} from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { messageOf, StartError } from '../../errors.ts'
import { isServerOf, readPostmaster } from './postmaster.ts'
import { canPass, chooseServerUser, type ServerUser, stagingFolder } from './server-user.ts'

/** What DATA_DIR keeps about its server, in `postgres.json`, readable by its owner only. */
export type ServerRecord = {
  readonly port: number
  readonly password: string
  /** Only where the data could not stay in DATA_DIR. */
  readonly stagedPath?: string
  /** The machine or container that started it last. */
  readonly host: string
}

/** DATA_DIR and the paths in it. */
export type DataFolder = {
  readonly path: string
  readonly startLock: string
  readonly attachedLock: string
  readonly logFile: string
}

/** Makes the folder where there is none, and refuses one that is not ours to write. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  try {
    await mkdir(dataDir, { recursive: true })
    const path = await realpath(dataDir)
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    // Windows has no such check on folders; its first write says the same.
    return dataFolderAt(path)
  } catch (error) {
    const { uid, username } = userInfo()
    const owner = await stat(dataDir).catch(() => undefined)
    const whose = owner && owner.uid !== uid ? ` It belongs to uid ${owner.uid}, we are ${username} (uid ${uid}).` : ''
    throw new StartError(
      'data_dir',
      `DATA_DIR ${dataDir} cannot be used: ${messageOf(error)}.${whose} Choose another folder, or change its owner.`
    )
  }
}

export function dataFolderAt(path: string): DataFolder {
  return {
    path,
    startLock: join(path, 'postgres.start.lock'),
    attachedLock: join(path, 'postgres.attached.lock'),
    logFile: join(path, 'postgres.log')
  }
}

/** The record, or undefined on a folder that never had a server. */
export async function readRecord({ path }: DataFolder): Promise<ServerRecord | undefined> {
  const file = join(path, 'postgres.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StartError('data_dir', `Cannot read ${file}: ${messageOf(error)}. Was it made by another user?`)
  }
  try {
    return JSON.parse(text) as ServerRecord
  } catch {
    throw new StartError(
      'data_dir',
      `${file} is damaged: expected JSON with port and password. Restore it from a copy.`
    )
  }
}

/** Replaces the record in one step; it keeps the folder's owner, so that root leaves no file its user cannot read. */
export async function writeRecord({ path }: DataFolder, record: ServerRecord): Promise<void> {
  const file = join(path, 'postgres.json')
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  await chmod(`${file}.new`, 0o600)
  await giveToOwner(path, `${file}.new`)
  await rename(`${file}.new`, file)
}

/** Root acts for the folder's owner: what it writes there belongs to them. */
export async function giveToOwner(folder: string, ...files: string[]): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(folder)
  await Promise.all(files.map((file) => chown(file, uid, gid).catch(() => {})))
}

export function dataPathOf({ path }: DataFolder, record: ServerRecord | undefined): string {
  return record?.stagedPath ?? join(path, 'postgres')
}

/** The user that the data belongs to, or will; undefined when that is us. */
export async function findServerUser(dataPath: string, folder: string): Promise<ServerUser | undefined> {
  const owner = await stat(dataPath).catch(() => undefined)
  const uid = process.getuid?.()
  if (owner !== undefined && uid !== undefined && uid !== 0 && owner.uid !== uid) {
    throw new StartError(
      'data_dir',
      `The database in ${dataPath} belongs to uid ${owner.uid}, we are uid ${uid}. ` +
        'Start Contango as that user (or as root, if root made it), or choose another DATA_DIR.'
    )
  }
  const { uid: folderUid, gid } = await stat(folder)
  return chooseServerUser(owner ? { uid: owner.uid, gid: owner.gid } : { uid: folderUid, gid })
}

/** A database that was there once is never replaced by an empty one without a word. */
export async function refuseLostData(folder: DataFolder, record: ServerRecord): Promise<void> {
  const dataPath = dataPathOf(folder, record)
  if (record.port === 0 || (await stat(join(dataPath, 'PG_VERSION')).catch(() => undefined))) return
  throw new StartError(
    'data_lost',
    `The database of ${folder.path} was in ${dataPath} and is not there any more. Put it back, ` +
      `or delete ${join(folder.path, 'postgres.json')} to begin with an empty one.`
  )
}

/** The first record of a folder: a password, and a place for the data that the server's user can reach. */
export async function createRecord(folder: DataFolder, user: ServerUser | undefined): Promise<ServerRecord> {
  const record = { port: 0, password: randomBytes(24).toString('base64url'), host: hostname() }
  if (user === undefined || (await canPass(folder.path, user))) return record
  const parent = await stagingFolder(user)
  await removeForsaken(parent)
  const stagedPath = join(parent, `data-${basename(folder.path)}-${randomBytes(6).toString('hex')}`)
  await writeFile(`${stagedPath}.owner`, folder.path, { mode: 0o600 })
  return { ...record, stagedPath }
}

/** Data whose DATA_DIR was a temporary folder that is gone. Anything else is kept: a disk may be unplugged for a while. */
async function removeForsaken(parent: string): Promise<void> {
  const temporary = await realpath(tmpdir())
  for (const name of await readdir(parent)) {
    if (!name.endsWith('.owner')) continue
    const owner = await readFile(join(parent, name), 'utf8').catch(() => '')
    const dataPath = join(parent, name.slice(0, -'.owner'.length))
    if (!owner.startsWith(`${temporary}/`) || (await stat(owner).catch(() => undefined))) continue
    const server = readPostmaster(dataPath)
    if (server !== undefined && isServerOf(server.pid, dataPath)) continue
    await rm(dataPath, { recursive: true, force: true })
    await rm(join(parent, name), { force: true })
  }
}
