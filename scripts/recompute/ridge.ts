import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { deviationOf, meanOf, sumOf } from './statistics.ts'

// Ridge regression and what is said of its features, with the library that the words name. Rows are lists of numbers.

type Rows = readonly (readonly number[])[]
export type Fit = {
  readonly intercept: number
  readonly betas: readonly number[]
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}

/** Rows in deviations from their means, of the columns that move alone. */
function standardised(rows: Rows) {
  const columns = rows[0]!.map((_, place) => rows.map((row) => row[place]!))
  const [means, deviations] = [columns.map(meanOf), columns.map(deviationOf)]
  const moving = deviations.flatMap((deviation, place) => (deviation > 0 ? [place] : []))
  const z = rows.map((row) => moving.map((place) => (row[place]! - means[place]!) / deviations[place]!))
  return { means, deviations, moving, z: new Matrix(z) }
}

/** One fit for each λ; where a column never moves its β is 0. */
export function ridges(rows: Rows, y: readonly number[], lambdas: readonly number[]): Fit[] {
  const { means, deviations, moving, z } = standardised(rows)
  const intercept = meanOf(y)
  const transposed = z.transpose()
  const gram = transposed.mmul(z)
  const towards = transposed.mmul(Matrix.columnVector(y.map((value) => value - intercept)))
  return lambdas.map((lambda) => {
    const solved = moving.length === 0 ? [] : solveOf(gram, towards, lambda)
    const betas = deviations.map((_, place) => (moving.includes(place) ? solved[moving.indexOf(place)]! : 0))
    return { intercept, betas, means, deviations }
  })
}

/** β of (gram + λ I) β = towards. */
export const solve = (gram: Rows, towards: readonly number[], lambda: number) =>
  solveOf(new Matrix(gram.map((row) => [...row])), Matrix.columnVector([...towards]), lambda)

const solveOf = (gram: Matrix, towards: Matrix, lambda: number) =>
  new CholeskyDecomposition(Matrix.add(gram, Matrix.eye(gram.rows).mul(lambda))).solve(towards).to1DArray()

/** What each column of a row adds to the intercept. */
export const contributionsOf = ({ betas, means, deviations }: Fit, row: readonly number[]) =>
  betas.map((beta, place) => {
    const deviation = deviations[place]!
    return deviation > 0 ? (beta * (row[place]! - means[place]!)) / deviation : 0
  })

function eigenOf(rows: Rows) {
  const { moving, z } = standardised(rows)
  const correlations = z.transpose().mmul(z).div(rows.length)
  return { moving, ...decomposed(correlations) }
}

function decomposed(symmetric: Matrix) {
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true
  })
  return { values, vectors }
}

/** Diagonal of the inverse of the columns’ correlations; NaN of one that never moves. */
export function inflationOf(rows: Rows, singular: number): number[] {
  const { moving, values, vectors } = eigenOf(rows)
  return rows[0]!.map((_, column) => {
    const place = moving.indexOf(column)
    if (place < 0) return Number.NaN
    return sumOf(values.map((value, index) => vectors.get(place, index) ** 2 / Math.max(value, 1 / singular)))
  })
}

/** Largest over smallest eigenvalue of the columns’ correlations. */
export function conditionOf(rows: Rows): number {
  const { values } = eigenOf(rows)
  return Math.max(...values) / Math.min(...values)
}
