import { aborted, sleep } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { CHANNEL } from '../store/board.ts'
import type { Database } from '../store/database.ts'

export type Bell = { ring(): void; wait(timeoutMs: number, signal: AbortSignal): Promise<void> }

/** Remembers one ring, so that none is lost between two waits. */
export function createBell(): Bell {
  let isRung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      isRung = true
      wake?.()
    },
    wait: async (timeoutMs, signal) => {
      if (!isRung) {
        const rung = new AbortController()
        wake = () => rung.abort()
        await sleep(timeoutMs, AbortSignal.any([signal, rung.signal]))
        wake = undefined
      }
      isRung = false
    }
  }
}

/**
 * Hands on what is announced; a lost connection is made again, and meanwhile polling goes on. Ends when `signal` aborts.
 */
export async function listenForHints(
  { db, log }: { readonly db: Database; readonly log: Log },
  onHint: (payload: string) => void,
  deafEvent: string,
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    try {
      const session = await db.openSession()
      try {
        const ended = new Promise<void>((resolve) => session.on('end', resolve))
        session.on('notification', ({ payload = '' }) => onHint(payload))
        await session.query(`listen ${CHANNEL}`)
        await Promise.race([ended, aborted(signal)])
      } finally {
        await session.end().catch(() => {})
      }
    } catch (error) {
      log.warn({ message: messageOf(error) }, deafEvent)
      await sleep(SECOND, signal)
    }
  }
}
