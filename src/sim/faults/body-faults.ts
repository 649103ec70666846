import { type Body, filterCollections, isNumeric, isStamp, mapLeaves, withNumber } from './body.ts'

/** The envelope's own numbers: a refusal by code would hide what the fault is about. */
const ENVELOPE = /^(retCode|code|id|jsonrpc|testnet|us(In|Out|Diff))$/
const RATE = /^(lastFundingRate|fundingRate|funding|funding_rate|current_funding|funding_8h|fundingRatePrediction)$/i
const MARK = /^(mark|markPx|mark_?price)$/i
const PRICE = /price|^(bid|ask|last|mark|index)|Px|Tk$|^[abc]$/i
/** What feeds have sent where a number belonged. */
const JUNK = ['NaN', 'Infinity', '', 'null', 'abc', '1e400', '1e-400', '-0', '-1', null]
/** A stamp this near to now is the venue's clock; others are appointments. */
const CLOCK_WINDOW_MS = 300_000
const SYMBOL_LIKE = /^[A-Z0-9][A-Z0-9/:._-]{1,40}$/i

/** A change of a whole body. `nowMs` is the venue's true time. */
export type BodyFault = (body: Body, parameters: Readonly<Record<string, Body>>, nowMs: number) => Body

const isFigure = (value: Body, key: string) => isNumeric(value) && !isStamp(value) && !ENVELOPE.test(key)
const scaled =
  (fields: RegExp, usual: number): BodyFault =>
  (body, { factor = usual }) =>
    mapLeaves(body, (value, key) =>
      fields.test(key) && isNumeric(value) ? withNumber(value, (number) => number * factor) : value
    )

/** The faults that only change an answer's JSON, by kind; most need to know nothing of the venue. */
export const BODY_FAULTS = {
  empty: (body) => filterCollections(body, () => false),
  one: (body) => filterCollections(body, (_element, _name, index) => index === 0),
  half: (body) => filterCollections(body, (_element, _name, index) => index % 2 === 0),
  seconds: (body) =>
    mapLeaves(body, (value) => (isStamp(value) ? withNumber(value, (ms) => Math.trunc(ms / 1000)) : value)),
  clock_off: (body, { offsetMs = 600_000 }, nowMs) =>
    mapLeaves(body, (value) => {
      const at = isStamp(value) ? Number(value) : isIso(value) ? Date.parse(value) : Number.NaN
      if (!(Math.abs(at - nowMs) < CLOCK_WINDOW_MS)) return value
      return isIso(value) ? new Date(at + offsetMs).toISOString() : withNumber(value, (ms) => ms + offsetMs)
    }),
  not_numbers: (body) => {
    let index = 0
    // Two of three, so that rows differ in what is left of them.
    return mapLeaves(body, (value, key) => {
      if (!isFigure(value, key)) return value
      index += 1
      return index % 3 === 0 ? value : JUNK[index % JUNK.length]
    })
  },
  zeros: (body) => mapLeaves(body, (value, key) => (isFigure(value, key) ? withNumber(value, () => 0) : value)),
  rate_off: scaled(RATE, 100),
  mark_off: scaled(MARK, 10),
  price_off: scaled(PRICE, 10)
} as const satisfies Record<string, BodyFault>

const isIso = (value: Body): value is string => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)

/** Whether an element of a collection is about this symbol of the venue. */
export function isAbout(element: Body, name: string, symbol: string): boolean {
  return name === symbol || (SYMBOL_LIKE.test(symbol) && Object.values(element).includes(symbol))
}
