import type { Answer } from '../answer.ts'
import { type Body, extendCollections, filterCollections, mapCollections, mapLeaves } from './body.ts'
import { isAbout } from './body-faults.ts'

/** What a listing fault needs to ask the venue itself. */
export type Asking = {
  readonly path: string
  readonly params: URLSearchParams
  answer(path: string, params: URLSearchParams): Answer
}

export type ListingChange = {
  /** The venue's own name of the contract, and of its coin. */
  readonly symbol: string
  readonly base?: string
  /** The names under which it is listed as well (or instead). */
  readonly as?: string
  readonly asBase?: string
}

/** A contract that exists under a second name from now on, with the first one's market. */
export function listed(asking: Asking, { symbol, base = '', as = '', asBase = base }: ListingChange): Answer {
  const isAsked = [...asking.params.values()].includes(as)
  const answer = asking.answer(asking.path, renamedParams(asking.params, as, symbol))
  const rename = (body: Body) => mapLeaves(body, (value) => (value === symbol ? as : value === base ? asBase : value))
  return withBody(answer, (body) =>
    isAsked
      ? rename(body)
      : extendCollections(body, (element, name) =>
          isAbout(element, name, symbol) ? [[name === symbol ? as : `${name}_`, rename(element)]] : []
        )
  )
}

/** A contract that is gone: from every list, and unknown when asked for. */
export function delisted(asking: Asking, { symbol }: ListingChange): Answer {
  const answer = asking.answer(asking.path, renamedParams(asking.params, symbol, 'DELISTED'))
  return withBody(answer, (body) => filterCollections(body, (element, name) => !isAbout(element, name, symbol)))
}

/** A contract some of whose fields are others, wherever it is told of. */
export function withFields(body: Body, symbol: string, set: Readonly<Record<string, unknown>>): Body {
  return mapCollections(body, (element, name) =>
    isAbout(element, name, symbol)
      ? Object.fromEntries(Object.entries(element).map(([key, value]) => [key, key in set ? set[key] : value]))
      : element
  )
}

export function renamed(asking: Asking, change: ListingChange): Answer {
  const asNew = {
    ...asking,
    answer: (path: string, params: URLSearchParams) => listed({ ...asking, path, params }, change)
  }
  return delisted(asNew, change)
}

/** What is asked of `symbol` is answered as if it had been asked of `as`. */
export function askedFor({ path, params, answer }: Asking, { symbol, as = '' }: ListingChange): Answer {
  return answer(path, renamedParams(params, symbol, as))
}

function renamedParams(params: URLSearchParams, from: string, to: string): URLSearchParams {
  return new URLSearchParams([...params].map(([name, value]): [string, string] => [name, value === from ? to : value]))
}

/** An answer with its JSON changed; one that is no JSON stays. */
export function withBody(answer: Answer, change: (body: Body) => Body): Answer {
  if (answer.status !== 200) return answer
  return { ...answer, body: JSON.stringify(change(JSON.parse(answer.body))) }
}
