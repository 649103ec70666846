import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import type { Answer } from '../answer.ts'
import { type Body, isStamp, mapElements, mapLeaves, withNumber } from './body.ts'
import { isAbout } from './body-faults.ts'
import type { Faulted } from './kinds.ts'
import { withBody } from './listing-faults.ts'

/** From the first settlement after `from` on a contract settles every `hours`. */
type Step = { readonly hours: number; readonly from: number }

const SETTLED_AT = ['fundingTime', 'fundingRateTimestamp'] as const

/**
 * A contract whose interval changes, once or (`later`) more often: where the interval is declared, in the time of the next
 * settlement, and in the list of those that were.
 */
export function changedInterval({ rule, memory, nowMs, path, params, answer }: Faulted): Answer {
  if (!memory.has('from')) memory.set('from', rule.from ?? nowMs)
  const later = (Array.isArray(rule.later) ? rule.later : []) as readonly Step[]
  const steps = [{ hours: Number(rule.hours), from: memory.get('from') as number }, ...later]
  const change = { symbol: String(rule.symbol), steps, nowMs }
  return withBody(answer(path, widened(params)), (body) => changed(body, path, params, change))
}

type Change = { readonly symbol: string; readonly steps: readonly Step[]; readonly nowMs: number }

/** A window's beginning: Binance's and Bybit's moment is in it, OKX's is not. */
const STARTS = ['startTime', 'before']

/** Between two old settlements new ones have been: a window that holds none of the old is asked with the day before it. */
function widened(params: URLSearchParams): URLSearchParams {
  const wide = new URLSearchParams(params)
  for (const name of STARTS) {
    const start = params.get(name)
    if (start !== null) wide.set(name, String(Number(start) - DAY))
  }
  return wide
}

function changed(body: Body, path: string, params: URLSearchParams, change: Change): Body {
  const now = change.steps.findLast(({ from }) => from <= change.nowMs)
  if (/funding-rate$/.test(path)) return withPeriods(body, change)
  if (now === undefined) return body
  if (/fundingInfo/.test(path)) return withAdjustedContract(body, change.symbol, now)
  return mapElements(body, (list) => {
    const about = list.filter((element) => isAbout(element, '', change.symbol))
    const settledAt = SETTLED_AT.find((name) => about.length > 0 && about.every((element) => isStamp(element[name])))
    if (settledAt) return withSettlements(list, settledAt, params, change)
    return list.map((element) => (about.includes(element) ? withTerms(element, now, change.nowMs) : element))
  })
}

/** OKX declares an interval by three settlements only: the last one, the coming one and, before it comes, the one after. */
function withPeriods(body: Body, { symbol, steps, nowMs }: Change): Body {
  const change = (row: Body) => {
    const usual = Number(row.fundingTime) - Number(row.prevFundingTime)
    const last = lastSettlement(nowMs, steps, usual)
    const coming = nextSettlement(nowMs, steps, usual)
    const following = nextSettlement(coming, steps, usual)
    const times = { prevFundingTime: last, fundingTime: coming, nextFundingTime: following }
    return { ...row, ...mapLeaves(times, String) }
  }
  return mapElements(body, (list) => list.map((row) => (isAbout(row, '', symbol) ? change(row) : row)))
}

/** The first settlement after a moment; `usualMs` is the interval before all steps. */
function nextSettlement(atMs: number, steps: readonly Step[], usualMs: number): number {
  const step = steps.findLast(({ from }) => from <= atMs)
  const intervalMs = step ? step.hours * HOUR : usualMs
  return floorTo(atMs, intervalMs) + intervalMs
}

/** The last settlement up to a moment: of the step that is on then, or, before its first one, of the one before. */
function lastSettlement(atMs: number, steps: readonly Step[], usualMs: number): number {
  const index = steps.findLastIndex(({ from }) => from <= atMs)
  const step = steps[index]
  if (step === undefined) return floorTo(atMs, usualMs)
  const last = floorTo(atMs, step.hours * HOUR)
  return last > step.from ? last : lastSettlement(step.from, steps.slice(0, index), usualMs)
}

/** Binance names only the contracts whose terms differ from the standard. */
function withAdjustedContract(list: Body, symbol: string, { hours }: Step): Body {
  const known = list.find((element: Body) => element.symbol === symbol)
  const template = { ...list[0], adjustedFundingRateCap: '0.02000000', adjustedFundingRateFloor: '-0.02000000' }
  const others = list.filter((element: Body) => element !== known)
  return [...others, { ...(known ?? template), symbol, fundingIntervalHours: hours }]
}

function withTerms(element: Body, { hours }: Step, nowMs: number): Body {
  return mapLeaves(element, (value, key) => {
    if (value === '' || value === null) return value
    if (/^fundingIntervalHours?$/.test(key)) return withNumber(value, () => hours)
    if (key === 'fundingInterval') return withNumber(value, () => (hours * HOUR) / MINUTE)
    return key === 'nextFundingTime' && isStamp(value)
      ? withNumber(value, () => floorTo(nowMs, hours * HOUR) + hours * HOUR)
      : value
  })
}

/** The settlements of each stretch, each with the rate of the old one at or before it. */
function withSettlements(
  list: readonly Body[],
  settledAt: string,
  params: URLSearchParams,
  { steps, nowMs }: Change
): Body[] {
  const timeOf = (row: Body) => Number(row[settledAt])
  const ascending = [...list].sort((a, b) => timeOf(a) - timeOf(b))
  const isDescending = list.length > 1 && timeOf(list[0]) > timeOf(list[1])
  const first = steps[0]!.from
  // Binance's stamps are some milliseconds late.
  const rows = ascending.filter((row) => floorTo(timeOf(row), HOUR) <= first)
  for (const [index, { hours, from }] of steps.entries()) {
    const until = Math.min(steps[index + 1]?.from ?? nowMs, nowMs)
    for (let at = floorTo(from, hours * HOUR) + hours * HOUR; at <= until; at += hours * HOUR) {
      const old = ascending.findLast((row) => floorTo(timeOf(row), HOUR) <= at)
      if (old !== undefined) rows.push(stamped(old, settledAt, at))
    }
  }
  const asked = rows.filter((row) => isAsked(timeOf(row), params, nowMs))
  return isDescending ? asked.reverse().slice(0, Number(params.get('limit') ?? asked.length)) : asked
}

function isAsked(at: number, params: URLSearchParams, nowMs: number): boolean {
  const numberOf = (name: string, usual: number) => Number(params.get(name) ?? usual)
  const isIn = numberOf('startTime', 0) <= at && at <= numberOf('endTime', nowMs)
  return isIn && numberOf('before', 0) < at && at < numberOf('after', nowMs + 1)
}

const stamped = (row: Body, name: string, at: number) => ({ ...row, [name]: withNumber(row[name], () => at) })
