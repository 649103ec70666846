import { hyperliquidPremium } from '../../domain/venue-funding.ts'
import { bestTicks } from '../market/book.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { SimQuote } from '../market/quotes.ts'
import { HyperliquidProblem, type HyperliquidRequest, priceOf, textOf } from './context.ts'
import { DEX, DEX_META, dexContexts } from './dexs.ts'
import { rateOf } from './funding.ts'

const MARGIN_TABLES = [[50, { description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: 50 }] }]]
/** A coin that is not traded any more stays in the list, so that the numbers of the others stay. */
const DELISTED = {
  meta: { szDecimals: 1, name: 'LOOM', maxLeverage: 3, marginTableId: 3, onlyIsolated: true, isDelisted: true },
  context: {
    funding: '0.0',
    openInterest: '0.0',
    prevDayPx: '0.05132',
    dayNtlVlm: '0.0',
    premium: null,
    oraclePx: '0.05132',
    markPx: '0.05132',
    midPx: null,
    impactPxs: null,
    dayBaseVlm: '0.0'
  }
}
/** Its number in the list. */
const DELISTED_AT = 12

/** meta: what perpetuals there are, Hyperliquid's own or those of another's exchange on it. */
export function meta({ params, listings }: HyperliquidRequest): unknown {
  if (dexOf(params) === DEX) return DEX_META
  const universe: unknown[] = inOrder(listings.linear).map(({ id, stepDecimals, asset }) => {
    const leverage = asset.tier === 0 ? 40 : 10
    return { szDecimals: stepDecimals, name: id, maxLeverage: leverage, marginTableId: leverage }
  })
  universe.splice(DELISTED_AT, 0, DELISTED.meta)
  return { universe, marginTables: MARGIN_TABLES, collateralToken: 0 }
}

/** metaAndAssetCtxs: the same with what is known of each right now, at the same place of the list. */
export function metaAndContexts(request: HyperliquidRequest): unknown {
  if (dexOf(request.params) === DEX) return [DEX_META, dexContexts(request.nowMs)]
  const quotes = inOrder(request.quotes(request.listings.linear).map((quote) => ({ ...quote, ...quote.instrument })))
  const contexts: unknown[] = quotes.map((quote) => contextOf(request, quote))
  contexts.splice(DELISTED_AT, 0, DELISTED.context)
  return [meta(request), contexts]
}

/** The numbers of coins never change: the oldest asset first. */
function inOrder<Row extends Pick<SimInstrument, 'asset'>>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.asset.index - b.asset.index)
}

function dexOf(params: URLSearchParams): string {
  const dex = params.get('dex') ?? ''
  if (dex !== '' && dex !== DEX) throw new HyperliquidProblem(500)
  return dex
}

function contextOf(request: HyperliquidRequest, quote: SimQuote): unknown {
  const { market, funding } = request
  const { instrument, atMs, mark, index } = quote
  const day = request.day(quote)
  const price = (value: number) => textOf(value, instrument.tickDecimals)
  const impactPxs = impactTexts(request, quote)
  const oraclePx = price(index)
  const [impactBid = '', impactAsk = ''] = impactPxs
  const premium = hyperliquidPremium({
    impactBid: Number(impactBid),
    impactAsk: Number(impactAsk),
    oracle: Number(oraclePx)
  })
  return {
    funding: rateOf(funding.estimate(instrument, atMs)),
    openInterest: textOf(market.activity.openInterest(instrument, atMs), instrument.stepDecimals),
    prevDayPx: priceOf(instrument, day.openTicks),
    dayNtlVlm: textOf(day.quoteVolume, 10),
    premium: rateOf(premium!),
    oraclePx,
    markPx: price(mark),
    midPx: midOf(quote),
    impactPxs,
    dayBaseVlm: textOf(day.volume, instrument.stepDecimals)
  }
}

/** Prices that a trade of the impact size would get: in whole ticks, never better than the book. */
function impactTexts({ market, funding }: HyperliquidRequest, { instrument, atMs }: SimQuote): string[] {
  const mid = market.mid(instrument, atMs)
  const best = bestTicks(instrument, mid, atMs)
  const [bid, ask] = funding.impactPrices(instrument, mid)
  const scale = 10 ** instrument.tickDecimals
  const ticks = [Math.min(best.bid, Math.floor(bid * scale)), Math.max(best.ask, Math.ceil(ask * scale))]
  return ticks.map((each) => priceOf(instrument, each))
}

export function midOf({ instrument, bidTicks, askTicks }: SimQuote): string {
  const { tickDecimals } = instrument
  return textOf((bidTicks + askTicks) / 2 / 10 ** tickDecimals, tickDecimals + 1)
}
