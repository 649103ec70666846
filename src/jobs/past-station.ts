import { sleep } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { listInstruments } from '../store/instruments.ts'
import { findNextPoll } from '../store/venues.ts'
import { classFor, openClient, type VenueClient } from '../venues/ccxt-client.ts'
import type { VenueAdapter } from '../venues/venue.ts'
import { createBudget } from './history-budget.ts'
import { clientOptions, type WorkerDeps } from './station.ts'

/** A page and its storing must end within this, or another may take the piece over. */
export const PAST_LEASE_MS = MINUTE
const READ_EVERY_MS = 10 * SECOND
/** A market list that lacks something wanted is loaded again, but no oftener than this. */
const MARKETS_AGAIN_MS = 5 * MINUTE

/** Where a venue's past is fetched: a client and a budget of its own, apart from those of live polls. */
export type PastStation = {
  readonly adapter: VenueAdapter
  readonly client: VenueClient
  /** Resolves when the budget has room for one more call and no live poll is due. */
  readonly takeTurn: () => Promise<void>
  /** Every instrument we know; the venue's markets are loaded anew when they are old, or lack one that is wanted. */
  readInstruments(): Promise<readonly Instrument[]>
}

/** Opens a venue's client for its past. `isWanted`: the instruments that will be asked for. */
export async function openPastStation(
  deps: WorkerDeps,
  adapter: VenueAdapter,
  isWanted: (instrument: Instrument) => boolean,
  signal: AbortSignal
): Promise<PastStation> {
  const { db, clock, config } = deps
  const options = clientOptions(deps, adapter)
  const client = await openClient(adapter, options)
  const takeTurn = createBudget({
    now: () => clock.now(),
    wait: (milliseconds) => sleep(milliseconds, signal),
    callsPerSecond: config.history.callsPerSecond,
    shutUntil: () => options.gate.shutUntil(),
    // A simulated venue has no limits to spare: polls more frequent than its answers would never leave a pause.
    nextPollAt: () => (deps.isSimulated ? Promise.resolve(null) : findNextPoll(db, adapter.id))
  })
  let instruments: readonly Instrument[] = []
  let readAt = Number.NEGATIVE_INFINITY
  let loadedAt = Number.NEGATIVE_INFINITY
  const isKnown = ({ kind, symbol }: Instrument) => symbol in (client.exchangeOf(classFor(adapter, kind)).markets ?? {})
  const readInstruments = async () => {
    const now = clock.now()
    if (now - readAt < READ_EVERY_MS) return instruments
    const found = await listInstruments(db)
    const ours = found.filter((each) => each.venue === adapter.id && isWanted(each))
    const isOld = now - loadedAt > config.marketsMs
    if (isOld || (now - loadedAt > MARKETS_AGAIN_MS && !ours.every(isKnown))) {
      await takeTurn()
      await client.loadMarkets()
      loadedAt = now
    }
    instruments = found
    readAt = now
    return instruments
  }
  return { adapter, client, takeTurn, readInstruments }
}
