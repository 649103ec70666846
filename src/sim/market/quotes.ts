import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { bestSteps, bestTicks } from './book.ts'
import type { SimInstrument } from './instrument.ts'
import type { Market } from './market.ts'

const DAY_SAMPLES = 48

/** One instrument at one whole second. Prices in the quote; ticks and steps are exact. */
export type SimQuote = {
  readonly instrument: SimInstrument
  readonly atMs: number
  readonly bidTicks: number
  readonly askTicks: number
  readonly lastTicks: number
  readonly bidSteps: number
  readonly askSteps: number
  readonly mark: number
  readonly index: number
}

/** What a 24-hour ticker says beside the quote. Ticks of the instrument, units of its base, quote currency. */
export type DayStatistics = {
  readonly openTicks: number
  readonly highTicks: number
  readonly lowTicks: number
  readonly volume: number
  readonly quoteVolume: number
  readonly hourAgoTicks: number
}

/** The price at a moment as trades print it: the mid in whole ticks. */
export function lastTicks(market: Market, instrument: SimInstrument, atMs: number): number {
  return Math.max(1, Math.round(market.mid(instrument, atMs) * 10 ** instrument.tickDecimals))
}

export function quoteOf(market: Market, instrument: SimInstrument, atMs: number): SimQuote {
  const mid = market.mid(instrument, atMs)
  const best = bestTicks(instrument, mid, atMs)
  const isSpot = instrument.kind === 'spot'
  return {
    instrument,
    atMs,
    bidTicks: best.bid,
    askTicks: best.ask,
    lastTicks: Math.max(1, Math.round(mid * 10 ** instrument.tickDecimals)),
    bidSteps: bestSteps(instrument, 'bid', mid, atMs),
    askSteps: bestSteps(instrument, 'ask', mid, atMs),
    mark: isSpot ? 0 : market.mark(instrument, atMs),
    index: isSpot ? 0 : market.index(instrument, atMs)
  }
}

type MinuteStatistics = { minute: number; highShare: number; lowShare: number; openTicks: number; hourAgoTicks: number }

/** 24-hour statistics; the walk through the day is done once a minute for each instrument. */
export function createDayStatistics(market: Market): (quote: SimQuote) => DayStatistics {
  const kept = new WeakMap<SimInstrument, MinuteStatistics>()
  const walks = new Map<number, { minute: number; high: number; low: number }>()

  const walkOf = (instrument: SimInstrument, minute: number) => {
    const known = walks.get(instrument.asset.index)
    if (known?.minute === minute) return known
    let high = 0
    let low = Number.POSITIVE_INFINITY
    for (let sample = 0; sample <= DAY_SAMPLES; sample++) {
      const usd = market.spot.usd(instrument.asset, minute - DAY + (sample * DAY) / DAY_SAMPLES)
      high = Math.max(high, usd)
      low = Math.min(low, usd)
    }
    const usdNow = market.spot.usd(instrument.asset, minute)
    const walk = { minute, high: high / usdNow, low: low / usdNow }
    walks.set(instrument.asset.index, walk)
    return walk
  }
  const minuteOf = (instrument: SimInstrument, minute: number): MinuteStatistics => {
    const known = kept.get(instrument)
    if (known?.minute === minute) return known
    const walk = walkOf(instrument, minute)
    const openTicks = lastTicks(market, instrument, Math.max(instrument.listedAt, minute - DAY))
    const hourAgoTicks = lastTicks(market, instrument, Math.max(instrument.listedAt, minute - HOUR))
    const fresh = { minute, highShare: walk.high, lowShare: walk.low, openTicks, hourAgoTicks }
    kept.set(instrument, fresh)
    return fresh
  }
  return (quote) => {
    const { instrument, atMs, lastTicks: last } = quote
    const { highShare, lowShare, openTicks, hourAgoTicks } = minuteOf(instrument, floorTo(atMs, MINUTE))
    const highTicks = Math.max(Math.round(last * highShare), last, openTicks, hourAgoTicks)
    const lowTicks = Math.max(1, Math.min(Math.round(last * lowShare), last, openTicks, hourAgoTicks))
    const usd = market.activity.volumeUsdPerDay(instrument, floorTo(atMs, MINUTE))
    const average = ((highTicks + lowTicks) / 2) * 10 ** -instrument.tickDecimals
    return { openTicks, highTicks, lowTicks, hourAgoTicks, volume: usd / average, quoteVolume: usd }
  }
}

/** Quotes of many instruments at one second, made once and then shared by every answer of that second. */
export function createSnapshots(market: Market): (instruments: readonly SimInstrument[], atMs: number) => SimQuote[] {
  const kept = new WeakMap<readonly SimInstrument[], { second: number; quotes: SimQuote[] }>()
  return (instruments, atMs) => {
    const second = floorTo(atMs, 1000)
    const known = kept.get(instruments)
    if (known?.second === second) return known.quotes
    const quotes = instruments.map((instrument) => quoteOf(market, instrument, second))
    kept.set(instruments, { second, quotes })
    return quotes
  }
}
