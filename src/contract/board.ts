import type { BoardRow } from '../domain/board-row.ts'
import { GRADES, QUALITY_REASONS } from '../domain/quality.ts'
import {
  absences,
  countOrNull,
  decimalOrNull,
  type FieldSchema,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  texts,
  timeOrNull,
  truthOrNull
} from './schema.ts'

export const PRICE_KINDS = ['mid', 'impact', 'mark', 'last'] as const
export const CONTRACT_KINDS = ['perpetual', 'future'] as const
export const INTERVAL_SOURCES = ['declared', 'observed', 'assumed'] as const
export const FUNDING_KINDS = ['indicative', 'fixed', 'trailing'] as const

const spot = (side: string) => `${side} of the spot leg in contract units (quote × multiplier), before fx`

/** Every field of a board row, in its order. */
export const boardFields = {
  instrument: text('The contract: venue:ccxt-symbol', 'binance:1000PEPE/USDT:USDT'),
  spot: textOrNull('The spot leg it is held against', 'binance:PEPE/USDT'),
  venue: text('Where the contract trades', 'binance'),
  asset: text('What it is about once multipliers are resolved', 'PEPE'),
  kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
  quote: text('Currency the contract is priced in', 'USDT'),
  settle: textOrNull('Currency it settles in', 'USDT'),
  inverse: truthOrNull('Settled in its base currency'),
  multiplier: numberOrNull('Units of the asset in one unit of the contract’s base', 1000),
  fx: numberOrNull('Contract quote per spot quote; null when no traded rate is fresh', 1),
  contractBid: decimalOrNull('Best bid of the contract', '0.0097321'),
  contractAsk: decimalOrNull('Best ask of the contract', '0.0097325'),
  contractMid: decimalOrNull('Mid of the contract', '0.0097323'),
  spotBid: decimalOrNull(spot('Best bid'), '0.009728'),
  spotAsk: decimalOrNull(spot('Best ask'), '0.009729'),
  spotMid: decimalOrNull(spot('Mid'), '0.0097285'),
  mark: decimalOrNull('Mark price of the contract', '0.0097320'),
  index: decimalOrNull('Index price of the contract', '0.0097284'),
  basisAbs: decimalOrNull('Contract mid − spot mid, in the contract’s quote', '0.0000038'),
  basisBps: numberOrNull('(contract mid − spot mid) / spot mid, basis points, before fx', 4.4602),
  premiumBps: numberOrNull('(mark − index) / index, basis points', 4.1718),
  carryEntryBps: numberOrNull('Contract bid over spot ask, basis points: selling the contract, buying spot', 3.1),
  reverseEntryBps: numberOrNull('Contract ask over spot bid, basis points: buying the contract, selling spot', 5.8),
  fxBps: numberOrNull('basisBps − adjustedBasisBps: what the quote currencies make of it', 0),
  adjustedBasisBps: numberOrNull('Basis after converting the spot quote with fx, basis points', 4.4602),
  expiresAt: timeOrNull('Expiry; null for perpetuals'),
  daysToExpiry: numberOrNull('Days of 24 h to expiry; null for perpetuals'),
  basisApr: numberOrNull('Simple basis per year of 8,760 h, fraction; null for perpetuals'),
  fundingRate: numberOrNull('Fraction per fundingIntervalHours; positive: longs pay shorts', 0.0001),
  fundingIntervalHours: numberOrNull('Hours that fundingRate is for', 8),
  fundingIntervalSource: oneOfOrNull(INTERVAL_SOURCES, 'How that interval is known'),
  fundingKind: oneOfOrNull(FUNDING_KINDS, 'Still moving, fixed for the period, or of the period past'),
  fundingRate8h: numberOrNull('fundingRate scaled to 8 h', 0.0001),
  fundingApr: numberOrNull('fundingRate per year of 8,760 h, simple, fraction', 0.1095),
  nextSettlementAt: timeOrNull('When it settles next, on the venue’s grid'),
  nextSettlementVenueTime: timeOrNull('That time as the venue wrote it'),
  cap: numberOrNull('Highest rate per interval that the venue allows', 0.02),
  floor: numberOrNull('Lowest rate per interval that the venue allows', -0.02),
  determined: numberOrNull('Share of the running period’s averaging weight that is already fixed, 0 to 1', 0.62),
  fundingFormulaVersion: countOrNull(
    'The venue’s own formula by which fundingRate is made, one more after each break',
    1
  ),
  fundingAdapterVersion: countOrNull('Which of our readings of the venue brought it', 1),
  openInterestUsd: decimalOrNull('Open interest, one side counted, US dollars', '81234567.5'),
  volume24hUsd: decimalOrNull('Volume of 24 h, US dollars', '512345678.9'),
  priceKind: oneOf(PRICE_KINDS, 'Which prices the basis was made of'),
  grade: oneOf(GRADES, 'What the row is good for; falls as it ages'),
  reasons: texts('Why the grade is not better', QUALITY_REASONS),
  ageMs: numberOrNull('meta.asOf − observedAt, milliseconds', 812),
  skewMs: countOrNull('Between the two legs’ times, milliseconds', 40),
  absent: absences(),
  observedAt: timeOrNull('When we received the older leg'),
  contractObservedAt: timeOrNull('When we received the contract’s prices'),
  spotObservedAt: timeOrNull('When we received the spot prices'),
  contractVenueTime: timeOrNull('The venue’s own time of the contract’s prices'),
  spotVenueTime: timeOrNull('The venue’s own time of the spot prices'),
  markObservedAt: timeOrNull('When we received mark and index'),
  fundingObservedAt: timeOrNull('When we received the funding rate'),
  openInterestObservedAt: timeOrNull('When we received the open interest'),
  volumeObservedAt: timeOrNull('When we received the volume')
} satisfies Record<keyof BoardRow, FieldSchema>

export const boardRowSchema = object(boardFields, {
  $id: 'BoardRow',
  description: 'One contract against its spot leg, now'
})

/** What `/v1/funding` shows of a board row, and the age of the rate itself. */
export const FUNDING_FIELDS = [
  'instrument',
  'venue',
  'asset',
  'kind',
  'quote',
  'settle',
  'fundingRate',
  'fundingIntervalHours',
  'fundingIntervalSource',
  'fundingKind',
  'fundingRate8h',
  'fundingApr',
  'nextSettlementAt',
  'nextSettlementVenueTime',
  'cap',
  'floor',
  'determined',
  'fundingFormulaVersion',
  'fundingAdapterVersion',
  'openInterestUsd',
  'volume24hUsd',
  'grade',
  'reasons',
  'absent',
  'fundingObservedAt'
] as const satisfies readonly (keyof BoardRow)[]

export const fundingRowSchema = object(
  {
    ...Object.fromEntries(FUNDING_FIELDS.map((field) => [field, boardFields[field]])),
    fundingAgeMs: numberOrNull('meta.asOf − fundingObservedAt, milliseconds', 812)
  },
  { $id: 'FundingRow', description: 'The current funding rate of one perpetual' }
)

export type FundingRow = Pick<BoardRow, (typeof FUNDING_FIELDS)[number]> & { readonly fundingAgeMs: number | null }
