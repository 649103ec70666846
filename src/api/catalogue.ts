import type { Clock } from '../clock.ts'
import { nearestOf, suggestionFor } from '../contract/nearest.ts'
import { canonicalVenue, type Instrument, parseInstrumentKey } from '../domain/instrument.ts'
import { InvalidInputError, NotFoundError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { isDatabaseUnavailable } from '../store/database-errors.ts'
import { listInstruments, listOnceFollowed, readInstrumentMark } from '../store/instruments.ts'
import { listVenues, type VenueStatus } from '../store/status.ts'

/** Everything that is known to trade, at one moment. */
export type Catalogue = {
  readonly instruments: readonly Instrument[]
  readonly byKey: ReadonlyMap<string, Instrument>
  readonly byId: ReadonlyMap<number, Instrument>
  /** Ids of what has a past here, though it may no longer be followed. */
  readonly onceFollowed: ReadonlySet<number>
  readonly venues: ReadonlySet<string>
  readonly assets: ReadonlySet<string>
  /** Currencies that something is priced in. */
  readonly quotes: ReadonlySet<string>
}

export type CatalogueSource = {
  /** No older than five seconds. */
  read(): Promise<Catalogue>
  /** The instrument of this id; a name that is not known is looked for once more before it is refused. */
  getInstrument(key: string, path?: string): Promise<Instrument>
}

const FRESH_MS = 5_000
/** How soon after a read an unknown name is worth another. */
const RETRY_MS = 1_000

export function openCatalogue({ db, clock }: { db: Database; clock: Clock }): CatalogueSource {
  let known: { readonly catalogue: Catalogue; readonly atMs: number; readonly mark: string } | undefined
  let reading: Promise<Catalogue> | undefined
  const load = async () => {
    // Before they are read: what is written meanwhile is read again the next time.
    const mark = await readInstrumentMark(db)
    const [instruments, venues, onceFollowed] = await Promise.all([
      // Ten thousands of instruments take a tenth of a second, and change by the hour.
      known?.mark === mark ? known.catalogue.instruments : listInstruments(db),
      listVenues(db),
      listOnceFollowed(db)
    ])
    const catalogue = { ...catalogueOf(instruments, venues), onceFollowed }
    known = { catalogue, atMs: clock.now(), mark }
    return catalogue
  }
  const readNoOlderThan = async (ageMs: number) => {
    if (known !== undefined && Math.abs(clock.now() - known.atMs) < ageMs) return known.catalogue
    reading ??= load().finally(() => {
      reading = undefined
    })
    // Names known before the database went away are still names; what needs the database itself will say so.
    return reading.catch((error: unknown) => {
      if (known !== undefined && isDatabaseUnavailable(error)) return known.catalogue
      throw error
    })
  }
  return {
    read: () => readNoOlderThan(FRESH_MS),
    getInstrument: async (key, path = 'instrument') => {
      const name = parseInstrumentKey(key)
      const find = ({ byKey }: Catalogue) => byKey.get(name?.key ?? key)
      const catalogue = await readNoOlderThan(FRESH_MS)
      const instrument = find(catalogue) ?? find(await readNoOlderThan(RETRY_MS))
      if (instrument !== undefined) return instrument
      const near = nearestOf(key, catalogue.byKey.keys())
      const hint = near === undefined ? '; ids look like binance:BTC/USDT:USDT' : `; did you mean ${near}?`
      throw new NotFoundError('unknown_instrument', `${path}: ${shown(key)} is not known here${hint}`)
    }
  }
}

function catalogueOf(
  instruments: readonly Instrument[],
  venues: readonly VenueStatus[]
): Omit<Catalogue, 'onceFollowed'> {
  return {
    instruments,
    byKey: new Map(instruments.map((instrument) => [instrument.key, instrument])),
    byId: new Map(instruments.map((instrument) => [instrument.id, instrument])),
    venues: new Set([...venues.map(({ id }) => id), ...instruments.map(({ venue }) => venue)]),
    assets: new Set(instruments.map(({ asset }) => asset)),
    quotes: new Set(instruments.map(({ quote }) => quote))
  }
}

/** The venues and assets that a filter names, in our spelling; a name that nothing has is refused, not an empty answer. */
export function namesOf(
  catalogue: Catalogue,
  filter: { readonly venue?: readonly string[] | undefined; readonly asset?: readonly string[] | undefined },
  /** Where in the request they stand: problems say so. */
  pathOf = (word: 'venue' | 'asset'): string => word
): { readonly venues: ReadonlySet<string> | undefined; readonly assets: ReadonlySet<string> | undefined } {
  // Before the first market load nothing is known, and nothing can be called unknown.
  const isEmpty = catalogue.instruments.length === 0
  const venues = filter.venue?.map((id) => {
    const venue = canonicalVenue(id.toLowerCase())
    if (!isEmpty && !catalogue.venues.has(venue)) throw unknownName('venue', pathOf, id, catalogue.venues)
    return venue
  })
  const assets = filter.asset?.map((id) => {
    const asset = catalogue.assets.has(id) ? id : id.toUpperCase()
    if (!isEmpty && !catalogue.assets.has(asset)) throw unknownName('asset', pathOf, id, catalogue.assets)
    return asset
  })
  return { venues: venues && new Set(venues), assets: assets && new Set(assets) }
}

/** The currencies that a filter names, in our spelling; one that nothing is priced in is refused. */
export function quotesOf(
  { instruments, quotes }: Catalogue,
  given: readonly string[] | undefined
): readonly string[] | undefined {
  return given?.map((text) => {
    const quote = quotes.has(text) ? text : text.toUpperCase()
    if (instruments.length === 0 || quotes.has(quote)) return quote
    const message = `nothing is priced in ${shown(text)} here${suggestionFor(text, quotes)}`
    throw new InvalidInputError([{ path: 'quote', message }], 'unknown_quote')
  })
}

function unknownName(
  word: 'venue' | 'asset',
  pathOf: (word: 'venue' | 'asset') => string,
  id: string,
  known: ReadonlySet<string>
): InvalidInputError {
  const near = nearestOf(id, known)
  const message = `${shown(id)} is not known here${near === undefined ? '' : `; did you mean ${near}?`}`
  return new InvalidInputError([{ path: pathOf(word), message }], `unknown_${word}`)
}

function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
