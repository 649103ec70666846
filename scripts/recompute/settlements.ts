import type { Maker } from './answer.ts'
import { float, fraction, plus, ratio, times } from './fraction.ts'
import { percentileOf, zOf } from './statistics.ts'

/** The settlements of a window, and what was due in it. */
export const trailing: Maker = ({ constant }, { metric, rows }) => {
  const given = rows as {
    toAt: string
    listedAt: string | null
    delistedAt: string | null
    settlements: { settledAt: string; rate: string; intervalHours: number | null }[]
  }
  const all = given.settlements.map(({ settledAt, ...rest }) => ({ at: Date.parse(settledAt), ...rest }))
  const to = Date.parse(given.toAt)
  const from = to - constant('days') * constant('dayMs')
  const within = all.filter(({ at }) => at > from && at <= to)
  const hours = within.reduce((sum, { intervalHours }) => sum + (intervalHours ?? 0), 0)
  const sum = within.reduce((total, { rate }) => plus(total, fraction(rate)), fraction(0))
  if (metric.endsWith('SumRate')) return float(sum)
  if (metric.endsWith('Hours')) return hours
  if (metric.endsWith('Settlements')) return within.length
  if (metric.endsWith('Apr')) return ratio(times(sum, fraction(constant('hoursPerYear'))), fraction(hours))
  const last = all.findLast(({ intervalHours }) => intervalHours !== null)?.intervalHours ?? null
  const start = Math.max(from, given.listedAt === null ? from : Date.parse(given.listedAt))
  const end = Math.min(to, given.delistedAt === null ? to : Date.parse(given.delistedAt))
  const due = dueIn(within, { start, end, last, hourMs: constant('hourMs') })
  return metric.endsWith('Expected') || due === null ? due : Math.min(1, within.length / due)
}

type Due = { readonly start: number; readonly end: number; readonly last: number | null; readonly hourMs: number }

export function dueIn(
  settled: readonly { at: number; intervalHours: number | null }[],
  { start, end, last, hourMs }: Due
) {
  const EDGE = 1e-9
  if (end <= start) return 0
  if (settled.length === 0) {
    return last === null ? null : Math.floor(end / (last * hourMs)) - Math.floor(start / (last * hourMs))
  }
  const steps = (from: number, to: number, hours: number | null) => (to - from) / (hours! * hourMs)
  let due = 0
  for (const [place, { at, intervalHours }] of settled.entries()) {
    const before = settled[place - 1]
    const passed = steps(before?.at ?? start, at, intervalHours)
    due += Math.max(1, before === undefined ? Math.ceil(passed - EDGE) : Math.round(passed))
  }
  const newest = settled.at(-1)!
  return due + Math.max(0, Math.floor(steps(newest.at, end, newest.intervalHours) + EDGE))
}

type Ranked = {
  settledAt: string
  rate: string
  intervalHours: number | null
  intervalSource: string | null
  formulaVersion: number
}
export const rate8hOf = (rate: number, hours: number) => Number(((rate * 8) / hours).toPrecision(12))

/** Where the newest settlement stands among those of a window. */
const ranked: Maker = ({ constant }, { metric, rows }) => {
  const given = rows as { listedAt: string | null; settlements: Ranked[] }
  const all = given.settlements.map((each) => ({ ...each, at: Date.parse(each.settledAt) }))
  const known = all.filter(({ intervalHours, intervalSource }) => {
    return (intervalHours ?? 0) > 0 && intervalSource !== null && intervalSource !== 'assumed'
  })
  const newest = known.at(-1)!
  const from = newest.at - constant('days') * constant('dayMs')
  const alike = known.filter(({ at, intervalHours, formulaVersion }) => {
    return at > from && (formulaVersion === newest.formulaVersion || intervalHours! >= 8)
  })
  const rates = alike.map(({ rate, intervalHours }) => rate8hOf(Number(rate), intervalHours!))
  if (metric.includes('.percentile')) return percentileOf(rates.at(-1)!, rates)
  if (metric.includes('.z')) return zOf(rates.at(-1)!, rates, constant('madToDeviation'))
  if (metric.includes('.settlements')) return alike.length
  if (metric.includes('.spanDays')) return (newest.at - alike[0]!.at) / constant('dayMs')
  const due = dueIn(
    all.filter(({ at }) => at > from && at <= newest.at),
    {
      start: Math.max(from, given.listedAt === null ? from : Date.parse(given.listedAt)),
      end: newest.at,
      last: newest.intervalHours,
      hourMs: constant('hourMs')
    }
  )
  return metric.includes('.expected') || due === null ? due : Math.min(1, alike.length / due)
}

const windows = [30, 90, 365].flatMap((days) =>
  ['percentile', 'z', 'settlements', 'expected', 'coverage', 'spanDays'].map((field) => [`${field}${days}d`, ranked])
)
export const FUNDING_STANDINGS: Readonly<Record<string, Maker>> = {
  rate: ({ number }) => number('newest.rate'),
  rate8h: ({ number }) => rate8hOf(number('newest.rate'), number('newest.intervalHours')),
  apr: ({ number, constant }) => number('newest.rate') * (constant('hoursPerYear') / number('newest.intervalHours')),
  ...Object.fromEntries(windows)
}
