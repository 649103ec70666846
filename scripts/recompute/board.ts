import { type Answer, readerOf, type Value } from './answer.ts'
import { by, type Fraction, float, fraction, mid, minus, text, times } from './fraction.ts'

/** A number of the board, or of a stored row. */
export function recomputeRow(answer: Answer): Value {
  const { metric, spot: spotKey, asOf, inputs, constants } = answer
  const { raw, has, of, number, only, constant } = readerOf(answer)
  const units = () =>
    raw('contract.multiplier') === null
      ? fraction(1)
      : by(of('contract.multiplier'), fraction((spotKey && raw('spot.multiplier')) ?? 1))
  const spot = (side: string) => times(of(`spotLatest.quote.${side}`), units())
  const contractMid = () =>
    has('basis.contractMid')
      ? of('basis.contractMid')
      : mid(of('contractLatest.quote.bid'), of('contractLatest.quote.ask'))
  const spotMid = () => (has('basis.spotMid') ? of('basis.spotMid') : mid(spot('bid'), spot('ask')))
  const fx = () => {
    if (has('basis.fx')) return of('basis.fx')
    return raw('contract.quote') === raw('spot.quote') ? fraction(1) : of('tradedFx.rate')
  }
  const share = (price: Fraction, reference: Fraction) => float(by(minus(price, reference), reference))
  const bps = (price: Fraction, reference: Fraction) => share(price, reference) * constant('bps')
  const days = () =>
    (Date.parse(String(raw('contract.expiresAt'))) - Date.parse(String(raw('derivedAt')))) / constant('dayMs')
  const rate = (row: string) => [number(`${row}.rate`), number(`${row}.intervalHours`)] as const
  const yearly = (row: string) => {
    const [paid, hours] = rate(row)
    return paid * (constant('hoursPerYear') / hours)
  }
  const per8h = (row: string) => {
    const [paid, hours] = rate(row)
    return (paid * constant('hours')) / hours
  }
  const funding = has('estimate.rate') ? 'estimate' : 'contractLatest.estimate'
  const at = (names: string[]) => Date.parse(String(names.map(raw).find((value) => value !== null)))

  switch (metric) {
    case 'multiplier':
      return has('basis.multiplier') ? Number(only()) : float(units())
    case 'fx':
      return float(fx())
    case 'contractMid':
      return has('basis.contractMid') ? only() : text(contractMid())
    case 'spotBid':
      return has('basis.spotBid') ? only() : text(spot('bid'))
    case 'spotAsk':
      return has('basis.spotAsk') ? only() : text(spot('ask'))
    case 'spotMid':
      return has('basis.spotMid') ? only() : text(spotMid())
    case 'basisAbs': {
      const { over, under } = minus(contractMid(), spotMid())
      return over < 0n ? `-${text({ over: -over, under })}` : text({ over, under })
    }
    case 'basisBps':
      return bps(contractMid(), spotMid())
    case 'adjustedBasisBps':
      return bps(contractMid(), times(spotMid(), fx()))
    case 'fxBps':
      return bps(contractMid(), spotMid()) - bps(contractMid(), times(spotMid(), fx()))
    case 'premiumBps': {
      const row = has('market.mark') ? 'market' : 'contractLatest.mark'
      return bps(of(`${row}.mark`), of(`${row}.index`))
    }
    case 'carryEntryBps':
      return has('basis.spotAsk')
        ? bps(of('basis.contractBid'), of('basis.spotAsk'))
        : bps(of('contractLatest.quote.bid'), spot('ask'))
    case 'reverseEntryBps':
      return has('basis.spotBid')
        ? bps(of('basis.contractAsk'), of('basis.spotBid'))
        : bps(of('contractLatest.quote.ask'), spot('bid'))
    case 'daysToExpiry':
      return days()
    case 'basisApr':
      return share(contractMid(), times(spotMid(), fx())) * (constant('daysPerYear') / days())
    case 'fundingRate8h':
      return per8h(funding)
    case 'fundingApr':
      return yearly(funding)
    case 'settledRate8h':
      return per8h('settlement')
    case 'settledApr':
      return yearly('settlement')
    case 'estimateDifference':
      return float(minus(of('settlement.rate'), of('settlement.estimateRate')))
    case 'fundingRate':
    case 'cap':
    case 'floor':
    case 'settledRate':
      return Number(only())
    case 'fundingFormulaVersion': {
      if (has('estimate.formulaVersion')) return only()
      const received = at(['contractLatest.estimate.observedAt'])
      const breaks = constants.filter(({ name }) => name.startsWith(`${raw('contract.venue')} `))
      return 1 + breaks.filter(({ value }) => value <= received).length
    }
    case 'ageMs':
      return Date.parse(asOf) - Math.min(...inputs.map(({ name }) => at([name])))
    case 'skewMs': {
      const names = inputs.map(({ name }) => name)
      return Math.abs(at(names.slice(0, 2)) - at(names.slice(2)))
    }
    default:
      return only()
  }
}
