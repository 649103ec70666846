import { CAPACITY_SHARES, CAPACITY_SIZES, SIZE_SEARCH } from '../capacity.ts'
import { CONTRACT_BOOK, NET, SPOT_BOOK } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

// How much of a carry may be held before something notices.

const { least, most, nearness, halvings } = SIZE_SEARCH
const SEARCH = { sizeLeast: least, sizeMost: most, sizeNearness: nearness, sizeHalvings: halvings }
const OF_SIZE =
  'netAprCapital of a size: as `carry.netAprCapital`, with that size in place of notional, rounded to hundredths'
const SIZED = [
  ...CONTRACT_BOOK,
  ...SPOT_BOOK,
  ...['parts.units', 'parts.fx', 'parts.side', 'parts.fundingSum', 'parts.hours'],
  ...['horizonHours', 'spotTaker', 'contractTaker', 'deliveryFrac', 'borrowApr', 'margin'].map(
    (name) => `terms.${name}`
  )
]
const FOUND =
  'the largest size of [sizeLeast, sizeMost] that nets as much, halving the logarithm of what is between until the bounds are within sizeNearness of ' +
  'each other or sizeHalvings are done'
const OPEN = 'contractFacts.latest.openInterest.usd'
const TRADED = ['contractFacts.latest.volume.volume24hUsd', 'spotFacts.latest.volume.volume24hUsd']
const BOOK = `bookNotional: ${FOUND}, as minNetApr; 0 where no size does; ${OF_SIZE}`
const HALF = `${FOUND}, as half of what sizeLeast nets; ${OF_SIZE}`
const OPEN_LIMIT = 'openInterestLimit = oiShare · usd'
const TRADED_LIMIT = 'volumeLimit = advShare · the lesser of both legs’ volume24hUsd'
const BOUND = 'net_apr where the next size nets less, book_ends where the books end, beyond_search at sizeMost'
const LIMITED = [...SIZED, 'minNetApr', OPEN, ...TRADED]
const LEAST =
  'the least of bookNotional, openInterestLimit and volumeLimit, while all three are known; where bookBound is book_ends or beyond_search the books ' +
  `may bear more: the lesser of the other two then, unknown where bookNotional is less than both; ${BOOK}; ${OPEN_LIMIT}; ${TRADED_LIMIT}`

const of = (path: string, unit: string, formula: string, inputs: readonly string[], constants = {}): MadeMetric => ({
  unit,
  formula,
  inputs,
  constants,
  path: `capacity.${path}`
})
const SEARCHED = { ...NET, ...SEARCH }

export const CAPACITY: Words = {
  ...Object.fromEntries(
    CAPACITY_SIZES.map((size) => [
      `netAprCapitalOf${size}`,
      of(`sizes.${size}.netAprCapital`, 'fraction a year', OF_SIZE, SIZED, { ...NET, size })
    ])
  ),
  halvingNotional: of('halvingNotional', 'quote currency of spot', HALF, SIZED, SEARCHED),
  halvingBound: of(
    'halvingBound',
    'word',
    `${BOUND}, none_pays where sizeLeast nets nothing; size: ${HALF}`,
    SIZED,
    SEARCHED
  ),
  bookNotional: of('bookNotional', 'quote currency of spot', BOOK, [...SIZED, 'minNetApr'], SEARCHED),
  bookBound: of(
    'bookBound',
    'word',
    `${BOUND}, none_pays where no size does; size: ${BOOK}`,
    [...SIZED, 'minNetApr'],
    SEARCHED
  ),
  openInterestLimit: of('openInterestLimit', 'US dollars', OPEN_LIMIT, [OPEN], CAPACITY_SHARES),
  volumeLimit: of('volumeLimit', 'US dollars', TRADED_LIMIT, TRADED, CAPACITY_SHARES),
  capacityUsd: of('capacityUsd', 'US dollars', LEAST, LIMITED, { ...SEARCHED, ...CAPACITY_SHARES }),
  capacityBinding: of('binding', 'word', `which of them it is, the first at a tie: ${LEAST}`, LIMITED, {
    ...SEARCHED,
    ...CAPACITY_SHARES
  })
}
