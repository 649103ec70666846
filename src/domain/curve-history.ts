import { DAYS_PER_YEAR, NEAR_EXPIRY_DAYS } from './dated.ts'
import {
  type ConstantMaturity,
  CURVE_DAYS_MIN,
  type CurveShape,
  constantMaturities,
  FLAT_APR,
  shapeOfCurve
} from './term-structure.ts'
import { DAY, HOUR } from './time.ts'

/** The last basis of a bucket, after fx (bps; null without a rate of it), and its grid time, epoch ms. */
export type Close = { readonly at: number; readonly adjustedBps: number | null }

/** Why a contract has no rate on a curve of the past. */
export const PAST_ABSENCES = ['no_spot_leg', 'not_kept', 'not_observed', 'fx_unadjusted', 'near_expiry'] as const
export type PastAbsence = (typeof PAST_ABSENCES)[number]

/** A dated contract and how its bucket closed. */
export type CurveMember = {
  readonly instrument: string
  readonly expiresAt: number
  readonly close: Close | undefined
  /** Why there is none, where there is none. */
  readonly missing: PastAbsence
}

export type PastPoint = {
  readonly instrument: string
  readonly days: number
  readonly adjustedBasisBps: number | null
  readonly aprContinuous: number | null
  readonly isFitted: boolean
  readonly absent: PastAbsence | null
}

export type PastMaturity = ConstantMaturity & { readonly between: readonly string[] }

export type PastCurve = CurveShape & {
  readonly points: readonly PastPoint[]
  readonly maturities: readonly PastMaturity[]
}

/** A close is that of the bucket's end where it lies within this of it: bases of the past are an hour apart. */
export const CLOSE_WITHIN_MS = HOUR

/**
 * A curve as it stood when a bucket had ended, by the closes of its contracts: the same shape and constant maturities as that of
 * now. The order of the contracts does not matter. Spec 1.3, 3.3.
 */
export function curveAt(members: readonly CurveMember[], atMs: number): PastCurve {
  const points = members
    .map((member) => pointAt(member, atMs))
    .sort((a, b) => a.days - b.days || (a.instrument < b.instrument ? -1 : 1))
  const fitted = points.filter(({ isFitted }) => isFitted)
  const rates = fitted.map(({ days, aprContinuous }) => ({ days, aprContinuous: aprContinuous! }))
  const maturities = constantMaturities(rates).map((maturity) => {
    const between = fitted.filter(({ days }) => days === maturity.fromDays || days === maturity.toDays)
    return { ...maturity, between: between.map(({ instrument }) => instrument) }
  })
  return { points, ...shapeOfCurve(rates, FLAT_APR), maturities }
}

function pointAt({ instrument, expiresAt, close, missing }: CurveMember, atMs: number): PastPoint {
  const days = (expiresAt - atMs) / DAY
  const isOfThen = close !== undefined && close.at >= atMs - CLOSE_WITHIN_MS
  const adjustedBasisBps = isOfThen ? close.adjustedBps : null
  const refusals: readonly (readonly [PastAbsence, boolean])[] = [
    [missing, !isOfThen],
    ['fx_unadjusted', adjustedBasisBps === null],
    ['near_expiry', days < NEAR_EXPIRY_DAYS]
  ]
  const absent = refusals.find(([, holds]) => holds)?.[0] ?? null
  // The rate is that of the close's own time: a contract's last days are short enough for an hour to show.
  const aprContinuous =
    absent === null ? (Math.log1p(adjustedBasisBps! / 10_000) * DAYS_PER_YEAR * DAY) / (expiresAt - close!.at) : null
  return {
    instrument,
    days,
    adjustedBasisBps,
    aprContinuous,
    isFitted: aprContinuous !== null && days >= CURVE_DAYS_MIN,
    absent
  }
}
