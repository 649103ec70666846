import type { SimInstrument } from '../market/instrument.ts'
import type { SimQuote } from '../market/quotes.ts'
import { type HyperliquidRequest, priceOf, textOf } from './context.ts'
import { SPOT_PAIRS } from './listings.ts'
import { midOf } from './perpetuals.ts'

const SUPPLY = '20999999.9975706525'

/** spotMeta: tokens by their place, pairs of tokens by their number. */
export function spotMeta({ listings }: HyperliquidRequest): unknown {
  const decimalsOf = new Map(listings.spot.map(({ id, stepDecimals }) => [id, stepDecimals]))
  const token = (name: string, index: number, szDecimals: number, fullName: string | null) => ({
    name,
    szDecimals,
    weiDecimals: szDecimals + 2,
    index,
    tokenId: `0x${index.toString(16).padStart(2, '0').repeat(16)}`,
    isCanonical: index === 0,
    evmContract: null,
    fullName,
    deployerTradingFeeShare: '0.0'
  })
  const coins = SPOT_PAIRS.map(({ token: name, index, asset }, place) =>
    token(name, place + 1, decimalsOf.get(`@${index}`) ?? 0, `Unit ${asset}`)
  )
  const universe = SPOT_PAIRS.map(({ index }, place) => {
    return { tokens: [place + 1, 0], name: `@${index}`, index, isCanonical: false }
  })
  return { universe, tokens: [token('USDC', 0, 8, null), ...coins] }
}

/** spotMetaAndAssetCtxs: contexts lie at the numbers of the pairs, those of pairs that are gone included. */
export function spotMetaAndContexts(request: HyperliquidRequest): unknown {
  const quotes = new Map(request.quotes(request.listings.spot).map((quote) => [quote.instrument.id, quote]))
  const count = Math.max(...SPOT_PAIRS.map(({ index }) => index)) + 1
  const contexts = Array.from({ length: count }, (_, index) => {
    const quote = quotes.get(`@${index}`)
    return quote ? contextOf(request, quote) : emptyContext(`@${index}`)
  })
  return [spotMeta(request), contexts]
}

function contextOf(request: HyperliquidRequest, quote: SimQuote): unknown {
  const { instrument, lastTicks } = quote
  const day = request.day(quote)
  return {
    prevDayPx: priceOf(instrument, day.openTicks),
    dayNtlVlm: textOf(day.quoteVolume, 10),
    markPx: priceOf(instrument, lastTicks),
    midPx: midOf(quote),
    circulatingSupply: SUPPLY,
    coin: instrument.id,
    totalSupply: SUPPLY,
    dayBaseVlm: volumeText(instrument, day.volume)
  }
}

const volumeText = ({ stepDecimals }: SimInstrument, volume: number) => textOf(volume, stepDecimals)

function emptyContext(coin: string): unknown {
  const empty = { prevDayPx: '1.0', dayNtlVlm: '0.0', markPx: '1.0', midPx: null, circulatingSupply: SUPPLY }
  return { ...empty, coin, totalSupply: SUPPLY, dayBaseVlm: '0.0' }
}
