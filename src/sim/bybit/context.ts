import { integerOf } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Section } from '../market/listings.ts'
import type { SimRequest } from '../request.ts'

/** A request that Bybit refuses: HTTP 200 with a code in the body. */
export class BybitProblem extends Error {
  readonly code: number
  constructor(message: string, code = 10001) {
    super(message)
    this.code = code
  }
}

/** What every answer of Bybit is made from. */
export type BybitRequest = SimRequest

/** `category`: one of our sections, or `option`, of which there are none. */
export function categoryOf({ params }: BybitRequest, fallback?: Section): Section | 'option' {
  const category = params.get('category') ?? fallback
  if (category === 'spot' || category === 'linear' || category === 'inverse' || category === 'option') return category
  throw new BybitProblem('params error: Category is invalid')
}

export function contractCategoryOf(request: BybitRequest): 'linear' | 'inverse' {
  const category = categoryOf(request, 'linear')
  if (category === 'linear' || category === 'inverse') return category
  throw new BybitProblem('params error: Category is invalid')
}

/** The instrument that `symbol` names, if the parameter is there. */
export function symbolOf({ params, listings }: BybitRequest, section: Section): SimInstrument | undefined {
  const symbol = params.get('symbol')
  if (symbol === null || symbol === '') return undefined
  const instrument = listings.byId[section].get(symbol)
  if (instrument) return instrument
  throw new BybitProblem(section === 'spot' ? 'Not supported symbols' : 'params error: symbol invalid')
}

export function requiredSymbolOf(request: BybitRequest, section: Section): SimInstrument {
  const instrument = symbolOf(request, section)
  if (!instrument) throw new BybitProblem('params error: symbol invalid')
  return instrument
}

/** The number in `name`, within [1, most]; anything else is refused. */
export function limitOf(params: URLSearchParams, fallback: number, most: number): number {
  const limit = integerOf(params, 'limit', fallback)
  if (!(limit >= 1)) throw new BybitProblem('params error: Limit is invalid')
  return Math.min(limit, most)
}

export function timeOf(params: URLSearchParams, name: string, fallback: number): number {
  const time = integerOf(params, name, fallback)
  if (Number.isNaN(time)) throw new BybitProblem(`params error: ${name} is invalid`)
  return time
}
