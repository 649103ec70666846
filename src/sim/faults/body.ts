// biome-ignore lint/suspicious/noExplicitAny: a venue's body, which a fault takes apart without knowing it.
export type Body = any

/** Changes the leaves of a body; `key` is the name of the field, which the elements of a list share. */
export function mapLeaves(body: Body, change: (value: Body, key: string) => Body, key = ''): Body {
  if (Array.isArray(body)) return body.map((item) => mapLeaves(item, change, key))
  if (typeof body !== 'object' || body === null) return change(body, key)
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, mapLeaves(value, change, name)]))
}

/** A list or map of like things shorter than this is a structure of the answer, not a collection. */
const COLLECTION_MIN = 3

/** Keeps of each collection, list or map of objects, the elements that `keep` wants. */
export function filterCollections(body: Body, keep: (element: Body, name: string, index: number) => boolean): Body {
  if (typeof body !== 'object' || body === null) return body
  if (!isCollection(body)) return inside(body, (part) => filterCollections(part, keep))
  if (Array.isArray(body)) return body.filter((element, index) => keep(element, '', index))
  return Object.fromEntries(Object.entries(body).filter(([name, element], index) => keep(element, name, index)))
}

/** Changes the elements of each collection. */
export function mapCollections(body: Body, change: (element: Body, name: string) => Body): Body {
  if (typeof body !== 'object' || body === null) return body
  if (!isCollection(body)) return inside(body, (part) => mapCollections(part, change))
  if (Array.isArray(body)) return body.map((element) => change(element, ''))
  return Object.fromEntries(Object.entries(body).map(([name, element]) => [name, change(element, name)]))
}

/** Adds elements to each collection: `add` answers what comes after an element, as name and value. */
export function extendCollections(body: Body, add: (element: Body, name: string) => [string, Body][]): Body {
  if (typeof body !== 'object' || body === null) return body
  if (!isCollection(body)) return inside(body, (part) => extendCollections(part, add))
  if (Array.isArray(body)) return [...body, ...body.flatMap((element) => add(element, '').map(([, value]) => value))]
  return Object.fromEntries([
    ...Object.entries(body),
    ...Object.entries(body).flatMap(([name, each]) => add(each, name))
  ])
}

function inside(body: Body, change: (part: Body) => Body): Body {
  if (Array.isArray(body)) return body.map(change)
  return Object.fromEntries(Object.entries(body).map(([name, part]) => [name, change(part)]))
}

function isCollection(body: object): boolean {
  const elements = Object.values(body)
  return (
    elements.length >= COLLECTION_MIN && elements.every((element) => typeof element === 'object' && element !== null)
  )
}

/** Changes each list of objects, however short: rows of a venue's past. */
export function mapElements(body: Body, change: (list: Body[]) => Body[]): Body {
  if (typeof body !== 'object' || body === null) return body
  if (
    Array.isArray(body) &&
    body.every((element) => typeof element === 'object' && element !== null && !Array.isArray(element))
  ) {
    return change(body)
  }
  if (Array.isArray(body)) return body.map((part) => mapElements(part, change))
  return Object.fromEntries(Object.entries(body).map(([name, part]) => [name, mapElements(part, change)]))
}

const NUMERIC = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i

export function isNumeric(value: Body): boolean {
  return typeof value === 'number' || (typeof value === 'string' && NUMERIC.test(value))
}

/** A time in milliseconds since 1970, as number or text, between 2010 and 2100. */
export function isStamp(value: Body): boolean {
  return isNumeric(value) && Number(value) > 1.26e12 && Number(value) < 4.1e12
}

/** The same number in another size, text if it was text. */
export function withNumber(value: Body, change: (number: number) => number): Body {
  const changed = change(Number(value))
  return typeof value === 'string' ? plainText(changed) : changed
}

function plainText(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(18).replace(/\.?0+$/, '') : text
}
