import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../../clock.ts'
import { messageOf, StartError } from '../../errors.ts'

/** Held until released, or until the process is gone, however it went. */
export type FileLock = { release(): void }

const SQLITE_BUSY = 5

/**
 * A lock on a file that the operating system takes back when its holder dies. Node has no such call of its own;
 * SQLite, which comes with Node, takes one for every transaction, so an empty SQLite file serves as the lock.
 * Shared and exclusive mean what they say, also between two holders in one process.
 */
export function tryLock(path: string, kind: 'shared' | 'exclusive'): FileLock | undefined {
  let file: DatabaseSync | undefined
  try {
    file = new DatabaseSync(path, { timeout: 0 })
    file.exec(kind === 'exclusive' ? 'begin exclusive' : 'begin; select count(*) from sqlite_schema')
  } catch (error) {
    if (file?.isOpen) file.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    throw new StartError('data_dir_lock', `Cannot lock ${path}: ${messageOf(error)}. Is the folder writable for us?`)
  }
  const held = file
  return { release: () => held.isOpen && held.close() }
}

/** Waits for the exclusive lock; `onWait` is told once when somebody else has it. */
export async function lockExclusive(path: string, timeoutMs: number, onWait?: () => void): Promise<FileLock> {
  const deadline = AbortSignal.timeout(timeoutMs)
  for (let attempt = 0; ; attempt += 1) {
    const lock = tryLock(path, 'exclusive')
    if (lock !== undefined) return lock
    if (deadline.aborted) {
      throw new StartError(
        'data_dir_busy',
        `Another Contango has been starting or stopping the database behind ${path} for ${timeoutMs / 1000} s. ` +
          'Look for a process that hangs and end it.'
      )
    }
    if (attempt === 20) onWait?.()
    await sleep(25)
  }
}
