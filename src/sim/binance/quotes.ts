import { DAY } from '../../domain/time.ts'
import { fixed } from '../answer.ts'
import { levels, type Side } from '../market/book.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { quoteOf, type SimQuote } from '../market/quotes.ts'
import { type BinanceRequest, limitOf, pairOf, requiredSymbolOf, symbolOf } from './context.ts'
import { illegal, invalidSymbol } from './problem.ts'

const SPOT_DECIMALS = 8

/** Whole ticks as this section writes prices: spot with eight decimals, USD-margined with at least two. */
export function priceOf({ section, tickDecimals }: SimInstrument, ticks: number): string {
  const price = ticks / 10 ** tickDecimals
  if (section === 'spot') return price.toFixed(SPOT_DECIMALS)
  return price.toFixed(section === 'linear' ? Math.max(2, tickDecimals) : tickDecimals)
}

/** Whole quantity steps as this section writes sizes. */
export function sizeOf({ section, stepDecimals }: SimInstrument, steps: number): string {
  return section === 'spot' ? (steps / 10 ** stepDecimals).toFixed(SPOT_DECIMALS) : fixed(steps, stepDecimals)
}

/** Any amount of the base (contracts for coin-margined) rounded to the step. */
export function amountOf(instrument: SimInstrument, amount: number): string {
  return amount.toFixed(instrument.section === 'spot' ? SPOT_DECIMALS : instrument.stepDecimals)
}

/** One answer for `symbol`, a list for `symbols` and for everything; coin-margined answers lists always. */
export function perSymbol(request: BinanceRequest, row: (quote: SimQuote) => unknown): unknown {
  const one = symbolOf(request)
  const { listings, section, nowMs, market } = request
  if (one) {
    const answer = row(quoteOf(market, one, nowMs - (nowMs % 1000)))
    return section === 'inverse' ? [answer] : answer
  }
  const wanted = section === 'spot' ? symbolsOf(request) : undefined
  const quotes = request.quotes(listings[section])
  return (wanted ? quotes.filter(({ instrument }) => wanted.has(instrument.id)) : quotes).map(row)
}

/** The JSON list in `symbols`, every one of which has to exist. */
function symbolsOf({ params, listings, section }: BinanceRequest): Set<string> | undefined {
  const text = params.get('symbols')
  if (text === null) return undefined
  if (!/^\["[A-Z0-9_.-]+"(,"[A-Z0-9_.-]+")*\]$/.test(text)) throw illegal('symbols')
  const symbols: string[] = JSON.parse(text)
  if (!symbols.every((symbol) => listings.byId[section].has(symbol))) throw invalidSymbol()
  return new Set(symbols)
}

export function bookTicker(request: BinanceRequest): unknown {
  return perSymbol(request, (quote) => {
    const { instrument, atMs, bidTicks, askTicks, bidSteps, askSteps } = quote
    const best = {
      bidPrice: priceOf(instrument, bidTicks),
      bidQty: sizeOf(instrument, bidSteps),
      askPrice: priceOf(instrument, askTicks),
      askQty: sizeOf(instrument, askSteps)
    }
    if (request.section === 'spot') return { symbol: instrument.id, ...best }
    const pair = request.section === 'inverse' ? { pair: pairOf(instrument) } : {}
    return { symbol: instrument.id, ...pair, ...best, time: atMs, lastUpdateId: atMs }
  })
}

export function tickerPrice(request: BinanceRequest): unknown {
  return perSymbol(request, ({ instrument, atMs, lastTicks }) => {
    const price = priceOf(instrument, lastTicks)
    if (request.section === 'spot') return { symbol: instrument.id, price }
    const pair = request.section === 'inverse' ? { ps: pairOf(instrument) } : {}
    return { symbol: instrument.id, ...pair, price, time: atMs }
  })
}

export function ticker24h(request: BinanceRequest): unknown {
  return perSymbol(request, (quote) => {
    const { instrument, atMs, lastTicks, bidTicks, askTicks, bidSteps, askSteps } = quote
    const day = request.day(quote)
    const price = (ticks: number) => priceOf(instrument, ticks)
    const average = Math.round((day.openTicks + day.highTicks + day.lowTicks + lastTicks) / 4)
    const lastId = Math.floor(atMs / 100)
    return {
      symbol: instrument.id,
      ...(request.section === 'inverse' ? { pair: pairOf(instrument) } : {}),
      priceChange: price(lastTicks - day.openTicks),
      priceChangePercent: ((lastTicks / day.openTicks - 1) * 100).toFixed(3),
      weightedAvgPrice: price(average),
      ...(request.section === 'spot' ? { prevClosePrice: price(day.openTicks) } : {}),
      lastPrice: price(lastTicks),
      lastQty: sizeOf(instrument, Math.max(1, Math.round(bidSteps / 9))),
      ...(request.section === 'spot'
        ? {
            bidPrice: price(bidTicks),
            bidQty: sizeOf(instrument, bidSteps),
            askPrice: price(askTicks),
            askQty: sizeOf(instrument, askSteps)
          }
        : {}),
      openPrice: price(day.openTicks),
      highPrice: price(day.highTicks),
      lowPrice: price(day.lowTicks),
      ...volumes(instrument, day.quoteVolume, average / 10 ** instrument.tickDecimals),
      openTime: atMs - DAY,
      closeTime: atMs,
      firstId: lastId - 864_000,
      lastId,
      count: 864_001
    }
  })
}

/** Base and quote volume; coin-margined count contracts and give the coins beside them. */
function volumes(instrument: SimInstrument, usd: number, average: number): Record<string, string> {
  if (instrument.section === 'inverse') {
    const contracts = Math.round(usd / instrument.contractSizeUsd)
    return { volume: String(contracts), baseVolume: ((contracts * instrument.contractSizeUsd) / average).toFixed(8) }
  }
  const volume = amountOf(instrument, usd / average)
  const decimals = instrument.section === 'spot' ? SPOT_DECIMALS : 2
  return { volume, quoteVolume: (Number(volume) * average).toFixed(decimals) }
}

export function depth(request: BinanceRequest): unknown {
  const instrument = requiredSymbolOf(request)
  const isSpot = request.section === 'spot'
  const count = limitOf(request.params, isSpot ? 100 : 500, isSpot ? 5000 : 1000)
  const atMs = request.nowMs - (request.nowMs % 1000)
  const mid = request.market.mid(instrument, atMs)
  const side = (name: Side) =>
    levels(instrument, name, mid, atMs, count).map(({ ticks, steps }) => [
      priceOf(instrument, ticks),
      sizeOf(instrument, steps)
    ])
  const names = request.section === 'inverse' ? { symbol: instrument.id, pair: pairOf(instrument) } : {}
  const times = isSpot ? {} : { E: atMs, T: atMs, ...names }
  return { lastUpdateId: atMs, ...times, bids: side('bid'), asks: side('ask') }
}
