import type { Call, Fact, VenueAdapter } from './venue.ts'

// What we use of each venue, as data: what each call costs, and for each fact the unit it comes in and how that is known. ccxt's
// own `has` is no guide: it promises what a venue does not answer, and knows nothing of what raw calls bring (docs/venues.md).

/** How the meaning of a field is known; each has its row in docs/venues.md. */
export type Evidence = 'body' | 'ccxt' | 'docs'

type Meaning = { readonly unit: string; readonly evidence: readonly Evidence[] }

type Usage = {
  /**
   * Milliseconds of the venue's patience that one call takes: ccxt's weights of its requests × ccxt's spacing for the venue. Of
   * a call whose requests depend on what is followed: of one request.
   */
  readonly weightsMs: Readonly<Record<string, number>>
  readonly facts: Partial<Record<Fact, Meaning>>
}

export type Capability = {
  readonly fact: Fact
  readonly call: string
  readonly method: string
  readonly reach: Call['reach']
  readonly weightMs: number
  readonly unit: string
  readonly evidence: readonly Evidence[]
}

const meaning = (unit: string, ...evidence: readonly Evidence[]): Meaning => ({ unit, evidence })

const QUOTE = 'price in the quote, sizes in base coins'
const RATE = 'fraction per its interval; positive: longs pay shorts'
const TURNOVER = 'US dollars of 24 h'
const PRICE = 'price in the quote'
const HOURS = 'hours'
const LEVELS = 'price in the quote, sizes read as base coins'

const USAGE: Readonly<Record<string, Usage>> = {
  binance: {
    weightsMs: {
      'spot quotes': 40,
      'linear quotes': 250,
      'inverse quotes': 250,
      'linear marks and funding': 50,
      'inverse marks and funding': 500,
      'linear funding intervals': 50,
      'inverse funding intervals': 50,
      'spot last prices and volume': 800,
      'linear last prices and volume': 2_000,
      'inverse last prices and volume': 2_000,
      'open interest': 50,
      'spot and linear books': 500,
      'inverse books': 1_000
    },
    facts: {
      quote: meaning(QUOTE, 'body', 'ccxt'),
      last: meaning(PRICE, 'body'),
      volume: meaning(TURNOVER, 'body'),
      mark: meaning(PRICE, 'body'),
      estimate: meaning(RATE, 'body', 'docs'),
      interval: meaning(HOURS, 'body', 'docs'),
      open_interest: meaning('linear: base coins; inverse: contracts; one side', 'body', 'ccxt'),
      book: meaning(LEVELS, 'body', 'ccxt')
    }
  },
  bybit: {
    weightsMs: {
      'spot tickers': 100,
      'linear tickers': 100,
      'inverse tickers': 100,
      'spot books': 100,
      'linear books': 100,
      'inverse books': 100
    },
    facts: {
      quote: meaning(QUOTE, 'body'),
      last: meaning(PRICE, 'body'),
      volume: meaning(TURNOVER, 'body', 'ccxt'),
      mark: meaning(PRICE, 'body'),
      estimate: meaning(RATE, 'body'),
      open_interest: meaning('linear: base coins; inverse: dollars; both sides unless it says single', 'docs'),
      book: meaning(LEVELS, 'body', 'ccxt')
    }
  },
  okx: {
    weightsMs: {
      'spot tickers': 110,
      'swap tickers': 110,
      'futures tickers': 110,
      'mark and index prices': 770,
      'swap funding': 220,
      'swap open interest': 110,
      'futures open interest': 110,
      'spot books': 55,
      'contract books': 55
    },
    facts: {
      quote: meaning('price in the quote, sizes in base coins; of contracts in contracts', 'body'),
      last: meaning(PRICE, 'body'),
      volume: meaning(TURNOVER, 'body', 'ccxt'),
      mark: meaning(PRICE, 'body'),
      estimate: meaning(RATE, 'body', 'ccxt'),
      open_interest: meaning('base coins and dollars; one side', 'body'),
      book: meaning(LEVELS, 'body', 'ccxt')
    }
  },
  hyperliquid: {
    weightsMs: { 'perpetual contexts': 1_000, 'spot books': 100, 'spot volume': 1_000, books: 100 },
    facts: {
      quote: meaning('contracts: impact prices; pairs: price in the quote, sizes in base coins', 'body', 'ccxt'),
      volume: meaning(TURNOVER, 'body'),
      mark: meaning(PRICE, 'body', 'ccxt'),
      estimate: meaning(RATE, 'body'),
      open_interest: meaning('base coins; one side', 'body', 'ccxt'),
      book: meaning(LEVELS, 'body', 'ccxt')
    }
  },
  deribit: {
    weightsMs: {
      'BTC futures': 50,
      'ETH futures': 50,
      'USDC futures': 50,
      spot: 50,
      'spot and linear books': 50,
      'inverse books': 50
    },
    facts: {
      quote: meaning(PRICE, 'body', 'ccxt'),
      last: meaning(PRICE, 'body'),
      volume: meaning(TURNOVER, 'body', 'docs'),
      mark: meaning(PRICE, 'body'),
      estimate: meaning('fraction per 8 h, of the 8 h past; positive: longs pay shorts', 'body', 'docs'),
      open_interest: meaning('inverse: dollars; linear: base coins; one side', 'body', 'docs'),
      book: meaning(LEVELS, 'ccxt', 'docs')
    }
  },
  kraken: {
    weightsMs: {
      'spot tickers': 1_000,
      'contract tickers': 600,
      'spot books': 1_200,
      'linear books': 600,
      'inverse books': 600
    },
    facts: {
      quote: meaning(QUOTE, 'body', 'ccxt'),
      last: meaning(PRICE, 'body'),
      volume: meaning(TURNOVER, 'body', 'ccxt'),
      mark: meaning(PRICE, 'body'),
      estimate: meaning(
        'quote per contract and hour, made a fraction per hour; positive: longs pay shorts',
        'body',
        'ccxt',
        'docs'
      ),
      open_interest: meaning('contracts: base coins or dollars; one side', 'docs'),
      book: meaning(LEVELS, 'body', 'ccxt', 'docs')
    }
  }
}

/** Each fact that a venue's calls bring, in the order of its calls. Throws where a call or a fact of an adapter has no row. */
export function capabilitiesOf({ id, calls }: Pick<VenueAdapter, 'id' | 'calls'>): Capability[] {
  return calls.flatMap((call) =>
    call.facts.map((fact) => {
      const found = USAGE[id]?.facts[fact]
      if (found === undefined) throw new Error(`${id}: ${fact} has no row in capabilities.ts`)
      return { fact, call: call.name, method: call.method, reach: call.reach, weightMs: weightOf(id, call), ...found }
    })
  )
}

/** What one call costs of the venue's patience, milliseconds. */
export function weightOf(venue: string, { name }: Pick<Call, 'name'>): number {
  const weightMs = USAGE[venue]?.weightsMs[name]
  if (weightMs === undefined)
    throw new Error(`${venue}: the call ${JSON.stringify(name)} has no weight in capabilities.ts`)
  return weightMs
}

/** Of rows that no call has any more: what was renamed or dropped must not stay in the table. */
export function unusedRows({ id, calls }: Pick<VenueAdapter, 'id' | 'calls'>): string[] {
  const { weightsMs = {}, facts = {} } = USAGE[id] ?? {}
  const names = new Set(calls.map(({ name }) => name))
  const used = new Set<string>(calls.flatMap((call) => call.facts))
  return [
    ...Object.keys(weightsMs).filter((name) => !names.has(name)),
    ...Object.keys(facts).filter((fact) => !used.has(fact))
  ]
}
