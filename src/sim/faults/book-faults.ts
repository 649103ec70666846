import { type Body, withNumber } from './body.ts'
import type { BodyFault } from './body-faults.ts'

/** What venues call the two sides of a book; Hyperliquid has them in one list. */
const SIDES = [
  ['bids', 'asks'],
  ['b', 'a'],
  ['0', '1']
] as const
/** The size of a level that is no pair. */
const SIZE = /^(sz|size|qty)$/

/** The faults of order books, wherever one is in an answer. */
export const BOOK_FAULTS = {
  crossed: (body) => mapBooks(body, (bids, asks) => [asks, bids]),
  one_sided: (body) => mapBooks(body, (bids) => [bids, []]),
  sizes_off: (body, { factor = 1e6 }) => {
    const scaled = (side: Body[]) => side.map((level) => withSize(level, factor))
    return mapBooks(body, (bids, asks) => [scaled(bids), scaled(asks)])
  }
} as const satisfies Record<string, BodyFault>

function mapBooks(body: Body, change: (bids: Body[], asks: Body[]) => [Body[], Body[]]): Body {
  if (typeof body !== 'object' || body === null) return body
  const names = SIDES.find((sides) => sides.every((name) => isSide(body[name])))
  if (names !== undefined) {
    const [bids, asks] = change(body[names[0]], body[names[1]])
    return Array.isArray(body) ? [bids, asks] : { ...body, [names[0]]: bids, [names[1]]: asks }
  }
  if (Array.isArray(body)) return body.map((part) => mapBooks(part, change))
  return Object.fromEntries(Object.entries(body).map(([name, part]) => [name, mapBooks(part, change)]))
}

const isSide = (value: Body) =>
  Array.isArray(value) && value.length > 0 && value.every((level) => typeof level === 'object' && level !== null)

function withSize(level: Body, factor: number): Body {
  const scaled = (value: Body) => withNumber(value, (size) => size * factor)
  if (Array.isArray(level)) return level.map((value, index) => (index === 1 ? scaled(value) : value))
  return Object.fromEntries(
    Object.entries(level).map(([name, value]) => [name, SIZE.test(name) ? scaled(value) : value])
  )
}
