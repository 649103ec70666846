import { DAY, HOUR } from '../../src/domain/time.ts'
import type { FaultRule } from '../../src/sim/faults/rule.ts'

/** One fault, of whichever venue. */
export type Fault = Omit<FaultRule, 'venue'>

/** What one fault does to one venue. The other is well. */
export type Scenario = {
  readonly name: string
  readonly rules: readonly Fault[]
  readonly venue?: 'binance' | 'bybit'
  /** Polls with the fault on; the last one's state is looked at. */
  readonly polls?: number
  readonly state: string
  readonly reason: RegExp | null
  /** The reasons of the gaps that the fault leaves; null where it leaves none. */
  readonly gaps: RegExp | null
  /** Whether the last poll still brought quotes. */
  readonly isSuccess: boolean
  /** Seconds for which the venue has to be left alone, or as good as. */
  readonly awaySeconds?: number
}

const down = (kind: string, failure: string, more: Partial<Scenario> = {}): Scenario => ({
  name: kind,
  rules: [{ kind }],
  state: 'down',
  reason: new RegExp(`^${failure}: `),
  gaps: new RegExp(`^${failure}$`),
  isSuccess: false,
  ...more
})
const refused = (name: string, kind: string, retryAfter: string | number | null, awaySeconds: number): Scenario => ({
  name,
  rules: [{ kind, ...(retryAfter === null ? {} : { retryAfter }) }],
  polls: 2,
  state: kind === 'geo_blocked' ? 'geo-blocked' : 'banned',
  reason: kind === 'geo_blocked' ? /banned|geo_blocked/ : /banned|rate_limited|forbidden/,
  gaps: new RegExp(`^(${kind}|banned|geo_blocked)$`),
  isSuccess: false,
  awaySeconds
})
const TICKERS = '/v5/market/tickers'

/** One row a fault. */
export const SCENARIOS: readonly Scenario[] = [
  down('silence', 'timeout'),
  down('stall', 'timeout'),
  { ...down('drip', 'timeout'), rules: [{ kind: 'drip', everyMs: 300 }] },
  down('reset', 'unreachable'),
  down('server_error', 'unavailable'),
  down('html', 'bad_response'),
  down('truncated', 'bad_response'),
  { ...down('wrong_length', '(unreachable|bad_response)'), name: 'a body shorter than its length' },
  {
    ...down('wrong_length', '(unreachable|bad_response)'),
    name: 'a body longer than its length',
    rules: [{ kind: 'wrong_length', by: -100 }]
  },
  { ...down('redirect', '(bad_response|unreachable)'), rules: [{ kind: 'redirect', location: 'http://127.0.0.1:9/' }] },
  down('huge', 'too_large'),
  down('gzip_bomb', 'too_large'),
  down('empty', 'empty_answer'),
  down('other_venue', '(empty_answer|bad_response)'),
  { ...down('other_venue', '(empty_answer|bad_response)', { venue: 'binance' }), name: 'other_venue at Binance' },
  refused('429 with seconds', 'rate_limited', 30, 30),
  refused('429 with a date', 'rate_limited', 'date:30', 30),
  refused('429 without a time', 'rate_limited', null, 60),
  refused('429 with words', 'rate_limited', 'in a while', 60),
  refused('429 with a negative time', 'rate_limited', -5, 60),
  refused('429 with a thousand million seconds', 'rate_limited', 1e9, 3_600),
  refused('418', 'banned', 600, 600),
  refused('403 with a page', 'forbidden', null, 1_800),
  refused('451', 'geo_blocked', null, 3_600),
  {
    name: 'half the symbols',
    rules: [{ kind: 'half', path: TICKERS }],
    state: 'degraded',
    reason: /^coverage: /,
    gaps: /^(absent_from_answer|stale_leg)$/,
    isSuccess: true
  },
  down('yesterday', 'stale_answer'),
  { ...down('yesterday', 'stale_answer', { venue: 'binance' }), name: 'yesterday at Binance' },
  { ...down('frozen', 'stale_answer'), polls: 8 },
  {
    ...down('frozen', 'stale_answer', { venue: 'binance' }),
    name: 'frozen quotes of coins at Binance',
    rules: [{ kind: 'frozen', path: '/api/v3/ticker/bookTicker' }],
    polls: 9,
    state: 'degraded',
    gaps: /^(stale_answer|stale_leg)$/,
    isSuccess: true
  },
  {
    name: 'seconds for milliseconds',
    venue: 'binance',
    rules: [{ kind: 'seconds', path: '^/(api|fapi|dapi)/v./(ticker|premium)' }],
    state: 'up',
    reason: null,
    gaps: null,
    isSuccess: true
  },
  down('clock_off', 'clock_ahead'),
  {
    ...down('clock_off', 'clock_ahead', { venue: 'binance' }),
    name: 'a clock ten minutes ahead at Binance',
    state: 'degraded',
    gaps: /^(clock_ahead|stale_leg)$/,
    isSuccess: true
  },
  {
    ...down('clock_off', 'stale_answer', { venue: 'binance' }),
    name: 'a clock ten minutes behind at Binance',
    rules: [{ kind: 'clock_off', offsetMs: -600_000 }]
  },
  {
    name: 'not numbers',
    rules: [{ kind: 'not_numbers', path: TICKERS }],
    state: 'degraded',
    reason: /^(coverage|implausible_move|mark_implausible|rate_implausible|empty_answer)/,
    gaps: /./,
    isSuccess: true
  },
  {
    name: 'zeros',
    rules: [{ kind: 'zeros', path: TICKERS }],
    state: 'degraded',
    reason: /^(coverage: 0 of|rate_implausible: )/,
    gaps: /^(quote_unusable|absent_from_answer|stale_leg|rate_implausible)$/,
    isSuccess: false
  },
  {
    name: 'rates 100 times off',
    rules: [{ kind: 'rate_off', path: TICKERS }],
    polls: 3,
    state: 'degraded',
    reason: /^rate_implausible: /,
    gaps: /^rate_implausible$/,
    isSuccess: true
  },
  {
    name: 'marks ten times the index',
    rules: [{ kind: 'mark_off', path: TICKERS }],
    polls: 3,
    state: 'degraded',
    reason: /^mark_implausible: /,
    gaps: null,
    isSuccess: true
  }
]

/** Faults that bring numbers, and so are met twice: what is refused once might be believed the second time. */
export const OUTLIERS: readonly Fault[] = [
  { kind: 'price_off' },
  { kind: 'mark_swapped' },
  { kind: 'one' },
  { kind: 'half' },
  { kind: 'zeros' },
  { kind: 'not_numbers' },
  { kind: 'rate_off' },
  { kind: 'mark_off' },
  { kind: 'seconds' },
  { kind: 'clock_off' },
  { kind: 'clock_off', offsetMs: -600_000 },
  { kind: 'yesterday' },
  { kind: 'frozen' }
]

/** What can be wrong with a book. */
export const OF_BOOKS: readonly Fault[] = [
  { kind: 'crossed' },
  { kind: 'one_sided' },
  { kind: 'empty' },
  { kind: 'one' },
  { kind: 'half' },
  { kind: 'sizes_off', factor: 1e30 },
  { kind: 'sizes_off', factor: 1e-6 },
  { kind: 'price_off' },
  { kind: 'price_off', factor: 0.1 },
  { kind: 'zeros' },
  { kind: 'not_numbers' },
  { kind: 'other_symbol', symbol: 'BTCUSDT', as: 'ETHUSDT' },
  { kind: 'seconds' },
  { kind: 'clock_off' },
  { kind: 'clock_off', offsetMs: -600_000 },
  { kind: 'yesterday' },
  { kind: 'frozen' },
  { kind: 'other_venue' },
  { kind: 'truncated' },
  { kind: 'html' },
  { kind: 'server_error' },
  { kind: 'reset' }
]

/** What can be wrong with the settlements that were. */
export const OF_SETTLEMENTS: readonly Fault[] = [
  { kind: 'newest_missing' },
  { kind: 'empty' },
  { kind: 'twice' },
  { kind: 'reversed' },
  { kind: 'rate_off' },
  { kind: 'rate_off', factor: -100 },
  { kind: 'stamps_off', offsetMs: DAY },
  { kind: 'stamps_off', offsetMs: 8 * HOUR },
  { kind: 'stamps_off', offsetMs: HOUR },
  { kind: 'stamps_off', offsetMs: -HOUR },
  { kind: 'seconds' },
  { kind: 'not_numbers' },
  { kind: 'zeros' },
  { kind: 'other_symbol', symbol: 'BTCUSDT', as: 'ETHUSDT' },
  { kind: 'yesterday' },
  { kind: 'other_venue' },
  { kind: 'truncated' },
  { kind: 'window_ignored' }
]

/** What can be wrong with how often a contract settles: declared only, by polls and by a list; and one that does change. */
export const OF_INTERVALS: readonly (readonly FaultRule[])[] = [
  [
    {
      venue: 'bybit',
      kind: 'fields',
      symbol: 'BTCUSDT',
      path: '/v5/market/tickers',
      set: { fundingIntervalHour: '1' }
    },
    { venue: 'binance', kind: 'interval', symbol: 'BTCUSDT', hours: 1, path: '/fapi/v1/fundingInfo' }
  ],
  [{ venue: 'bybit', kind: 'interval', symbol: 'BTCUSDT', hours: 4 }]
]
