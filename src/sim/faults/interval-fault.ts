import { floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import { type Body, isStamp, mapLeaves, withNumber } from './body.ts'
import { isAbout } from './body-faults.ts'

export type IntervalChange = { readonly symbol: string; readonly hours: number; readonly from: number }

const SETTLED_AT = ['fundingTime', 'fundingRateTimestamp'] as const

/**
 * A contract that settles every `hours` from the first settlement after `from` on: where the interval is declared, in the time of
 * the next settlement, and in the list of those that were.
 */
export function withInterval(body: Body, path: string, change: IntervalChange, nowMs: number): Body {
  if (/fundingInfo/.test(path)) return withAdjustedContract(body, change)
  return mapElements(body, (list) => {
    const about = list.filter((element) => isAbout(element, '', change.symbol))
    const settledAt = SETTLED_AT.find(
      (name) => about.length > 0 && about.every((element) => isSettlement(element, name))
    )
    if (settledAt) return withSettlements(list, settledAt, change, nowMs)
    return list.map((element) => (about.includes(element) ? withTerms(element, change, nowMs) : element))
  })
}

const isSettlement = (element: Body, name: string) => isStamp(element[name]) && !('markPx' in element)

/** Binance names only the contracts whose terms differ from the standard. */
function withAdjustedContract(list: Body, { symbol, hours }: IntervalChange): Body {
  const known = list.find((element: Body) => element.symbol === symbol)
  const template = { ...list[0], adjustedFundingRateCap: '0.02000000', adjustedFundingRateFloor: '-0.02000000' }
  const others = list.filter((element: Body) => element !== known)
  return [...others, { ...(known ?? template), symbol, fundingIntervalHours: hours }]
}

function mapElements(body: Body, change: (list: Body[]) => Body[]): Body {
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

function withTerms(element: Body, { hours }: IntervalChange, nowMs: number): Body {
  return mapLeaves(element, (value, key) => {
    if (value === '' || value === null) return value
    if (/^fundingIntervalHours?$/.test(key)) return withNumber(value, () => hours)
    if (key === 'fundingInterval') return withNumber(value, () => (hours * HOUR) / MINUTE)
    return key === 'nextFundingTime' && isStamp(value)
      ? withNumber(value, () => floorTo(nowMs, hours * HOUR) + hours * HOUR)
      : value
  })
}

/** The settlements in between, each with the rate of the one that follows it. */
function withSettlements(list: Body[], settledAt: string, { hours, from }: IntervalChange, nowMs: number): Body[] {
  const isDescending = list.length > 1 && Number(list[0][settledAt]) > Number(list[1][settledAt])
  const ascending = isDescending ? [...list].reverse() : list
  const result = ascending.flatMap((row, index) => {
    const at = Number(row[settledAt])
    const before = index === 0 ? at : Number(ascending[index - 1][settledAt])
    const times: number[] = []
    for (
      let time = floorTo(Math.max(from, before), hours * HOUR) + hours * HOUR;
      time < floorTo(at, HOUR);
      time += hours * HOUR
    ) {
      times.push(time)
    }
    return [...times.map((time) => stamped(row, settledAt, time)), row]
  })
  const newest = ascending.at(-1)
  const last = newest === undefined ? nowMs : Number(newest[settledAt])
  for (let at = floorTo(Math.max(from, last), hours * HOUR) + hours * HOUR; at <= nowMs; at += hours * HOUR) {
    result.push(stamped(newest, settledAt, at))
  }
  return isDescending ? result.reverse() : result
}

const stamped = (row: Body, name: string, at: number) => ({ ...row, [name]: withNumber(row[name], () => at) })
