import { decimalOrNull as exactOrNull, numberOrNull as floatOrNull } from '../domain/decimal.ts'
import { flowMetrics } from '../domain/flow.ts'
import { doubtsOf, type Instrument } from '../domain/instrument.ts'
import { isoOrNull } from '../domain/time.ts'
import { boardFilters, pageParameters } from './board-parameters.ts'
import { doubts } from './histories.ts'
import { absences, countOrNull, decimalOrNull, numberOrNull, object, oneOf, text, timeOrNull } from './schema.ts'

const STAMP = 'The venue’s own stamp of it; venues do not agree whether that is the window’s beginning'

export const flowSchema = object(
  {
    instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
    venue: text('Where it trades', 'binance'),
    asset: text('What it is about', 'BTC'),
    kind: oneOf(['perpetual'], 'Only perpetuals have these'),
    longShortAccountRatio: numberOrNull('Long accounts per short account: accounts, not money', 1.2),
    longShare: numberOrNull('r / (1 + r): share of accounts that are long, 0 to 1', 0.545),
    netLongShare: numberOrNull('Share long minus share short, −1 to 1', 0.09),
    longShortAt: timeOrNull(STAMP),
    takerBuyVolume: decimalOrNull('Bought by takers within the window, in base', '387.33'),
    takerSellVolume: decimalOrNull('Sold by takers within the window, in base', '248.503'),
    takerImbalance: numberOrNull('(bought − sold) / (bought + sold): −1 to 1, positive: buying', 0.218),
    takerAt: timeOrNull(STAMP),
    windowMs: countOrNull('The window that the venue samples, milliseconds', 300_000),
    reasons: doubts,
    absent: absences(),
    ageMs: countOrNull('meta.asOf − observedAt, milliseconds', 41_812),
    observedAt: timeOrNull('When we received it')
  },
  { $id: 'FlowRow', description: 'Who crosses the spread in a perpetual, and how many accounts stand on which side' }
)

const { minGrade: _grade, minOpenInterestUsd: _held, minVolume24hUsd: _traded, kind: _kind, ...filters } = boardFilters
export const flowParameters = { ...filters, ...pageParameters }

export type SampledFlow = {
  readonly longShortRatio: string | null
  readonly longShortAt: number | null
  readonly takerBuy: string | null
  readonly takerSell: string | null
  readonly takerAt: number | null
  readonly windowMs: number
  readonly observedAt: number
}

type Moment = { readonly nowMs: number; readonly maxAgeMs: number }

/** What the venue sampled last, as long as both it and our asking are of now. */
export function flowView(instrument: Instrument, flow: SampledFlow | undefined, { nowMs, maxAgeMs }: Moment) {
  // Twice its own window more: a sample is told after its window, and by then another has begun.
  const isOf = (at: number | null) => flow !== undefined && at !== null && nowMs - at <= maxAgeMs + 2 * flow.windowMs
  const isFresh = flow !== undefined && nowMs - flow.observedAt <= maxAgeMs
  const why = (at: number | null | undefined) =>
    flow === undefined ? 'not_observed' : at === null ? 'not_published' : 'stale'
  const ratio = isFresh && isOf(flow.longShortAt) ? flow.longShortRatio : null
  const [bought, sold] = isFresh && isOf(flow.takerAt) ? [flow.takerBuy, flow.takerSell] : [null, null]
  const metrics = flowMetrics({
    takerBuyVolume: exactOrNull(bought),
    takerSellVolume: exactOrNull(sold),
    longShortAccountRatio: exactOrNull(ratio)
  })
  const absent: Record<string, string> = {}
  const note = (fields: readonly string[], code: string) => {
    for (const field of fields) absent[field] = code
  }
  if (ratio === null) note(['longShortAccountRatio', 'longShare', 'netLongShare'], why(flow?.longShortAt))
  if (bought === null) note(['takerBuyVolume', 'takerSellVolume', 'takerImbalance'], why(flow?.takerAt))
  else if (metrics.takerImbalance === null) absent.takerImbalance = 'nothing_traded'
  if (!flow?.longShortAt) absent.longShortAt = why(flow?.longShortAt)
  if (!flow?.takerAt) absent.takerAt = why(flow?.takerAt)
  if (!flow) note(['windowMs', 'ageMs', 'observedAt'], 'not_observed')
  return {
    instrument: instrument.key,
    venue: instrument.venue,
    asset: instrument.asset,
    kind: instrument.kind,
    longShortAccountRatio: floatOrNull(ratio),
    longShare: metrics.longShare,
    netLongShare: metrics.netLongShare,
    longShortAt: isoOrNull(flow?.longShortAt),
    takerBuyVolume: bought,
    takerSellVolume: sold,
    takerImbalance: metrics.takerImbalance,
    takerAt: isoOrNull(flow?.takerAt),
    windowMs: flow?.windowMs ?? null,
    reasons: doubtsOf(instrument),
    absent,
    ageMs: flow ? Math.max(0, nowMs - flow.observedAt) : null,
    observedAt: isoOrNull(flow?.observedAt)
  }
}
