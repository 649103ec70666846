import { sleep } from '../clock.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, floorTo, MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { type BackfillWish, reopenBackfill, requestBackfill } from '../store/backfill.ts'
import { listInstruments } from '../store/instruments.ts'
import { listLatest } from '../store/latest.ts'
import { classFor, openClient, type VenueClient, type VenueGate } from '../venues/ccxt-client.ts'
import type { VenueAdapter } from '../venues/venue.ts'
import { fetchPast } from './history.ts'
import { clientOptions, type WorkerDeps } from './station.ts'
import { backOffMs } from './venue-health.ts'

/** A page and its storing must end within this, or another may take the piece over. */
const LEASE_MS = MINUTE
const WISHES_EVERY_MS = 10 * SECOND
const IDLE_MS = SECOND
/** A market list that lacks something followed is loaded again, but no oftener than this. */
const MARKETS_AGAIN_MS = 5 * MINUTE
/** A price series that was brought up to date this recently continues in the live observations. */
const RECENT_MS = 2 * 60 * MINUTE

/** Brings in the past of every followed instrument, on clients and a budget of its own. Ends when `signal` aborts. */
export async function runHistorian(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  await reopenBackfill(deps.db, 'price_1h', deps.clock.now() - RECENT_MS)
  await Promise.all([runWishes(deps, signal), ...deps.adapters.map((adapter) => runVenue(deps, adapter, signal))])
}

async function runWishes(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await requestBackfill(deps.db, await wishesOf(deps))
    } catch (error) {
      deps.log.error({ message: messageOf(error) }, 'history.wishes_failed')
    }
    await sleep(WISHES_EVERY_MS, signal)
  }
}

/** What is wanted of the past: settlements of perpetuals, hourly prices of contracts and their spot legs; larger contracts first. */
async function wishesOf({ db, clock, config, adapters }: WorkerDeps): Promise<BackfillWish[]> {
  const venues = new Set(adapters.map(({ id }) => id))
  const tracked = (await listInstruments(db)).filter(({ tracked, venue }) => tracked && venues.has(venue))
  const latest = await listLatest(
    db,
    tracked.map(({ id }) => id)
  )
  const priorities = new Map<number, number>()
  const raise = (id: number, priority: number) => priorities.set(id, Math.max(priority, priorities.get(id) ?? 0))
  for (const { id, kind, spotId } of tracked) {
    const openInterest = kind === 'spot' ? 0 : Number(latest.get(id)?.openInterest?.usd ?? 0)
    raise(id, openInterest)
    if (spotId !== null) raise(spotId, openInterest)
  }
  const { settlementDays, basisDays } = config.history
  const today = floorTo(clock.now(), DAY)
  // In steps of two: what moves by a percent every poll does not change who comes first.
  const priorityOf = (id: number) => 2 ** Math.round(Math.log2(Math.max(1, priorities.get(id) ?? 1)))
  const wish = ({ id }: Instrument, fact: BackfillWish['fact'], days: number): BackfillWish[] =>
    days === 0 ? [] : [{ instrumentId: id, fact, wantedFrom: today - days * DAY, priority: priorityOf(id) }]
  const legs = new Set(tracked.map(({ spotId }) => spotId))
  return tracked.flatMap((instrument) => [
    ...(instrument.kind === 'perpetual' ? wish(instrument, 'settlement', settlementDays) : []),
    ...(instrument.kind !== 'spot' || legs.has(instrument.id) ? wish(instrument, 'price_1h', basisDays) : [])
  ])
}

async function runVenue(deps: WorkerDeps, adapter: VenueAdapter, signal: AbortSignal): Promise<void> {
  const options = clientOptions(deps, adapter)
  const client = await openClient(adapter, options)
  const takeTurn = createBudget(deps, options.gate, signal)
  const markets = createMarketList(deps, adapter, client, takeTurn)
  for (let failures = 0; !signal.aborted; ) {
    try {
      const isBusy = !(await deps.disk.isFull()) && (await drain(deps, adapter, client, markets, takeTurn, signal))
      failures = 0
      if (!isBusy) await sleep(IDLE_MS, signal)
    } catch (error) {
      failures += 1
      deps.log.warn({ venue: adapter.id, message: messageOf(error) }, 'history.failed')
      await sleep(Math.max(IDLE_MS, backOffMs(failures + 1, 5 * SECOND, deps.jitter())), signal)
    }
  }
  await client.close()
}

type MarketList = { read(): Promise<readonly Instrument[]> }

/** The instruments whose past may be asked for; ccxt's own list is loaded anew when it is old, or does not know one of them. */
function createMarketList(
  { db, clock, config }: WorkerDeps,
  adapter: VenueAdapter,
  client: VenueClient,
  takeTurn: () => Promise<void>
): MarketList {
  let instruments: readonly Instrument[] = []
  let readAt = Number.NEGATIVE_INFINITY
  let loadedAt = Number.NEGATIVE_INFINITY
  const isKnown = ({ kind, symbol }: Instrument) => symbol in (client.exchangeOf(classFor(adapter, kind)).markets ?? {})
  return {
    read: async () => {
      const now = clock.now()
      if (now - readAt < WISHES_EVERY_MS) return instruments
      const found = await listInstruments(db)
      const ours = found.filter(({ venue, tracked }) => venue === adapter.id && tracked)
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
  }
}

/** Works off what is due now. */
async function drain(
  deps: WorkerDeps,
  adapter: VenueAdapter,
  client: VenueClient,
  markets: MarketList,
  takeTurn: () => Promise<void>,
  signal: AbortSignal
): Promise<boolean> {
  const target = { adapter, client, instruments: await markets.read() }
  const until = deps.clock.now() + WISHES_EVERY_MS
  const isGoingOn = () => !signal.aborted && deps.clock.now() < until
  let isBusy = false
  while (isGoingOn() && (await fetchPast({ ...deps, leaseMs: LEASE_MS, takeTurn }, target, signal))) isBusy = true
  return isBusy
}

/** So many calls a second, none while the venue is banned: live polls need its goodwill more. */
function createBudget({ clock, config }: WorkerDeps, gate: VenueGate, signal: AbortSignal): () => Promise<void> {
  const stepMs = SECOND / config.history.callsPerSecond
  let nextAt = 0
  return async () => {
    const now = clock.now()
    const turnAt = Math.max(nextAt, now, await gate.shutUntil())
    nextAt = turnAt + stepMs
    await sleep(turnAt - now, signal)
  }
}
