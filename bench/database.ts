import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../src/store/database.ts'
import { openEmbedded } from '../src/store/embedded/embedded.ts'
import { migrate } from '../src/store/migrate.ts'

export type BenchDatabase = AsyncDisposable & { readonly url: string; readonly db: Database }

/** A PostgreSQL of its own, as the service would start it, migrated and empty. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'contango-bench-'))
  await chmod(folder, 0o755)
  const embedded = await openEmbedded({ dataDir: folder, log: { info() {}, warn() {} } })
  await migrate(embedded.url)
  const db = openDatabase({ url: embedded.url, poolSize: 4, applicationName: 'contango bench' })
  return {
    url: embedded.url,
    db,
    async [Symbol.asyncDispose]() {
      await db.close()
      await embedded.release()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
