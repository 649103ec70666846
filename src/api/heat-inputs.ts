import { decimalOrNull } from '../domain/decimal.ts'
import { flowMetrics } from '../domain/flow.ts'
import { annualiseFunding } from '../domain/funding.ts'
import {
  HEAT_WINDOW_MS,
  type HeatInputs,
  type HeatPoint,
  type HeatSeries,
  openInterestChanges
} from '../domain/heat.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import { listBasisBuckets } from '../store/basis-buckets.ts'
import { listFlows } from '../store/flow.ts'
import { listOpenInterest } from '../store/open-interest.ts'
import { listSettlementRevisions, type SettlementRevision } from '../store/settlement-revisions.ts'
import type { ApiContext } from './context.ts'
import { newBudget, type RowBudget, takeStored } from './row-budget.ts'

/** A week of hours, and a month of settlements at three a day. */
const HOURS_MIN = 168
const SETTLEMENTS_MIN = 90
/** The longest interval that venues settle in, three times. */
const SETTLEMENT_MAX_AGE_MS = 24 * HOUR
const READ_MAX = 1_000_000

const hourly = (points: readonly HeatPoint[]): HeatSeries => ({
  points,
  maxAgeMs: 2 * HOUR,
  minObservations: HOURS_MIN
})

type Span = { readonly fromMs: number; readonly toMs: number; readonly knownAtMs: number | null }

/** All that the heat of a perpetual between two moments is made of, hour by hour. */
export async function readHeatInputs(
  context: ApiContext,
  { id, spotId }: Instrument,
  { fromMs, toMs, knownAtMs }: Span,
  budget: RowBudget = newBudget(context)
): Promise<HeatInputs> {
  const { db, config } = context
  const range = {
    instrumentId: id,
    fromMs: floorTo(fromMs - HEAT_WINDOW_MS, HOUR),
    toMs: floorTo(toMs, HOUR) + HOUR,
    knownAtMs,
    limit: READ_MAX
  }
  const most = Math.ceil((range.toMs - range.fromMs) * (1 / config.storeMs + 1 / config.flow.everyMs))
  const narrow = 'name fewer assets, or give a shorter range'
  await takeStored(budget, { most, count: async () => most, path: 'asset', narrow })
  const [basis, settled, held, flows] = await Promise.all([
    spotId === null
      ? []
      : listBasisBuckets(db, { instrumentId: id, spotId, knownAtMs, grades: ['signal'] }, { ...range, bucketMs: HOUR }),
    listSettlementRevisions(db, [id], range),
    listOpenInterest(db, { ...range, fromMs: range.fromMs - DAY }),
    listFlows(db, range)
  ])
  return {
    basisExcess:
      spotId === null ? 'no_spot_leg' : hourly(basis.flatMap(({ start, mean }) => pointOf(start + HOUR, mean))),
    funding: {
      points: ratesOf(settled.get(id) ?? []),
      maxAgeMs: SETTLEMENT_MAX_AGE_MS,
      minObservations: SETTLEMENTS_MIN
    },
    oiChange: hourly(openInterestChanges(heldHours(held))),
    // Curves of the past are not kept as such, and takers of spot are not asked for: neither is made up.
    termSlope: 'no_curve_history',
    takerFlow: 'no_spot_flow',
    longShort: hourly(
      lastOfHours(
        flows.flatMap(({ observedAt, longShortRatio }) =>
          pointOf(
            observedAt,
            flowMetrics({
              takerBuyVolume: null,
              takerSellVolume: null,
              longShortAccountRatio: decimalOrNull(longShortRatio)
            }).longShare
          )
        )
      )
    )
  }
}

const pointOf = (at: number, value: number | null): HeatPoint[] =>
  value === null || !Number.isFinite(value) ? [] : [{ at, value }]

/** Settled rates per 8 h, each until a correction of it was told. */
function ratesOf(revisions: readonly SettlementRevision[]): HeatPoint[] {
  return revisions.flatMap(({ settledAt, rate, intervalHours, isAssumed, toldAt }, index) => {
    const next = revisions[index + 1]
    const until = next?.settledAt === settledAt ? { until: next.toldAt } : {}
    const points = isAssumed ? [] : pointOf(toldAt, annualiseFunding({ rate: Number(rate), intervalHours }).rate8h)
    return points.map((point) => ({ ...point, ...until }))
  })
}

/** The last of each hour, at its end: then it was known. */
function lastOfHours<T extends { readonly at: number }>(points: readonly T[]): T[] {
  const hours = new Map(points.map((point) => [floorTo(point.at, HOUR) + HOUR, point]))
  return [...hours].map(([at, point]) => ({ ...point, at })).sort((a, b) => a.at - b.at)
}

function heldHours(held: Awaited<ReturnType<typeof listOpenInterest>>) {
  return lastOfHours(
    held.flatMap(({ observedAt, base, usd, volume24hUsd }) =>
      base === null || usd === null || volume24hUsd === null
        ? []
        : [{ at: observedAt, base: Number(base), usd: Number(usd), volumeUsd: Number(volume24hUsd) }]
    )
  )
}
