import { type Decimal, decimalOrNull, decimalToString, multiply, parseDecimal } from '../domain/decimal.ts'
import { snapSettlement } from '../domain/funding.ts'
import { type Instrument, isDollarLike, settlementOf } from '../domain/instrument.ts'
import type { Facts, Latest, LatestEstimate, LatestOpenInterest } from '../domain/latest.ts'
import { valuedOpenInterest } from '../domain/open-interest.ts'
import { type AverageScheme, shareDetermined } from '../domain/premium.ts'
import { HOUR, MINUTE } from '../domain/time.ts'
import type { SnapshotRow, Stamp } from '../store/observations.ts'
import type { FundingEstimate, OpenInterest, Reading } from '../venues/venue.ts'
import type { CollectedVenue } from './collect.ts'
import { isMarkDoubtful } from './plausibility.ts'

const NOTHING: Facts = { quotes: [], lasts: [], marks: [], estimates: [], openInterest: [], volumes: [] }

/** What the venue said about the instruments we follow, by their ids; the last of two about one symbol counts. */
export function factsOf(
  { instruments, adapter }: Pick<CollectedVenue, 'instruments' | 'adapter'>,
  reading: Reading | undefined
): Facts {
  if (!reading) return NOTHING
  const followed = <Said extends { readonly symbol: string }, Fact>(
    said: readonly Said[],
    toFact: (said: Said, instrumentId: number, instrument: Instrument) => Fact
  ): Fact[] => {
    const bySymbol = new Map(said.map((row) => [row.symbol, row]))
    return [...bySymbol].flatMap(([symbol, row]) => {
      const instrument = instruments.get(symbol)
      return instrument ? [toFact(row, instrument.id, instrument)] : []
    })
  }
  const marks = new Map(reading.marks.map((said) => [said.symbol, said]))
  const refused = new Set(reading.skipped.filter(({ reason }) => OF_BOOK.has(reason)).map(({ symbol }) => symbol))
  const isInDoubt = (symbol: string) => {
    const said = marks.get(symbol)
    return refused.has(symbol) || (said !== undefined && isMarkDoubtful(said))
  }
  return {
    quotes: followed(reading.quotes, (row, instrumentId) => ({ ...row, instrumentId })),
    lasts: followed(reading.lasts, (row, instrumentId) => ({ ...row, instrumentId })),
    marks: followed(reading.marks, (row, instrumentId) => ({ ...row, instrumentId })),
    estimates: followed(reading.estimates, (row, instrumentId) => toEstimate(row, instrumentId, adapter.averaging)),
    openInterest: followed(reading.openInterest, (row, _, instrument) =>
      isInDoubt(row.symbol)
        ? toOpenInterest(countedOnly(row), instrument, null)
        : toOpenInterest(row, instrument, marks.get(row.symbol)?.mark)
    ),
    volumes: followed(reading.volumes, (row, instrumentId) => ({ ...row, instrumentId }))
  }
}

/** Why a book is not believed; the mark of such a contract is none to value by. */
const OF_BOOK: ReadonlySet<string> = new Set(['implausible_move', 'off_index'])

/** What a venue counts, without what that comes to at a mark in doubt. */
function countedOnly(said: OpenInterest): OpenInterest {
  if (said.unit === 'usd') return { ...said, base: null }
  return said.unit === 'base' ? { ...said, quote: null, usd: null } : said
}

function toEstimate(estimate: FundingEstimate, instrumentId: number, averaging: AverageScheme): LatestEstimate {
  const { nextSettlementAt: saidAt, isSettlementTimeOurs, ...said } = estimate
  return {
    ...said,
    instrumentId,
    nextSettlementAt: saidAt === null ? null : snapSettlement(saidAt),
    nextSettlementVenueTime: isSettlementTimeOurs ? null : saidAt,
    determined: determinedOf(estimate, averaging)
  }
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

/** Each contract counted once (a figure that counts both sides is halved), in base, quote and dollars as far as the mark tells. */
export function toOpenInterest(
  said: OpenInterest,
  instrument: Pick<Instrument, 'id'> & Priced,
  mark: string | null | undefined
): LatestOpenInterest {
  const { unit, sides, observedAt, venueTime } = said
  const once = (amount: string | null) => {
    const all = decimalOrNull(amount)
    return all && sides === 2 ? multiply(all, HALF) : all
  }
  const amounts = { base: once(said.base), quote: once(said.quote), usd: once(said.usd) }
  return { instrumentId: instrument.id, ...valued(amounts, instrument, mark), unit, sides, observedAt, venueTime }
}

const HALF = parseDecimal('0.5')!
type Amounts = { readonly base: Decimal | null; readonly quote: Decimal | null; readonly usd: Decimal | null }

type Priced = Parameters<typeof settlementOf>[0]

/** What a venue's amount comes to in the units that it did not say. A quanto's size is neither base nor quote: refused. Spec 1.5. */
export function valued(amounts: Amounts, instrument: Priced, mark: string | null | undefined) {
  if (settlementOf(instrument) === 'quanto') return { base: null, quote: null, usd: null }
  const isDollarQuoted = isDollarLike(instrument.quote)
  const all = valuedOpenInterest(amounts, { mark: decimalOrNull(mark), isDollarQuoted })
  return {
    base: all.base && decimalToString(all.base),
    quote: all.quote && decimalToString(all.quote),
    usd: all.usd && decimalToString(all.usd)
  }
}

/** A last price or a volume that is asked once a minute, and open interest that is asked every five, are still those of now. */
const LAST_MAX_AGE_MS = 2 * MINUTE
const SIZE_MAX_AGE_MS = 15 * MINUTE

/** The observations to keep of this sweep: one row an instrument that said anything about its price. */
export function snapshotsOf(
  facts: Facts,
  latest: ReadonlyMap<number, Latest>,
  { tickAt, spanMs }: Pick<Stamp, 'tickAt' | 'spanMs'>
): SnapshotRow[] {
  const byId = <T extends { readonly instrumentId: number }>(rows: readonly T[]) =>
    new Map(rows.map((row) => [row.instrumentId, row]))
  const [quotes, marks] = [byId(facts.quotes), byId(facts.marks)]
  return [...new Set([...quotes.keys(), ...marks.keys()])].map((instrumentId) => {
    const quote = quotes.get(instrumentId)
    const mark = marks.get(instrumentId)
    const observedAt = quote?.observedAt ?? mark!.observedAt
    const known = latest.get(instrumentId)
    const isDoubtful = mark !== undefined && isMarkDoubtful(mark)
    const recent = <T extends { readonly observedAt: number }>(group: T | null | undefined, maxAgeMs: number) =>
      group && observedAt - group.observedAt <= maxAgeMs ? group : undefined
    const openInterest = recent(known?.openInterest, SIZE_MAX_AGE_MS)
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
      last: recent(known?.last, LAST_MAX_AGE_MS)?.last ?? null,
      mark: isDoubtful ? null : (mark?.mark ?? null),
      index: isDoubtful ? null : (mark?.index ?? null),
      markObservedAt: mark?.observedAt ?? null,
      markVenueTime: mark?.venueTime ?? null,
      premium: null,
      openInterestBase: openInterest?.base ?? null,
      openInterestQuote: openInterest?.quote ?? null,
      openInterestUsd: openInterest?.usd ?? null,
      openInterestSides: openInterest?.sides ?? null,
      openInterestUnit: openInterest?.unit ?? null,
      openInterestAt: openInterest?.observedAt ?? null,
      volume24hUsd: recent(known?.volume, LAST_MAX_AGE_MS)?.volume24hUsd ?? null,
      spanMs,
      reasons: [...(quote ? [] : ['missing_quote']), ...(isDoubtful ? ['quarantined'] : [])]
    }
  })
}
