import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApi } from '../../src/api/server.ts'
import { runImport } from '../../src/cli/import.ts'
import { readImportArguments } from '../../src/cli/import-arguments.ts'
import type { Clock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { rankAssets } from '../../src/jobs/assets.ts'
import { rankDue } from '../../src/jobs/standings.ts'
import { createCommandLog, type Log } from '../../src/log.ts'
import type { Database } from '../../src/store/database.ts'
import { openStore } from '../../src/store/open.ts'
import { type Ask, openAsk } from './ask.ts'
import { ASSETS, argumentsOf, PRICED, type Recorded } from './recorded.ts'

/** After the last of what is recorded: nothing is of the future, and a year that ended early lacks its end. */
const NOW_MS = Date.UTC(2026, 0, 1)
const clock = { now: () => NOW_MS }
const THEN = { now: () => PRICED.toMs }

/** A database of its own with every recorded history in it, and the API over it, now and then: at the last of what has prices. */
export async function openRecorded(
  recorded: readonly Recorded[],
  say: (line: string) => void
): Promise<AsyncDisposable & { readonly ask: Ask; readonly askThen: Ask }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'contango-report-'))
  // As root the server runs as another user, who must be able to enter.
  await chmod(dataDir, 0o755)
  const config = loadConfig({ DATA_DIR: dataDir, PORT: '0', RATE_LIMIT_PER_MINUTE: '1000000' })
  const log = createCommandLog('report')
  const store = await openStore({ config, log, clock, kind: 'live' })
  const close = async () => {
    await store.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  // Nobody else would stop its server.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().finally(() => process.exit(1)))
  try {
    const deps = { db: store.db, clock, write: () => {}, isTerminal: false, rawDays: null }
    for (const [index, each] of recorded.entries()) {
      say(`import ${index + 1} of ${recorded.length}: ${each.kind} of ${each.instrument}`)
      const code = await runImport(readImportArguments(argumentsOf(each)), deps)
      if (code !== 0) throw new Error(`${each.file}: nothing in it could be used for ${each.instrument}`)
    }
    await follow(store.db, log)
    await rankStandings(store.db, THEN)
    const api = await startApi({ config, db: store.db, clock, log, kind: 'live' })
    const then = await startApi({ config, db: store.db, clock: THEN, log, kind: 'live' })
    return {
      ask: openAsk(api.address),
      askThen: openAsk(then.address),
      [Symbol.asyncDispose]: async () => {
        await then.close()
        await api.close()
        await close()
      }
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** As ASSETS=BTC,ETH has a service do: tables of all contracts are of those that are followed, and an import alone follows none. */
export async function follow(db: Database, log: Log): Promise<void> {
  const { rows } = await db.query<{ venue_id: string }>('select distinct venue_id from instrument')
  const venues = new Set(rows.map(({ venue_id }) => venue_id))
  await rankAssets({ db, log, clock, assets: ASSETS, assetCount: ASSETS.length, venues }, [])
}

/** What a running service does with every settlement: ranks it among those before, as of the clock. */
export async function rankStandings(db: Database, now: Clock): Promise<void> {
  while ((await rankDue({ db, clock: now })) > 0);
}
