import { RefusedError } from './api.ts'
import type { BoardRows } from './board-rows.ts'
import { readStream } from './stream.ts'

export type Connection =
  | { readonly state: 'connecting' | 'streaming' | 'polling' }
  | { readonly state: 'refused' | 'failing'; readonly why: string }

export const POLL_MS = 5_000
const STREAM = '/v1/stream?topics=board,signals'
/** A stream that was not there is asked for again after this long. */
const STREAM_RETRY_MS = 30_000

type FollowOptions = {
  readonly board: BoardRows
  /** Something arrived. */
  readonly onHeard: (connection: Connection) => void
  readonly onFailed: (connection: Connection) => void
  readonly onSignal: () => void
}

export type Follower = {
  /** Gives the stream up, as one that has died without saying so. */
  drop(): void
  /** Asks for everything again, now. */
  restart(): void
}

/** Loads the board, then follows the stream; where there is none, asks again every five seconds. */
export function followBoard({ board, onHeard, onFailed, onSignal }: FollowOptions): Follower {
  let streaming = new AbortController()
  let wake = () => {}
  let streamAtMs = 0

  const stream = async () => {
    streaming = new AbortController()
    for await (const { event, data } of readStream(STREAM, streaming.signal)) {
      if (event === 'board') board.replace(JSON.parse(data))
      // Something was missed: the whole board again.
      if (event === 'gap') await board.load()
      onHeard({ state: 'streaming' })
      if (event === 'signal' || event === 'gap') onSignal()
    }
  }
  const once = async () => {
    await board.load()
    onHeard({ state: 'polling' })
    if (Date.now() < streamAtMs) return
    const startedAtMs = Date.now()
    await stream().catch(() => {})
    const hasLived = Date.now() - startedAtMs > STREAM_RETRY_MS / 2
    streamAtMs = Date.now() + (hasLived ? 0 : STREAM_RETRY_MS)
  }
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async () => {
    for (;;) {
      await once().catch((error) => onFailed(failureOf(error)))
      await pause()
    }
  }
  void run()
  return {
    drop: () => streaming.abort(),
    restart: () => {
      streamAtMs = 0
      streaming.abort()
      wake()
    }
  }
}

function failureOf(error: unknown): Connection {
  const isRefusal = error instanceof RefusedError && (error.status === 401 || error.status === 403)
  return { state: isRefusal ? 'refused' : 'failing', why: error instanceof Error ? error.message : `${error}` }
}
