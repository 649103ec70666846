import { type Instrument, parseInstrumentKey } from '../../src/domain/instrument.ts'

/** An old listed instrument with nothing odd about it. */
export function anInstrument(key: string, changes: Partial<Instrument> = {}): Instrument {
  return {
    ...parseInstrumentKey(key)!,
    id: 1,
    nativeId: null,
    asset: parseInstrumentKey(key)!.base,
    assetClass: 'crypto',
    multiplier: '1',
    multiplierSource: 'exact',
    contractSize: '1',
    listedAt: Date.UTC(2020, 0, 1),
    delistedAt: null,
    status: 'listed',
    statusSince: Date.UTC(2020, 0, 1),
    delistingAnnouncedAt: null,
    renamedFrom: null,
    renamedTo: null,
    quarantine: null,
    source: 'venue',
    spotId: 2,
    spotReason: 'same_venue_same_quote',
    tracked: true,
    founding: true,
    firstSeenAt: Date.UTC(2020, 0, 1),
    ...changes
  }
}
