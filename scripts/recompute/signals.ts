import type { Answer, Maker, Reader, Value } from './answer.ts'
import { capital } from './opportunities.ts'
import { rate8hOf } from './settlements.ts'
import { medianOf, percentileOf } from './statistics.ts'

type Evaluated = {
  readonly value: number | null
  readonly percentile: number | null
  readonly spanHours: number | null
  readonly flags: readonly string[]
}
type Rows = {
  readonly signal: { readonly type: string; readonly parameterSet: Readonly<Record<string, unknown>> }
  readonly lookedAt: string
  readonly bases?: readonly { adjustedBps: number }[]
  readonly contracts?: readonly { expiresAt: string; adjustedBps: readonly number[] }[]
  readonly quotes?: readonly { bid: string; ask: string }[]
  readonly ledger?: readonly { effectiveAt: string; hours: number; toldAt: string }[]
  readonly polls?: readonly { state: string }[]
  readonly held?: readonly { base: number }[]
  readonly dayBefore?: { readonly base: number } | null
  readonly depths?: readonly { depth: number }[]
  readonly week?: readonly { depth: number }[]
  readonly evaluated?: readonly Evaluated[]
}
const rowsOf = ({ rows }: Answer) => rows as Rows

const rate8h = ({ number }: Reader) => rate8hOf(number('settlement.rate'), number('settlement.intervalHours'))

/** Of each contract's middle, days from the end of the bucket to its expiry. */
function leastRate(rows: Rows, { constant }: Reader): number {
  const rates = rows.contracts!.flatMap(({ expiresAt, adjustedBps }) => {
    const days = (Date.parse(expiresAt) - Date.parse(rows.lookedAt)) / constant('dayMs')
    const rate = (Math.log1p(medianOf(adjustedBps) / constant('bps')) * constant('daysPerYear')) / days
    return days >= constant('daysMin') ? [rate] : []
  })
  const [least, most] = [Math.min(...rates), Math.max(...rates)]
  return least > 0 ? least : most < 0 ? most : 0
}

/** Changes of interval that were told by then, and were news. */
function changesOf(rows: Rows, { constant }: Reader) {
  const now = Date.parse(rows.lookedAt)
  const known = rows
    .ledger!.map(({ effectiveAt, toldAt, hours }) => ({
      from: Date.parse(effectiveAt),
      told: Date.parse(toldAt),
      hours
    }))
    .filter(({ from, told }) => from <= now && told <= now)
  const entries = [...new Set(known.map(({ from }) => from))].map((from) => known.filter((one) => one.from === from))
  return entries.slice(1).flatMap((revisions, place) => {
    const before = entries[place]!.at(-1)!.hours
    const { hours, from } = revisions.at(-1)!
    // From the first of the last revisions that all say the same.
    const first = revisions.findLastIndex((one) => one.hours !== hours) + 1
    const { told } = revisions[first]!
    const isNews = hours !== before && told < from + constant('changeMs')
    return isNews ? [{ at: Math.max(from, told), doublings: Math.log2(before / hours) }] : []
  })
}

const VALUES: Readonly<Record<string, (rows: Rows, read: Reader, answer: Answer) => Value>> = {
  funding_regime: (_, read) => rate8h(read),
  basis_dislocation: ({ bases }) => medianOf(bases!.map(({ adjustedBps }) => adjustedBps)),
  expectation: leastRate,
  stablecoin_depeg: ({ quotes }, { constant }) =>
    constant('bps') * (medianOf(quotes!.map(({ bid, ask }) => (Number(bid) + Number(ask)) / 2)) - 1),
  interval_change: (rows, read) => {
    const now = Date.parse(rows.lookedAt)
    const recent = changesOf(rows, read).filter(({ at }) => at > now - read.constant('changeMs'))
    return recent.toSorted((a, b) => a.at - b.at).at(-1)?.doublings ?? 0
  },
  venue_trouble: ({ polls }) => polls!.filter(({ state }) => state === 'failed').length / polls!.length,
  leverage_buildup: ({ held, dayBefore }) => held!.at(-1)!.base / dayBefore!.base - 1,
  liquidity_thinning: ({ depths, week }) =>
    medianOf(depths!.map(({ depth }) => depth)) / medianOf(week!.map(({ depth }) => depth)),
  carry_opportunity: (_, read) => capital(read)
}
const value: Maker = (read, answer) => {
  const rows = rowsOf(answer)
  return VALUES[rows.signal.type]!(rows, read, answer)
}

const isKnown = ({ value: rate, flags }: Evaluated) =>
  rate !== null && !flags.includes('interval_assumed') && !flags.includes('interval_unknown')
const knownOf = (rows: Rows) => rows.evaluated!.filter(isKnown).map(({ value: rate }) => rate!)

const observations: Maker = (read, answer) => {
  const rows = rowsOf(answer)
  if (rows.evaluated !== undefined) return knownOf(rows).length
  if (rows.ledger !== undefined) return changesOf(rows, read).length
  if (rows.contracts !== undefined) return rows.contracts.flatMap(({ adjustedBps }) => adjustedBps).length
  return (rows.bases ?? rows.quotes ?? rows.polls ?? rows.held ?? rows.depths)!.length
}

type Bounds = { readonly enterRate8h: number; readonly enterPercentile: number }

/** Backwards from the last one, as long as the thresholds to enter of one label are met. */
const heldHours: Maker = (_, answer) => {
  const { evaluated, signal } = rowsOf(answer)
  const bounds = signal.parameterSet as Readonly<Record<string, Bounds>>
  const held = { OVERHEATED: 1, PANIC: -1 }
  const hoursOf = ([label, sign]: [string, number]) => {
    const { enterRate8h, enterPercentile } = bounds[label]!
    let hours = 0
    for (const input of evaluated!.toReversed()) {
      const { value: rate, percentile, spanHours, flags } = input
      const isRanked = isKnown(input) && percentile !== null
      if (!isRanked || sign * (rate! - enterRate8h) < 0 || sign * (percentile - enterPercentile) < 0) return hours
      hours += spanHours!
      if (flags.includes('after_gap')) return hours
    }
    return hours
  }
  return Math.max(...Object.entries(held).map(hoursOf))
}

const end = (name: string): Readonly<Record<string, Maker>> => ({
  [`${name}Value`]: value,
  [`${name}Observations`]: observations,
  [`${name}Rate`]: ({ number }) => number('settlement.rate'),
  [`${name}Rate8h`]: rate8h,
  [`${name}Apr`]: ({ number, constant }) =>
    number('settlement.rate') * (constant('hoursPerYear') / number('settlement.intervalHours')),
  [`${name}Percentile`]: (read, answer) => percentileOf(rate8h(read), knownOf(rowsOf(answer))),
  [`${name}HeldHours`]: heldHours
})

export const SIGNALS: Readonly<Record<string, Maker>> = {
  value,
  lastValue: value,
  peakValue: value,
  ...end('opening'),
  ...end('closing')
}
