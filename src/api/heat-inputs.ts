import { type BucketPart, meanOf } from '../domain/buckets.ts'
import { HEAT_WINDOW_MS, type HeatInputs } from '../domain/heat.ts'
import { type HeatRows, heatInputsOf, lastOfHours, longShareOf } from '../domain/heat-rows.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import { listBasisPartsOfMany } from '../store/basis-buckets.ts'
import { listSpotsBetween } from '../store/basis-history.ts'
import { listFlows } from '../store/flow.ts'
import { listOpenInterest } from '../store/open-interest.ts'
import { listSettlementRevisions } from '../store/settlement-revisions.ts'
import type { ApiContext } from './context.ts'
import { newBudget, type RowBudget, takeStored } from './row-budget.ts'

const READ_MAX = 1_000_000

type Span = { readonly fromMs: number; readonly toMs: number; readonly knownAtMs: number | null }

/** All that the heat of a perpetual between two moments is made of, hour by hour. */
export async function readHeatInputs(
  context: ApiContext,
  perpetual: Instrument,
  span: Span,
  budget: RowBudget = newBudget(context)
): Promise<HeatInputs> {
  return heatInputsOf(await readHeatRows(context, perpetual, span, budget))
}

/** The same as it is stored. */
export async function readHeatRows(
  context: ApiContext,
  { id, spotId }: Instrument,
  { fromMs, toMs, knownAtMs }: Span,
  budget: RowBudget = newBudget(context)
): Promise<HeatRows> {
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
    listHours(db, id, range),
    listSettlementRevisions(db, [id], range),
    listOpenInterest(db, { ...range, fromMs: range.fromMs - DAY }),
    listFlows(db, range)
  ])
  return {
    hasSpot: spotId !== null || basis.length > 0,
    basis,
    settlements: settled.get(id) ?? [],
    openInterest: lastOfHours(
      held.flatMap(({ observedAt, source, base, usd, volume24hUsd }) =>
        base === null || usd === null || volume24hUsd === null ? [] : [{ observedAt, source, base, usd, volume24hUsd }]
      )
    ),
    flows: lastOfHours(
      flows.flatMap(({ observedAt, source, longShortRatio }) =>
        longShortRatio === null || longShareOf(longShortRatio) === null ? [] : [{ observedAt, source, longShortRatio }]
      )
    )
  }
}

/**
 * The basis of each hour against the leg that was in use at its end, whatever is in use now. Only polled bases are of grade `signal`,
 * and polled is one leg at a time.
 */
async function listHours(
  db: ApiContext['db'],
  instrumentId: number,
  { knownAtMs, ...range }: { readonly fromMs: number; readonly toMs: number; readonly knownAtMs: number | null }
): Promise<HeatRows['basis']> {
  const hours = new Map<number, { readonly spot: string; readonly part: BucketPart }>()
  for (const { id: spotId, key: spot } of await listSpotsBetween(db, instrumentId, range)) {
    const choice = { knownAtMs, grades: ['signal'] } as const
    const parts = await listBasisPartsOfMany(db, [{ instrumentId, spotId }], choice, { ...range, bucketMs: HOUR })
    for (const [startAt, part] of parts.get(instrumentId)!) {
      if (part.lastAt > (hours.get(startAt)?.part.lastAt ?? Number.NEGATIVE_INFINITY))
        hours.set(startAt, { spot, part })
    }
  }
  return [...hours]
    .sort(([a], [b]) => a - b)
    .flatMap(([startAt, { spot, part }]) => {
      const meanBps = meanOf(part)
      return meanBps === null || !Number.isFinite(meanBps) ? [] : [{ startAt, meanBps, spot }]
    })
}
