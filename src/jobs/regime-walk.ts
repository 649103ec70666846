import { sleep } from '../clock.ts'
import type { Config } from '../config.ts'
import { NO_REGIME, type RegimeMemory } from '../domain/funding-regime.ts'
import { type Episode, episodesOf } from '../domain/regime-episodes.ts'
import {
  anchor8hOf,
  createRegimeSeries,
  endingAfter,
  FUNDING_REGIME_VERSION,
  type RegimeCut,
  type RegimeSettings,
  type RegimeStep
} from '../domain/regime-series.ts'
import type { RegimeSignal, SignalParameters } from '../domain/signal.ts'
import { DAY } from '../domain/time.ts'
import type { Database } from '../store/database.ts'
import { type Evaluated, listRegimeFacts } from '../store/signal-facts.ts'
import { findInputBefore, type StoredInput } from '../store/signal-inputs.ts'
import type { EvaluationClaim } from '../store/signal-progress.ts'
import { hashOf } from './signal-ids.ts'

export const TYPE = 'funding_regime'

/** Settlements that are walked through before the board gets its turn. */
const STRETCH = 500

export type RegimeParameters = { readonly set: SignalParameters; readonly hash: string }

export function regimeParameters(configured: Config['fundingRegime']): RegimeParameters {
  return { set: configured, hash: hashOf([FUNDING_REGIME_VERSION, configured]) }
}

export type RegimeTask = {
  readonly claim: EvaluationClaim
  readonly parameters: RegimeParameters
  readonly evaluated: Evaluated
  readonly stored: readonly RegimeSignal[]
}
export type Walked = {
  readonly steps: readonly RegimeStep[]
  readonly episodes: readonly Episode[]
  readonly evaluatedTo: number | null
}

/** Walks through the settlements from where they are new; those of the window before them are only ranked among. */
export async function walkRegime(db: Database, task: RegimeTask): Promise<Walked> {
  const { claim, parameters, evaluated, stored } = task
  const { instrumentId, dueFrom } = claim
  const goesOn = Number.isFinite(dueFrom) && !isFirst(claim, parameters)
  const seed = goesOn
    ? await findInputBefore(db, { instrumentId, type: TYPE, parameters: parameters.hash, before: dueFrom })
    : undefined
  const settings = settingsOf(task)
  const from = seed === undefined ? null : dueFrom
  const facts = await listRegimeFacts(db, instrumentId, {
    from: seed === undefined ? null : Math.min(dueFrom - settings.windowMs, seed.at),
    boundsFrom: from
  })
  const series = createRegimeSeries(settings, memoryOf(seed))
  const steps: RegimeStep[] = []
  for (const [index, fact] of facts.entries()) {
    if (from !== null && fact.at < from) series.remember(fact)
    else steps.push(series.observe(fact))
    if (index % STRETCH === STRETCH - 1) await sleep(0)
  }
  const carried = stored.find(
    ({ closedAt, openedAt, parameters: of }) =>
      closedAt === null && of === parameters.hash && from !== null && openedAt < from
  )
  const before = seed?.state ?? 'NEUTRAL'
  const last = series.last()
  const ending = last && endingAfter(last, evaluated, parameters.set.staleIntervals)
  const isCarried = carried !== undefined && carried.label === before
  const episodes = episodesOf(steps, before, isCarried ? carried : null).map((episode) => endedBy(episode, ending))
  return { steps, episodes, evaluatedTo: facts.at(-1)?.at ?? null }
}

export const isFirst = (claim: EvaluationClaim, parameters: RegimeParameters) =>
  claim.evaluatedTo === null || claim.parameters !== parameters.hash

function settingsOf({ parameters, evaluated, stored }: RegimeTask): RegimeSettings {
  const { set, hash } = parameters
  const endings = stored.flatMap(({ closedAt: at, closeReason: reason, parameters: of }): RegimeCut[] =>
    at !== null && of === hash && (reason === 'stale' || reason === 'delisted') ? [{ at, reason }] : []
  )
  return {
    rules: set,
    windowMs: set.windowDays * DAY,
    minSpanMs: set.minDays * DAY,
    minObservations: set.minObservations,
    staleIntervals: set.staleIntervals,
    interest8h: anchor8hOf(evaluated),
    endings
  }
}

function memoryOf(seed: StoredInput | undefined): RegimeMemory {
  if (seed === undefined) return NO_REGIME
  const { state, heldHours, value } = seed
  // Settings keep each regime's rates on their own side of zero: the last one says whose hours these are.
  const side = (value ?? 0) > 0 ? 'OVERHEATED' : 'PANIC'
  return { state, heldHours, towards: heldHours > 0 ? side : null }
}

/** What is open after the last settlement may have ended since. */
function endedBy(episode: Episode, ending: RegimeCut | null): Episode {
  return episode.end !== null || ending === null ? episode : { ...episode, end: { ...ending, row: null } }
}
