import type { ServerResponse } from 'node:http'
import { DAY } from '../../domain/time.ts'
import type { Answer } from '../answer.ts'
import { BODY_FAULTS } from './body-faults.ts'
import { BOOK_FAULTS } from './book-faults.ts'
import * as deliver from './delivery.ts'
import { changedInterval } from './interval-fault.ts'
import { askedFor, delisted, type ListingChange, listed, renamed, withBody, withFields } from './listing-faults.ts'
import { shortPage, windowIgnored } from './paging.ts'
import { PAST_FAULTS } from './past-faults.ts'
import type { FaultRule } from './rule.ts'
import { swappedMarks } from './swapped-marks.ts'

/** A request that met a fault, and what the fault may use. */
export type Faulted = {
  readonly rule: FaultRule
  readonly path: string
  readonly params: URLSearchParams
  readonly nowMs: number
  /** What the rule has kept of earlier requests. */
  readonly memory: Map<string, unknown>
  /** What the venue says to this request, or to another one, or at another time. */
  answer(path?: string, params?: URLSearchParams, nowMs?: number): Answer
  /** What another venue says to a question of its own. */
  otherVenue(): Answer
}

type Deliver = (response: ServerResponse, answer: Answer, rule: FaultRule) => void

/** A kind of fault: its parameters with their JSON types (`?` optional), what it answers, and how it delivers that. */
export type FaultKind = {
  readonly about: string
  readonly parameters?: Readonly<Record<string, string>>
  /** The venues that can have it; absent: all. */
  readonly venues?: readonly string[]
  readonly answer?: (faulted: Faulted) => Answer
  readonly deliver?: Deliver
}

const HTML = 'text/html; charset=utf-8'
const PAGE =
  '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>'

/** A status with the header `Retry-After`: seconds, any text, or `date:30` for the date half a minute ahead. */
const refusal =
  (status: number, body: string, contentType = 'application/json') =>
  ({ rule, nowMs }: Faulted): Answer => {
    const { retryAfter } = rule
    const ahead = /^date:(-?\d+)$/.exec(String(retryAfter ?? ''))
    const text = ahead ? new Date(nowMs + Number(ahead[1]) * 1_000).toUTCString() : String(retryAfter)
    return {
      status,
      body,
      contentType,
      ...(retryAfter === undefined || retryAfter === null ? {} : { headers: { 'retry-after': text } })
    }
  }
const RETRY_AFTER = { retryAfter: 'string|number?' }

const CHANGES = { ...BODY_FAULTS, ...BOOK_FAULTS, ...PAST_FAULTS }
const bodyKinds = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [
    name,
    ({ rule, nowMs, answer }: Faulted) => withBody(answer(), (body) => change(body, rule, nowMs))
  ])
) as Record<keyof typeof CHANGES, NonNullable<FaultKind['answer']>>

const CONTRACT = { symbol: 'string' }
const NEW_NAME = { ...CONTRACT, as: 'string', base: 'string?', asBase: 'string?' }
const changeOf = (rule: FaultRule) => rule as unknown as ListingChange

/** Every fault by its name. A new one is a line here. */
export const KINDS: Readonly<Record<string, FaultKind>> = {
  silence: { about: 'accepts and never answers', deliver: deliver.nothing },
  stall: { about: 'headers and one byte, then nothing', deliver: deliver.headersOnly },
  drip: { about: 'one byte every everyMs (1,000)', parameters: { everyMs: 'number?' }, deliver: deliver.drip },
  late: { about: 'the right answer after delayMs', parameters: { delayMs: 'number' }, deliver: deliver.late },
  reset: { about: 'the connection is reset', deliver: deliver.reset },
  truncated: { about: 'half of the body, as if it were all', deliver: deliver.truncated },
  wrong_length: {
    about: 'a Content-Length that is off by `by` (100)',
    parameters: { by: 'number?' },
    deliver: deliver.wrongLength
  },
  huge: { about: 'valid JSON of `bytes` (50 MB)', parameters: { bytes: 'number?' }, deliver: deliver.huge },
  gzip_bomb: {
    about: '`bytes` (300 MB) of JSON in a thousandth of it',
    parameters: { bytes: 'number?' },
    deliver: deliver.gzipBomb
  },
  rate_limited: {
    about: '429',
    parameters: RETRY_AFTER,
    answer: refusal(429, '{"code":-1003,"msg":"Too many requests"}')
  },
  banned: { about: '418', parameters: RETRY_AFTER, answer: refusal(418, '{"code":-1003,"msg":"IP banned"}') },
  forbidden: { about: '403 with a page', parameters: RETRY_AFTER, answer: refusal(403, PAGE, HTML) },
  geo_blocked: { about: '451', parameters: RETRY_AFTER, answer: refusal(451, '{"msg":"restricted location"}') },
  server_error: { about: '500', parameters: RETRY_AFTER, answer: refusal(500, 'Internal Server Error', 'text/plain') },
  html: { about: 'a page of HTML with status 200', answer: refusal(200, PAGE, HTML) },
  redirect: {
    about: '302 to `location`',
    parameters: { location: 'string' },
    answer: ({ rule }) => ({ status: 302, body: '', headers: { location: String(rule.location) } })
  },
  other_venue: { about: "another venue's valid body", answer: ({ otherVenue }) => otherVenue() },
  yesterday: {
    about: 'what it would have said `ageMs` (a day) ago',
    parameters: { ageMs: 'number?' },
    answer: ({ rule, nowMs, answer, path, params }) =>
      answer(path, params, nowMs - (typeof rule.ageMs === 'number' ? rule.ageMs : DAY))
  },
  frozen: {
    about: 'the body that it gave first',
    answer: ({ memory, path, params, answer }) => {
      const key = `${path}?${params}`
      if (!memory.has(key)) memory.set(key, answer())
      return memory.get(key) as Answer
    }
  },
  window_ignored: { about: 'the newest rows of its past, whatever window is asked for', answer: windowIgnored },
  short_pages: {
    about: 'pages of its past hold `rows` (20), whatever is asked for',
    parameters: { rows: 'number?' },
    answer: shortPage
  },
  newest_missing: { about: 'the newest row of its lists is missing', answer: bodyKinds.newest_missing },
  twice: { about: 'every row of its lists twice', answer: bodyKinds.twice },
  reversed: { about: 'its lists the other way round', answer: bodyKinds.reversed },
  stamps_off: {
    about: 'every time is offsetMs (an hour) later',
    parameters: { offsetMs: 'number?' },
    answer: bodyKinds.stamps_off
  },
  crossed: { about: 'bids and asks of its books have changed places', answer: bodyKinds.crossed },
  one_sided: { about: 'its books have bids alone', answer: bodyKinds.one_sided },
  sizes_off: {
    about: 'sizes in its books times `factor` (a million)',
    parameters: { factor: 'number?' },
    answer: bodyKinds.sizes_off
  },
  one: { about: 'its lists have one element', answer: bodyKinds.one },
  empty: { about: 'its lists are empty', answer: bodyKinds.empty },
  half: { about: 'every second element of its lists', answer: bodyKinds.half },
  seconds: { about: 'times in seconds instead of milliseconds', answer: bodyKinds.seconds },
  clock_off: {
    about: 'its clock is offsetMs (10 minutes) ahead',
    parameters: { offsetMs: 'number?' },
    answer: bodyKinds.clock_off
  },
  not_numbers: { about: 'NaN, "", null, "abc", 1e400 and the like for numbers', answer: bodyKinds.not_numbers },
  zeros: { about: 'zero for every number', answer: bodyKinds.zeros },
  rate_off: {
    about: 'funding rates times `factor` (100)',
    parameters: { factor: 'number?' },
    answer: bodyKinds.rate_off
  },
  price_off: {
    about: 'every price times `factor` (10)',
    parameters: { factor: 'number?' },
    answer: bodyKinds.price_off
  },
  mark_off: { about: 'mark prices times `factor` (10)', parameters: { factor: 'number?' }, answer: bodyKinds.mark_off },
  mark_swapped: {
    about: 'mark and index have changed places, of one contract or of all',
    parameters: { symbol: 'string?' },
    answer: swappedMarks
  },
  interval: {
    about:
      'a contract settles every `hours` from the first settlement after `from` (now) on; `later`: a list of `{ hours, from }`',
    parameters: { ...CONTRACT, hours: 'number', from: 'number?', later: 'object?' },
    // The others' contracts all settle by the hour or all the time, and no answer of theirs says how often.
    venues: ['binance', 'bybit', 'okx'],
    answer: changedInterval
  },
  listing: {
    about: 'a contract is listed under a second name',
    parameters: NEW_NAME,
    answer: (faulted) => listed(faulted, changeOf(faulted.rule))
  },
  delisting: {
    about: 'a contract is gone',
    parameters: CONTRACT,
    answer: (faulted) => delisted(faulted, changeOf(faulted.rule))
  },
  fields: {
    about: 'some fields of a contract are others: what it is about, when it is delivered, its state',
    parameters: { ...CONTRACT, set: 'object' },
    answer: ({ rule, answer }) =>
      withBody(answer(), (body) => withFields(body, String(rule.symbol), rule.set as Record<string, unknown>))
  },
  other_symbol: {
    about: 'asked for a contract it tells of another, by its own name',
    parameters: { ...CONTRACT, as: 'string' },
    answer: (faulted) => askedFor(faulted, changeOf(faulted.rule))
  },
  rename: {
    about: 'a contract has another name',
    parameters: NEW_NAME,
    answer: (faulted) => renamed(faulted, changeOf(faulted.rule))
  }
}
