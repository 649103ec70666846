import { hostname } from 'node:os'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'
import { createCommandLog } from '../log.ts'
import type { Database } from '../store/database.ts'
import { createDiskGuard } from '../store/disk.ts'
import { findServiceKind } from '../store/proof.ts'
import { ADAPTERS } from '../venues/registry.ts'
import { runBackfill } from './backfill.ts'
import { BACKFILL_USAGE, readBackfillArguments } from './backfill-arguments.ts'
import type { Run } from './run.ts'
import { withStore } from './store-commands.ts'

const write = (line: string) => {
  process.stdout.write(`${line}\n`)
}

export const backfillCommand: Run = async (args, env) => {
  if (args.includes('--help')) {
    write(BACKFILL_USAGE)
    return 0
  }
  const venues = ADAPTERS.map(({ id }) => id)
  const request = readBackfillArguments(args, venues, systemClock.now())
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  // Once: whoever asks again means it.
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return await withStore(env, async ({ db }, config) => {
    const adapters = ADAPTERS.filter(({ id }) => config.venues === null || config.venues.includes(id))
    const isSimulated = await refuseMixing(db, config, venues)
    const deps = {
      db,
      clock: systemClock,
      log: createCommandLog('backfill'),
      config,
      holder: `${hostname()}/${process.pid}/backfill`,
      adapters,
      jitter: () => 0,
      isSimulated,
      disk: createDiskGuard(db, { maxBytes: config.maxDiskBytes, nowMs: systemClock.now }),
      write,
      isTerminal: process.stdout.isTTY === true
    }
    return await runBackfill(request, deps, stopping.signal)
  })
}

/** Simulated history is never completed from the real exchanges. Answers whether the database is simulated. */
async function refuseMixing(db: Database, { venueUrls }: Config, venues: readonly string[]): Promise<boolean> {
  if ((await findServiceKind(db)) !== 'simulated') return false
  const missing = venues.filter((id) => venueUrls[id] === undefined)
  if (missing.length === 0) return true
  throw new StartError(
    'database_kind',
    `The database ${db.address} holds simulated data. Set VENUE_URLS to the simulated exchanges it comes from (${missing.join(', ')}), ` +
      'or name another database with DATABASE_URL or DATA_DIR.'
  )
}
