import type { DriverModel } from './driver-model.ts'
import { drawStarts } from './inference.ts'
import { createRandom } from './random.ts'
import { solveRidge } from './ridge.ts'
import { quantileOf } from './statistics.ts'

export type Interval = { readonly low: number; readonly high: number }

export const BOOTSTRAP = { draws: 500, blockHours: 24, confidence: 0.9 }

/**
 * Interval (90 %) of each β of a model, in bps per deviation of its feature: from 500 resamples of its rows in circular blocks of a
 * day, as neighbouring hours are not independent. The seed makes it repeatable. Spec 2.6.
 */
export function betaIntervals(model: DriverModel, seed: number, bootstrap = BOOTSTRAP): Interval[] {
  const { draws, blockHours, confidence } = bootstrap
  const n = model.rows.length
  const next = createRandom(seed)
  const sums = momentsOf(model)
  const betas = Array.from({ length: draws }, () => {
    const starts = drawStarts(n, blockHours, next)
    const last = n - blockHours * (starts.length - 1)
    const lengths = starts.map((_, index) => (index === starts.length - 1 ? last : blockHours))
    return betasOf(sumsOfBlocks(sums, starts, lengths, n), n, model)
  }).filter((each) => each !== null)
  const tail = (1 - confidence) / 2
  return model.used.map((_, feature) => {
    const drawn = betas.map((each) => each[feature]!)
    return { low: quantileOf(drawn, tail), high: quantileOf(drawn, 1 - tail) }
  })
}

/**
 * Running sums over the rows, twice round, of all products of (z…, y, 1): what any block adds is a difference of two of them.
 * That makes a resample as cheap as its blocks are few.
 */
function momentsOf({ rows, y, fit }: DriverModel): Float64Array[] {
  const terms = rows.map((row, index) => {
    const z = row.map((value, feature) => {
      const deviation = fit.deviations[feature]!
      return deviation > 0 ? (value - fit.means[feature]!) / deviation : 0
    })
    return [...z, y[index]! - fit.intercept, 1]
  })
  const width = terms[0]!.length
  const sums = [new Float64Array(width * width)]
  for (const term of [...terms, ...terms]) {
    const sum = Float64Array.from(sums.at(-1)!)
    for (let a = 0; a < width; a += 1) for (let b = 0; b < width; b += 1) sum[a * width + b]! += term[a]! * term[b]!
    sums.push(sum)
  }
  return sums
}

function sumsOfBlocks(
  sums: readonly Float64Array[],
  starts: readonly number[],
  lengths: readonly number[],
  n: number
): Float64Array {
  const total = new Float64Array(sums[0]!.length)
  for (const [index, start] of starts.entries()) {
    const [before, after] = [sums[start % n]!, sums[(start % n) + lengths[index]!]!]
    for (let place = 0; place < total.length; place += 1) total[place]! += after[place]! - before[place]!
  }
  return total
}

function betasOf(total: Float64Array, n: number, { used, lambda }: DriverModel): number[] | null {
  const width = used.length + 2
  const sum = (a: number, b: number) => total[a * width + b]!
  const about = (a: number, b: number) => sum(a, b) - (sum(a, width - 1) * sum(b, width - 1)) / n
  const gram = used.map((_, a) => used.map((_, b) => about(a, b)))
  const towards = used.map((_, a) => about(a, width - 2))
  return solveRidge(gram, towards, lambda)
}
