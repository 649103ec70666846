import type { FaultRule } from '../../src/sim/faults/rule.ts'

/** What one fault does to one venue. The other is well. */
export type Scenario = {
  readonly name: string
  readonly rules: readonly Omit<FaultRule, 'venue'>[]
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
