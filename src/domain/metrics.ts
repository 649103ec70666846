import { BPS } from './basis.ts'
import type { BoardRow } from './board-row.ts'
import { DAYS_PER_YEAR, NEAR_EXPIRY_DAYS } from './dated.ts'
import { FORMULA_BREAKS } from './funding-formulas.ts'
import { GATE_DEFAULTS } from './gates.ts'
import { DAY, HOURS_PER_YEAR } from './time.ts'

// Every number that is served of a contract: what it is, in words, and the paths of what it is made of.

/** The stored row that has a number, and how that follows from it. */
type Stored = {
  readonly row: 'basis' | 'market' | 'estimate' | 'settlement'
  readonly formula: string
  readonly inputs: readonly string[]
}

export type Metric = {
  readonly unit: string
  readonly constants?: Readonly<Record<string, number>>
  /** On the board: in the words of the row's inputs. Left out: settlements are not on the board. */
  readonly formula?: string
  readonly inputs?: readonly string[]
  /** In the past; null: it is not stored. */
  readonly stored: Stored | null
}

const CONTRACT = ['contractLatest.quote.bid', 'contractLatest.quote.ask']
const UNITS = ['contract.multiplier', 'spot.multiplier']
const SPOT = ['spotLatest.quote.bid', 'spotLatest.quote.ask', ...UNITS]
const FX = ['contract.quote', 'spot.quote', 'tradedFx.rate']
const MARK = ['contractLatest.mark.mark', 'contractLatest.mark.index']
const RATE = ['contractLatest.estimate.rate', 'contractLatest.estimate.intervalHours']
const bps = { bps: BPS }
const price = 'contract quote per contract unit'

const PER_UNIT = 'contract.multiplier / spot.multiplier (1 for a spot that has none, and without a spot leg)'
/** Prices of a contract whose multiplier is not resolved stay as they are, under a grade that says so. */
const SCALE = `units, which is ${PER_UNIT}, or 1 while the contract’s is not resolved`
const C_MID = 'contractMid = (contract bid + ask) / 2'
const S_MID = `spotMid = (spot bid + ask) / 2 · ${SCALE}`
const FX_IS = 'fx = 1 where both legs have one quote, else tradedFx.rate'

/** What a row shows as it stands in it. */
const same = (row: Stored['row'], field: string): Stored => ({
  row,
  formula: `${field} as stored`,
  inputs: [`${row}.${field}`]
})
const ofBasis = (formula: string, ...fields: string[]): Stored => ({
  row: 'basis',
  formula: `${formula}; stored prices are in contract units`,
  inputs: fields.map((field) => `basis.${field}`)
})
const received = (path: string, unit: string, what: string, stored: Stored | null): Metric => ({
  unit,
  formula: `${what} as received`,
  inputs: [path],
  stored
})
const settled = (unit: string, formula: string, ...fields: string[]): Metric => ({
  unit,
  stored: { row: 'settlement', formula, inputs: fields.map((field) => `settlement.${field}`) }
})
const YEAR = { hoursPerYear: HOURS_PER_YEAR }
const EIGHT = { hours: 8 }
const BY_YEAR = 'rate · (hoursPerYear / intervalHours)'
const BY_EIGHT = 'rate · 8 / intervalHours'

const spotSide = (side: 'bid' | 'ask', field: string): Metric => ({
  unit: price,
  formula: `spot ${side} · ${SCALE}`,
  inputs: [`spotLatest.quote.${side}`, ...UNITS],
  stored: same('basis', field)
})
const estimated = (field: string, unit: string, what: string) =>
  received(`contractLatest.estimate.${field}`, unit, what, same('estimate', field))

export const METRICS = {
  multiplier: { unit: 'units of the spot coin', formula: PER_UNIT, inputs: UNITS, stored: same('basis', 'multiplier') },
  fx: { unit: 'contract quote per spot quote', formula: FX_IS, inputs: FX, stored: same('basis', 'fx') },
  contractBid: received(CONTRACT[0]!, price, 'best bid', same('basis', 'contractBid')),
  contractAsk: received(CONTRACT[1]!, price, 'best ask', same('basis', 'contractAsk')),
  contractMid: { unit: price, formula: C_MID, inputs: CONTRACT, stored: same('basis', 'contractMid') },
  spotBid: spotSide('bid', 'spotBid'),
  spotAsk: spotSide('ask', 'spotAsk'),
  spotMid: { unit: price, formula: S_MID, inputs: SPOT, stored: same('basis', 'spotMid') },
  mark: received(MARK[0]!, price, 'mark price', same('market', 'mark')),
  index: received(MARK[1]!, price, 'index price', same('market', 'index')),
  basisAbs: {
    unit: price,
    formula: `contractMid − spotMid; ${C_MID}; ${S_MID}`,
    inputs: [...CONTRACT, ...SPOT],
    stored: null
  },
  basisBps: {
    unit: 'basis points',
    formula: `(contractMid − spotMid) / spotMid · bps; ${C_MID}; ${S_MID}`,
    inputs: [...CONTRACT, ...SPOT],
    constants: bps,
    stored: ofBasis('(contractMid − spotMid) / spotMid · bps', 'contractMid', 'spotMid')
  },
  premiumBps: {
    unit: 'basis points',
    formula: '(mark − index) / index · bps',
    inputs: MARK,
    constants: bps,
    stored: { row: 'basis', formula: '(mark − index) / index · bps', inputs: ['market.mark', 'market.index'] }
  },
  carryEntryBps: {
    unit: 'basis points',
    formula: `(contract bid − spotAsk) / spotAsk · bps; spotAsk = spot ask · ${SCALE}`,
    inputs: [CONTRACT[0]!, 'spotLatest.quote.ask', ...UNITS],
    constants: bps,
    stored: ofBasis('(contractBid − spotAsk) / spotAsk · bps', 'contractBid', 'spotAsk')
  },
  reverseEntryBps: {
    unit: 'basis points',
    formula: `(contract ask − spotBid) / spotBid · bps; spotBid = spot bid · ${SCALE}`,
    inputs: [CONTRACT[1]!, 'spotLatest.quote.bid', ...UNITS],
    constants: bps,
    stored: ofBasis('(contractAsk − spotBid) / spotBid · bps', 'contractAsk', 'spotBid')
  },
  fxBps: {
    unit: 'basis points',
    formula: `basisBps − adjustedBasisBps: the same basis before and after fx; ${C_MID}; ${S_MID}; ${FX_IS}`,
    inputs: [...CONTRACT, ...SPOT, ...FX],
    constants: bps,
    stored: null
  },
  adjustedBasisBps: {
    unit: 'basis points',
    formula: `(contractMid − spotMid · fx) / (spotMid · fx) · bps; ${C_MID}; ${S_MID}; ${FX_IS}`,
    inputs: [...CONTRACT, ...SPOT, ...FX],
    constants: bps,
    stored: ofBasis('(contractMid − spotMid · fx) / (spotMid · fx) · bps', 'contractMid', 'spotMid', 'fx')
  },
  daysToExpiry: {
    unit: 'days of 24 h',
    formula: '(contract.expiresAt − derivedAt) / dayMs',
    inputs: ['contract.expiresAt', 'derivedAt'],
    constants: { dayMs: DAY },
    stored: null
  },
  basisApr: {
    unit: 'fraction a year, simple',
    formula: `(contractMid − spotMid · fx) / (spotMid · fx) · (daysPerYear / daysToExpiry), none within nearExpiryDays; ${C_MID}; ${S_MID}; ${FX_IS}; daysToExpiry = (contract.expiresAt − derivedAt) / dayMs`,
    inputs: [...CONTRACT, ...SPOT, ...FX, 'contract.expiresAt', 'derivedAt'],
    constants: { dayMs: DAY, daysPerYear: DAYS_PER_YEAR, nearExpiryDays: NEAR_EXPIRY_DAYS },
    stored: null
  },
  fundingRate: estimated('rate', 'fraction per fundingIntervalHours, positive: longs pay', 'rate'),
  fundingIntervalHours: estimated('intervalHours', 'hours', 'interval of the rate'),
  fundingRate8h: {
    unit: 'fraction per 8 h',
    formula: BY_EIGHT,
    inputs: RATE,
    constants: EIGHT,
    stored: { row: 'estimate', formula: BY_EIGHT, inputs: ['estimate.rate', 'estimate.intervalHours'] }
  },
  fundingApr: {
    unit: 'fraction a year, simple',
    formula: BY_YEAR,
    inputs: RATE,
    constants: YEAR,
    stored: { row: 'estimate', formula: BY_YEAR, inputs: ['estimate.rate', 'estimate.intervalHours'] }
  },
  cap: estimated('cap', 'fraction per fundingIntervalHours', 'highest rate that the venue allows'),
  floor: estimated('floor', 'fraction per fundingIntervalHours', 'lowest rate that the venue allows'),
  determined: estimated('determined', 'share', 'share of the averaging weight that is fixed'),
  fundingFormulaVersion: {
    unit: 'version',
    formula: '1 + breaks of the venue’s formula that were in force when the rate was received',
    inputs: ['contract.venue', 'contractLatest.estimate.observedAt'],
    constants: Object.fromEntries(FORMULA_BREAKS.map(({ venue, from }) => [`${venue} since ${from} ms`, from])),
    stored: same('estimate', 'formulaVersion')
  },
  fundingAdapterVersion: {
    unit: 'version',
    formula: 'the reading of the venue in use',
    inputs: ['adapterVersion'],
    stored: same('estimate', 'adapterVersion')
  },
  openInterestUsd: received(
    'contractLatest.openInterest.usd',
    'US dollars, one side',
    'open interest, at the mark where the venue says none in dollars,',
    same('market', 'openInterestUsd')
  ),
  volume24hUsd: received(
    'contractLatest.volume.volume24hUsd',
    'US dollars',
    'volume of 24 h',
    same('market', 'volume24hUsd')
  ),
  grade: {
    unit: 'grade',
    formula:
      'the worst that a gate or a reason leaves when derived (`rows` is what they saw); later it falls with the age of the older leg',
    inputs: [...CONTRACT, ...SPOT.slice(0, 2), 'priceKind', 'contract.status', 'spot.status'],
    constants: GATE_DEFAULTS,
    stored: same('basis', 'grade')
  },
  ageMs: {
    unit: 'milliseconds',
    formula: 'asOf − the older of the two times of receipt',
    inputs: ['contractLatest.quote.observedAt', 'spotLatest.quote.observedAt'],
    stored: null
  },
  skewMs: {
    unit: 'milliseconds',
    formula: '|contract − spot|, each the venue’s time, our time of receipt where it gives none',
    inputs: ['contractLatest', 'spotLatest'].flatMap((leg) => [`${leg}.quote.venueTime`, `${leg}.quote.observedAt`]),
    stored: ofBasis(
      '|contract − spot|, each the venue’s time, our time of receipt where it gives none',
      'contractVenueTime',
      'contractObservedAt',
      'spotVenueTime',
      'spotObservedAt'
    )
  },
  settledRate: settled('fraction per interval, positive: longs paid', 'rate as settled', 'rate'),
  settledIntervalHours: settled('hours', 'interval that the settlement closed', 'intervalHours'),
  settledRate8h: { ...settled('fraction per 8 h', BY_EIGHT, 'rate', 'intervalHours'), constants: EIGHT },
  settledApr: { ...settled('fraction a year, simple', BY_YEAR, 'rate', 'intervalHours'), constants: YEAR },
  estimateDifference: settled('fraction per interval', 'rate settled − last estimate before it', 'rate', 'estimateRate')
} as const satisfies Partial<Record<keyof BoardRow, Metric>> & Record<string, Metric>

export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[]
