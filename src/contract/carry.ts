import { CAPACITY_LIMITS, SIZE_BOUNDS } from '../domain/capacity.ts'
import { CARRY_DIRECTIONS } from '../domain/carry.ts'
import { CARRY_REFUSALS, EXITS } from '../domain/carry-quote.ts'
import { BAND_PLACES } from '../domain/fair-band.ts'
import { CONTRACT_KINDS } from './board.ts'
import {
  absences,
  arrayOf,
  count,
  countOrNull,
  decimal,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  texts,
  timeOrNull,
  truth
} from './schema.ts'

export const MODES = ['harvest', 'lock'] as const
export const BOOK_KINDS = ['bands', 'best_price'] as const
export const PATH_METHODS = ['fitted', 'fallback', 'short_history'] as const

const feesSchema = object({
  spotTaker: number('Of the spot leg, fraction of notional', 0.001),
  contractTaker: number('Of the contract, fraction of notional', 0.0005),
  roundTripFrac: number('2 · (spotTaker + contractTaker): in and out on both legs', 0.003),
  deliveryFrac: numberOrNull('In place of the contract’s second taker fee where it is held to expiry', 0.00025),
  spotTier: textOrNull('Tier of the spot venue; null where the caller named the fee', 'base'),
  contractTier: textOrNull('Tier of the contract’s venue; null where the caller named the fee', 'base'),
  tableVersion: count('Version of the table of fees', 1),
  sources: texts('Where the fees are from, with the day they were read')
})

const entrySchema = object({
  baseQuantity: decimal('Base of the spot leg, matched on both legs', '0.78'),
  spotVwap: decimal('What the spot leg fills at on average', '64002.1'),
  contractVwap: decimal('What the contract fills at on average, in its own units', '64031.9'),
  entryBasisBps: number('contractVwap against spotVwap after multiplier and fx: crossing and size are in it', 4.6),
  midBasisBps: number('Basis of the mids at the same moment, after fx', 5.1),
  spotSlippageBps: number('spotVwap against mid, positive for the worse', 0.2),
  contractSlippageBps: number('contractVwap against mid, positive for the worse', 0.3),
  exitSlippageBps: number(
    'What leaving both legs costs against mid at the books of now; the spot leg alone where a dated contract is held to expiry',
    0.5
  )
})

const fundingSchema = object({
  rate8h: number('The venue’s rate for the next settlement, per 8 h; positive: longs pay', 0.0001),
  longRun8h: number('What the path tends to, per 8 h: the median of 30 days', 0.00008),
  persistence: number('Part of the distance to it that each settlement leaves', 0.9),
  method: oneOf(PATH_METHODS, 'How the path was made'),
  settlementsUsed: count('Settlements of the last 90 days that it was made of', 270),
  intervalHours: number('Between settlements', 8),
  settlements: count('Settlements inside the horizon', 21),
  nextSettlementAt: timeOrNull('The first of them that can be'),
  sumFrac: number('Σ of the expected rates at them, as the venue signs them', 0.0021),
  expectedApr: number('That sum per year of the horizon', 0.1095)
})

const exitSchema = object({
  exit: oneOf(EXITS, 'What basis is taken to be at the end'),
  exitBasisBps: number('That basis; `fair` as it will be then: a dated contract has fewer days left', 5.1),
  hours: number('Until then', 168),
  grossFrac: number('Convergence and funding, fraction of notional', 0.0021),
  costFrac: number('Fees, exit slippage, borrow, delivery', 0.003),
  netFrac: number('grossFrac − costFrac', -0.0009),
  netAprNotional: number('netFrac per year', -0.047),
  netAprCapital: numberOrNull('netAprNotional / (1 + margin)', -0.039)
})

const fairSchema = object({
  fairBps: numberOrNull('Where basis would rest by the venue’s formula, or until expiry', -4.54),
  noisyFairBps: numberOrNull('The same with period averages that scatter by premiumSigmaBps', -3.4),
  premiumSigmaBps: numberOrNull(
    'One standard deviation of the means of 8 h of the basis over 30 days, for the premium that funding is an average of; null between two dollars, whose rate it would move with',
    1.6
  ),
  sigmaBps: numberOrNull('One standard deviation of changes over seven days of the basis before fx', 2.1),
  lowerBps: numberOrNull(
    'fairBps less the reverse carry’s costs, the coin borrowed for three days, of a dated contract until expiry; null without a borrow rate',
    -52
  ),
  upperBps: numberOrNull('fairBps plus the forward carry’s costs', 29),
  place: oneOfOrNull(BAND_PLACES, 'Where the basis of the mids is'),
  excessBps: numberOrNull('Beyond the nearer bound; negative below', 0),
  worstLowerBps: numberOrNull(
    'lowerBps less the venue’s cap over three days: holds whatever funding does till then',
    -1852
  ),
  worstUpperBps: numberOrNull('upperBps plus its floor over them; null where it sets none', 1829)
})

const capacitySchema = object({
  curve: arrayOf(
    object({
      notional: number('Size', 10_000),
      netAprCapital: numberOrNull('What it nets on capital; null where the books end before', 0.05)
    })
  ),
  halvingNotional: numberOrNull('The size at which net is half of what the smallest nets', 420_000),
  halvingBound: oneOf(SIZE_BOUNDS, 'What ends there: the net, or the books'),
  bookNotional: numberOrNull(
    'The largest size that nets minNetApr; null where the books end before the smallest',
    180_000
  ),
  bookBound: oneOf(
    SIZE_BOUNDS,
    'What ends there: the net, or with `book_ends` what was seen of the books, which may bear more'
  ),
  openInterestLimit: numberOrNull('1 % of open interest, US dollars', 185_000),
  volumeLimit: numberOrNull('1 % of the thinner leg’s 24 h volume, US dollars', 950_000),
  capacityUsd: numberOrNull('The least of the three; null where that is a book of which no more was seen', 180_000),
  binding: oneOfOrNull(CAPACITY_LIMITS, 'Which of them it is')
})

const risksSchema = object({
  marginMoveFrac: number('A move of price against the contract that its margin bears without more', 0.2),
  adverseBps: numberOrNull('One deviation of changes over seven days of the basis before fx, against the holder', 2.1),
  fundingTurns: truth('Expected funding changes its sign within the path, or is paid from the start'),
  intervalChanges: count('Changes of the funding interval in 90 days', 0),
  atBound: truth('The venue’s rate is at its cap or floor'),
  venues: texts('Whose credit is borne'),
  isCrossVenue: truth('The legs are on two venues: what one gains is no margin at the other'),
  stablecoins: texts('Dollars that are not dollars, on either leg'),
  autoDeleveraging: truth('The venue may close the contract against a profit')
})

export const carrySchema = object(
  {
    instrument: text('The contract', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('Its spot leg', 'binance:BTC/USDT'),
    venue: text('Where the contract trades', 'binance'),
    asset: text('What it is about', 'BTC'),
    kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
    direction: oneOf(CARRY_DIRECTIONS, 'Short contract and long spot, or the reverse'),
    mode: oneOf(MODES, 'Perpetuals are harvested: nothing makes their basis go. Dated contracts lock'),
    refusal: oneOfOrNull(CARRY_REFUSALS, 'Why nothing can be said'),
    refusalDetail: textOrNull('The same in words, and what would help'),
    notional: decimal('Size of the spot leg in its quote currency', '50000'),
    books: oneOf(
      BOOK_KINDS,
      'Best prices with what rests in bands behind them, at each band’s far edge; or best prices alone'
    ),
    entry: nullable(entrySchema),
    fees: feesSchema,
    funding: nullable(fundingSchema),
    borrowFrac: numberOrNull('What borrowing costs over the horizon, or until expiry, fraction', 0),
    exits: arrayOf(exitSchema),
    netFrac: numberOrNull('By the row’s own end: unchanged for perpetuals, locked for dated contracts', 0.0007),
    netAprNotional: numberOrNull('The same per year, on notional', 0.0365),
    netAprCapital: numberOrNull('The same per year, on capital', 0.0304),
    costToRecoverFrac: numberOrNull('What funding must pay for with basis unchanged', 0.0034),
    breakEvenSettlements: countOrNull('Settlements until it has', 34),
    breakEvenHours: numberOrNull('Hours from now until the last of them', 266.5),
    fair: nullable(fairSchema),
    capacity: nullable(capacitySchema),
    risks: risksSchema,
    expiresAt: timeOrNull('When a dated contract ends'),
    absent: absences(),
    ageMs: countOrNull('meta.asOf, or `at`, less observedAt', 812),
    observedAt: timeOrNull('When we received the older leg’s best prices'),
    booksObservedAt: timeOrNull('When we received the older of the books behind them')
  },
  { $id: 'CarryRow', description: 'What a carry of this size, these fees and this horizon comes to' }
)
