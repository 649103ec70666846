import { systemClock } from '../../src/clock.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { DAY, floorTo } from '../../src/domain/time.ts'
import { fetchPast } from '../../src/jobs/history.ts'
import { type BackfillFact, requestBackfill } from '../../src/store/backfill.ts'
import type { Database } from '../../src/store/database.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { type Exchange, startExchange } from './exchange.ts'
import { type Line, type LineOptions, openLine, silentLog } from './line.ts'

export type Past = AsyncDisposable & {
  readonly exchange: Exchange
  readonly line: Line
  /** The one whose past is fetched. */
  readonly instrument: Instrument
  /** Wishes for so many whole days before today, of the instrument unless told. */
  want(fact: BackfillFact, days: number, instrumentId?: number, priority?: number): Promise<void>
  /** Works off one wish; false when none is due. */
  run(): Promise<boolean>
}

/** A line whose past can be fetched, on simulated exchanges of its own. */
export async function openPast(
  db: Database,
  wanted: string | ((instrument: Instrument) => boolean),
  options: LineOptions = {}
): Promise<Past> {
  const clock = options.clock ?? systemClock
  const exchange = await startExchange(clock)
  // Only who may be asked, and where it has its spot leg: each market list takes its time.
  const adapters =
    typeof wanted === 'string' ? ADAPTERS.filter(({ id }) => id === 'binance' || wanted.startsWith(`${id}:`)) : ADAPTERS
  const line = await openLine(db, exchange, { adapters, ...options })
  const instruments = await listInstruments(db)
  const instrument = instruments.find(typeof wanted === 'string' ? ({ key }) => key === wanted : wanted)
  if (!instrument) throw new Error(`nothing followed is ${wanted}`)
  const { adapter, client } = line.venues[instrument.venue]!
  const deps = { ...line.deps, log: silentLog, leaseMs: 60_000, takeTurn: async () => {} }
  const never = new AbortController().signal
  return {
    exchange,
    line,
    instrument,
    want: (fact, days, instrumentId = instrument.id, priority = 1) =>
      requestBackfill(db, [{ instrumentId, fact, wantedFrom: floorTo(clock.now(), DAY) - days * DAY, priority }]),
    run: () => fetchPast(deps, { adapter, client, instruments }, never),
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]()
      await exchange[Symbol.asyncDispose]()
    }
  }
}
