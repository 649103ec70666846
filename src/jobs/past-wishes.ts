import type { Instrument } from '../domain/instrument.ts'
import { keptFrom as monthsKeptFrom } from '../domain/retention.ts'
import type { BackfillFact, BackfillWish } from '../store/backfill.ts'
import { listInstruments } from '../store/instruments.ts'
import { listLatest } from '../store/latest.ts'
import type { WorkerDeps } from './station.ts'

/** Which instruments' past is wanted, and each fact of it from when on; null: not at all. */
export type WantedPast = {
  readonly isWanted: (instrument: Instrument) => boolean
  readonly from: Readonly<Record<BackfillFact, number | null>>
}

/**
 * What there is to fetch: settlements of perpetuals, hourly prices of contracts and of their spot legs, open interest where the
 * venue has its history; larger contracts first.
 */
export async function wishesFor(
  { db, adapters, config, clock }: Pick<WorkerDeps, 'db' | 'adapters' | 'config' | 'clock'>,
  { isWanted, from }: WantedPast
): Promise<BackfillWish[]> {
  const byVenue = new Map(adapters.map((adapter) => [adapter.id, adapter]))
  const wanted = (await listInstruments(db)).filter((each) => byVenue.has(each.venue) && isWanted(each))
  const latest = await listLatest(
    db,
    wanted.map(({ id }) => id)
  )
  const sizes = new Map<number, number>()
  const raise = (id: number, size: number) => sizes.set(id, Math.max(size, sizes.get(id) ?? 0))
  for (const { id, kind, spotId } of wanted) {
    const openInterest = kind === 'spot' ? 0 : Number(latest.get(id)?.openInterest?.usd ?? 0)
    raise(id, openInterest)
    if (spotId !== null) raise(spotId, openInterest)
  }
  // In steps of two: what moves by a percent every poll does not change who comes first.
  const priorityOf = (id: number) => 2 ** Math.round(Math.log2(Math.max(1, sizes.get(id) ?? 1)))
  const contracts = wanted.filter(({ kind }) => kind !== 'spot')
  const legs = new Set(contracts.map(({ spotId }) => spotId))
  const keptFrom = config.rawDays === null ? 0 : monthsKeptFrom(clock.now(), config.rawDays)
  const wish = ({ id }: Instrument, fact: BackfillFact): BackfillWish[] => {
    const asked = from[fact]
    // What could not be kept is not asked for; settlements always are.
    const wantedFrom = asked === null || fact === 'settlement' ? asked : Math.max(asked, keptFrom)
    return wantedFrom === null ? [] : [{ instrumentId: id, fact, wantedFrom, priority: priorityOf(id) }]
  }
  return wanted.flatMap((instrument) => {
    const { id, kind, venue } = instrument
    const isMeasured = byVenue.get(venue)?.past?.openInterest?.served(instrument) ?? false
    return [
      ...(kind === 'perpetual' ? wish(instrument, 'settlement') : []),
      // A coin that nothing is set against has no past of interest, unless there are only coins.
      ...(kind !== 'spot' || legs.has(id) || contracts.length === 0 ? wish(instrument, 'price_1h') : []),
      ...(isMeasured ? wish(instrument, 'open_interest_1h') : [])
    ]
  })
}
