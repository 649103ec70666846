import type { Rhythm } from '../src/domain/expiry.ts'
import { ask, type Signal, type Venue } from './api.ts'
import { type Connection, followBoard } from './board-follower.ts'
import { keepRows } from './board-rows.ts'
import type { LiveRow } from './live-row.ts'
import { serverClock } from './server-clock.ts'

/** Everything that the page shows, at one moment. */
export type Moment = {
  readonly rows: readonly LiveRow[]
  readonly nowMs: number
  /** The time in the newest answer. */
  readonly asOf: string | undefined
  readonly connection: Connection
  /** How long nothing has arrived, if that is too long. */
  readonly silentMs: number | undefined
  readonly venues: readonly Venue[]
  readonly signals: readonly Signal[]
  readonly isSimulated: boolean
}

export type Feed = {
  moment(): Moment
  subscribe(listener: () => void): () => void
  /** Asks again now, with the key that there is now. */
  restart(): void
}

/** After this long without anything, nothing on the page passes for current. */
const SILENT_MS = 30_000
const VENUES_EVERY_MS = 10_000
const SIGNALS_EVERY_MS = 60_000
/** Until the service says how often it asks. */
const RHYTHM: Rhythm = { pollMs: 10_000, openInterestMs: 300_000 }

/** What the service tells of the moment: the board, the venues, the open signals. Ages tick on by themselves. */
export function openFeed(): Feed {
  const clock = serverClock()
  const board = keepRows(clock)
  const listeners = new Set<() => void>()
  let heardAtMs = Date.now()
  let rhythm = RHYTHM
  let shown: Pick<Moment, 'connection' | 'venues' | 'signals' | 'isSimulated'> = {
    connection: { state: 'connecting' },
    venues: [],
    signals: [],
    isSimulated: false
  }
  let current: Moment | undefined

  const tell = (news: Partial<typeof shown> = {}) => {
    shown = { ...shown, ...news }
    current = undefined
    for (const listener of listeners) listener()
  }
  const loadVenues = async () => {
    const { data, meta } = await ask<readonly Venue[]>('/v1/venues?limit=1000')
    clock.hear(meta.asOf)
    const { pollMs, openInterestMs } = meta
    if (typeof pollMs === 'number' && typeof openInterestMs === 'number') rhythm = { pollMs, openInterestMs }
    tell({ venues: data, isSimulated: meta.kind === 'simulated' })
  }
  const loadSignals = async () => {
    tell({ signals: (await ask<readonly Signal[]>('/v1/signals?state=open&limit=1000')).data })
  }
  const follower = followBoard({
    board,
    onHeard: (connection) => {
      heardAtMs = Date.now()
      tell({ connection })
    },
    onFailed: (connection) => tell({ connection }),
    onSignal: quietly(loadSignals)
  })
  const silence = () => {
    const silentMs = Date.now() - heardAtMs
    return silentMs > SILENT_MS ? silentMs : undefined
  }
  const load = () => {
    quietly(loadVenues)()
    quietly(loadSignals)()
  }
  load()
  setInterval(quietly(loadVenues), VENUES_EVERY_MS)
  setInterval(quietly(loadSignals), SIGNALS_EVERY_MS)
  setInterval(() => {
    if (silence() !== undefined) follower.drop()
    tell()
  }, 1_000)
  return {
    moment: () => {
      const rows = () => board.rows(rhythm)
      current ??= { ...shown, rows: rows(), nowMs: clock.now(), asOf: board.asOf(), silentMs: silence() }
      return current
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restart: () => {
      load()
      follower.restart()
    }
  }
}

/** Failures show in the connection's state; what is shown meanwhile keeps its age. */
function quietly(work: () => Promise<void>): () => void {
  return () => void work().catch(() => {})
}
