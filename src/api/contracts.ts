import { type Instrument, isGone } from '../domain/instrument.ts'
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

/**
 * The followed contracts that a filter asks for; one that is named is there whether it is followed or not. Of the past, from
 * `sinceMs` on (epoch ms; null: of now), those as well that have gone since, are no longer followed, or are known from imports alone;
 * the last of these with `isWithImported` of now too, where a venue or an asset is asked for.
 */
export async function contractsOf(
  { catalogue }: ApiContext,
  filter: ContractFilter,
  sinceMs: number | null = null,
  { isWithImported = false } = {}
): Promise<Instrument[]> {
  const known = await catalogue.read()
  const { venues, assets } = namesOf(known, filter)
  const named = filter.instrument && (await Promise.all(filter.instrument.map((key) => catalogue.getInstrument(key))))
  const ids = named && new Set(named.map(({ id }) => id))
  // Nobody follows what only files told of: it is there where its venue or asset is asked for.
  const isImported = isWithImported && (venues ?? assets) !== undefined
  const quotes = filter.quote?.map((quote) => quote.toUpperCase())
  return (named ?? known.instruments).filter((instrument) => {
    const { id, kind, tracked, venue, asset, quote, quarantine, source } = instrument
    const isThere = tracked || (isImported && source === 'import')
    return (
      kind !== 'spot' &&
      (ids?.has(id) ?? (isThere || (sinceMs !== null && wasThere(instrument, known.onceFollowed, sinceMs)))) &&
      (venues?.has(venue) ?? true) &&
      // What is under quarantine may be another coin with this name: it is there by its own key, and where no asset is asked for.
      (assets === undefined || (assets.has(asset) && quarantine === null)) &&
      (filter.kind?.includes(kind) ?? true) &&
      (quotes?.includes(quote.toUpperCase()) ?? true)
    )
  })
}

/** Whether what is not followed now may have been followed after a moment: what is followed tomorrow changes nothing of yesterday. */
function wasThere(
  { id, status, source, delistedAt, expiresAt }: Instrument,
  onceFollowed: ReadonlySet<number>,
  sinceMs: number
): boolean {
  const hasPast = isGone(status) || source === 'import' || onceFollowed.has(id)
  return hasPast && (delistedAt ?? expiresAt ?? Number.POSITIVE_INFINITY) > sinceMs
}
