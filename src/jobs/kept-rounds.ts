import type { Instrument } from '../domain/instrument.ts'
import type { Transaction } from '../store/database.ts'
import { listDepthTargets } from '../store/depth.ts'
import type { DiskGuard } from '../store/disk.ts'
import type { Stamp } from '../store/observations.ts'
import type { Fact, Reading } from '../venues/venue.ts'
import { type AskedVenue, askSingly, type SingleDeps, type SingleRound, singleCallOf } from './single-calls.ts'

export type KeptDeps = SingleDeps & { readonly disk: DiskGuard }

/** Whose book came in none of so many rounds is no longer among those that are asked. */
const STAY_ROUNDS = 3

/** How many of the largest contracts a round asks for, and how often. */
export type Rhythm = { readonly contracts: number; readonly everyMs: number }

/** A round whose facts are kept as history alone; what it does not bring is a gap. */
export type KeptRound = Rhythm & {
  /** What is asked of these is held against, if anything is. */
  readonly refuser?: (instruments: readonly Instrument[]) => Promise<NonNullable<SingleRound['refuse']>>
  readonly job: 'depth' | 'flow' | 'liquidation'
  readonly fact: Fact
  /** Stores what a batch brought; answers how many instruments it was about. */
  readonly store: (client: Transaction, reading: Reading, into: Into) => Promise<number>
}

export type Into = {
  /** The rows of a reading that are about what was asked, with our ids. */
  readonly ours: <Row extends { readonly symbol: string }>(rows: readonly Row[]) => (Row & { instrumentId: number })[]
  readonly stamp: Stamp
}

/** Asks for the largest contracts of a venue, and their spot legs where the fact is of them as well. */
export async function pollKept(
  deps: KeptDeps,
  venue: AskedVenue,
  { job, fact, contracts, everyMs, refuser, store }: KeptRound,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const { id, calls, adapterVersion } = venue.adapter
  const askedSinceMs = job === 'depth' ? tickAt - STAY_ROUNDS * everyMs : null
  const targets = await listDepthTargets(deps.db, id, contracts, askedSinceMs)
  const instruments = [...venue.instruments.values()].filter(
    (each) => targets.has(each.id) && singleCallOf(calls, fact, each)
  )
  if (instruments.length === 0) return
  const ours = oursOf(instruments)
  const round = {
    job,
    fact,
    instruments,
    ...(refuser === undefined ? {} : { refuse: await refuser(instruments) }),
    kept: { fact: job, everyMs, isFull: await deps.disk.isFull() },
    store: (client: Transaction, claim: { readonly tickAt: number; readonly epoch: number }, reading: Reading) => {
      const { tickAt, epoch } = claim
      return store(client, reading, {
        ours,
        stamp: { spanMs: everyMs, source: 'polled', adapterVersion, tickAt, epoch }
      })
    }
  }
  await askSingly(deps, venue, round, tickAt, signal)
}

function oursOf(instruments: readonly Instrument[]): Into['ours'] {
  const ids = new Map(instruments.map(({ symbol, id }) => [symbol, id]))
  return (rows) =>
    rows.flatMap((row) => {
      const instrumentId = ids.get(row.symbol)
      return instrumentId === undefined ? [] : [{ ...row, instrumentId }]
    })
}
