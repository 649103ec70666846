import { BPS } from '../basis.ts'
import type { MadeMetric, Words } from './words.ts'

const AMOUNT = 'quote currency'
const bps = { bps: BPS }
const ageOf = (path: string): MadeMetric => ({
  unit: 'milliseconds',
  formula: 'the moment − when we received it',
  inputs: ['derivedAt', path]
})

const band = (width: number, place: number): Words => {
  const [bid, ask] = [`depth.bid${width}`, `depth.ask${width}`]
  const side = (input: string, field: string, unit: string): MadeMetric => ({
    unit,
    formula: `Σ price · size within ${width} bps of mid, summed when the book was received; the book itself is not kept`,
    inputs: [input],
    path: `bands.${place}.${field}`
  })
  return {
    [`bidDepth${width}`]: side(bid, 'bidDepth', AMOUNT),
    [`askDepth${width}`]: side(ask, 'askDepth', AMOUNT),
    [`bidDepthUsd${width}`]: side(bid, 'bidDepthUsd', 'US dollars, dollar-like quotes at par'),
    [`askDepthUsd${width}`]: side(ask, 'askDepthUsd', 'US dollars, dollar-like quotes at par'),
    [`imbalance${width}`]: {
      unit: 'share, −1 to 1',
      formula: '(bids − asks) / (bids + asks), exact, rounded once',
      inputs: [bid, ask],
      path: `bands.${place}.imbalance`
    }
  }
}

export const DEPTH: Words = {
  mid: {
    unit: AMOUNT,
    formula: '(best bid + best ask) / 2, when the book was received',
    inputs: ['depth.mid']
  },
  quotedSpreadBps: {
    unit: 'basis points',
    formula: '(best ask − best bid) / mid, when the book was received; the book itself is not kept',
    inputs: ['depth.spreadBps']
  },
  ...band(10, 0),
  ...band(25, 1),
  ...band(50, 2),
  ageMs: ageOf('depth.observedAt')
}

const RATIO = ['flow.longShortRatio']
const TAKERS = ['flow.takerBuy', 'flow.takerSell']
export const FLOW: Words = {
  longShortAccountRatio: { unit: 'long accounts per short account', formula: 'as received', inputs: RATIO },
  longShare: { unit: 'share of accounts', formula: 'r / (1 + r), exact, rounded once', inputs: RATIO },
  netLongShare: { unit: 'share of accounts', formula: '(r − 1) / (1 + r), exact, rounded once', inputs: RATIO },
  takerBuyVolume: { unit: 'base', formula: 'as received', inputs: ['flow.takerBuy'] },
  takerSellVolume: { unit: 'base', formula: 'as received', inputs: ['flow.takerSell'] },
  takerImbalance: {
    unit: 'share, −1 to 1',
    formula: '(bought − sold) / (bought + sold), exact, rounded once',
    inputs: TAKERS
  },
  ageMs: ageOf('flow.observedAt')
}

export const OPEN_INTEREST: Words = {
  openInterestBase: { unit: 'base, one side', formula: 'as kept', inputs: ['latest.openInterest.base'] },
  openInterestQuote: { unit: 'quote, one side', formula: 'as kept', inputs: ['latest.openInterest.quote'] },
  openInterestAgeMs: ageOf('latest.openInterest.observedAt')
}

const BOOK = ['latest.quote.bid', 'latest.quote.ask']
export const STABLECOINS: Words = {
  rate: { unit: 'quote per unit', formula: '(bid + ask) / 2, exact, rounded once', inputs: BOOK },
  deviationBps: {
    unit: 'basis points',
    formula: '(rate − 1) · bps; rate = (bid + ask) / 2',
    inputs: BOOK,
    constants: bps
  }
}
