import { access, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError, messageOf, StartError } from '../../errors.ts'
import { describeEmbedded, type EmbeddedLog, openEmbedded } from '../embedded/embedded.ts'
import { migrate } from '../migrate.ts'
import { listMigrations } from '../migration-history.ts'
import { type ArchiveHeader, type ArchiveSummary, verifyArchive, writeArchive } from './archive.ts'
import { dump, openForBackup } from './dump.ts'
import { load } from './load.ts'

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

type Place = { readonly dataDir: string; readonly log: EmbeddedLog; readonly isDurable?: boolean }

/**
 * Writes the embedded database of `dataDir` to a new file, beside a running service or without one. The file has its name only once it
 * has been read back whole.
 */
export async function backUp({ dataDir, log }: Place, file: string): Promise<ArchiveSummary & { bytes: number }> {
  if ((await describeEmbedded(dataDir)) === undefined) {
    throw new AppError('no_database', `There is no database in ${dataDir}: nothing to back up.`)
  }
  if (await exists(file)) throw new AppError('backup_exists', `${file} exists already; a backup replaces no file.`)
  const unfinished = `${file}.unfinished-${process.pid}`
  const embedded = await openEmbedded({ dataDir, log })
  try {
    await using db = openForBackup(embedded.url)
    await writeArchive(unfinished, dump(db))
    const summary = await verifyArchive(unfinished)
    const { size } = await stat(unfinished)
    await rename(unfinished, file)
    return { ...summary, bytes: size }
  } finally {
    await rm(unfinished, { force: true })
    await embedded.release()
  }
}

/** Makes the embedded database of an empty `dataDir` from a backup: all of it, or the folder is empty again. */
export async function restore({ dataDir, log, isDurable = true }: Place, file: string): Promise<ArchiveSummary> {
  await refuseUsed(dataDir)
  // Read through before anything is made.
  const summary = await verifyArchive(file)
  const known = await knownMigrations(summary.header, file)
  await mkdir(dataDir, { recursive: true })
  const mark = markOf(dataDir)
  await writeFile(mark, `${resolve(file)}\n`)
  try {
    await fill({ dataDir, log, isDurable }, file, known)
  } catch (error) {
    await empty(dataDir)
    throw error
  }
  await rm(mark)
  return summary
}

async function fill({ dataDir, log, isDurable }: Required<Place>, file: string, known: readonly string[]) {
  const embedded = await openEmbedded({ dataDir, log, isDurable })
  try {
    await migrate(embedded.url, { only: known })
    await using db = openForBackup(embedded.url)
    await load(db, file)
  } finally {
    await embedded.release()
  }
}

/** Refuses what a killed restore has left: it would look like a database without history. */
export async function refuseHalfRestored(dataDir: string): Promise<void> {
  if (!(await exists(markOf(dataDir)))) return
  throw new StartError(
    'half_restored',
    `A restore into ${dataDir} was not finished. Empty the folder and restore again, or choose another DATA_DIR.`
  )
}

const markOf = (dataDir: string) => join(dataDir, 'restore.unfinished')

async function refuseUsed(dataDir: string): Promise<void> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new AppError('data_dir', `DATA_DIR ${dataDir} cannot be used: ${messageOf(error)}.`)
  })
  if (names.length === 0) return
  throw new AppError(
    'data_dir_used',
    `DATA_DIR ${dataDir} is not empty; a restore goes into a folder of its own. Choose another one with DATA_DIR.`
  )
}

/** The backup's migrations, all of which this build must know as they were. */
async function knownMigrations({ migrations }: ArchiveHeader, file: string): Promise<string[]> {
  const ours = new Map((await listMigrations(MIGRATIONS)).map(({ name, checksum }) => [name, checksum]))
  const unknown = migrations.filter(({ name, checksum }) => ours.get(name) !== checksum).map(({ name }) => name)
  if (unknown.length === 0) return migrations.map(({ name }) => name)
  throw new AppError(
    'backup_newer',
    `${file} was made by a newer Contango: it has ${unknown.join(', ')}, which this build does not know. ` +
      'Restore it with that version.'
  )
}

/** The folder was empty before: whatever is in it now is ours. */
async function empty(dataDir: string): Promise<void> {
  const dataPath = (await describeEmbedded(dataDir).catch(() => undefined))?.dataPath
  if (dataPath !== undefined && dirname(dataPath) !== resolve(dataDir)) {
    await rm(dataPath, { recursive: true, force: true })
    await rm(`${dataPath}.owner`, { force: true })
  }
  for (const name of await readdir(dataDir)) await rm(join(dataDir, name), { recursive: true, force: true })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}
