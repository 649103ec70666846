import type { Answer, Maker, Reader } from './answer.ts'
import { fraction, plus, ratio } from './fraction.ts'
import { sumOf, zOf } from './statistics.ts'

/** `against`: of a basis the spot leg; what is against another one is not compared. */
type Point = { readonly at: number; readonly value: number; readonly against?: string }
type Rows = {
  readonly scoredAt: string
  readonly basis: readonly { startAt: string; meanBps: number; spot: string }[]
  readonly settlements: readonly {
    settledAt: string
    toldAt: string
    rate: string
    intervalHours: number | null
    isAssumed: boolean
  }[]
  readonly openInterest: readonly { observedAt: string; base: string; usd: string; volume24hUsd: string }[]
  readonly flows: readonly { observedAt: string; longShortRatio: string }[]
}

/** Of the rows all of which were known by then. */
function pointsOf(name: string, { constant }: Reader, rows: Rows): Point[] {
  const hour = constant('hourMs')
  const endOf = (at: string) => Math.floor(Date.parse(at) / hour) * hour + hour
  if (name === 'basisExcess')
    return rows.basis.map(({ startAt, meanBps, spot }) => ({ at: endOf(startAt), value: meanBps, against: spot }))
  if (name === 'longShort') {
    return rows.flows.map(({ observedAt, longShortRatio }) => {
      const r = fraction(longShortRatio)
      return { at: endOf(observedAt), value: ratio(r, plus(fraction(1), r))! }
    })
  }
  if (name === 'funding') {
    const last = rows.settlements.filter(({ settledAt }, place, all) => all[place + 1]?.settledAt !== settledAt)
    return last.flatMap(({ toldAt, rate, intervalHours, isAssumed }) => {
      if (isAssumed || !intervalHours) return []
      return [{ at: Date.parse(toldAt), value: (Number(rate) * 8) / intervalHours }]
    })
  }
  const hours = new Map(rows.openInterest.map((row) => [endOf(row.observedAt), row]))
  return [...hours].flatMap(([at, { base, usd, volume24hUsd }]) => {
    const before = hours.get(at - constant('dayMs'))
    if (before === undefined || !(Number(volume24hUsd) > 0) || !(Number(base) > 0)) return []
    const change = (Number(base) - Number(before.base)) * (Number(usd) / Number(base))
    return [{ at, value: change / Number(volume24hUsd) }]
  })
}

/** A component's last value, those before it, and how far it is from them; null where it does not count. */
function componentOf(name: string, read: Reader, answer: Answer) {
  const { constant } = read
  const rows = answer.rows as Rows
  const now = Date.parse(rows.scoredAt)
  const known = pointsOf(name, read, rows).filter(({ at }) => at > now - constant('windowMs'))
  const last = known.at(-1)
  const past = known.slice(0, -1).flatMap(({ value, against }) => (against === last!.against ? [value] : []))
  const kind = name === 'funding' ? 'settlement' : 'hour'
  const counts =
    last !== undefined && now - last.at <= constant(`${kind}MaxAgeMs`) && past.length >= constant(`${kind}sMin`)
  return {
    last,
    past,
    ageMs: last === undefined ? null : now - last.at,
    z: counts ? zOf(last.value, past, constant('madToDeviation')) : null
  }
}

const NAMES = ['basisExcess', 'funding', 'oiChange', 'longShort']
const WEIGHTS = [...NAMES, 'termSlope', 'takerFlow']

function subscoreOf(z: number, { constant }: Reader): number {
  const clipped = Math.min(Math.max(z, -constant('zMax')), constant('zMax'))
  return 100 / (1 + Math.exp(-constant('logistic') * clipped))
}

function knownOf(read: Reader, answer: Answer) {
  return NAMES.flatMap((name) => {
    const { z } = componentOf(name, read, answer)
    return z === null ? [] : [{ name, weight: read.constant(name), subscore: subscoreOf(z, read) }]
  })
}
const weightOf = (known: readonly { weight: number }[]) => sumOf(known.map(({ weight }) => weight))

const ofComponent = (name: string): [string, Maker][] => [
  [`${name}Value`, (read, answer) => componentOf(name, read, answer).last!.value],
  [`${name}AgeMs`, (read, answer) => componentOf(name, read, answer).ageMs],
  [`${name}Observations`, (read, answer) => componentOf(name, read, answer).past.length],
  [`${name}Z`, (read, answer) => componentOf(name, read, answer).z],
  [`${name}Subscore`, (read, answer) => subscoreOf(componentOf(name, read, answer).z!, read)],
  [
    `${name}Contribution`,
    (read, answer) => {
      const known = knownOf(read, answer)
      const own = known.find((each) => each.name === name)!
      return (own.weight / weightOf(known)) * (own.subscore - 50)
    }
  ]
]

export const SENTIMENT: Readonly<Record<string, Maker>> = {
  score: (read, answer) => {
    const known = knownOf(read, answer)
    return sumOf(known.map(({ weight, subscore }) => weight * subscore)) / weightOf(known)
  },
  coverage: (read, answer) => weightOf(knownOf(read, answer)) / sumOf(WEIGHTS.map((name) => read.constant(name))),
  ...Object.fromEntries(NAMES.flatMap(ofComponent))
}
