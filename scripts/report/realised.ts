import { isoOf } from '../../src/domain/time.ts'
import type { Ask } from './ask.ts'
import { percent, tableOf } from './table.ts'

export type Realised = {
  readonly sumRate: number | null
  readonly realisedApr: number | null
  readonly settlements: number
  readonly coverage: number | null
}
export type YearsOf = { readonly instrument: string; readonly years: readonly (Realised | null)[] }

export const YEARS = [2020, 2021, 2022, 2023, 2024, 2025] as const

/** What each perpetual paid in each calendar year; null where nothing is recorded. */
export async function measureRealised(ask: Ask, instruments: readonly string[]): Promise<YearsOf[]> {
  const rows: YearsOf[] = []
  for (const instrument of instruments) {
    const years: (Realised | null)[] = []
    for (const year of YEARS) {
      // (from, to]: the settlement at New Year's midnight belongs to the year that begins.
      const [from, to] = [isoOf(Date.UTC(year, 0) - 1), isoOf(Date.UTC(year + 1, 0) - 1)]
      const paid = await ask<Realised>('/v1/funding/realised', { instrument, from, to })
      years.push(paid.settlements === 0 ? null : paid)
    }
    rows.push({ instrument, years })
  }
  return rows
}

export function realisedTable(rows: readonly YearsOf[]): string[] {
  return tableOf(
    ['perpetual', ...YEARS.map(String)],
    rows.map(({ instrument, years }) => [`\`${instrument}\``, ...years.map(cellOf)])
  )
}

function cellOf(paid: Realised | null): string {
  if (paid === null) return ''
  const { coverage, realisedApr } = paid
  const part = coverage === 1 || coverage === null ? '' : ` (${percent(coverage, coverage > 0.99 ? 2 : 0)})`
  return `${percent(realisedApr)}${part}`
}
