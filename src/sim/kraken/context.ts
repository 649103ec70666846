import type { SimInstrument } from '../market/instrument.ts'
import type { SimRequest } from '../request.ts'
import type { KrakenFunding } from './funding.ts'

/** What every answer of Kraken is made from. */
export type KrakenRequest = SimRequest & { readonly funding: KrakenFunding }

/** A request that spot refuses: HTTP 200 with words such as `EQuery:Unknown asset pair`. */
export class KrakenSpotProblem extends Error {}

/** A request that the futures refuse: a word such as `requiredArgumentMissing`. */
export class KrakenFuturesProblem extends Error {
  readonly status: number
  constructor(word: string, status = 400) {
    super(word)
    this.status = status
  }
}

/** Every contract, perpetual or dated, by its symbol in either case. */
export function contractOf({ listings }: KrakenRequest, symbol: string | null): SimInstrument {
  if (symbol === null || symbol === '') throw new KrakenFuturesProblem('requiredArgumentMissing')
  const id = symbol.toUpperCase()
  const contract = listings.byId.linear.get(id) ?? listings.byId.inverse.get(id)
  if (!contract) throw new KrakenFuturesProblem('contractNotFound', 404)
  return contract
}
