import { BPS } from '../basis.ts'
import { CHANGES_MIN, INTEREST_8H, LAG_DAYS, LONG_RUN_MS, PERIODS_MIN } from '../carry-case.ts'
import { DAYS_PER_YEAR } from '../dated.ts'
import { DEPTH_BANDS_BPS } from '../depth.ts'
import { PATH_DEFAULTS } from '../funding-path.ts'
import { DAY, HOUR, HOURS_PER_YEAR } from '../time.ts'

// What several numbers of a carry share: constants, rows and the words for how a step is made.

export const SIDE = 'side = 1 forward, −1 reverse'

export const BOOK = {
  bps: BPS,
  ...Object.fromEntries(DEPTH_BANDS_BPS.map((band, index) => [`band${index + 1}Bps`, band]))
}
export const PATH = {
  hourMs: HOUR,
  dayMs: DAY,
  longRunDays: LONG_RUN_MS / DAY,
  interest8h: INTEREST_8H,
  persistenceFallback: PATH_DEFAULTS.persistence,
  persistenceMax: PATH_DEFAULTS.persistenceMax,
  settlementsMin: PATH_DEFAULTS.settlementsMin
}
export const FAIR = { bps: BPS, dayMs: DAY, daysPerYear: DAYS_PER_YEAR, hoursPerYear: HOURS_PER_YEAR }
export const DEVIATION = { lagDays: LAG_DAYS, changesMin: CHANGES_MIN }
export const SCATTER = { periodsMin: PERIODS_MIN }
export const NET = { ...BOOK, ...PATH, hoursPerYear: HOURS_PER_YEAR }

const levels = (side: string) => [`${side}.*.price`, `${side}.*.size`]
export const SPOT_SIDES = [...levels('spotBook.bids'), ...levels('spotBook.asks')]
export const CONTRACT_SIDES = [...levels('contractBook.bids'), ...levels('contractBook.asks')]
const quote = (leg: string) => ['bid', 'ask', 'bidSize', 'askSize'].map((field) => `${leg}Facts.latest.quote.${field}`)
export const SPOT_BOOK = [...quote('spot'), ...SPOT_SIDES]
export const CONTRACT_BOOK = [...quote('contract'), ...CONTRACT_SIDES]

export const BOOKS =
  'books: the best price with its size (of inverse contracts / price), then what bands of band1Bps, band2Bps, band3Bps from mid add, at each band’s ' +
  'far edge, 30 significant digits; a best price whose size is not known is no level; mids are of the levels'

export const ESTIMATE = ['rate', 'intervalHours', 'kind', 'cap', 'floor', 'nextSettlementAt'].map(
  (field) => `contractFacts.latest.estimate.${field}`
)
export const SETTLED = ['settlements.*.settledAt', 'settlements.*.rate', 'settlements.*.intervalHours']
export const CLOSES = ['closes.*.dayAt', 'closes.*.basisBps']
export const PERIODS = ['periods.*.startAt', 'periods.*.meanBps']
export const HORIZON = ['derivedAt', 'terms.horizonHours']

export const FITTED =
  'next8h: the venue’s rate per 8 h; longRun8h: the median of settled rates per 8 h of longRunDays; persistence: least squares of each settled rate ' +
  'on the one before, within [0, persistenceMax], persistenceFallback where they do not vary; with fewer than settlementsMin settlements the one of ' +
  'next8h and rule.interest8h (interest8h without a rule) that pays the holder less for all, persistence 0'
export const RATE = 'rateₖ = longRun8h + persistence^(k − 1) · (next8h − longRun8h), within floor and cap per 8 h'
