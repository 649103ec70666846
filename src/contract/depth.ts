import { decimalOrNull as exactOrNull } from '../domain/decimal.ts'
import { imbalanceOf } from '../domain/depth.ts'
import { doubtsOf, type Instrument, isDollarLike } from '../domain/instrument.ts'
import { isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import { boardFilters, pageParameters } from './board-parameters.ts'
import { doubts } from './histories.ts'
import {
  absences,
  arrayOf,
  count,
  countOrNull,
  decimalOrNull,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  text,
  textOrNull,
  time,
  timeOrNull
} from './schema.ts'

const bandSchema = object({
  bandBps: number('The band around mid, basis points', 10),
  bidDepth: decimalOrNull('Σ price · size of the bids in it, in the quote currency', '1234567.8'),
  askDepth: decimalOrNull('The same of the asks', '1198765.4'),
  bidDepthUsd: decimalOrNull('bidDepth where the quote is a dollar or a stablecoin, at par', '1234567.8'),
  askDepthUsd: decimalOrNull('The same of the asks', '1198765.4'),
  imbalance: numberOrNull('(bids − asks) / (bids + asks): −1 to 1, positive: more bids', 0.0147),
  absent: absences()
})

const bookSchema = object({
  instrument: text('Whose book', 'binance:BTC/USDT:USDT'),
  quote: text('Currency of its prices', 'USDT'),
  mid: decimalOrNull('(best bid + best ask) / 2; null for an empty side or a crossed book', '64028.5'),
  quotedSpreadBps: numberOrNull('(best ask − best bid) / mid, basis points', 0.16),
  bands: arrayOf(bandSchema),
  absent: absences(),
  ageMs: count('meta.asOf − observedAt, milliseconds', 41_812),
  observedAt: time('When we received this book'),
  venueTime: timeOrNull('The venue’s own time of it')
})

export const depthSchema = object(
  {
    instrument: text('The contract', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('Its spot leg', 'binance:BTC/USDT'),
    venue: text('Where the contract trades', 'binance'),
    asset: text('What it is about', 'BTC'),
    kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
    contractBook: nullable(bookSchema),
    spotBook: nullable(bookSchema),
    skewMs: countOrNull('Between the two books, milliseconds', 2_100),
    reasons: doubts,
    absent: absences()
  },
  { $id: 'DepthRow', description: 'Quoted spread and depth of a contract and of its spot leg' }
)

const { minGrade: _grade, minOpenInterestUsd: _held, minVolume24hUsd: _traded, ...filters } = boardFilters
export const depthParameters = { ...filters, ...pageParameters }

/** A book's spread and depth as they were received. */
export type BookDepth = {
  readonly mid: string | null
  readonly spreadBps: number | null
  readonly observedAt: number
  readonly venueTime: number | null
  readonly bid10: string | null
  readonly ask10: string | null
  readonly bid25: string | null
  readonly ask25: string | null
  readonly bid50: string | null
  readonly ask50: string | null
}

type Moment = { readonly nowMs: number; readonly maxAgeMs: number }

export function depthView(
  contract: Instrument,
  spot: Instrument | undefined,
  depths: ReadonlyMap<number, BookDepth>,
  moment: Moment
) {
  const [ours, theirs] = [depths.get(contract.id), spot && depths.get(spot.id)]
  const absent: Record<string, string> = {}
  if (!ours) absent.contractBook = 'not_observed'
  if (!spot) absent.spot = 'no_spot_leg'
  if (!theirs) absent.spotBook = spot ? 'not_observed' : 'no_spot_leg'
  if (!ours || !theirs) absent.skewMs = ours ? absent.spotBook! : 'not_observed'
  return {
    instrument: contract.key,
    spot: spot?.key ?? null,
    venue: contract.venue,
    asset: contract.asset,
    kind: contract.kind,
    contractBook: ours ? bookView(contract, ours, moment) : null,
    spotBook: spot && theirs ? bookView(spot, theirs, moment) : null,
    skewMs: ours && theirs ? Math.abs(ours.observedAt - theirs.observedAt) : null,
    reasons: doubtsOf({ quarantine: contract.quarantine ?? spot?.quarantine ?? null }),
    absent
  }
}

/** What is too old is no depth of now: its age is told, its numbers are not. */
function bookView({ key, quote }: Instrument, depth: BookDepth, { nowMs, maxAgeMs }: Moment) {
  const ageMs = Math.max(0, nowMs - depth.observedAt)
  const isStale = ageMs > maxAgeMs
  const mid = isStale ? null : depth.mid
  const missing = isStale ? 'stale' : 'crossed_or_empty_book'
  const absent: Record<string, string> = mid === null ? { mid: missing, quotedSpreadBps: missing } : {}
  if (depth.venueTime === null) absent.venueTime = 'not_published'
  const band = (bandBps: number, bid: string | null, ask: string | null) =>
    bandView({ bandBps, bid: isStale ? null : bid, ask: isStale ? null : ask }, quote, mid === null ? missing : null)
  return {
    instrument: key,
    quote,
    mid,
    quotedSpreadBps: mid === null ? null : depth.spreadBps,
    bands: [band(10, depth.bid10, depth.ask10), band(25, depth.bid25, depth.ask25), band(50, depth.bid50, depth.ask50)],
    absent,
    ageMs,
    observedAt: new Date(depth.observedAt).toISOString(),
    venueTime: isoOrNull(depth.venueTime)
  }
}

type Band = { readonly bandBps: number; readonly bid: string | null; readonly ask: string | null }

function bandView({ bandBps, bid, ask }: Band, quote: string, missing: string | null) {
  const inDollars = isDollarLike(quote)
  const imbalance = imbalanceOf(exactOrNull(bid), exactOrNull(ask))
  const why = missing ?? 'book_ends_in_band'
  const absent: Record<string, string> = {}
  if (bid === null) absent.bidDepth = absent.bidDepthUsd = why
  if (ask === null) absent.askDepth = absent.askDepthUsd = why
  if (imbalance === null) absent.imbalance = bid === null || ask === null ? why : 'no_depth'
  if (!inDollars) {
    absent.bidDepthUsd ??= 'not_dollar_quoted'
    absent.askDepthUsd ??= 'not_dollar_quoted'
  }
  return {
    bandBps,
    bidDepth: bid,
    askDepth: ask,
    bidDepthUsd: inDollars ? bid : null,
    askDepthUsd: inDollars ? ask : null,
    imbalance,
    absent
  }
}
