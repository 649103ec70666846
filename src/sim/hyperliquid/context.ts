import { integerOf } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { SimRequest } from '../request.ts'
import type { HourlyFunding } from './funding.ts'

/** A question that Hyperliquid cannot read: 422 with a text; one about a coin that it does not know: 500 with `null`. */
export class HyperliquidProblem extends Error {
  readonly status: 422 | 500
  constructor(status: 422 | 500) {
    super(status === 422 ? 'Failed to deserialize the JSON body into the target type' : 'null')
    this.status = status
  }
}

/** What every answer of Hyperliquid is made from; `params` are the fields of the posted question. */
export type HyperliquidRequest = SimRequest & { readonly funding: HourlyFunding }

/** What `coin` names: a perpetual by its name, a spot pair by its number. */
export function coinOf({ params, listings }: HyperliquidRequest): SimInstrument {
  const coin = params.get('coin')
  if (coin === null) throw new HyperliquidProblem(422)
  const instrument = listings.byId.linear.get(coin) ?? listings.byId.spot.get(coin)
  if (!instrument) throw new HyperliquidProblem(500)
  return instrument
}

/** A required or optional time in milliseconds. */
export function timeOf({ params }: HyperliquidRequest, name: string, fallback: number | undefined): number {
  const time = integerOf(params, name, fallback ?? Number.NaN)
  if (Number.isNaN(time)) throw new HyperliquidProblem(422)
  return time
}

/** A number as Hyperliquid writes it: no trailing zeros, but always a decimal point. */
export function textOf(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '.0') : `${text}.0`
}

/** Whole ticks as a price. */
export function priceOf({ tickDecimals }: SimInstrument, ticks: number): string {
  return textOf(ticks / 10 ** tickDecimals, tickDecimals)
}
