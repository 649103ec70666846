import type { Reader } from './answer.ts'
import { type Fraction, float, fraction, plus } from './fraction.ts'

// Blocks of the UTC day in which two perpetuals settled, and how long one has settled more.

export type Settled = { readonly at: number; readonly rate: string; readonly intervalHours: number | null }
type Within = { readonly start: number; readonly end: number }

/** What one leg settled, by the beginning of each block of which it is known whole. */
function sumsOf(settled: readonly Settled[], { start, end }: Within, { constant }: Reader) {
  const [blockMs, hourMs] = [constant('blockMs'), constant('hourMs')]
  const sums = new Map<number, { sum: Fraction; ms: number }>()
  for (const { at, rate, intervalHours } of settled) {
    const from = Math.floor((at - 1) / blockMs) * blockMs
    if (from < start || from + blockMs > end) continue
    const { sum, ms } = sums.get(from) ?? { sum: fraction(0), ms: 0 }
    sums.set(from, { sum: plus(sum, fraction(rate)), ms: ms + (intervalHours ?? Number.NaN) * hourMs })
  }
  return new Map([...sums].flatMap(([from, { sum, ms }]) => (ms === blockMs ? [[from, float(sum)]] : [])))
}

/** How many of the newest blocks in a row the short leg has settled more in. */
export function longestRun(short: readonly Settled[], long: readonly Settled[], within: Within, read: Reader): number {
  const [ofShort, ofLong] = [sumsOf(short, within, read), sumsOf(long, within, read)]
  const common = [...ofShort.keys()].filter((from) => ofLong.has(from)).sort((a, b) => b - a)
  const broken = common.findIndex((from) => ofShort.get(from)! <= ofLong.get(from)!)
  return broken < 0 ? common.length : broken
}
