import { deviationOf, meanOf } from './statistics.ts'

// Ridge regression and what is said of its features. Matrices are rows of numbers.

type Matrix = readonly (readonly number[])[]
export type Fit = {
  readonly intercept: number
  readonly betas: readonly number[]
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}

const columnsOf = (rows: Matrix) => rows[0]!.map((_, place) => rows.map((row) => row[place]!))
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, place) => sum + value * b[place]!, 0)

/** Columns in deviations from their means; one that never moves is 0. */
function standardised(rows: Matrix) {
  const columns = columnsOf(rows)
  const [means, deviations] = [columns.map(meanOf), columns.map(deviationOf)]
  const z = columns.map((column, place) =>
    column.map((value) => (deviations[place]! > 0 ? (value - means[place]!) / deviations[place]! : 0))
  )
  return { means, deviations, z }
}

/** One fit for each λ; where a column never moves its β is 0. */
export function ridges(rows: Matrix, y: readonly number[], lambdas: readonly number[]): Fit[] {
  const { means, deviations, z } = standardised(rows)
  const moving = z.filter((_, place) => deviations[place]! > 0)
  const intercept = meanOf(y)
  const centred = y.map((value) => value - intercept)
  const gram = moving.map((a) => moving.map((b) => dot(a, b)))
  const towards = moving.map((a) => dot(a, centred))
  return lambdas.map((lambda) => {
    const solved = solve(gram, towards, lambda)
    let next = 0
    const betas = deviations.map((deviation) => (deviation > 0 ? solved[next++]! : 0))
    return { intercept, betas, means, deviations }
  })
}

/** β of (gram + λ I) β = towards, by Cholesky’s triangle. */
export function solve(gram: Matrix, towards: readonly number[], lambda: number): number[] {
  const l = gram.map((row) => row.map(() => 0))
  for (const [j, row] of gram.entries()) {
    let left = 0
    for (let k = 0; k < j; k += 1) {
      const s = (row[k]! - dot(l[k]!.slice(0, k), l[j]!)) / l[k]![k]!
      l[j]![k] = s
      left += s * s
    }
    l[j]![j] = Math.sqrt(row[j]! + lambda - left)
  }
  const found = [...towards]
  for (let k = 0; k < found.length; k += 1) {
    for (let i = 0; i < k; i += 1) found[k]! -= found[i]! * l[k]![i]!
    found[k]! /= l[k]![k]!
  }
  for (let k = found.length - 1; k >= 0; k -= 1) {
    for (let i = k + 1; i < found.length; i += 1) found[k]! -= found[i]! * l[i]![k]!
    found[k]! /= l[k]![k]!
  }
  return found
}

/** What each column of a row adds to the intercept. */
export const contributionsOf = ({ betas, means, deviations }: Fit, row: readonly number[]) =>
  betas.map((beta, place) => {
    const deviation = deviations[place]!
    return deviation > 0 ? (beta * (row[place]! - means[place]!)) / deviation : 0
  })

function correlationsOf(rows: Matrix): number[][] {
  const { deviations, z } = standardised(rows)
  const moving = z.filter((_, place) => deviations[place]! > 0)
  return moving.map((a) => moving.map((b) => dot(a, b) / rows.length))
}

/** Diagonal of the inverse of the columns’ correlations; NaN of one that never moves. */
export function inflationOf(rows: Matrix): number[] {
  const correlations = correlationsOf(rows)
  const unit = (place: number) => correlations.map((_, other) => (other === place ? 1 : 0))
  let next = 0
  return standardised(rows).deviations.map((deviation) => {
    if (!(deviation > 0)) return Number.NaN
    next += 1
    return solve(correlations, unit(next - 1), 0)[next - 1]!
  })
}

/** Largest over smallest eigenvalue of the columns’ correlations, by Jacobi’s rotations. */
export function conditionOf(rows: Matrix): number {
  const a = correlationsOf(rows)
  for (let sweep = 0; sweep < 100; sweep += 1) {
    for (let p = 0; p < a.length; p += 1) for (let q = p + 1; q < a.length; q += 1) rotate(a, p, q)
  }
  const values = a.map((row, place) => row[place]!)
  return Math.max(...values) / Math.min(...values)
}

function rotate(a: number[][], p: number, q: number): void {
  if (a[p]![q] === 0) return
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (const row of a) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!]
  const [rowP, rowQ] = [[...a[p]!], [...a[q]!]]
  a[p] = rowP.map((value, place) => c * value - s * rowQ[place]!)
  a[q] = rowP.map((value, place) => s * value + c * rowQ[place]!)
}
