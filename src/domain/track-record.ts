import { wilson } from './inference.ts'
import type { CloseReason, SignalType } from './signal.ts'
import { HOUR } from './time.ts'

/** What a track record goes by of a signal. Times in epoch milliseconds. */
export type RecordedSignal = {
  readonly id: string
  readonly type: SignalType
  readonly label: string
  readonly instrumentId: number | null
  readonly spotId: number
  readonly venue: string
  readonly asset: string | null
  readonly openedAt: number
  readonly closedAt: number | null
  readonly closeReason: CloseReason | null
  readonly value: number
  readonly peakAt: number | null
  readonly halvedAt: number | null
  readonly parameters: string
  /** What closes its label, in the unit of its type; null of funding regimes. */
  readonly exit: number | null
}

/** What a signal is held to: hours after its opening. Spec 3.7, and the hour. */
export const OUTCOME_HOURS = [1, 8, 24, 72, 168] as const

/**
 * What counts as a hit. `back`: what it looks at has come nearer to where it usually is than it was at the opening; `still`: a carry
 * is still worth more than what closes it; `given_back`: a day later positions have gone the other way; `earned`: the carry of the
 * episode came to more than its costs.
 */
export const CLAIMS = ['back', 'still', 'given_back', 'earned'] as const
export type Claim = (typeof CLAIMS)[number]

/** By type; null: it tells a fact and forecasts nothing. */
export const CLAIM_OF: Readonly<Record<SignalType, Exclude<Claim, 'earned'> | null>> = {
  funding_regime: 'back',
  basis_dislocation: 'back',
  expectation: 'back',
  stablecoin_depeg: 'back',
  liquidity_thinning: 'back',
  leverage_buildup: 'given_back',
  carry_opportunity: 'still',
  interval_change: null,
  venue_trouble: null
}

/** Growth over a day says nothing of what came after until that day is over. */
export const hoursOf = (claim: Exclude<Claim, 'earned'>): readonly number[] =>
  claim === 'given_back' ? [24] : OUTCOME_HOURS

/** Whether a value some time later is a hit, against the one at the opening; `exit`: what closes its label. */
export function isHit(
  claim: Exclude<Claim, 'earned'>,
  {
    opened,
    later,
    exit,
    isRatio
  }: { readonly opened: number; readonly later: number; readonly exit: number; readonly isRatio: boolean }
): boolean {
  if (claim === 'still') return later >= exit
  if (claim === 'given_back') return opened > 0 ? later < 0 : later > 0
  // Of a ratio the usual is 1, of all else nothing.
  const usual = isRatio ? 1 : 0
  return Math.abs(later - usual) < Math.abs(opened - usual)
}

/** One outcome: whom it is about, from when until when, epoch ms. */
export type Trial = { readonly subject: string; readonly at: number; readonly until: number; readonly isHit: boolean }

/** Fewer independent outcomes than this prove nothing. Spec 3.7. */
export const INDEPENDENT_MIN = 30

export type HitRecord = {
  /** Clusters: outcomes of one have the market in common, and count as one together. */
  readonly independent: number
  /** Σ of the share of hits of each. */
  readonly hits: number
  readonly rate: number | null
  readonly low: number | null
  readonly high: number | null
  readonly verdict: 'insufficient' | 'not_distinguishable' | 'above_half' | 'below_half'
}

const CONFIDENCE = 0.95

/**
 * Hit rate of outcomes that overlap in time and over subjects. Of one subject and side only those count that begin after the one before was
 * over: one a horizon. Of several subjects those are one cluster that begin before the one that began first is over; a cluster counts as one,
 * of its share of hits. The next begins after that, whatever else still goes on: no chain of overlaps joins two. Wilson's interval of
 * the clusters. Spec 3.7.
 */
export function hitRecord(trials: readonly Trial[]): HitRecord {
  const clusters = clustersOf(trials)
  const independent = clusters.length
  const hits = clusters.reduce((sum, own) => sum + own.filter((trial) => trial.isHit).length / own.length, 0)
  if (independent < INDEPENDENT_MIN) {
    return { independent, hits, rate: null, low: null, high: null, verdict: 'insufficient' }
  }
  // A sum of shares may be above the count by its last bit.
  const { rate, low, high } = wilson({ hits: Math.min(hits, independent), n: independent, confidence: CONFIDENCE })
  const verdict = low! > 0.5 ? 'above_half' : high! < 0.5 ? 'below_half' : 'not_distinguishable'
  return { independent, hits, rate, low, high, verdict }
}

function clustersOf(trials: readonly Trial[]): Trial[][] {
  const busyUntil = new Map<string, number>()
  const clusters: Trial[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const trial of trials.toSorted(byBeginning)) {
    if (trial.at < (busyUntil.get(trial.subject) ?? Number.NEGATIVE_INFINITY)) continue
    busyUntil.set(trial.subject, trial.until)
    if (trial.at < end) clusters.at(-1)!.push(trial)
    else {
      clusters.push([trial])
      end = trial.until
    }
  }
  return clusters
}

/** Of those that begin at once the one that is over first, then by name: which is the first of a cluster must not depend on their order. */
const byBeginning = (a: Trial, b: Trial) =>
  a.at - b.at || a.until - b.until || (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)

/** When an outcome of so many hours is due. */
export const dueAt = (openedAt: number, hours: number): number => openedAt + hours * HOUR
