import type { Fact } from './venue.ts'

/**
 * How a field's meaning is known. `body`: it is in a recorded answer of the venue or in its documentation's sample; `ccxt`: the pinned
 * ccxt reads it; `docs`: the venue's own pages say what it means.
 */
export type EvidenceKind = 'body' | 'ccxt' | 'docs'

/** What a fact of ours rests on. `fields` are the venue's own names, `unit` what their figures count. */
export type Evidence = {
  readonly unit: string
  readonly fields: readonly string[]
  readonly kinds: readonly EvidenceKind[]
}

/** `weightMs`: how long one question keeps the venue's pace busy, ccxt's cost of its requests × milliseconds of one. */
export type CallEvidence = { readonly weightMs: number; readonly facts: Partial<Record<Fact, Evidence>> }

/** What fields mean is told at length in docs/venues.md; this is what is asked, and on which evidence. */
const said = (unit: string, fields: string, kinds: string): Evidence => ({
  unit,
  fields: fields.split(' '),
  kinds: kinds.split(' ') as EvidenceKind[]
})
const call = (weightMs: number, facts: CallEvidence['facts']): CallEvidence => ({ weightMs, facts })

const binanceQuote = said(
  'quote per base; sizes base, COIN-M contracts',
  'bidPrice askPrice bidQty askQty',
  'body ccxt'
)
const binanceMarks = {
  mark: said('quote per base', 'markPrice indexPrice', 'body ccxt'),
  estimate: said('fraction per interval', 'lastFundingRate nextFundingTime', 'body ccxt docs')
}
const binanceInterval = {
  interval: said('hours', 'fundingIntervalHours adjustedFundingRateCap adjustedFundingRateFloor', 'body docs')
}
const binanceBook = (sizes: string) => ({ book: said(sizes, 'bids asks', 'body ccxt') })
const binanceTrades = (unit: string, field: string) => ({
  last: said('quote per base', 'lastPrice', 'body ccxt'),
  volume: said(unit, field, 'body ccxt')
})

const bybitQuote = said(
  'quote per base; sizes base, inverse dollars',
  'bid1Price ask1Price bid1Size ask1Size',
  'body ccxt'
)
const bybitLast = said('quote per base', 'lastPrice', 'body ccxt')
const bybitContracts = (openInterest: string, volume: string, field: string) => ({
  quote: bybitQuote,
  last: bybitLast,
  volume: said(volume, field, 'body ccxt'),
  mark: said('quote per base', 'markPrice indexPrice', 'body ccxt'),
  estimate: said('fraction per interval', 'fundingRate nextFundingTime', 'body ccxt docs'),
  open_interest: said(`${openInterest}, both sides`, 'openInterest openInterestValue', 'body ccxt docs')
})
const bybitBook = (sizes: string) => ({ book: said(sizes, 'b a ts', 'body ccxt') })

const okxTickers = (sizes: string, volume: string, field: string) => ({
  quote: said(`quote per base; sizes ${sizes}`, 'bidPx askPx bidSz askSz ts', 'body ccxt'),
  last: said('quote per base', 'last', 'body ccxt'),
  volume: said(volume, field, 'body ccxt')
})
const okxOpenInterest = { open_interest: said('base, dollars', 'oiCcy oiUsd', 'body docs') }

const krakenContracts = {
  quote: said('quote per base; sizes base, inverse dollars', 'bid ask bidSize askSize', 'body ccxt'),
  last: said('quote per base', 'last lastTime', 'body ccxt'),
  volume: said('linear quote, inverse dollars', 'vol24h volumeQuote', 'body docs'),
  mark: said('quote per base', 'markPrice indexPrice', 'body docs'),
  estimate: said('absolute per hour: ÷ index (linear), × index (inverse)', 'fundingRate indexPrice', 'body ccxt docs'),
  open_interest: said('base, inverse dollars', 'openInterest', 'body docs')
}

const deribitTickers = {
  quote: said('quote per base; no sizes', 'bid_price ask_price', 'body ccxt docs'),
  last: said('quote per base', 'last', 'body ccxt docs'),
  volume: said('dollars', 'volume_usd', 'body docs')
}
const deribitFutures = {
  ...deribitTickers,
  mark: said('quote per base', 'mark_price estimated_delivery_price', 'body docs'),
  estimate: said('fraction per 8 h, trailing', 'current_funding', 'body docs'),
  open_interest: said('linear base, inverse dollars', 'open_interest', 'body ccxt docs')
}
const deribitBook = (sizes: string) => ({ book: said(sizes, 'bids asks timestamp', 'ccxt docs') })

const krakenLiquidations = (unit: string) => ({ liquidation: said(unit, 'type uid time price size', 'body docs') })
const deribitLiquidations = (unit: string) => ({
  liquidation: said(unit, 'liquidation direction trade_id timestamp price amount', 'docs')
})

/** Venue → name of the call → what it costs and what its facts rest on. Without a row here no fact is asked for. */
export const EVIDENCE: Readonly<Record<string, Readonly<Record<string, CallEvidence>>>> = {
  binance: {
    'spot quotes': call(40, { quote: binanceQuote }),
    'linear quotes': call(250, { quote: binanceQuote }),
    'inverse quotes': call(250, { quote: binanceQuote }),
    'linear funding intervals': call(50, binanceInterval),
    'inverse funding intervals': call(50, binanceInterval),
    'linear marks and funding': call(50, binanceMarks),
    'inverse marks and funding': call(500, binanceMarks),
    'spot last prices and volume': call(800, binanceTrades('quote', 'quoteVolume')),
    'linear last prices and volume': call(2_000, binanceTrades('quote', 'quoteVolume')),
    'inverse last prices and volume': call(2_000, binanceTrades('contracts', 'volume')),
    'open interest': call(50, { open_interest: said('base, COIN-M contracts', 'openInterest', 'body ccxt') }),
    'spot and linear books': call(1_000, binanceBook('base')),
    'inverse books': call(1_000, binanceBook('contracts')),
    'account ratio and taker flow': call(100, {
      flow: said(
        'long per short account; taker volume in base, by five minutes',
        'longShortRatio buyVol sellVol timestamp',
        'body docs'
      )
    })
  },
  bybit: {
    'spot tickers': call(100, {
      quote: bybitQuote,
      last: bybitLast,
      volume: said('quote', 'turnover24h', 'body ccxt')
    }),
    'linear tickers': call(100, bybitContracts('base', 'quote', 'turnover24h')),
    'inverse tickers': call(100, bybitContracts('dollars', 'dollars', 'volume24h')),
    'spot books': call(100, bybitBook('base')),
    'linear books': call(100, bybitBook('base')),
    'inverse books': call(100, bybitBook('dollars')),
    'account ratio and taker flow': call(100, {
      flow: said('long per short account, by five minutes', 'buyRatio sellRatio timestamp', 'body ccxt')
    })
  },
  okx: {
    'spot tickers': call(110, okxTickers('base', 'quote', 'volCcy24h')),
    'swap tickers': call(110, okxTickers('contracts', 'linear base, inverse contracts', 'volCcy24h vol24h')),
    'futures tickers': call(110, okxTickers('contracts', 'linear base, inverse contracts', 'volCcy24h vol24h')),
    'mark and index prices': call(770, { mark: said('quote per base', 'markPx idxPx', 'body ccxt') }),
    'swap funding': call(220, {
      estimate: said('fraction per interval', 'fundingRate fundingTime prevFundingTime method', 'docs')
    }),
    'swap open interest': call(110, okxOpenInterest),
    'futures open interest': call(110, okxOpenInterest),
    'spot books': call(55, { book: said('base', 'bids asks ts', 'body ccxt') }),
    'contract books': call(55, { book: said('contracts', 'bids asks ts', 'body ccxt') }),
    'account ratio and taker flow': call(880, {
      flow: said('long per short account; taker volume in base, by five minutes', 'data', 'body ccxt')
    }),
    'liquidation orders': call(110, {
      liquidation: said('contracts, at bankruptcy prices', 'details posSide side sz bkPx ts', 'docs')
    })
  },
  hyperliquid: {
    'perpetual contexts': call(1_000, {
      quote: said('quote per base, of the impact size', 'impactPxs', 'body ccxt'),
      mark: said('quote per base', 'markPx oraclePx', 'body ccxt'),
      estimate: said('fraction per hour', 'funding', 'body ccxt docs'),
      open_interest: said('base', 'openInterest', 'body ccxt'),
      volume: said('quote', 'dayNtlVlm', 'body ccxt')
    }),
    'spot books': call(400, { quote: said('quote per base; sizes base', 'levels px sz time', 'body ccxt') }),
    'spot volume': call(1_000, { volume: said('quote', 'dayNtlVlm', 'body ccxt') }),
    books: call(100, { book: said('base', 'levels px sz time', 'body ccxt') })
  },
  kraken: {
    'spot tickers': call(1_000, {
      quote: said('quote per base; sizes base', 'b a', 'body ccxt'),
      last: said('quote per base', 'c', 'body ccxt'),
      volume: said('base', 'v p', 'body ccxt')
    }),
    'contract tickers': call(600, krakenContracts),
    'spot books': call(1_200, { book: said('base', 'bids asks', 'body ccxt') }),
    'linear books': call(600, { book: said('base', 'bids asks', 'body ccxt') }),
    'inverse books': call(600, { book: said('dollars', 'bids asks', 'body ccxt') }),
    'linear liquidations': call(600, krakenLiquidations('base')),
    'inverse liquidations': call(600, krakenLiquidations('dollars'))
  },
  deribit: {
    'BTC futures': call(50, deribitFutures),
    'ETH futures': call(50, deribitFutures),
    'USDC futures': call(50, deribitFutures),
    spot: call(200, deribitTickers),
    'spot and linear books': call(50, deribitBook('base')),
    'inverse books': call(50, deribitBook('dollars')),
    'linear liquidations': call(50, deribitLiquidations('base')),
    'inverse liquidations': call(50, deribitLiquidations('dollars'))
  }
}
