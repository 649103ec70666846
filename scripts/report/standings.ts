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

type Observed = { readonly at: number; readonly value: number }

/** Where the last funding and the last basis until `atMs` stand among those that the API serves of the days before. */
export async function measureStandings(ask: Ask, instruments: readonly string[], atMs: number): Promise<Standings[]> {
  const range = { from: isoOf(atMs - 365 * DAY), to: isoOf(atMs + 1), limit: '5000' }
  const found: Standings[] = []
  for (const instrument of instruments) {
    const settled = await ask<{ settledAt: string; rate8h: number }[]>('/v1/funding/history', { instrument, ...range })
    const points = await ask<{ tickAt: string; basisBps: number }[]>('/v1/basis/history', { instrument, ...range })
    const rates = settled.map((row): Observed => ({ at: Date.parse(row.settledAt), value: row.rate8h }))
    const bases = points.map((row): Observed => ({ at: Date.parse(row.tickAt), value: row.basisBps }))
    found.push({
      instrument,
      rate8h: rates.at(-1)!.value,
      funding: WINDOWS_DAYS.map((days) => percentileOf(rates, days)),
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
