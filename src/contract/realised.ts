import { add, type Decimal, decimalOf, multiply, parseDecimal, ratioOf, toNumber, ZERO } from '../domain/decimal.ts'
import { countExpected } from '../domain/expected-settlements.ts'
import { realisedFunding } from '../domain/funding.ts'
import { HOURS_PER_YEAR } from '../domain/time.ts'

type Settled = { readonly settledAt: number; readonly rate: string; readonly intervalHours: number | null }

/** The window (fromMs, toMs] in which settlements could be: listed by then, not later than now. */
export type Window = { readonly fromMs: number; readonly toMs: number }

export type Realised = {
  readonly sumRate: number | null
  readonly hours: number
  readonly realisedApr: number | null
  readonly settlements: number
  readonly expected: number | null
  readonly coverage: number | null
  readonly absent: Readonly<Record<string, string>>
}

/** What ascending settlements of a window paid; `intervalHours` is that of the settlements around an empty window. */
export function realisedOf(settlements: readonly Settled[], window: Window, intervalHours: number | null): Realised {
  const expected = countExpected(settlements, window, intervalHours)
  const coverage = expected === null || expected === 0 ? null : Math.min(1, settlements.length / expected)
  const counts = { settlements: settlements.length, expected, coverage }
  if (settlements.length === 0) {
    // Nothing was due and nothing paid is a sum of 0; something due and nothing known is not.
    const sumRate = expected === 0 ? 0 : null
    const absent = { realisedApr: 'no_settlements', ...(sumRate === null ? { sumRate: 'no_settlements' } : {}) }
    return { sumRate, hours: 0, realisedApr: null, ...counts, absent }
  }
  const sum = sumOf(settlements)
  const sumRate = toNumber(sum)
  const { hours, apr } = realisedFunding(
    settlements.map(({ rate, intervalHours: own }) => ({ rate: Number(rate), intervalHours: own }))
  )
  if (apr === null) return { sumRate, hours, realisedApr: null, ...counts, absent: { realisedApr: 'interval_unknown' } }
  const realisedApr = annualOf(sum, hours) ?? apr
  return { sumRate, hours, realisedApr, ...counts, absent: {} }
}

function sumOf(settlements: readonly Settled[]): Decimal {
  return settlements.reduce((total, { rate }) => add(total, parseDecimal(rate) ?? ZERO), ZERO)
}

/** From the exact sum, so that one rounding is the only one. */
function annualOf(sum: Decimal, hours: number): number | undefined {
  const [year, covered] = [decimalOf(HOURS_PER_YEAR), decimalOf(hours)]
  return year && covered && ratioOf(multiply(sum, year), covered)
}
