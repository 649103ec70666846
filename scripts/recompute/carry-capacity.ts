import type { Maker, Reader, Value } from './answer.ts'
import { netsOf } from './carry-net.ts'
import { amountOf, type CarryRows } from './carry-rows.ts'

// How much of a carry the books, open interest and volume bear.

type Found = { readonly size: number | null; readonly bound: string }

/** The largest size that nets so much. */
export function largest(nets: (notional: number) => number | null, minimum: number, { constant }: Reader): Found {
  const pays = (notional: number) => {
    const net = nets(notional)
    return net !== null && net >= minimum
  }
  let [low, high] = [constant('sizeLeast'), constant('sizeMost')]
  if (!pays(low)) return { size: null, bound: nets(low) === null ? 'book_ends' : 'none_pays' }
  if (pays(high)) return { size: high, bound: 'beyond_search' }
  for (let step = 0; step < constant('sizeHalvings') && high / low > constant('sizeNearness'); step += 1) {
    const middle = Math.sqrt(low * high)
    if (pays(middle)) low = middle
    else high = middle
  }
  return { size: low, bound: nets(high) === null ? 'book_ends' : 'net_apr' }
}

function halving(rows: CarryRows, read: Reader): Found {
  const nets = netsOf(rows, read)
  const smallest = nets(read.constant('sizeLeast'))
  if (smallest === null || smallest <= 0) return { size: null, bound: smallest === null ? 'book_ends' : 'none_pays' }
  return largest(nets, smallest / 2, read)
}

function ofBooks(rows: CarryRows, read: Reader) {
  const { size, bound } = largest(netsOf(rows, read), rows.minNetApr, read)
  return { usd: size ?? (bound === 'none_pays' ? 0 : null), bound }
}
const ofOpenInterest = ({ contractFacts }: CarryRows, { constant }: Reader) =>
  amountOf(contractFacts.latest!.openInterest!.usd)! * constant('oiShare')
const ofVolume = ({ contractFacts, spotFacts }: CarryRows, { constant }: Reader) => {
  const traded = [contractFacts, spotFacts].map(({ latest }) => amountOf(latest!.volume!.volume24hUsd)!)
  return Math.min(...traded) * constant('advShare')
}

function leastOf(rows: CarryRows, read: Reader) {
  const { usd, bound } = ofBooks(rows, read)
  const books = { binding: 'book', usd: usd! }
  const others = [
    { binding: 'openInterest', usd: ofOpenInterest(rows, read) },
    { binding: 'volume', usd: ofVolume(rows, read) }
  ]
  // What the books bear at least binds nothing: at a tie another limit is met.
  const limits = bound === 'net_apr' || bound === 'none_pays' ? [books, ...others] : others
  return limits.reduce((least, limit) => (limit.usd < least.usd ? limit : least))
}

const of = (make: (rows: CarryRows, read: Reader) => Value): Maker => {
  return (read, { rows }) => make(rows as CarryRows, read)
}
const SIZES = [10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000]
const netOfSize = of((rows, read) => netsOf(rows, read)(read.constant('size')))

export const CAPACITY: Readonly<Record<string, Maker>> = {
  ...Object.fromEntries(SIZES.map((size) => [`netAprCapitalOf${size}`, netOfSize])),
  halvingNotional: of((rows, read) => halving(rows, read).size),
  halvingBound: of((rows, read) => halving(rows, read).bound),
  bookNotional: of((rows, read) => ofBooks(rows, read).usd),
  bookBound: of((rows, read) => ofBooks(rows, read).bound),
  openInterestLimit: of(ofOpenInterest),
  volumeLimit: of(ofVolume),
  capacityUsd: of((rows, read) => leastOf(rows, read).usd),
  capacityBinding: of((rows, read) => leastOf(rows, read).binding)
}
