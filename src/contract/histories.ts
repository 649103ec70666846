import { annualiseFunding } from '../domain/funding.ts'
import { doubtsOf, type Held } from '../domain/instrument.ts'
import { GRADES } from '../domain/quality.ts'
import { isoOf } from '../domain/time.ts'
import { FUNDING_KINDS, INTERVAL_SOURCES, PRICE_KINDS } from './board.ts'
import {
  absences,
  count,
  countOrNull,
  decimal,
  decimalOrNull,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  texts,
  time,
  timeOrNull
} from './schema.ts'

const SOURCES = ['polled', 'backfill', 'import'] as const
/** How an interval in the ledger came to be known: what is assumed is not put into it. */
const LEDGER_SOURCES = ['declared', 'observed'] as const

/** The fields that every stored row has last. */
/** The mark of what is under quarantine now, beside what is doubtful about a row itself. */
export const doubts = texts(
  'What is doubtful about it; `quarantined`: prices contradict what the instrument is taken for, as of now; `only_imported`: files told of it and no venue does'
)

export const provenance = {
  source: oneOf(SOURCES, 'How it came here'),
  knownAt: time('When we stored it'),
  availableAt: time('When it could have been known: its own time plus a declared lag'),
  revision: count('0 as first stored, raised by each correction'),
  reasons: doubts
}

export const basisPointSchema = object({
  observedAt: time('When we received the older leg'),
  basisBps: number('(contract mid − spot mid) / spot mid, basis points, before fx', 4.4602),
  adjustedBasisBps: numberOrNull('The same after fx', 4.4602),
  contractMid: decimal('Price of the contract', '64028.5'),
  spotMid: decimal('Price of the spot leg in contract units', '64000.25'),
  priceKind: oneOf(PRICE_KINDS, 'Which prices these are'),
  grade: oneOf(GRADES, 'As judged when derived'),
  tickAt: time('The grid time it belongs to, by which the history is ordered and cut'),
  spot: text('The spot leg', 'binance:BTC/USDT'),
  premiumBps: numberOrNull('(mark − index) / index, basis points', 4.17),
  fx: numberOrNull('Contract quote per spot quote', 1),
  skewMs: count('Between the two legs, milliseconds', 40),
  spanMs: count('How long it stands for, milliseconds', 60_000),
  ...provenance
})

export const basisBucketSchema = object({
  start: time('The bucket’s beginning, a multiple of its length from 1970 UTC'),
  open: numberOrNull('First basisBps', 4.4),
  high: numberOrNull('Highest basisBps', 5.1),
  low: numberOrNull('Lowest basisBps', 3.9),
  close: numberOrNull('Last basisBps', 4.6),
  mean: numberOrNull('Mean basisBps of its rows', 4.5),
  count: count('Rows in it', 60),
  coverage: number('Share of it that its rows stand for, 0 to 1', 1)
})

const versions = {
  formulaVersion: count(
    'The venue’s own formula at its time: 1 before the first break that we know of, one more after each',
    1
  ),
  adapterVersion: count('Which of our readings of the venue it was read by', 1)
}

export const settlementSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  settledAt: time('The settlement, on the venue’s grid'),
  venueTime: time('The stamp as the venue wrote it'),
  rate: number('Fraction per intervalHours; positive: longs paid shorts', 0.0001),
  intervalHours: numberOrNull('Hours that it settled', 8),
  intervalSource: oneOfOrNull(INTERVAL_SOURCES, 'How the interval is known'),
  rate8h: numberOrNull('The rate scaled to 8 h', 0.0001),
  apr: numberOrNull('The rate per year of 8,760 h, simple, fraction', 0.1095),
  fundingKind: oneOf(['settled', ...FUNDING_KINDS], 'Of a settlement: settled'),
  observedAt: time('When we received it'),
  cap: numberOrNull('Highest rate that was allowed, as declared with the last estimate', 0.02),
  floor: numberOrNull('Lowest rate that was allowed, as declared with the last estimate', -0.02),
  mark: decimalOrNull('Mark price it settled at', '64028.5'),
  estimateRate: numberOrNull('The last estimate of it that was kept before it', 0.00011),
  estimateAt: timeOrNull('When that was observed'),
  estimateDifference: numberOrNull('rate − estimateRate, fraction per intervalHours', -0.00001),
  ...provenance,
  ...versions,
  absent: absences()
})

export const estimateSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  observedAt: time('When we received it'),
  tickAt: time('The grid time it belongs to, by which the history is ordered and cut'),
  venueTime: timeOrNull('The venue’s own time'),
  rate: number('Fraction per intervalHours; positive: longs pay shorts', 0.0001),
  intervalHours: numberOrNull('Hours that it is for', 8),
  intervalSource: oneOfOrNull(INTERVAL_SOURCES, 'How the interval is known'),
  rate8h: numberOrNull('The rate scaled to 8 h', 0.0001),
  apr: numberOrNull('The rate per year of 8,760 h, simple, fraction', 0.1095),
  fundingKind: oneOf(FUNDING_KINDS, 'Still moving, fixed for the period, or of the period past'),
  nextSettlementAt: timeOrNull('The settlement it is about, on the venue’s grid'),
  nextSettlementVenueTime: timeOrNull('That time as the venue wrote it'),
  cap: numberOrNull('Highest rate allowed', 0.02),
  floor: numberOrNull('Lowest rate allowed', -0.02),
  determined: numberOrNull('Share of the averaging weight that was fixed, 0 to 1', 0.6),
  ...provenance,
  ...versions,
  absent: absences()
})

export const fundingIntervalSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  venue: text('Where it trades', 'binance'),
  asset: text('What it is about', 'BTC'),
  effectiveFrom: time('The beginning of the first period of this length'),
  intervalHours: number('Hours between settlements from then on', 4),
  previousHours: numberOrNull('Hours before; null: this is the first that is known, in force then or earlier', 8),
  intervalSource: oneOf(LEDGER_SOURCES, 'Who told of it first: the venue, or the gaps between settlements'),
  declaredAt: timeOrNull('When we first heard the venue say it'),
  settledFrom: timeOrNull('The beginning of the first period that settled so'),
  knownAt: time('When we stored it as it is here'),
  revision: count('0 as first stored, raised when the other way of knowing bears it out, and by corrections'),
  reasons: doubts,
  absent: absences()
})

export const realisedSchema = object({
  instrument: text('The perpetual', 'binance:BTC/USDT:USDT'),
  from: time('Settlements after this'),
  to: time('Settlements until this, included'),
  sumRate: numberOrNull('Σ of the rates: what a short of constant notional received, fraction', 0.0123),
  hours: number('Σ of the settled intervals', 720),
  realisedApr: numberOrNull('sumRate · 8,760 / hours: fraction per year', 0.1496),
  settlements: count('Settlements in the window', 90),
  expected: countOrNull('Settlements that were due in it', 90),
  coverage: numberOrNull('settlements / expected, at most 1', 1),
  reasons: doubts,
  absent: absences()
})

/** What a stored funding rate and its interval say, as numbers. */
export function rateView(rateText: string, intervalHours: number | null) {
  const rate = Number(rateText)
  const { rate8h, apr } = annualiseFunding({ rate, intervalHours })
  return { rate, rate8h, apr }
}

/** The fields that every stored row shows last. */
export function provenanceView(
  row: {
    readonly source: string
    readonly knownAt: number
    readonly availableAt: number
    readonly revision: number
    readonly reasons?: readonly string[]
  },
  held: Held
) {
  const { source, knownAt, availableAt, revision, reasons } = row
  return {
    source,
    knownAt: isoOf(knownAt),
    availableAt: isoOf(availableAt),
    revision,
    reasons: doubtsOf(held, reasons)
  }
}
