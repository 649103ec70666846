import { integerOf } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { SimRequest } from '../request.ts'
import type { DeribitFunding } from './funding.ts'

/** A request that Deribit refuses: HTTP 400 with a JSON-RPC error. */
export class DeribitProblem extends Error {
  readonly code: number
  readonly data: Readonly<Record<string, string>> | undefined
  constructor(message: string, code: number, data?: Readonly<Record<string, string>>) {
    super(message)
    this.code = code
    this.data = data
  }
}

export function invalidParam(param: string, reason: string): DeribitProblem {
  return new DeribitProblem('Invalid params', -32602, { reason, param })
}

/** What every answer of Deribit is made from. */
export type DeribitRequest = SimRequest & { readonly funding: DeribitFunding }

export function instrumentOf({ params, listings }: DeribitRequest): SimInstrument {
  const name = params.get('instrument_name')
  if (name === null || name === '') throw invalidParam('instrument_name', 'value is required')
  const instrument = listings.byId.linear.get(name) ?? listings.byId.inverse.get(name) ?? listings.byId.spot.get(name)
  if (!instrument) throw invalidParam('instrument_name', 'instrument not found')
  return instrument
}

export function perpetualOf(request: DeribitRequest): SimInstrument {
  const instrument = instrumentOf(request)
  if (instrument.kind !== 'perpetual') throw invalidParam('instrument_name', 'instrument is not perpetual')
  return instrument
}

/** The window that a request names, both ends needed. */
export function windowOf({ params }: DeribitRequest): { readonly startMs: number; readonly endMs: number } {
  const read = (name: string) => {
    const value = integerOf(params, name, Number.NaN)
    if (Number.isNaN(value)) throw invalidParam(name, params.has(name) ? 'wrong format' : 'value is required')
    return value
  }
  return { startMs: read('start_timestamp'), endMs: read('end_timestamp') }
}

/** Calculated prices have two more decimals than traded ones. */
export function calculated({ tickDecimals }: SimInstrument, value: number): number {
  return Number(value.toFixed(tickDecimals + 2))
}

/** Whole ticks as a JSON number. */
export function priceOf({ tickDecimals }: SimInstrument, ticks: number): number {
  return Number((ticks / 10 ** tickDecimals).toFixed(tickDecimals))
}

/** Whole steps as an amount: dollars of an inverse contract, coins of everything else. */
export function amountOf({ section, contractSizeUsd, stepDecimals }: SimInstrument, steps: number): number {
  return section === 'inverse' ? steps * contractSizeUsd : Number((steps / 10 ** stepDecimals).toFixed(stepDecimals))
}
