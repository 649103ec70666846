import { execFileSync } from 'node:child_process'
import { chmod, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, parse } from 'node:path'
import { StartError } from '../../errors.ts'

/** Who the server runs as when we are root: PostgreSQL refuses to run as root itself. */
export type ServerUser = { readonly uid: number; readonly gid: number }

/** Undefined for everyone but root: the server then runs as we do. `owner`: of an existing data folder. */
export function chooseServerUser(owner: ServerUser | undefined): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (owner !== undefined && owner.uid !== 0) return owner
  for (const name of ['postgres', 'nobody']) {
    const uid = lookUp('-u', name)
    const gid = lookUp('-g', name)
    if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid }
  }
  throw new StartError(
    'no_server_user',
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody". ' +
      'Start Contango as an ordinary user, or set DATABASE_URL.'
  )
}

function lookUp(flag: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return undefined
  }
}

/** Whether `user` may enter every folder on the way to `path`, and read (and enter or run) `path` itself. */
export async function canEnter(path: string, user: ServerUser): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !allows(found, user, 0o5)) return false
  return canPass(dirname(path), user)
}

/** Whether `user` may pass through `folder` to something inside it. */
export async function canPass(folder: string, user: ServerUser): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined || !allows(found, user, 0o1)) return false
  return folder === parse(folder).root || canPass(dirname(folder), user)
}

type Permissions = { readonly mode: number; readonly uid: number; readonly gid: number }

function allows({ mode, uid, gid }: Permissions, user: ServerUser, wanted: number): boolean {
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}

/** A folder of ours that `user` can enter, for what cannot stay where it is. Survives a restart where the machine allows. */
export async function stagingFolder(user: ServerUser): Promise<string> {
  for (const folder of ['/var/lib/contango', join(tmpdir(), 'contango')]) {
    if (await isOurs(folder, user)) return folder
  }
  throw new StartError(
    'no_staging_folder',
    `The server's user (uid ${user.uid}) can enter neither DATA_DIR nor a folder made for it in /var/lib or ` +
      `${tmpdir()}. Set DATA_DIR to a folder that every user may enter, or set DATABASE_URL.`
  )
}

async function isOurs(folder: string, user: ServerUser): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    const found = await lstat(folder)
    // In a public folder somebody else may have been there first: only one that nobody but root can change will do.
    if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) return false
    await chmod(folder, 0o711)
    return await canPass(folder, user)
  } catch {
    return false
  }
}
