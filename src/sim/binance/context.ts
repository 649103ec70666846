import { integerOf } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Listings, Section } from '../market/listings.ts'
import type { SimRequest } from '../request.ts'
import { illegal, invalidSymbol, missing } from './problem.ts'

/** What every answer of Binance is made from. */
export type BinanceRequest = SimRequest & { readonly section: Section }

/** The instrument that `symbol` names, if the parameter is there. */
export function symbolOf({ params, listings, section }: BinanceRequest): SimInstrument | undefined {
  const symbol = params.get('symbol')
  if (symbol === null) return undefined
  const instrument = listings.byId[section].get(symbol)
  if (!instrument) throw invalidSymbol()
  return instrument
}

export function requiredSymbolOf(request: BinanceRequest): SimInstrument {
  const instrument = symbolOf(request)
  if (!instrument) throw missing('symbol')
  return instrument
}

/** `BTCUSDT` of BTCUSDT_261225, `BTCUSD` of BTCUSD_PERP. */
export function pairOf({ id }: SimInstrument): string {
  return id.split('_')[0]!
}

/** The perpetual of a pair, whose index is the pair's. */
export function requiredPairOf({ params, listings, section }: BinanceRequest): SimInstrument {
  const pair = params.get('pair')
  if (!pair) throw missing('pair')
  const instrument = listings[section].find(
    (each) => each.kind === 'perpetual' && pairOf(each) === pairOf({ id: pair } as SimInstrument)
  )
  if (!instrument) throw invalidSymbol()
  return instrument
}

export function wholeNumber(params: URLSearchParams, name: string, fallback: number): number {
  const value = integerOf(params, name, fallback)
  if (Number.isNaN(value)) throw illegal(name)
  return value
}

export function limitOf(params: URLSearchParams, fallback: number, most: number): number {
  const limit = wholeNumber(params, 'limit', fallback)
  if (limit < 1) throw illegal('limit')
  return Math.min(limit, most)
}

/** PERPETUAL, CURRENT_QUARTER or NEXT_QUARTER. */
export function contractTypeOf(instrument: SimInstrument, listings: Listings): string {
  if (instrument.expiry === null) return 'PERPETUAL'
  const nearest = Math.min(...listings.inverse.map(({ expiry }) => expiry ?? Number.POSITIVE_INFINITY))
  return instrument.expiry === nearest ? 'CURRENT_QUARTER' : 'NEXT_QUARTER'
}
