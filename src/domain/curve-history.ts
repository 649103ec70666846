import { DAYS_PER_YEAR, NEAR_EXPIRY_DAYS } from './dated.ts'
import { sumOf } from './statistics.ts'
import {
  type ConstantMaturity,
  CURVE_DAYS_MIN,
  type CurveRate,
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
  /** To expiry, from the bucket's end. */
  readonly days: number
  /** The time of the basis, epoch ms: its rate is of the time from then to expiry. Null without a basis. */
  readonly closedAt: number | null
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
 * now, each rate at the days from its own close to expiry, which it was made with. The order of the contracts does not matter.
 * Spec 1.3, 3.3.
 */
export function curveAt(members: readonly CurveMember[], atMs: number): PastCurve {
  const placed = members
    .map((member) => pointAt(member, atMs))
    .sort(({ point: a }, { point: b }) => a.days - b.days || (a.instrument < b.instrument ? -1 : 1))
  const fitted = placed.flatMap(({ point, rate }) => (point.isFitted ? [{ ...rate!, point }] : []))
  // What expires together is one point, though one of the two may have closed a minute earlier.
  const together = [...Map.groupBy(fitted, ({ point }) => point.days).values()].map((same) => ({
    days: sumOf(same.map(({ days }) => days)) / same.length,
    aprContinuous: sumOf(same.map(({ aprContinuous }) => aprContinuous)) / same.length,
    instruments: same.map(({ point }) => point.instrument)
  }))
  const maturities = constantMaturities(together).map((maturity) => {
    const between = together.filter(({ days }) => days === maturity.fromDays || days === maturity.toDays)
    return { ...maturity, between: between.flatMap(({ instruments }) => instruments) }
  })
  return { points: placed.map(({ point }) => point), ...shapeOfCurve(fitted, FLAT_APR), maturities }
}

function pointAt({ instrument, expiresAt, close, missing }: CurveMember, atMs: number) {
  const days = (expiresAt - atMs) / DAY
  const isOfThen = close !== undefined && close.at >= atMs - CLOSE_WITHIN_MS
  const adjustedBasisBps = isOfThen ? close.adjustedBps : null
  const refusals: readonly (readonly [PastAbsence, boolean])[] = [
    [missing, !isOfThen],
    ['fx_unadjusted', adjustedBasisBps === null],
    ['near_expiry', days < NEAR_EXPIRY_DAYS]
  ]
  const absent = refusals.find(([, holds]) => holds)?.[0] ?? null
  // A contract's last days are short enough for an hour to show.
  const rate = absent === null ? rateOf(adjustedBasisBps!, (expiresAt - close!.at) / DAY) : null
  const point: PastPoint = {
    instrument,
    days,
    closedAt: isOfThen ? close.at : null,
    adjustedBasisBps,
    aprContinuous: rate?.aprContinuous ?? null,
    isFitted: rate !== null && days >= CURVE_DAYS_MIN,
    absent
  }
  return { point, rate }
}

const rateOf = (basisBps: number, days: number): CurveRate => ({
  days,
  aprContinuous: (Math.log1p(basisBps / 10_000) * DAYS_PER_YEAR) / days
})
