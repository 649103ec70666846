import { runBackfill } from '../../src/cli/backfill.ts'
import { readBackfillArguments } from '../../src/cli/backfill-arguments.ts'
import type { BackfillReport } from '../../src/cli/backfill-report.ts'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import type { Database } from '../../src/store/database.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import type { Exchange } from '../support/exchange.ts'
import { silentLog } from '../support/line.ts'

export const VENUES = ADAPTERS.map(({ id }) => id)

export type BackfillOutcome = { readonly lines: readonly string[]; readonly code: number }

/** Runs `contango backfill …` in this process against simulated exchanges. */
export async function backfillLines(
  db: Database,
  exchange: Pick<Exchange, 'urls'>,
  args: readonly string[],
  holder = 'test',
  stop: AbortSignal = new AbortController().signal,
  settings: Readonly<Record<string, string>> = {}
): Promise<BackfillOutcome> {
  const lines: string[] = []
  const env = { VENUE_URLS: JSON.stringify(exchange.urls), HISTORY_CALLS_PER_SECOND: '1000', CALL_TIMEOUT_SECONDS: '5' }
  const deps = {
    db,
    clock: systemClock,
    log: silentLog,
    config: loadConfig({ ...env, ...settings }),
    holder,
    adapters: ADAPTERS,
    jitter: () => 0.5,
    isSimulated: true,
    disk: { isFull: async () => false },
    write: (line: string) => void lines.push(line),
    isTerminal: false
  }
  const code = await runBackfill(readBackfillArguments(args, VENUES, systemClock.now()), deps, stop)
  return { lines, code }
}

export async function backfillJson(
  ...[db, exchange, args, holder, stop]: Parameters<typeof backfillLines>
): Promise<BackfillReport & { readonly code: number }> {
  const { lines, code } = await backfillLines(db, exchange, [...args, '--json'], holder, stop)
  return { ...(JSON.parse(lines.join('')) as BackfillReport), code }
}

/** Everything of the past that is stored, by instrument and time, without what differs between two runs. */
export async function listPast(db: Database) {
  const { rows: settlements } = await db.query(
    `select distinct on (i.key, s.settled_at) i.key, s.settled_at, s.rate, s.interval_hours, s.source
     from settlement s join instrument i on i.id = s.instrument_id order by i.key, s.settled_at, s.revision desc`
  )
  const { rows: hours } = await db.query(
    `select distinct on (i.key, m.tick_at) i.key, m.tick_at, m.last, m.mark, m.index_price, m.premium, m.open_interest_base,
       m.open_interest_usd, m.open_interest_sides, m.source
     from market_snapshot m join instrument i on i.id = m.instrument_id order by i.key, m.tick_at, m.revision desc`
  )
  const { rows: bases } = await db.query(
    `select i.key, b.tick_at, b.basis_bps, b.premium_bps, b.revision from basis_snapshot b
     join instrument i on i.id = b.instrument_id order by i.key, b.tick_at, b.revision`
  )
  return { settlements, hours, bases }
}
