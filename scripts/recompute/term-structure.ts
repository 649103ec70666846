import type { Maker, Reader } from './answer.ts'
import { by, float, fraction, mid, minus, plus, ratio, rounded, text, times } from './fraction.ts'
import { meanOf, slopeOf } from './statistics.ts'

const frac = ({ of }: Reader) => {
  const [contract, spot] = [of('point.contractMid'), of('point.spotMid')]
  return float(by(minus(contract, spot), spot))
}
const perDays = ({ timeOf, constant }: Reader) =>
  constant('daysPerYear') / ((timeOf('point.expiresAt') - timeOf('derivedAt')) / constant('dayMs'))
const meanRate = (read: Reader) => meanOf(read.each('rates', 'aprContinuous').map(Number))
export const TERM_STRUCTURE: Readonly<Record<string, Maker>> = {
  contractMid: ({ of }) => text(mid(of('contractQuote.bid'), of('contractQuote.ask'))),
  spotMid: ({ of, raw }) => {
    const units = rounded(by(of('contractQuote.multiplier'), fraction(raw('spotQuote.multiplier') ?? 1)), 30)
    return text(times(of('fx.rate'), times(units, mid(of('spotQuote.bid'), of('spotQuote.ask')))))
  },
  realisedFundingApr: ({ each, constant }) => {
    const sum = each('settlements', 'rate').reduce((total, rate) => plus(total, fraction(rate)), fraction(0))
    const hours = each('settlements', 'intervalHours').reduce<number>((total, own) => total + Number(own), 0)
    return ratio(times(sum, fraction(constant('hoursPerYear'))), fraction(hours))
  },
  basisFrac: frac,
  aprSimple: (read) => frac(read) * perDays(read),
  aprContinuous: (read) => Math.log1p(frac(read)) * perDays(read),
  apyCompounded: (read) => Math.expm1(Math.log1p(frac(read)) * perDays(read)),
  levelMean: meanRate,
  excessApr: (read) => meanRate(read) - read.number('quoteRate'),
  slopePer30d: ({ each }) => {
    const x = each('rates', 'days').map((days) => Number(days) / 30)
    const y = each('rates', 'aprContinuous').map(Number)
    return slopeOf(x, y)
  }
}
