import { sleep } from '../clock.ts'
import { keptFrom as monthsKeptFrom } from '../domain/retention.ts'
import { isoOf, SECOND } from '../domain/time.ts'
import { InvalidInputError } from '../errors.ts'
import { readWatermark } from '../store/watermark.ts'
import type { ApiContext } from './context.ts'

/** Transactions of ours end within moments: so long is waited for those that may still tell of an earlier time. */
const WAIT_MS = 3 * SECOND
const LOOK_MS = 100

/**
 * The time as of which was asked, null where nobody did. Answers once nothing can become known of before it any more, so that the same question
 * is answered the same for ever; refuses a time that is still to come.
 */
export async function settleKnownAt(
  { db }: Pick<ApiContext, 'db'>,
  knownAtMs: number | undefined
): Promise<number | null> {
  if (knownAtMs === undefined) return null
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const watermarkMs = await readWatermark(db)
    if (knownAtMs < watermarkMs) return knownAtMs
    if (waitedMs < WAIT_MS && knownAtMs < watermarkMs + WAIT_MS) await sleep(LOOK_MS)
    else {
      const message = `must be before ${isoOf(watermarkMs)}: what is known at a time is complete only once everything that began by then has ended`
      throw new InvalidInputError([{ path: 'knownAt', message }], 'known_at_ahead')
    }
  }
}

/** From when on observations are kept (epoch ms); null: all are. */
export function keptFrom({ config, clock }: Pick<ApiContext, 'config' | 'clock'>): number | null {
  return config.rawDays === null ? null : monthsKeptFrom(clock.now(), config.rawDays)
}

/** Refuses a range that begins before observations are kept: an answer without them would look like one of a time without any. */
export function refuseGone(
  context: Pick<ApiContext, 'config' | 'clock'>,
  fromMs: number,
  { path, instead }: { readonly path: string; readonly instead: string }
): void {
  const from = keptFrom(context)
  if (from === null || fromMs >= from) return
  const message = `observations are kept from ${isoOf(from)} on (RAW_RETENTION_DAYS); ${instead}`
  throw new InvalidInputError([{ path, message }], 'history_not_kept')
}
