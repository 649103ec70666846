import type { Instrument } from '../domain/instrument.ts'
import { namesOf } from './catalogue.ts'
import type { ApiContext } from './context.ts'

/** The board's filters that need no row of the board. */
export type ContractFilter = {
  readonly asset?: readonly string[] | undefined
  readonly venue?: readonly string[] | undefined
  readonly kind?: readonly string[] | undefined
  readonly quote?: readonly string[] | undefined
  readonly instrument?: readonly string[] | undefined
}

/** The followed contracts that a filter asks for; one that is named is there whether it is followed or not. */
export async function contractsOf({ catalogue }: ApiContext, filter: ContractFilter): Promise<Instrument[]> {
  const known = await catalogue.read()
  const { venues, assets } = namesOf(known, filter)
  const named = filter.instrument && (await Promise.all(filter.instrument.map((key) => catalogue.getInstrument(key))))
  const ids = named && new Set(named.map(({ id }) => id))
  const quotes = filter.quote?.map((quote) => quote.toUpperCase())
  return (named ?? known.instruments).filter(
    ({ id, kind, tracked, venue, asset, quote, quarantine }) =>
      kind !== 'spot' &&
      (ids?.has(id) ?? tracked) &&
      (venues?.has(venue) ?? true) &&
      // What is under quarantine may be another coin with this name: it is there by its own key, and where no asset is asked for.
      (assets === undefined || (assets.has(asset) && quarantine === null)) &&
      (filter.kind?.includes(kind) ?? true) &&
      (quotes?.includes(quote.toUpperCase()) ?? true)
  )
}
