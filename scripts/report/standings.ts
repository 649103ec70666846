import { midrankPercentile } from '../../src/domain/statistics.ts'
import { DAY, isoOf } from '../../src/domain/time.ts'
import type { Ask } from './ask.ts'
import { fixed, tableOf } from './table.ts'

export type Standings = {
  readonly instrument: string
  readonly rate8h: number
  /** Of funding within 30, 90, 365 days, 0–100. */
  readonly funding: readonly (number | null)[]
  readonly basisBps: number
  readonly basis: readonly (number | null)[]
}

export const WINDOWS_DAYS = [30, 90, 365] as const

type Served = { readonly instrument: string; readonly rate8h: number } & Readonly<Record<string, number | null>>
type Observed = { readonly at: number; readonly value: number }

/**
 * Where the last funding and the last basis until `atMs` stand among those of the days before. Of funding the API tells, with `askThen`
 * of one whose clock stands there; of a basis it serves the history, and the same rank is taken of that.
 */
export async function measureStandings(
  ask: Ask,
  askThen: Ask,
  instruments: readonly string[],
  atMs: number
): Promise<Standings[]> {
  const served = await askThen<Served[]>('/v1/funding/standings', { instrument: instruments.join(), limit: '100' })
  const range = { from: isoOf(atMs - 365 * DAY), to: isoOf(atMs + 1), limit: '5000' }
  const found: Standings[] = []
  for (const instrument of instruments) {
    const standing = served.find((each) => each.instrument === instrument)!
    const points = await ask<{ tickAt: string; basisBps: number }[]>('/v1/basis/history', { instrument, ...range })
    const bases = points.map((row): Observed => ({ at: Date.parse(row.tickAt), value: row.basisBps }))
    found.push({
      instrument,
      rate8h: standing.rate8h,
      funding: WINDOWS_DAYS.map((days) => standing[`percentile${days}d`]!),
      basisBps: bases.at(-1)!.value,
      basis: WINDOWS_DAYS.map((days) => percentileOf(bases, days))
    })
  }
  return found
}

function percentileOf(history: readonly Observed[], days: number): number | null {
  const last = history.at(-1)!
  const within = history.filter(({ at }) => at > last.at - days * DAY)
  return midrankPercentile(
    last.value,
    within.map(({ value }) => value)
  )
}

export function standingsTable(rows: readonly Standings[]): string[] {
  const places = (values: readonly (number | null)[]) => values.map((value) => fixed(value, 1)).join(' / ')
  return tableOf(
    [
      'perpetual',
      'funding per 8 h, bps',
      'percentile of 30 / 90 / 365 d',
      'basis, bps',
      'percentile of 30 / 90 / 365 d'
    ],
    rows.map(({ instrument, rate8h, funding, basisBps, basis }) => [
      `\`${instrument}\``,
      fixed(rate8h * 10_000),
      places(funding),
      fixed(basisBps),
      places(basis)
    ])
  )
}
