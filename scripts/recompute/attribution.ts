import type { Answer, Maker, Reader, Value } from './answer.ts'
import { type Hour, type Model, type Study, studyOf } from './driver-models.ts'
import { conditionOf, inflationOf, solve } from './ridge.ts'
import { deviationOf, meanOf, sumOf } from './statistics.ts'

let last: { readonly hash: string | null; readonly study: Study } | undefined
/** Numbers of one series mostly come together. */
function study(answer: Answer, read: Reader): Study {
  if (last?.hash !== answer.rowsHash) last = { hash: answer.rowsHash, study: studyOf(answer, read) }
  return last!.study
}
type Make = (study: Study, read: Reader) => Value
const of =
  (make: Make): Maker =>
  (read, answer) =>
    make(study(answer, read), read)

const partOf = (hour: Hour | null, part: string): number | null => {
  if (hour === null) return null
  if (part === 'residual' || part === 'baseline' || part === 'unattributed') return hour[part]
  return hour.drivers[part] ?? null
}
const PARTS = ['residual', 'baseline', 'carry', 'flow', 'liquidity', 'speculation', 'unattributed']
const parts = PARTS.flatMap((part): [string, Maker][] => {
  const name = `${part[0]!.toUpperCase()}${part.slice(1)}Bps`
  return [
    [`start${name}`, of(({ start }) => partOf(start(), part))],
    [`end${name}`, of(({ end }) => partOf(end(), part))],
    [`change${name}`, of(({ start, end }) => (partOf(end(), part) ?? 0) - (partOf(start(), part) ?? 0))]
  ]
})

const judgedOf = ({ judged }: Study, { constant }: Reader) => judged(constant('judgedHours'))
const shares = PARTS.slice(2).map((part): [string, Maker] => [
  `share${part[0]!.toUpperCase()}${part.slice(1)}`,
  of((all, read) => {
    const hours = judgedOf(all, read)
    const sizeOf = (each: string) => sumOf(hours.map((hour) => Math.abs(partOf(hour, each) ?? 0)))
    return sizeOf(part) / sumOf(PARTS.slice(2).map(sizeOf))
  })
])

const placeOf = ({ features }: Study, { used }: Model, name: string) =>
  used.indexOf(features.findIndex((feature) => feature.name === name))
const NAMES = [
  'expectedFunding',
  'takerImbalance',
  'depthImbalance',
  'longShareChange',
  'thinness',
  'crossCost',
  'openInterestChange',
  'volatility'
]
const features = NAMES.flatMap((name): [string, Maker][] => [
  [`${name}BetaBps`, of((all) => all.model().fit.betas[placeOf(all, all.model(), name)]!)],
  [`${name}LowBps`, of((all, read) => endOf(all, read, name, 'low'))],
  [`${name}HighBps`, of((all, read) => endOf(all, read, name, 'high'))],
  [
    `${name}Inflation`,
    of((all, { constant }) => inflationOf(all.model().rows, constant('singular'))[placeOf(all, all.model(), name)]!)
  ],
  [
    `${name}SignStability`,
    of((all) => {
      const signs = all.lately().map((model) => Math.sign(model.fit.betas[placeOf(all, model, name)] ?? Number.NaN))
      return signs.filter((sign) => sign === signs[0]).length / signs.length
    })
  ]
])

/** Uniform in [0, 1): mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Sums over the rows, twice round, up to each: of all products of z by the means and deviations of all rows, y less its mean, and 1. */
function runningSums({ rows, y, fit }: Model): readonly Float64Array[] {
  const terms = rows.map((row, index) => [
    ...row.map((value, place) => (value - fit.means[place]!) / fit.deviations[place]!),
    y[index]! - fit.intercept,
    1
  ])
  const sums = [new Float64Array(terms[0]!.length ** 2)]
  for (const term of [...terms, ...terms]) {
    const products = term.flatMap((a) => term.map((b) => a * b))
    sums.push(sums.at(-1)!.map((sum, place) => sum + products[place]!))
  }
  return sums
}

/** β of each resample, its moments about its own means: a block is the difference of two running sums. */
function resampled(model: Model, seed: number, { constant }: Reader): number[][] {
  const [n, block] = [model.rows.length, constant('blockHours')]
  const sums = runningSums(model)
  const features = model.used.map((_, place) => place)
  const width = features.length + 2
  const next = randomOf(seed)
  return Array.from({ length: constant('draws') }, () => {
    const starts = Array.from({ length: Math.ceil(n / block) }, () => Math.floor(next() * n))
    const total = new Float64Array(width * width)
    for (const [place, start] of starts.entries()) {
      const length = place === starts.length - 1 ? n - block * place : block
      const [before, after] = [sums[start]!, sums[start + length]!]
      for (const index of total.keys()) total[index]! += after[index]! - before[index]!
    }
    const sum = (a: number, b: number) => total[a * width + b]!
    const about = (a: number, b: number) => sum(a, b) - (sum(a, width - 1) * sum(b, width - 1)) / n
    const gram = features.map((a) => features.map((b) => about(a, b)))
    return solve(
      gram,
      features.map((a) => about(a, width - 2)),
      model.lambda
    )
  })
}

const drawnBetas = new WeakMap<Model, number[][]>()
function endOf(all: Study, read: Reader, name: string, end: 'low' | 'high'): number {
  const model = all.model()
  const seed = all.startMs / read.constant('hourMs') + all.endHour + 1
  const betas = drawnBetas.get(model) ?? resampled(model, seed, read)
  drawnBetas.set(model, betas)
  const sorted = betas.map((each) => each[placeOf(all, model, name)]!).sort((a, b) => a - b)
  const tail = (1 - read.constant('confidence')) / 2
  const place = (sorted.length - 1) * (end === 'low' ? tail : 1 - tail)
  const below = Math.floor(place)
  const left = sorted[below]!
  return left + (sorted[Math.min(below + 1, sorted.length - 1)]! - left) * (place - below)
}

/** 1 − Σ error² / Σ (y − baseline)², of the hours that have the hour before. */
const scoreOf = (errorOf: (hour: Hour) => number) =>
  of((all, read) => {
    const hours = judgedOf(all, read).filter(({ persistent }) => persistent !== null)
    const total = sumOf(hours.map(({ residual, baseline }) => (residual - baseline) ** 2))
    return 1 - sumOf(hours.map((hour) => errorOf(hour) ** 2)) / total
  })

const LAGS = 24
function errorsOf(hours: readonly Hour[]) {
  const errors = hours.map(({ unattributed }) => unattributed)
  const [n, mean, deviation] = [errors.length, meanOf(errors), deviationOf(errors)]
  const centred = new Map(hours.map(({ hour }, place) => [hour, errors[place]! - mean]))
  const correlation = (lag: number) =>
    sumOf([...centred].map(([hour, value]) => value * (centred.get(hour - lag) ?? 0))) / (n * deviation ** 2)
  return { n, deviation, values: [...centred.values()], correlation }
}
const diagnostics: Readonly<Record<string, Maker>> = {
  hours: of((all) => all.model().rows.length),
  coverage: of((all, { constant }) => all.model().rows.length / constant('trainHours')),
  lambda: of((all) => all.model().lambda),
  condition: of((all) => conditionOf(all.model().rows)),
  judgedHours: of((all, read) => judgedOf(all, read).length),
  rSquared: scoreOf(({ unattributed }) => unattributed),
  persistenceRSquared: scoreOf(({ residual, persistent }) => residual - persistent!),
  effectiveHours: of((all, read) => {
    const { n, correlation } = errorsOf(judgedOf(all, read))
    const first = Math.min(Math.max(correlation(1), 0), 0.999)
    return (n * (1 - first)) / (1 + first)
  }),
  ljungBoxP: of((all, read) => {
    const { n, correlation } = errorsOf(judgedOf(all, read))
    const lags = Array.from({ length: LAGS }, (_, index) => index + 1)
    const half = (n * (n + 2) * sumOf(lags.map((lag) => correlation(lag) ** 2 / (n - lag)))) / 2
    let [term, sum] = [1, 0]
    for (let k = 1; k <= LAGS / 2; k += 1) {
      sum += term
      term *= half / k
    }
    return Math.min(Math.exp(-half) * sum, 1)
  }),
  cusum: of((all, read) => {
    const { n, deviation, values } = errorsOf(judgedOf(all, read))
    let [sum, most] = [0, 0]
    for (const value of values) {
      sum += value
      most = Math.max(most, Math.abs(sum))
    }
    return most / (deviation * Math.sqrt(n))
  })
}

export const ATTRIBUTION: Readonly<Record<string, Maker>> = {
  ...Object.fromEntries([...parts, ...shares, ...features]),
  ...diagnostics
}
