import { sleep } from '../clock.ts'
import { suggestionFor } from '../contract/nearest.ts'
import type { Instrument } from '../domain/instrument.ts'
import { keptFrom as monthsKeptFrom } from '../domain/retention.ts'
import { HOUR, isoOf, SECOND } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import { ALL_OF_IT, fetchPast } from '../jobs/history.ts'
import { loadMarkets } from '../jobs/markets.ts'
import { openPastStation, PAST_LEASE_MS } from '../jobs/past-station.ts'
import { wishesFor } from '../jobs/past-wishes.ts'
import type { WorkerDeps } from '../jobs/station.ts'
import { type BackfillFact, type BackfillScope, requestBackfill } from '../store/backfill.ts'
import { readScope, readyScope } from '../store/backfill-scope.ts'
import { listInstruments } from '../store/instruments.ts'
import { ensureVenues } from '../store/venues.ts'
import { type BackfillRequest, KINDS } from './backfill-arguments.ts'
import { createTally, describe, type Tally } from './backfill-report.ts'
import { createProgress } from './import-progress.ts'

export type BackfillDeps = WorkerDeps & {
  /** One line of output. */
  readonly write: (line: string) => void
  readonly isTerminal: boolean
}

/** A piece that has failed so often in a row is left. */
const FAILURES_MAX = 4
const LOOK_AGAIN_MS = SECOND / 2
const SHOW_EVERY_MS = SECOND

/**
 * `contango backfill …`: asks for the past, and works with whoever else does until it is there. Answers 0 when everything wanted is
 * stored, 1 when something is not. Throws InvalidInputError for instruments that nobody knows.
 */
export async function runBackfill(request: BackfillRequest, deps: BackfillDeps, stop: AbortSignal): Promise<number> {
  const { db, clock, write, isTerminal } = deps
  const scope = await openScope(request, deps)
  const tally = createTally()
  const progress = createProgress({ clock, isTerminal, write: request.isJson ? () => {} : write })
  const first = (await readScope(db, scope, clock.now())).share
  const ended = new AbortController()
  const watch = async () => {
    while (!ended.signal.aborted) {
      await sleep(SHOW_EVERY_MS, ended.signal)
      const { share } = await readScope(db, scope, clock.now())
      // Of what was left at the beginning: the time left is told by it.
      progress.update('fetched', tally.rows(), first >= 1 ? 1 : Math.max(0, (share - first) / (1 - first)))
    }
  }
  const watching = watch()
  try {
    const venues = new Set(
      (await listInstruments(db)).filter(({ id }) => scope.instrumentIds.includes(id)).map(({ venue }) => venue)
    )
    const adapters = deps.adapters.filter(({ id }) => venues.has(id))
    const to = request.to === null ? {} : { to: request.to }
    const full = await Promise.all(adapters.map((adapter) => workOff({ ...deps, ...to }, adapter, scope, tally, stop)))
    if (full.includes(true)) write('the database has reached MAX_DISK_GB: nothing more is stored')
  } finally {
    ended.abort()
    await watching
    progress.end()
  }
  const outcome = await readScope(db, scope, clock.now())
  const report = tally.report(outcome, outcome.open > 0)
  for (const line of request.isJson ? [JSON.stringify(report)] : describe(report)) write(line)
  return outcome.open + outcome.givenUp.length === 0 ? 0 : 1
}

/** Works off a venue's pieces until none is left that anybody works on. True: the disk is full. */
async function workOff(
  deps: BackfillDeps & { readonly to?: number },
  adapter: WorkerDeps['adapters'][number],
  scope: BackfillScope,
  tally: Tally,
  stop: AbortSignal
): Promise<boolean> {
  const ids = new Set(scope.instrumentIds)
  const station = await openPastStation(deps, adapter, ({ id }) => ids.has(id), stop)
  const ours: BackfillScope = { ...scope, instrumentIds: await idsOf(deps, adapter.id, ids) }
  const { client, takeTurn } = station
  try {
    while (!stop.aborted) {
      if (await deps.disk.isFull()) return true
      const target = { adapter, client, instruments: await station.readInstruments() }
      const work = { ...deps, scope: ours, leaseMs: PAST_LEASE_MS, takeTurn, told: tally.add }
      if (await fetchPast(work, target, stop)) continue
      if ((await readScope(deps.db, ours, deps.clock.now())).open === 0) return false
      await sleep(LOOK_AGAIN_MS, stop)
    }
    return false
  } finally {
    await client.close()
  }
}

async function idsOf({ db }: BackfillDeps, venue: string, ids: ReadonlySet<number>): Promise<number[]> {
  const instruments = await listInstruments(db)
  return instruments.filter((each) => each.venue === venue && ids.has(each.id)).map(({ id }) => id)
}

/** Asks for what is wanted, and answers which pieces that makes. */
async function openScope(request: BackfillRequest, deps: BackfillDeps): Promise<BackfillScope> {
  const { db, clock } = deps
  const wanted = await wantedIds(request, deps)
  const keptFrom = tellKept(request, deps)
  const from = (fact: BackfillFact) => {
    const isAsked = request.kinds.some((kind) => KINDS[kind] === fact)
    const isKept = fact === 'settlement' || request.to === null || request.to > keptFrom
    return isAsked && isKept ? (request.from ?? ALL_OF_IT) : null
  }
  const wishes = await wishesFor(deps, {
    isWanted: ({ id }) => wanted.has(id),
    from: {
      settlement: from('settlement'),
      price_1h: from('price_1h'),
      open_interest_1h: from('open_interest_1h')
    }
  })
  if (wishes.length === 0) {
    const path = request.instruments.length > 0 ? '--instrument' : '--venue'
    const message = 'nothing to fetch: no instrument here has a past of that kind that its venue serves'
    throw new InvalidInputError([{ path, message }], 'nothing_to_fetch')
  }
  await requestBackfill(db, wishes)
  const facts = [...new Set(wishes.map(({ fact }) => fact))]
  const instrumentIds = [...new Set(wishes.map(({ instrumentId }) => instrumentId))]
  const scope = { instrumentIds, facts, failuresMax: FAILURES_MAX }
  await readyScope(db, scope, Math.min(request.to ?? clock.now(), clock.now() - HOUR))
  return scope
}

/** From when on observations are kept, if they were asked for from before that; settlements always are. Refuses what is only of before. */
function tellKept({ kinds, from, to, isJson }: BackfillRequest, { config, clock, write }: BackfillDeps): number {
  const keptFrom = config.rawDays === null ? 0 : monthsKeptFrom(clock.now(), config.rawDays)
  const words = kinds.filter((kind) => KINDS[kind] !== 'settlement')
  const since = `${isoOf(keptFrom)}, from when on RAW_RETENTION_DAYS keeps observations`
  if (words.length > 0 && words.length === kinds.length && to !== null && to <= keptFrom) {
    throw new InvalidInputError([{ path: '--to', message: `must be after ${since}` }], 'history_not_kept')
  }
  if (words.length > 0 && from !== null && from < keptFrom && !isJson) {
    write(`${words.join(', ')} of before ${since}, are not fetched`)
  }
  return keptFrom
}

/** The instruments that were named, or those followed, with the spot legs of their prices. */
async function wantedIds(request: BackfillRequest, deps: BackfillDeps): Promise<ReadonlySet<number>> {
  await ensureVenues(deps.db, deps.adapters)
  const instruments = await knownInstruments(request, deps)
  const venues = new Set(request.venues.length > 0 ? request.venues : deps.adapters.map(({ id }) => id))
  const byKey = new Map(instruments.map((instrument) => [instrument.key, instrument]))
  const problems = request.instruments.flatMap(({ key }) =>
    byKey.has(key) ? [] : [{ path: '--instrument', message: `${key} is not known${suggestionFor(key, byKey.keys())}` }]
  )
  if (problems.length > 0) throw new InvalidInputError(problems, 'unknown_instrument')
  const chosen =
    request.instruments.length > 0
      ? request.instruments.map(({ key }) => byKey.get(key)!)
      : instruments.filter(({ tracked, venue }) => tracked && venues.has(venue))
  if (chosen.length === 0) {
    const message = 'nothing is followed there yet: name instruments, or let the service run once'
    throw new InvalidInputError([{ path: '--instrument', message }], 'nothing_followed')
  }
  const legs = request.kinds.includes('prices') ? chosen.flatMap(({ spotId }) => spotId ?? []) : []
  return new Set([...chosen.map(({ id }) => id), ...legs])
}

/** A venue of which nothing is known yet is asked for what it lists. */
async function knownInstruments(request: BackfillRequest, deps: BackfillDeps): Promise<readonly Instrument[]> {
  const found = await listInstruments(deps.db)
  const named = new Set(request.instruments.map(({ venue }) => venue))
  const strange = deps.adapters.filter(({ id }) => named.has(id) && !found.some(({ venue }) => venue === id))
  if (strange.length === 0) return found
  const signal = new AbortController().signal
  for (const adapter of strange) {
    const { client } = await openPastStation(deps, adapter, () => false, signal)
    try {
      await loadMarkets(deps, adapter, client)
    } finally {
      await client.close()
    }
  }
  return await listInstruments(deps.db)
}
