import type { MadeMetric, Words } from './words.ts'

const SEEN = ['liquidations.*.position']
const sums = (unit: string, field: 'base' | 'quote', suffix: 'Base' | 'Usd'): Words => {
  const of = (which: string, formula: string): [string, MadeMetric] => [
    `${which}${suffix}`,
    { unit, formula, inputs: [`liquidations.*.${field}`, ...SEEN] }
  ]
  return Object.fromEntries([
    of('long', `Σ ${field} of long positions, exact`),
    of('short', `Σ ${field} of short positions, exact`),
    of('total', `Σ ${field}, exact`)
  ])
}

/** What looks have shown of a window: a sample. */
export const LIQUIDATIONS: Words = {
  looks: { unit: 'looks', formula: 'their number from fromAt until before toAt', inputs: ['looks.*.tickAt'] },
  liquidations: { unit: 'liquidations', formula: 'their number from fromAt until before toAt', inputs: SEEN },
  ...sums('base currency', 'base', 'Base'),
  ...sums('US dollars, the quote at par', 'quote', 'Usd'),
  largestUsd: {
    unit: 'US dollars, the quote at par',
    formula: 'the largest quote',
    inputs: ['liquidations.*.quote']
  }
}
