import type { Clock } from '../clock.ts'
import { type Dissent, type IdentityCheck, judgeConsensus, stepIdentity, type Voice } from '../domain/consensus.ts'
import { GATE_DEFAULTS } from '../domain/gates.ts'
import { isDollarLike } from '../domain/instrument.ts'
import type { Log } from '../log.ts'
import type { Database, Transaction } from '../store/database.ts'
import {
  listIdentityChecks,
  listSpeakers,
  lockIdentityChecks,
  type Speaker,
  saveIdentityChecks
} from '../store/identity.ts'

type Deps = { readonly db: Database; readonly clock: Clock; readonly log: Log; readonly pollMs: number }

/** Polls for which a price may speak: older ones prove nothing against newer ones. */
const VOICE_POLLS = 3

/**
 * Compares over the venues what one unit of each followed asset costs, and puts under quarantine what contradicts the others, or lets
 * it out again: `domain/consensus.ts`. Before every board, so that none shows what its newest prices contradict.
 */
export async function checkIdentities(deps: Deps): Promise<void> {
  await deps.db.transaction((client) => checkAll(client, deps))
}

async function checkAll(client: Transaction, { clock, log, pollMs }: Deps): Promise<void> {
  await lockIdentityChecks(client)
  const nowMs = clock.now()
  const [speakers, before] = [await listSpeakers(client), await listIdentityChecks(client)]
  const maxAgeMs = Math.max(GATE_DEFAULTS.displayMaxAgeMs, VOICE_POLLS * pollMs)
  const said = judgeConsensus(speakers.flatMap((speaker) => voiceOf(speaker, nowMs - maxAgeMs) ?? []))
  const isAlone = lonely(speakers)
  const changes = speakers.flatMap((speaker): [number, IdentityCheck | null][] => {
    const known = before.get(speaker.id) ?? null
    // Where no other venue has the asset any more, nothing can be said against it.
    const next = stepIdentity(known, isAlone(speaker) ? null : said.get(speaker.id), nowMs)
    return isSame(known, next) ? [] : [[speaker.id, next]]
  })
  // Of what is followed or traded no more nothing is heard that could ever release it.
  const spoken = new Set(speakers.map(({ id }) => id))
  const silent = [...before.keys()].filter((id) => !spoken.has(id)).map((id): [number, null] => [id, null])
  await saveIdentityChecks(client, [...changes, ...silent])
  tellChanges(log, changes, before)
}

/** What one unit of the asset costs, in dollars: a stablecoin is one, near enough for what is compared here. */
function voiceOf({ multiplier, mid, observedAt, ...speaker }: Speaker, notBefore: number): Voice | undefined {
  if (multiplier === null || mid === null || mid <= 0 || observedAt === null || observedAt < notBefore) return undefined
  return isDollarLike(speaker.quote) ? { ...speaker, usd: mid / multiplier } : undefined
}

function lonely(speakers: readonly Speaker[]): (speaker: Speaker) => boolean {
  const venues = new Map<string, Set<string>>()
  for (const { asset, venue } of speakers) venues.set(asset, (venues.get(asset) ?? new Set()).add(venue))
  return ({ asset }) => venues.get(asset)!.size === 1
}

function isSame(a: IdentityCheck | null, b: IdentityCheck | null): boolean {
  if (a === null || b === null) return a === b
  // Under quarantine the ratio moves with the market: as long as the reason stays there is nothing to write.
  const isKept = a.state === 'quarantined' && b.state === 'quarantined'
  return isKept && a.reason === b.reason && a.agreesSince === b.agreesSince
}

function tellChanges(
  log: Log,
  changes: readonly (readonly [number, IdentityCheck | null])[],
  before: ReadonlyMap<number, IdentityCheck>
): void {
  for (const [instrument, check] of changes) {
    const was = before.get(instrument)?.state
    if (check?.state === 'quarantined' && was !== 'quarantined') {
      const { reason, ratio }: Dissent = check
      log.warn({ instrument, reason, ratio }, 'identity.quarantined')
    } else if (check === null && was === 'quarantined') log.info({ instrument }, 'identity.released')
  }
}
