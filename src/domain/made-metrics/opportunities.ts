import { BPS } from '../basis.ts'
import { FUNDING_EXCESS_MIN } from '../signal-values.ts'
import { HOUR, HOURS_PER_YEAR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// Carry opportunities: as they were quoted in the bucket that ends at `bucketAt`, and what they came to.

const bps = { bps: BPS }
const yearly = { hoursPerYear: HOURS_PER_YEAR }
const hourMs = { hourMs: HOUR }

const GROSS_INPUTS = [
  'parts.contractVwap',
  'parts.spotVwap',
  'parts.units',
  'parts.fx',
  'parts.exitBasisBps',
  'parts.fundingSum'
]
const COST_INPUTS = [
  'terms.spotTaker',
  'terms.contractTaker',
  'parts.exitSlippageBps',
  'parts.borrowFrac',
  'parts.deliveryFrac'
]
const NET_INPUTS = [...GROSS_INPUTS, ...COST_INPUTS]
const ENTRY = 'entryBasisBps = (contractVwap − reference) / reference · bps; reference = spotVwap · units · fx'
const GROSS = `grossFrac = (entryBasisBps − exitBasisBps) / bps + fundingSum; ${ENTRY}`
const COST = 'costFrac = 2 · (spotTaker + contractTaker) + exitSlippageBps / bps + borrowFrac + deliveryFrac'
const NET = `netFrac = grossFrac − costFrac; ${GROSS}; ${COST}`
const APR = `netAprCapital = netFrac · hoursPerYear / hours / (1 + margin); ${NET}`
const APR_INPUTS = [...NET_INPUTS, 'parts.hours', 'terms.margin']

const value: MadeMetric = {
  unit: 'fraction a year',
  formula:
    `${APR}; it opens only where breakEvenHours ≤ horizonHours / 2 and either the basis between the mids is above fairBps + costBps or ` +
    'fundingSum · hoursPerYear / horizonHours − quoteRate ≥ excessMin, and stays open by its value alone',
  inputs: [
    ...APR_INPUTS,
    ...['parts.spotMid', 'parts.contractMid', 'parts.fairBps', 'parts.costBps', 'parts.breakEvenHours'],
    ...['terms.horizonHours', 'terms.quoteRate']
  ],
  constants: { ...bps, ...yearly, excessMin: FUNDING_EXCESS_MIN }
}

/** Of the quote: `quoted.…`. */
const quoted = (field: string, unit: string, formula: string, inputs: readonly string[], constants = {}): Words => ({
  [`quoted${field.charAt(0).toUpperCase()}${field.slice(1)}`]: {
    unit,
    formula,
    inputs,
    constants,
    path: `quoted.${field}`
  }
})
const given = (field: string, unit: string, input: string) => quoted(field, unit, 'as it was worked out with', [input])

const SLIPPAGES = ['spotInBps', 'spotOutBps', 'contractInBps', 'contractOutBps', 'spotHalfBps', 'contractHalfBps']
const QUOTED: Words = {
  ...given('notional', 'quote currency of spot', 'terms.notional'),
  ...given('baseQuantity', 'base', 'parts.baseQuantity'),
  ...given('spotVwap', 'price', 'parts.spotVwap'),
  ...given('contractVwap', 'price', 'parts.contractVwap'),
  ...given('hours', 'hours', 'parts.hours'),
  ...quoted('entryBasisBps', 'basis points', ENTRY, GROSS_INPUTS.slice(0, 4), bps),
  ...quoted(
    'midBasisBps',
    'basis points',
    '(contractMid − reference) / reference · bps; reference = spotMid · units · fx',
    ['parts.contractMid', 'parts.spotMid', 'parts.units', 'parts.fx'],
    bps
  ),
  ...given('fundingSum', 'fraction', 'parts.fundingSum'),
  ...given('settlements', 'settlements', 'parts.settlements'),
  ...given('intervalHours', 'hours', 'parts.intervalHours'),
  ...given('spotTaker', 'fraction', 'terms.spotTaker'),
  ...given('contractTaker', 'fraction', 'terms.contractTaker'),
  ...quoted(
    'impactFrac',
    'fraction',
    'Σ max(0, slippage of a leg, in or out − half of its spread) / bps',
    SLIPPAGES.map((name) => `parts.${name}`),
    bps
  ),
  ...quoted('grossFrac', 'fraction', GROSS, GROSS_INPUTS, bps),
  ...quoted('costFrac', 'fraction', COST, COST_INPUTS, bps),
  ...quoted('netFrac', 'fraction', NET, NET_INPUTS, bps),
  ...quoted(
    'netAprNotional',
    'fraction a year',
    `netFrac · hoursPerYear / hours; ${NET}`,
    [...NET_INPUTS, 'parts.hours'],
    { ...bps, ...yearly }
  ),
  ...quoted('netAprCapital', 'fraction a year', APR, APR_INPUTS, { ...bps, ...yearly }),
  ...given('breakEvenHours', 'hours', 'parts.breakEvenHours')
}

const PRICES = ['spotEntry', 'contractEntry', 'spotExit', 'contractExit'].flatMap((leg) => [`${leg}.bid`, `${leg}.ask`])
const TIMES = ['spotEntry.tickAt', 'spotExit.tickAt']
const PAID = ['settlements.*.rate', 'settlements.*.intervalHours']
const TAKERS = ['signal.opening.carry.spotTaker', 'signal.opening.carry.contractTaker']
const IMPACT = ['signal.opening.carry.impactFrac']
const PRICE =
  'priceFrac = (spotExit.bid − spotEntry.ask) / spotEntry.ask + (contractEntry.bid − contractExit.ask) / spotEntry.ask, each exact, rounded once'
const FEES =
  'feesFrac = spotTaker · (1 + spotExit.bid / spotEntry.ask) + contractTaker · (contractEntry.bid + contractExit.ask) / spotEntry.ask'
const HELD = 'of the settlements after spotEntry.tickAt until spotExit.tickAt'
const HELD_NET = `price + Σ rate − feesFrac − impactFrac; ${PRICE}; ${FEES}; ${HELD}`
const NET_OF = [...PRICES, ...PAID, ...TAKERS, ...IMPACT]
const DUE = 'hours between settlements / the later’s interval, to both ends by the nearest’s'

const realised = (field: string, unit: string, formula: string, inputs: readonly string[], constants = {}): Words => ({
  [`realised${field.charAt(0).toUpperCase()}${field.slice(1)}`]: {
    unit,
    formula,
    inputs,
    constants,
    path: `realised.${field}`
  }
})
const REALISED: Words = {
  ...realised('entrySpot', 'price', 'ask of spot at the entry', ['spotEntry.ask']),
  ...realised('entryContract', 'price', 'bid of the contract at the entry', ['contractEntry.bid']),
  ...realised('exitSpot', 'price', 'bid of spot at the exit', ['spotExit.bid']),
  ...realised('exitContract', 'price', 'ask of the contract at the exit', ['contractExit.ask']),
  ...realised('hours', 'hours', '(spotExit.tickAt − spotEntry.tickAt) / hourMs', TIMES, hourMs),
  ...realised('priceFrac', 'fraction', PRICE, PRICES),
  ...realised('fundingFrac', 'fraction', `Σ rate, exact, ${HELD}; 0 of a dated contract`, [...TIMES, ...PAID]),
  ...realised('settlements', 'settlements', `their number, ${HELD}`, [...TIMES, ...PAID]),
  ...realised('expectedSettlements', 'settlements', DUE, [...TIMES, ...PAID], hourMs),
  ...realised('coverage', 'share', `min(1, number / expected); expected = ${DUE}`, [...TIMES, ...PAID], hourMs),
  ...realised('feesFrac', 'fraction', FEES, [...PRICES, ...TAKERS]),
  ...realised('impactFrac', 'fraction', 'as it was quoted', IMPACT),
  ...realised('costFrac', 'fraction', `feesFrac + impactFrac; ${FEES}`, [...PRICES, ...TAKERS, ...IMPACT]),
  ...realised('netFrac', 'fraction', HELD_NET, NET_OF),
  ...realised(
    'netAprNotional',
    'fraction a year',
    `net · hoursPerYear / hours; net = ${HELD_NET}`,
    [...NET_OF, ...TIMES],
    { ...hourMs, ...yearly }
  ),
  ...realised(
    'netAprCapital',
    'fraction a year',
    `net · hoursPerYear / hours / (1 + margin); net = ${HELD_NET}`,
    [...NET_OF, ...TIMES, 'signal.parameterSet.terms.marginFrac'],
    { ...hourMs, ...yearly }
  )
}

export const OPPORTUNITIES: Words = {
  hours: {
    unit: 'hours',
    formula: '(closedAt, or lastAt while it is open − openedAt) / hourMs',
    inputs: ['signal.openedAt', 'signal.closedAt', 'signal.lastAt'],
    constants: hourMs
  },
  value,
  lastValue: value,
  peakValue: value,
  halfLifeHours: {
    unit: 'hours',
    formula: '(halvedAt − peakAt) / hourMs',
    inputs: ['signal.peakAt', 'signal.halvedAt'],
    constants: hourMs
  },
  ...QUOTED,
  ...REALISED
}
