import { annualiseFunding } from '../domain/funding.ts'
import type { Episode, EpisodeEnd } from '../domain/regime-episodes.ts'
import { FUNDING_REGIME_VERSION, type RegimeRow } from '../domain/regime-series.ts'
import type { Censoring, CloseReason, RegimeSignal, SignalParameters, SignalReading } from '../domain/signal.ts'
import { DAY } from '../domain/time.ts'
import { signalIdOf } from './signal-ids.ts'

/** What was over for longer than this before anybody noticed is history: it is kept, and nobody is told. */
export const NEWS_MS = 7 * DAY

/** One signal that is new or has changed, as it stood at each thing that is to be told of it. */
export type Outcome = {
  readonly signal: RegimeSignal
  readonly opened: RegimeSignal | null
  readonly closed: RegimeSignal | null
  /** Whether other parameters brought it about, and not the market: then it may happen again. */
  readonly isOfParameters: boolean
}

export type OutcomeInput = {
  readonly episodes: readonly Episode[]
  /** Every signal of this type and instrument that is stored. */
  readonly stored: readonly RegimeSignal[]
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  readonly parameters: string
  readonly parameterSet: SignalParameters
  /** The first evaluation with these parameters: what is past by then is no news. */
  readonly isFirst: boolean
  /** The last settlement looked at. */
  readonly evaluatedTo: number
  readonly knownAt: number
  readonly nowMs: number
}

/**
 * What the regimes found mean for the signals that are stored. A signal that is closed was told, and stays as it is, but for one that other
 * parameters alone had closed: with its own in force again, and its regime still going on, it is open again under its own id.
 */
export function outcomesOf(input: OutcomeInput): Outcome[] {
  const found = input.episodes.map((episode) => ({ episode, id: idOf(input, episode) }))
  const byId = new Map(input.stored.map((signal) => [signal.id, signal]))
  const ids = new Set(found.map(({ id }) => id))
  const unfounded = input.stored.filter(({ id, closedAt }) => closedAt === null && !ids.has(id))
  return [
    ...unfounded.map((signal) => withdrawn(signal, input)),
    ...found.flatMap(({ episode, id }) => {
      const before = byId.get(id)
      if (before !== undefined) return before.closedAt === null ? goneOn(before, episode) : reopened(before, episode)
      return episode.opening === null ? [] : [begun(id, episode, episode.opening, input)]
    })
  ]
}

function idOf({ venue, symbol, parameters }: OutcomeInput, { openedAt }: Episode): string {
  return signalIdOf({ type: 'funding_regime', venue, symbol, spot: null, parameters, openedAt })
}

/** An open signal that the settlements, or the parameters, of now do not bear out. */
function withdrawn(signal: RegimeSignal, { parameters, evaluatedTo }: OutcomeInput): Outcome {
  const reason = signal.parameters === parameters ? 'revised' : 'parameters_changed'
  const closed = closedBy(signal, { at: Math.max(evaluatedTo, signal.openedAt), reason, row: null })
  return { signal: closed, opened: null, closed, isOfParameters: reason === 'parameters_changed' }
}

/** What ended while other parameters were in force was over for them: nobody is told of it. */
function reopened(before: RegimeSignal, { lastAt, lastValue, peakValue, end }: Episode): Outcome[] {
  if (before.closeReason !== 'parameters_changed' || end !== null) return []
  const signal = { ...before, closedAt: null, closeReason: null, closing: null, lastAt, lastValue, peakValue }
  return [{ signal, opened: signal, closed: null, isOfParameters: true }]
}

function goneOn(before: RegimeSignal, { lastAt, lastValue, peakValue, end }: Episode): Outcome[] {
  const now = { ...before, lastAt, lastValue, peakValue }
  if (end !== null) {
    const closed = closedBy(now, end)
    return [{ signal: closed, opened: null, closed, isOfParameters: false }]
  }
  const isSame = before.lastAt === lastAt && before.lastValue === lastValue && before.peakValue === peakValue
  return isSame ? [] : [{ signal: now, opened: null, closed: null, isOfParameters: false }]
}

function begun(id: string, episode: Episode, row: RegimeRow, input: OutcomeInput): Outcome {
  const { instrumentId, venue, parameters, parameterSet, isFirst, knownAt, nowMs } = input
  const { label, openedAt, lastAt, lastValue, peakValue, end } = episode
  const opening = readingOf(row)
  const value = opening.rate8h
  const opened: RegimeSignal = {
    id,
    type: 'funding_regime',
    instrumentId,
    venue,
    asset: null,
    spotId: 0,
    label,
    openedAt,
    closedAt: null,
    closeReason: null,
    knownAt,
    value,
    lastValue,
    lastAt,
    peakValue,
    peakAt: null,
    halvedAt: null,
    opening,
    closing: null,
    parameters,
    parameterSet,
    formulaVersion: FUNDING_REGIME_VERSION
  }
  // Told as it opened, unless nobody was there: what came after is told by itself.
  const atOpening = isFirst ? opened : { ...opened, lastValue: value, lastAt: openedAt, peakValue: value }
  if (end === null) return { signal: opened, opened: atOpening, closed: null, isOfParameters: false }
  const closed = closedBy(opened, end)
  if (isFirst || end.at < nowMs - NEWS_MS) return { signal: closed, opened: null, closed: null, isOfParameters: false }
  return { signal: closed, opened: atOpening, closed, isOfParameters: false }
}

function closedBy(
  signal: RegimeSignal,
  { at, reason, row }: { at: number; reason: CloseReason; row: EpisodeEnd['row'] }
) {
  return { ...signal, closedAt: at, closeReason: reason, closing: row === null ? null : readingOf(row) }
}

function readingOf(row: RegimeRow): SignalReading {
  const { rate, intervalHours, intervalSource, rate8h, percentile, observations, heldHours, flags } = row
  return {
    rate,
    intervalHours: intervalHours!,
    intervalSource: intervalSource!,
    rate8h: rate8h!,
    apr: annualiseFunding({ rate, intervalHours }).apr!,
    percentile,
    observations,
    heldHours,
    anchored: flags.includes('anchored'),
    censored: censoringOf(row)
  }
}

function censoringOf({ flags, cap, floor }: RegimeRow): Censoring {
  if (flags.includes('at_cap')) return 'at_cap'
  if (flags.includes('at_floor')) return 'at_floor'
  return cap === null || floor === null ? 'unknown' : 'none'
}
