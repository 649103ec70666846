import { EXITS, type Exit } from '../carry-quote.ts'
import { DEVIATION, FAIR, NET, SIDE } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

// What a carry nets by each assumption of its end.

const BASIS: Readonly<Record<Exit, string>> = {
  unchanged: 'midBasisBps',
  fair: 'fairBps, of a dated contract (rQuote − rBase) · daysLeft · bps / daysPerYear, daysLeft = (expiresAt − derivedAt) / dayMs − horizonHours / 24',
  adverse: 'midBasisBps + side · sigmaBps',
  locked: '0'
}
const BASIS_INPUTS: Readonly<Record<Exit, readonly string[]>> = {
  unchanged: ['parts.midBasisBps'],
  fair: [
    'parts.fairBps',
    ...['rQuote', 'rBase', 'horizonHours'].map((name) => `terms.${name}`),
    'contract.expiresAt',
    'derivedAt'
  ],
  adverse: ['parts.midBasisBps', 'parts.sigmaBps', 'parts.side'],
  locked: []
}
const BASIS_CONSTANTS: Readonly<Record<Exit, object>> = { unchanged: {}, fair: FAIR, adverse: DEVIATION, locked: {} }

const sentence = (...parts: readonly string[]) => parts.join('; ')

function endOf(exit: Exit): Words {
  const isLocked = exit === 'locked'
  const hours = isLocked ? 'hours = (expiresAt − derivedAt) / hourMs' : 'hours = horizonHours'
  const hoursOf = isLocked ? ['derivedAt', 'contract.expiresAt'] : ['terms.horizonHours']
  const basis = `exitBasisBps = ${BASIS[exit]}`
  const gross = sentence('grossFrac = side · ((entryBasisBps − exitBasisBps) / bps + fundingSum)', basis, SIDE)
  const grossOf = ['parts.side', 'parts.entryBasisBps', 'parts.fundingSum', ...BASIS_INPUTS[exit]]
  const cost = isLocked
    ? 'costFrac = 2 · (spotTaker + contractTaker) + spotExitSlippageBps / bps + borrowFrac + deliveryFrac − contractTaker'
    : 'costFrac = 2 · (spotTaker + contractTaker) + (spotExitSlippageBps + contractExitSlippageBps) / bps + borrowFrac'
  const borrowed = 'borrowFrac = borrowApr · hours / hoursPerYear, only in reverse'
  const costs = sentence(cost, borrowed, hours)
  const costsOf = [
    'terms.spotTaker',
    'terms.contractTaker',
    'parts.spotExitSlippageBps',
    isLocked ? 'terms.deliveryFrac' : 'parts.contractExitSlippageBps',
    'terms.borrowApr'
  ]
  const netOf = [...new Set([...grossOf, ...costsOf, ...hoursOf])]
  const net = sentence('netFrac = grossFrac − costFrac', gross, costs)
  const of = (field: string, unit: string, formula: string, inputs: readonly string[]): [string, MadeMetric] => [
    `${exit}${field[0]!.toUpperCase()}${field.slice(1)}`,
    { unit, formula, inputs, constants: { ...NET, ...BASIS_CONSTANTS[exit] }, path: `exits.${exit}.${field}` }
  ]
  return Object.fromEntries([
    of('exitBasisBps', 'basis points', sentence(BASIS[exit], SIDE), BASIS_INPUTS[exit]),
    of('hours', 'hours', hours, hoursOf),
    of('grossFrac', 'fraction', gross, grossOf),
    of('costFrac', 'fraction', costs, [...new Set([...costsOf, ...hoursOf])]),
    of('netFrac', 'fraction', net, netOf),
    of('netAprNotional', 'fraction a year', sentence('netFrac · hoursPerYear / hours', net), netOf),
    of('netAprCapital', 'fraction a year', sentence('netFrac · hoursPerYear / hours / (1 + margin)', net), [
      ...netOf,
      'terms.margin'
    ])
  ])
}

export const CARRY_ENDS: Words = Object.assign({}, ...EXITS.map(endOf))
