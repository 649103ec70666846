import type { Answer } from '../answer.ts'
import { type Body, mapCollections } from './body.ts'
import { isAbout } from './body-faults.ts'
import type { Faulted } from './kinds.ts'
import { withBody } from './listing-faults.ts'

/** The two names that a venue gives to its mark and its index. */
const MARK_AND_INDEX = [
  ['markPrice', 'indexPrice'],
  ['markPx', 'oraclePx'],
  ['mark_price', 'index_price'],
  // Deribit's summaries have no other index.
  ['mark_price', 'estimated_delivery_price']
] as const

/** OKX tells marks by contract and indices by coin and currency, in an answer each. */
const MARKS = '/api/v5/public/mark-price'
const INDICES = '/api/v5/market/index-tickers'

/** Mark and index in each other's place, of one contract or of all; what is told elsewhere is asked for there. */
export function swappedMarks(faulted: Faulted): Answer {
  const { path, rule, answer } = faulted
  const symbol = rule.symbol as string | undefined
  if (path === MARKS) return indicesForMarks(faulted, symbol)
  if (path === INDICES) return marksForIndices(faulted, symbol)
  return withBody(answer(), (body) =>
    mapCollections(body, (element, name) =>
      symbol === undefined || isAbout(element, name, symbol) ? withMarkSwapped(element) : element
    )
  )
}

function withMarkSwapped(element: Body): Body {
  const names = MARK_AND_INDEX.find(([mark, index]) => mark in element && index in element)
  return names === undefined ? element : { ...element, [names[0]]: element[names[1]], [names[1]]: element[names[0]] }
}

/** A contract's mark is the index of its coin: BTC-USDT of BTC-USDT-SWAP. */
function indicesForMarks({ answer }: Faulted, symbol: string | undefined): Answer {
  return withBody(answer(), (body) => {
    const wanted = body.data.filter(({ instId }: Body) => symbol === undefined || instId === symbol)
    const currencies = new Set<string>(wanted.map(({ instId }: Body) => instId.split('-')[1]))
    const indices = [...currencies].flatMap((quoteCcy) => rowsOf(answer(INDICES, new URLSearchParams({ quoteCcy }))))
    const indexOf = new Map<string, Body>(indices.map((row) => [row.instId, row.idxPx]))
    const swapped = (row: Body) => ({ ...row, markPx: indexOf.get(familyOf(row.instId)) ?? row.markPx })
    return { ...body, data: body.data.map((row: Body) => (wanted.includes(row) ? swapped(row) : row)) }
  })
}

/** An index is the mark of its perpetual; every other contract of the coin is told that index too. */
function marksForIndices({ answer }: Faulted, symbol: string | undefined): Answer {
  return withBody(answer(), (body) => {
    const marks = ['SWAP', 'FUTURES'].flatMap((instType) => rowsOf(answer(MARKS, new URLSearchParams({ instType }))))
    const markOf = ({ instId }: Body) =>
      marks.find((row) => row.instId === (symbol ?? `${instId}-SWAP`) && familyOf(row.instId) === instId)?.markPx
    return { ...body, data: body.data.map((row: Body) => ({ ...row, idxPx: markOf(row) ?? row.idxPx })) }
  })
}

const rowsOf = (answer: Answer): Body[] => JSON.parse(answer.body).data
const familyOf = (instId: string) => instId.split('-').slice(0, 2).join('-')
