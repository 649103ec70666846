import { spawn } from 'node:child_process'
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StartError } from '../../errors.ts'
import type { Binaries } from './binaries.ts'
import type { ServerUser } from './server-user.ts'

export const SUPERUSER = 'contango'

type Plan = { dataPath: string; password: string; binaries: Binaries; user: ServerUser | undefined; isDurable: boolean }

/**
 * Creates the database files if there are none. They are made in a folder beside it and then renamed, so what stands
 * at `dataPath` is always whole. The caller holds the start lock. Answers whether it created them.
 */
export async function initialise(plan: Plan): Promise<boolean> {
  await removeUnfinished(plan.dataPath)
  if (await stat(join(plan.dataPath, 'PG_VERSION')).catch(() => undefined)) {
    await checkMajor(plan)
    return false
  }
  const unfinished = `${plan.dataPath}.init-${process.pid}-${process.hrtime.bigint()}`
  await makeOwned(unfinished, plan.user)
  const passwordFile = join(unfinished, '..', `${basename(unfinished)}.password`)
  try {
    await writeFile(passwordFile, `${plan.password}\n`, { mode: 0o600 })
    if (plan.user) await chown(passwordFile, plan.user.uid, plan.user.gid)
    await runInitdb(plan, unfinished, passwordFile)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await writeOwned(join(unfinished, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n', plan.user)
  await rename(unfinished, plan.dataPath)
  await syncFolder(dirname(plan.dataPath))
  return true
}

/** Writes a file that the server's user may read. */
export async function writeOwned(file: string, text: string, user: ServerUser | undefined): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  if (user) await chown(file, user.uid, user.gid)
}

async function makeOwned(folder: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  if (user) await chown(folder, user.uid, user.gid)
}

/** What an earlier start left when it was killed; its initdb may still be writing for a moment. */
async function removeUnfinished(dataPath: string): Promise<void> {
  const prefix = `${basename(dataPath)}.init-`
  for (const name of await readdir(dirname(dataPath))) {
    if (!name.startsWith(prefix)) continue
    await rm(join(dirname(dataPath), name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

async function runInitdb({ binaries, user, isDurable }: Plan, folder: string, passwordFile: string): Promise<void> {
  const args = ['--pgdata', folder, '--username', SUPERUSER, '--pwfile', passwordFile]
  args.push('--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-instructions')
  // The same order of text on every machine, whatever its C library.
  args.push('--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8')
  // Only for tests, whose data nobody misses after a power cut.
  if (!isDurable) args.push('--no-sync')
  const child = spawn(binaries.initdb, args, {
    ...user,
    cwd: folder,
    ...serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  const problem = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `it ended with ${signal ?? code}`))
  })
  if (problem === undefined) return
  const lines = output.trim().split('\n').slice(-5).join('\n')
  throw new StartError('initdb', `The embedded PostgreSQL could not be created in ${folder}: ${problem}.\n${lines}`)
}

/** A locale or PG* variable of the caller must not shape the database; Windows starts nothing without its own ones. */
export function serverEnvironment(): { env?: Record<string, string> } {
  return process.platform === 'win32' ? {} : { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } }
}

async function checkMajor({ dataPath, binaries }: Plan): Promise<void> {
  const made = (await readFile(join(dataPath, 'PG_VERSION'), 'utf8')).trim()
  const ours = binaries.version.split('.')[0]
  if (made === ours) return
  throw new StartError(
    'embedded_version',
    `The database in ${dataPath} was made by PostgreSQL ${made}; this build brings ${ours}. ` +
      `Use the Contango version that made it, or move the data over with contango export and import.`
  )
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
