import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { SECOND } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { refuseHalfRestored } from './backup/backup.ts'
import { type Database, openDatabase } from './database.ts'
import { type Embedded, openEmbedded } from './embedded/embedded.ts'
import { migrate } from './migrate.ts'
import { ensureLivePartitions } from './partitions.ts'
import { proveDatabase, type ServiceKind, stampDatabase } from './proof.ts'
import { expectedColumns } from './schema-file.ts'

export type OpenStore = {
  readonly url: string
  readonly db: Database
  readonly isEmbedded: boolean
  /** Where an embedded database lives when that is not DATA_DIR. */
  readonly note: string | undefined
  close(): Promise<void>
}

const POOL_SIZE = 10
const SCHEMA_FILE = new URL('../../prisma/schema.prisma', import.meta.url)

export type StoreOptions = {
  readonly config: Pick<Config, 'databaseUrl' | 'dataDir'>
  readonly log: Log
  readonly clock: Clock
  /** Stamps a new database and refuses the other kind; undefined takes either. */
  readonly kind?: ServiceKind
  /** Within which a statement must end; the driver waits two seconds more. Unset: as `openDatabase` does. */
  readonly statementTimeoutMs?: number
}

/** Opens the database that the configuration names: started or joined, migrated, proved, stamped, with room for today. */
export async function openStore({ config, kind, log, clock, statementTimeoutMs }: StoreOptions): Promise<OpenStore> {
  if (config.databaseUrl === null) await refuseHalfRestored(config.dataDir)
  const embedded: Embedded | undefined =
    config.databaseUrl === null ? await openEmbedded({ dataDir: config.dataDir, log }) : undefined
  const url = config.databaseUrl ?? embedded!.url
  const db = openDatabase({
    url,
    poolSize: POOL_SIZE,
    applicationName: 'contango',
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs, answerMarginMs: 2 * SECOND }),
    onError: (error) => log.warn({ message: error.message }, 'database.connection_cut')
  })
  const close = async () => {
    await db.close()
    await embedded?.release()
  }
  try {
    // The server first: a migration on one that is too old, or in another time zone, would leave traces.
    await proveDatabase(db, {})
    const { applied } = await migrate(url)
    if (applied.length > 0) log.info({ applied }, 'database.migrated')
    await proveDatabase(db, expectedColumns(await readFile(SCHEMA_FILE, 'utf8')))
    if (kind) await stampDatabase(db, kind, embedded ? config.dataDir : undefined)
    await ensureLivePartitions(db, clock.now())
    return { url, db, isEmbedded: embedded !== undefined, note: embedded?.note, close }
  } catch (error) {
    await close()
    throw error
  }
}
