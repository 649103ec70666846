import { decimalOrNull } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Transaction } from '../store/database.ts'
import { insertSnapshots, type SnapshotRow, type Stamp } from '../store/observations.ts'
import { openPast, type PastFacts, pastObservation, type StoredPast } from '../store/past-observations.ts'
import { valued } from './collected-facts.ts'

/** What a venue said of one moment of the past. */
export type PastHour = Partial<PastFacts> & { readonly at: number; readonly spanMs: number }

export type PastStored = {
  readonly stored: number
  /** Hours of which somebody imported a price: that row stays, and what would stand beside it is not kept. */
  readonly imported: number
}

/**
 * Stores what was fetched of past hours. What was observed as it happened stays; where something was fetched of an hour before and
 * more comes, the next revision holds all of it. Partitions must exist.
 */
export async function storePast(
  client: Transaction,
  instrument: Instrument,
  hours: readonly PastHour[],
  stamp: Pick<Stamp, 'adapterVersion' | 'epoch'>
): Promise<PastStored> {
  if (hours.length === 0) return { stored: 0, imported: 0 }
  const times = hours.map(({ at }) => at)
  const known = await openPast(client, instrument.id, times)
  const rows = hours.flatMap((hour) => {
    const before = known.get(hour.at)
    if (before === undefined) return [rowOf(instrument, hour, 0)]
    if (before.source !== 'backfill' || !saysMore(hour, before)) return []
    return [rowOf(instrument, { ...hour, ...together(hour, before) }, before.revision + 1)]
  })
  const isLost = (hour: PastHour) => {
    const before = known.get(hour.at)
    return before?.source === 'import' && saysMore(hour, before)
  }
  const stored = await insertSnapshots(client, rows, { ...stamp, source: 'backfill' })
  return { stored, imported: hours.filter(isLost).length }
}

const PRICES = ['last', 'mark', 'index', 'premium'] as const

const hasOpenInterest = ({ openInterestBase, openInterestQuote, openInterestUsd }: Partial<PastFacts>) =>
  (openInterestBase ?? openInterestQuote ?? openInterestUsd ?? null) !== null

function saysMore(hour: PastHour, before: StoredPast): boolean {
  const isPriced = PRICES.some((price) => before[price] === null && (hour[price] ?? null) !== null)
  return isPriced || (hasOpenInterest(hour) && !hasOpenInterest(before))
}

/** What was known first counts; open interest is one thing with its unit and sides. */
function together(hour: PastHour, before: StoredPast): PastFacts {
  const { openInterestBase, openInterestQuote, openInterestUsd, openInterestSides, openInterestUnit } = hasOpenInterest(
    before
  )
    ? before
    : hour
  return {
    last: before.last ?? hour.last ?? null,
    mark: before.mark ?? hour.mark ?? null,
    index: before.index ?? hour.index ?? null,
    premium: before.premium ?? hour.premium ?? null,
    openInterestBase: openInterestBase ?? null,
    openInterestQuote: openInterestQuote ?? null,
    openInterestUsd: openInterestUsd ?? null,
    openInterestSides: openInterestSides ?? null,
    openInterestUnit: openInterestUnit ?? null
  }
}

/** Open interest that lacks a unit is valued at the mark of its own hour. */
function rowOf(instrument: Instrument, hour: PastHour, revision: number): SnapshotRow {
  const amounts = {
    base: decimalOrNull(hour.openInterestBase ?? null),
    quote: decimalOrNull(hour.openInterestQuote ?? null),
    usd: decimalOrNull(hour.openInterestUsd ?? null)
  }
  const { base, quote, usd } = valued(amounts, instrument, hour.mark)
  const sizes = hasOpenInterest(hour) ? { openInterestBase: base, openInterestQuote: quote, openInterestUsd: usd } : {}
  return { ...pastObservation(instrument.id, { ...hour, ...sizes }), revision }
}
