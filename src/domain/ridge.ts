import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { deviationOf, meanOf, sumOf } from './statistics.ts'

/** A ridge regression on features that were standardised on the rows it was fitted to. */
export type RidgeFit = {
  /** Mean of y there. */
  readonly intercept: number
  /** Units of y per deviation of the feature. */
  readonly betas: readonly number[]
  readonly means: readonly number[]
  /** Of the population; 0 for a feature that never moved, which then contributes nothing. */
  readonly deviations: readonly number[]
}

/**
 * β = (Z'Z + λI)⁻¹ Z'(y − ȳ), Z standardised by the population's deviation. Null for fewer than two rows, and where nothing decides
 * between features (λ = 0 and one is a mixture of others). Spec 2.6, vector 45.
 */
export function fitRidge(rows: readonly (readonly number[])[], y: readonly number[], lambda: number): RidgeFit | null {
  return fitRidges(rows, y, [lambda])[0]!
}

/** The same for each of several λ: what they share is computed once. */
export function fitRidges(
  rows: readonly (readonly number[])[],
  y: readonly number[],
  lambdas: readonly number[]
): (RidgeFit | null)[] {
  if (rows.length < 2 || rows.length !== y.length) return lambdas.map(() => null)
  const { means, deviations, moving, z } = standardised(rows)
  const intercept = meanOf(y)
  const transposed = z.transpose()
  const gram = transposed.mmul(z)
  const towards = transposed.mmul(Matrix.columnVector(y.map((value) => value - intercept)))
  return lambdas.map((lambda) => {
    const solved = moving.length === 0 ? [] : solve(gram, towards, lambda)
    if (solved === null) return null
    const betas = Array<number>(means.length).fill(0)
    for (const [place, feature] of moving.entries()) betas[feature] = solved[place]!
    return { intercept, betas, means, deviations }
  })
}

/** β of sums over rows of one's own: Σzz' about the mean, and Σz(y − ȳ). */
export function solveRidge(
  gram: readonly (readonly number[])[],
  towards: readonly number[],
  lambda: number
): number[] | null {
  return solve(new Matrix(gram.map((row) => [...row])), Matrix.columnVector([...towards]), lambda)
}

function solve(gram: Matrix, towards: Matrix, lambda: number): number[] | null {
  if (!(lambda >= 0)) return null
  const penalised = Matrix.add(gram, Matrix.eye(gram.rows).mul(lambda))
  const factor = new CholeskyDecomposition(penalised)
  if (!factor.isPositiveDefinite() || (lambda === 0 && conditionOf(gram) > SINGULAR)) return null
  return factor.solve(towards).to1DArray()
}

/** Beyond this the digits of a float64 are used up. */
export const SINGULAR = 1e13

type Standardised = Pick<RidgeFit, 'means' | 'deviations'> & {
  /** The features that move; z has these alone. */
  readonly moving: readonly number[]
  readonly z: Matrix
}

function standardised(rows: readonly (readonly number[])[]): Standardised {
  const columns = rows[0]!.map((_, feature) => rows.map((row) => row[feature]!))
  const [means, deviations] = [columns.map(meanOf), columns.map(deviationOf)]
  const moving = deviations.flatMap((deviation, feature) => (deviation > 0 ? [feature] : []))
  const z = rows.map((row) => moving.map((feature) => (row[feature]! - means[feature]!) / deviations[feature]!))
  return { means, deviations, moving, z: new Matrix(z) }
}

/** What each feature of a row adds to the intercept: β·z, in units of y. */
export function contributionsOf(fit: RidgeFit, row: readonly number[]): number[] {
  return fit.betas.map((beta, feature) => {
    const deviation = fit.deviations[feature]!
    return deviation > 0 ? (beta * (row[feature]! - fit.means[feature]!)) / deviation : 0
  })
}

/** 1 − Σ(y − ŷ)²/Σ(y − ȳ)² on these rows; null where y never moved. */
export function rSquared(fit: RidgeFit, rows: readonly (readonly number[])[], y: readonly number[]): number | null {
  const mean = meanOf(y)
  const total = sumOf(y.map((value) => (value - mean) ** 2))
  const left = sumOf(rows.map((row, index) => (y[index]! - fit.intercept - sumOf(contributionsOf(fit, row))) ** 2))
  return deviationOf(y) > 0 ? 1 - left / total : null
}

export type Collinearity = {
  /** Largest over smallest eigenvalue of Z'Z; infinite where a feature is a mixture of others. */
  readonly condition: number
  /** Of each feature, how many times its β's variance is what it would be without the others: 1/(1 − R² on the others). */
  readonly inflation: readonly number[]
}

/** How far the features say the same thing. A feature that never moved is left out of it, with an inflation of NaN. */
export function collinearityOf(rows: readonly (readonly number[])[]): Collinearity {
  const { means, moving, z } = standardised(rows)
  const inflation = Array<number>(means.length).fill(Number.NaN)
  if (moving.length === 0) return { condition: 1, inflation }
  const correlations = z.transpose().mmul(z).div(rows.length)
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(correlations, { assumeSymmetric: true })
  for (const [place, feature] of moving.entries()) {
    // The diagonal of the inverse, from the eigenvalues: Σ v²/λ.
    inflation[feature] = sumOf(
      realEigenvalues.map((value, index) => eigenvectorMatrix.get(place, index) ** 2 / Math.max(value, 1 / SINGULAR))
    )
  }
  return { condition: spread(realEigenvalues), inflation }
}

const conditionOf = (symmetric: Matrix) =>
  spread(new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues)

function spread(eigenvalues: readonly number[]): number {
  const [least, most] = [Math.min(...eigenvalues), Math.max(...eigenvalues)]
  return least <= most / SINGULAR ? Number.POSITIVE_INFINITY : most / least
}
