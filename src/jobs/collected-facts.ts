import { decimalToString, multiply, parseDecimal } from '../domain/decimal.ts'
import type { Facts, LatestEstimate } from '../domain/latest.ts'
import { type AverageScheme, shareDetermined } from '../domain/premium.ts'
import { HOUR, MINUTE } from '../domain/time.ts'
import type { SnapshotRow, Stamp } from '../store/observations.ts'
import type { FundingEstimate, OpenInterest, Reading } from '../venues/venue.ts'
import type { CollectedVenue } from './collect.ts'

/** The common formula with 8/N (domain of `fundingFromPremium`); raised when a venue's formula breaks. */
export const FUNDING_FORMULA_VERSION = 1

const NOTHING: Facts = { quotes: [], lasts: [], marks: [], estimates: [], openInterest: [], volumes: [] }

/** What the venue said about the instruments we follow, by their ids; the last of two about one symbol counts. */
export function factsOf(
  { instruments, adapter }: Pick<CollectedVenue, 'instruments' | 'adapter'>,
  reading: Reading | undefined
): Facts {
  if (!reading) return NOTHING
  const followed = <Said extends { readonly symbol: string }, Fact>(
    said: readonly Said[],
    toFact: (said: Said, instrumentId: number) => Fact
  ): Fact[] => {
    const bySymbol = new Map(said.map((row) => [row.symbol, row]))
    return [...bySymbol].flatMap(([symbol, row]) => {
      const instrument = instruments.get(symbol)
      return instrument ? [toFact(row, instrument.id)] : []
    })
  }
  return {
    quotes: followed(reading.quotes, (row, instrumentId) => ({ ...row, instrumentId })),
    lasts: followed(reading.lasts, (row, instrumentId) => ({ ...row, instrumentId })),
    marks: followed(reading.marks, (row, instrumentId) => ({ ...row, instrumentId })),
    estimates: followed(reading.estimates, (row, instrumentId) => toEstimate(row, instrumentId, adapter.averaging)),
    openInterest: followed(reading.openInterest, toOpenInterest),
    volumes: followed(reading.volumes, (row, instrumentId) => ({ ...row, instrumentId }))
  }
}

function toEstimate(estimate: FundingEstimate, instrumentId: number, averaging: AverageScheme): LatestEstimate {
  return { ...estimate, instrumentId, determined: determinedOf(estimate, averaging) }
}

/** How much of the running period's average is fixed, by the minute and the venue's weights (domain-spec 1.6.1). */
function determinedOf(
  { kind, intervalHours, nextSettlementAt, observedAt }: FundingEstimate,
  averaging: AverageScheme
): number | null {
  if (kind !== 'indicative' || intervalHours === null || nextSettlementAt === null) return null
  const total = (intervalHours * HOUR) / MINUTE
  const elapsed = Math.floor(total - (nextSettlementAt - observedAt) / MINUTE)
  return elapsed < 0 || elapsed > total ? null : shareDetermined(elapsed, total, averaging)
}

/** Each contract counted once: a figure that counts both sides is halved. */
export function toOpenInterest({ base, usd, sides, observedAt }: OpenInterest, instrumentId: number) {
  const once = (amount: string | null) => (amount === null || sides === 1 ? amount : halved(amount))
  return { instrumentId, base: once(base), usd: once(usd), sides, observedAt }
}

const HALF = parseDecimal('0.5')!
const halved = (amount: string) => decimalToString(multiply(parseDecimal(amount)!, HALF))

/** The observations to keep of this sweep: one row an instrument that said anything about its price. */
export function snapshotsOf(facts: Facts, { tickAt, spanMs }: Pick<Stamp, 'tickAt' | 'spanMs'>): SnapshotRow[] {
  const byId = <T extends { readonly instrumentId: number }>(rows: readonly T[]) =>
    new Map(rows.map((row) => [row.instrumentId, row]))
  const [quotes, lasts, marks] = [byId(facts.quotes), byId(facts.lasts), byId(facts.marks)]
  const [openInterest, volumes] = [byId(facts.openInterest), byId(facts.volumes)]
  const ids = new Set([...quotes.keys(), ...marks.keys()])
  return [...ids].map((instrumentId) => {
    const quote = quotes.get(instrumentId)
    const mark = marks.get(instrumentId)
    const open = openInterest.get(instrumentId)
    const observedAt = quote?.observedAt ?? mark!.observedAt
    return {
      instrumentId,
      tickAt,
      observedAt,
      venueTime: quote?.venueTime ?? null,
      availableAt: observedAt,
      bid: quote?.bid ?? null,
      ask: quote?.ask ?? null,
      bidSize: quote?.bidSize ?? null,
      askSize: quote?.askSize ?? null,
      last: lasts.get(instrumentId)?.last ?? null,
      mark: mark?.mark ?? null,
      index: mark?.index ?? null,
      markObservedAt: mark?.observedAt ?? null,
      markVenueTime: mark?.venueTime ?? null,
      openInterestBase: open?.base ?? null,
      openInterestUsd: open?.usd ?? null,
      openInterestAt: open?.observedAt ?? null,
      volume24hUsd: volumes.get(instrumentId)?.volume24hUsd ?? null,
      spanMs,
      reasons: quote ? [] : ['missing_quote']
    }
  })
}
