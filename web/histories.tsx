import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { BoardRow } from '../src/domain/board-row.ts'
import { type Answer, ask, type Bucket, queryOf, type Realised, type Settlement } from './api.ts'
import { Chart } from './chart.tsx'
import { bpsText, percentText } from './numbers.ts'

const DAY_MS = 86_400_000
export const BASIS_DAYS = [1, 7, 30] as const
export const FUNDING_DAYS = 30

/** The questions that the histories of a contract come from. `nowMs` is cut to the hour: within it the address stays the same. */
export function historyQuestions({ instrument }: BoardRow, basisDays: number, nowMs: number) {
  const hourMs = Math.floor(nowMs / 3_600_000) * 3_600_000
  const since = (days: number) => new Date(hourMs - days * DAY_MS).toISOString()
  const from = since(FUNDING_DAYS)
  return {
    basis: queryOf('/v1/basis/history', { instrument, resolution: '1h', from: since(basisDays), limit: '5000' }),
    settled: queryOf('/v1/funding/history', { instrument, from, limit: '5000' }),
    realised: queryOf('/v1/funding/realised', { instrument, from })
  }
}

/** An answer, the one before it while the next is on its way, or why there is none. */
function useAnswer<T>(question: string): { data?: T; failure?: string } {
  const [state, setState] = useState<{ data?: T; failure?: string }>({})
  useEffect(() => {
    let isWanted = true
    ask<T>(question).then(
      ({ data }: Answer<T>) => isWanted && setState({ data }),
      (error: Error) => isWanted && setState({ failure: error.message })
    )
    return () => {
      isWanted = false
    }
  }, [question])
  return state
}

const percent = (fraction: number) => percentText(fraction, 1)

export function BasisChart({ question, children }: { question: string; children: ReactNode }): ReactNode {
  const { data, failure } = useAnswer<readonly Bucket[]>(question)
  const { times, lines, summary } = useMemo(() => {
    const buckets = data ?? []
    return {
      times: buckets.map(({ start }) => Date.parse(start) / 1_000),
      lines: [{ label: 'basis, bps', values: buckets.map(({ mean }) => mean), colour: 'accent' }],
      summary: rangeOf(
        buckets.map(({ mean }) => mean),
        bpsText,
        'hours with a basis'
      )
    }
  }, [data])
  return (
    <Chart
      title="Basis, mean of each hour, bps"
      summary={failure ?? (data === undefined ? 'asking …' : summary)}
      times={times}
      lines={lines}
      write={bpsText}
    >
      {children}
    </Chart>
  )
}

export function FundingChart({ question }: { question: string }): ReactNode {
  const { data, failure } = useAnswer<readonly Settlement[]>(question)
  const { times, lines, summary } = useMemo(() => {
    const settled = data ?? []
    const side = (label: string, colour: string, isOn: (apr: number) => boolean) => ({
      label,
      colour,
      isBars: true,
      values: settled.map(({ apr }) => (apr !== null && isOn(apr) ? apr : null))
    })
    return {
      times: settled.map(({ settledAt }) => Date.parse(settledAt) / 1_000),
      lines: [side('longs paid', 'up', (apr) => apr >= 0), side('shorts paid', 'down', (apr) => apr < 0)],
      summary: rangeOf(
        settled.map(({ apr }) => apr),
        percent,
        'settlements with a known interval'
      )
    }
  }, [data])
  return (
    <Chart
      title={`Settled funding, APR, ${FUNDING_DAYS} days`}
      summary={failure ?? (data === undefined ? 'asking …' : summary)}
      times={times}
      lines={lines}
      write={percent}
    />
  )
}

function rangeOf(values: readonly (number | null)[], write: (value: number) => string, what: string): string {
  const known = values.filter((value) => value !== null)
  const last = known.at(-1)
  if (last === undefined) return `none of ${values.length} ${what}`
  const [low, high] = known.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [last, last])
  return `${known.length} of ${values.length} ${what}; ${write(low)} to ${write(high)}, last ${write(last)}`
}

/** What holding the contract for a month paid, by what was actually settled. */
export function RealisedFunding({ question }: { question: string }): ReactNode {
  const { data, failure } = useAnswer<Realised>(question)
  if (failure !== undefined) return <p className="aside">{failure}</p>
  if (data === undefined) return <p className="aside">asking …</p>
  const { sumRate, realisedApr, settlements, coverage } = data
  if (sumRate === null) return <p className="aside">No settlement in {FUNDING_DAYS} days is known.</p>
  return (
    <p>
      A short {sumRate < 0 ? 'paid' : 'was paid'} <strong>{percentText(sumRate, 3)}</strong> over {FUNDING_DAYS} days
      {realisedApr !== null && <> ({percent(realisedApr)} APR)</>}, in {settlements} settlements
      {coverage !== null && <>, {(coverage * 100).toFixed(0)} % of those expected</>}.
    </p>
  )
}
