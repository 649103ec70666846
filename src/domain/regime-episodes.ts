import type { Regime, RegimeState } from './funding-regime.ts'
import type { RegimeRow, RegimeStep } from './regime-series.ts'
import type { CloseReason } from './signal.ts'

/** One regime from its opening to its end. */
export type Episode = {
  readonly label: Regime
  readonly openedAt: number
  /** The settlement that opened it; null for one that was open before. */
  readonly opening: RegimeRow | null
  readonly lastAt: number
  /** Rate per 8 h of the last settlement that counted. */
  readonly lastValue: number
  readonly peakValue: number
  readonly end: EpisodeEnd | null
}

/** `row`: the settlement that ended it, where one did. */
export type EpisodeEnd = { readonly at: number; readonly reason: CloseReason; readonly row: RegimeRow | null }

export type OpenEpisode = Pick<Episode, 'label' | 'openedAt' | 'lastAt' | 'lastValue' | 'peakValue'>

/**
 * Cuts a walk through settlements into its regimes. `before` is the state before the first, `carried` the regime that was open then;
 * a state without one is a regime whose end was told already: it is not begun again.
 */
export function episodesOf(steps: readonly RegimeStep[], before: RegimeState, carried: OpenEpisode | null): Episode[] {
  const episodes: Episode[] = []
  let open: Episode | null = carried && { ...carried, opening: null, end: null }
  let state = before
  const end = (reason: CloseReason, at: number, row: RegimeRow | null) => {
    if (open !== null) episodes.push({ ...open, ...lastOf(row), end: { at, reason, row } })
    open = null
  }
  for (const { row, cut } of steps) {
    if (cut !== null) {
      end(cut.reason, cut.at, null)
      state = 'NEUTRAL'
    }
    if (open !== null && row.state !== open.label) {
      end('exit', row.at, row)
    } else if (open !== null) {
      open = continued(open, row)
    }
    const isNew = state === 'NEUTRAL' && row.state !== 'NEUTRAL' && row.rate8h !== null
    if (isNew) open = begun(row, row.state as Regime, row.rate8h!)
    state = row.state
  }
  return open === null ? episodes : [...episodes, open]
}

/** What ended it is the last that was seen of it, but no peak. */
function lastOf(row: RegimeRow | null): Partial<Pick<Episode, 'lastAt' | 'lastValue'>> {
  return row === null || row.rate8h === null ? {} : { lastAt: row.at, lastValue: row.rate8h }
}

function begun(row: RegimeRow, label: Regime, value: number): Episode {
  return { label, openedAt: row.at, opening: row, lastAt: row.at, lastValue: value, peakValue: value, end: null }
}

/** A settlement of an interval that is not known is no measurement: the last one stays. */
function continued(open: Episode, { at, rate8h, flags }: RegimeRow): Episode {
  if (rate8h === null || flags.includes('interval_assumed')) return open
  const isFurther = Math.abs(rate8h) > Math.abs(open.peakValue)
  return { ...open, lastAt: at, lastValue: rate8h, peakValue: isFurther ? rate8h : open.peakValue }
}
