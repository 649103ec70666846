import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../src/store/database.ts'
import { openEmbedded } from '../src/store/embedded/embedded.ts'
import { migrate } from '../src/store/migrate.ts'
import { Unmeasured } from './figure.ts'

export type BenchDatabase = AsyncDisposable & {
  readonly url: string
  readonly db: Database
  /** Starts the server anew with nothing of the data in memory, neither its own nor the system's. */
  chill(): Promise<void>
}

/** Filling tables takes what it takes. */
const HOURS_MS = 7_200_000

/** A PostgreSQL of its own, as the service would start it, migrated and empty. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'contango-bench-'))
  await chmod(folder, 0o755)
  const open = () => openEmbedded({ dataDir: folder, log: { info() {}, warn() {} } })
  let embedded = await open()
  await migrate(embedded.url)
  const connect = () =>
    openDatabase({ url: embedded.url, poolSize: 4, applicationName: 'contango bench', statementTimeoutMs: HOURS_MS })
  let db = connect()
  return {
    url: embedded.url,
    get db() {
      return db
    },
    chill: async () => {
      await db.close()
      await embedded.release()
      await forgetFiles(folder)
      embedded = await open()
      db = connect()
    },
    async [Symbol.asyncDispose]() {
      await db.close()
      await embedded.release()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** `dd` of GNU asks the system to drop what it holds of a file. */
async function forgetFiles(folder: string): Promise<void> {
  const { status, stderr } = spawnSync(
    'find',
    [folder, '-type', 'f', '-size', '+64k', '-exec', 'dd', 'if={}', 'iflag=nocache', 'count=0', 'status=none', ';'],
    { encoding: 'utf8' }
  )
  if (status !== 0) throw new Unmeasured(`the page cache cannot be emptied here: ${stderr.slice(0, 200)}`)
}
