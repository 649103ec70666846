import { splitBasis } from '../domain/basis-identity.ts'
import { carryForwardReturn, type Quotes } from '../domain/carry-return.ts'
import { benjaminiHochberg, circularBlockMeans, wilson } from '../domain/inference.ts'
import { contributionsOf, fitRidge, rSquared } from '../domain/ridge.ts'
import { midrankPercentile, robustZ, sumOf } from '../domain/statistics.ts'
import { exactOf, type Fields, fieldsOf, listOf, plain, refused, requiredOf } from './vector-values.ts'

/** Statistics, attribution and studies, by the vectors' `fn`. */
export const STUDY_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'stats.midrankPercentile': ({ x, history }) =>
    plain({ percentile: midrankPercentile(requiredOf(x), numbersOf(history)) }),
  'stats.robustZ': ({ x, history }) => plain(robustZ(requiredOf(x), numbersOf(history))),
  'stats.wilson': ({ hits, n, confidence }) =>
    plain(wilson({ hits: requiredOf(hits), n: requiredOf(n), confidence: requiredOf(confidence) })),
  'stats.benjaminiHochberg': ({ pValues, q }) =>
    benjaminiHochberg(numbersOf(pValues), requiredOf(q)) ?? refused('rejected', 'adjusted'),
  'stats.circularBlockMeans': ({ series, blockLength, blockStarts }) =>
    plain({
      means: circularBlockMeans(numbersOf(series), requiredOf(blockLength), listOf(blockStarts).map(numbersOf))
    }),
  'attribution.ridge': ridgeOfFeatures,
  'attribution.noArb': (input) =>
    plain(
      splitBasis({
        observedBps: exactOf(input.observedBps),
        fxBps: exactOf(input.fxBps),
        fairCarryBps: exactOf(input.fairCarryBps),
        noiseSigmaBps: exactOf(input.noiseSigmaBps)
      }) ?? refused('fxBps', 'carryBps', 'residualBps', 'residualSignificant', 'sumCheckBps')
    ),
  'study.carryForwardReturn': returnOfCarry
}

const numbersOf = (value: unknown) => listOf(value).map(requiredOf)

function ridgeOfFeatures(input: Fields): unknown {
  const features = fieldsOf(input.features)
  const names = Object.keys(features)
  const columns = names.map((name) => numbersOf(features[name]))
  const y = numbersOf(input.y)
  const rows = y.map((_, index) => columns.map((column) => column[index] ?? Number.NaN))
  const whole = rows.flat().every(Number.isFinite) && y.every(Number.isFinite)
  const fit = whole ? fitRidge(rows, y, requiredOf(input.lambda)) : null
  if (fit === null) return refused('intercept', 'beta', 'contributionLast', 'unattributedLast', 'r2InSample')
  const last = contributionsOf(fit, rows.at(-1)!)
  const named = (values: readonly number[]) => Object.fromEntries(names.map((name, index) => [name, values[index]]))
  return plain({
    intercept: fit.intercept,
    beta: named(fit.betas),
    contributionLast: named(last),
    unattributedLast: y.at(-1)! - fit.intercept - sumOf(last),
    r2InSample: rSquared(fit, rows, y)
  })
}

function returnOfCarry(input: Fields): unknown {
  return plain(
    carryForwardReturn({
      snapshots: listOf(input.snapshots).flatMap(quotesOf),
      settledFunding: listOf(input.settledFunding)
        .map(fieldsOf)
        .map(({ ts, rate }) => ({ ts: requiredOf(ts), rate: requiredOf(rate) })),
      signalTs: requiredOf(input.signalTs),
      latencyMs: requiredOf(input.latencyMs),
      horizonMs: requiredOf(input.horizonMs),
      spotTaker: requiredOf(input.spotTaker),
      perpTaker: requiredOf(input.perpTaker)
    })
  )
}

/** A snapshot without all four prices is none. */
function quotesOf(value: unknown): Quotes[] {
  const fields = fieldsOf(value)
  const [spotBid, spotAsk] = [exactOf(fields.spotBid), exactOf(fields.spotAsk)]
  const [perpBid, perpAsk] = [exactOf(fields.perpBid), exactOf(fields.perpAsk)]
  if (!spotBid || !spotAsk || !perpBid || !perpAsk) return []
  return [{ ts: requiredOf(fields.ts), spotBid, spotAsk, perpBid, perpAsk }]
}
