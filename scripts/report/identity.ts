import { add, compare, decimalToString, parseDecimal, subtract, ZERO } from '../../src/domain/decimal.ts'
import { DAY, HOUR, isoOf } from '../../src/domain/time.ts'
import type { Ask } from './ask.ts'
import { PRICED } from './recorded.ts'
import { fixed, tableOf } from './table.ts'

type Parts = {
  readonly observedBps: string
  readonly fxBps: string
  readonly fairCarryBps: string
  readonly residualBps: string
}
type Split = Parts & { readonly at: string; readonly residualSignificant: boolean | null }
type Drivers = {
  readonly identity: { readonly start: Split; readonly end: Split; readonly change: Parts } | null
  readonly attribution: unknown
  readonly refusals: readonly string[]
  readonly absent: Readonly<Record<string, string>>
}

export type Identities = {
  readonly instrument: string
  /** Bases that were split, each once. */
  readonly splits: number
  /** Bases and changes whose parts were added up again. */
  readonly checked: number
  /** The largest |observed − (fx + fair carry + residual)|, bps, exact. */
  readonly worst: string
  readonly mean: { readonly observed: number; readonly carry: number; readonly residual: number } | null
  /** Why nothing was split, and why nothing was attributed; with how many windows. */
  readonly absent: ReadonlyMap<string, number>
  readonly refusals: ReadonlyMap<string, number>
}

/** The two closes of eight hours that a window shows: its first and its last. */
const WINDOW_MS = 16 * HOUR

/** From one window to the next: in turn at each hour of the day, and a question is not for free. */
const EVERY_MS = 88 * HOUR
/** The same where nothing can be split, which has one reason. */
export const SELDOM_MS = 30 * DAY

/** Layer 1 of closes within [from, to), by windows of two of them. */
export async function measureIdentity(
  ask: Ask,
  instrument: string,
  { fromMs, toMs, everyMs = EVERY_MS }: { fromMs: number; toMs: number; everyMs?: number } = PRICED
): Promise<Identities> {
  const splits = new Map<string, Split>()
  const counts = { absent: new Map<string, number>(), refusals: new Map<string, number>() }
  const count = (of: keyof typeof counts, code: string) => counts[of].set(code, (counts[of].get(code) ?? 0) + 1)
  let worst = ZERO
  let checked = 0
  for (let at = fromMs; at < toMs; at += everyMs) {
    const query = { instrument, from: isoOf(at), to: isoOf(at + WINDOW_MS) }
    const { identity, refusals, absent } = await ask<Drivers>('/v1/drivers', query)
    for (const code of refusals) count('refusals', code)
    if (identity === null) {
      count('absent', absent.identity!)
      continue
    }
    for (const each of [identity.start, identity.end]) splits.set(each.at, each)
    for (const parts of [identity.start, identity.end, identity.change]) {
      const off = offOf(parts)
      if (compare(off, worst) > 0) worst = off
      checked += 1
    }
  }
  const all = [...splits.values()]
  const mean = (field: keyof Parts) => all.reduce((sum, each) => sum + Number(each[field]), 0) / all.length
  const means = { observed: mean('observedBps'), carry: mean('fairCarryBps'), residual: mean('residualBps') }
  return {
    instrument,
    splits: all.length,
    checked,
    worst: decimalToString(worst),
    mean: all.length === 0 ? null : means,
    ...counts
  }
}

function offOf({ observedBps, fxBps, fairCarryBps, residualBps }: Parts) {
  const [observed, fx, carry, residual] = [observedBps, fxBps, fairCarryBps, residualBps].map(
    (text) => parseDecimal(text)!
  )
  const off = subtract(observed!, add(add(fx!, carry!), residual!))
  return compare(off, ZERO) < 0 ? subtract(ZERO, off) : off
}

export function identityTable(rows: readonly Identities[]): string[] {
  const codes = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([code, count]) => `\`${code}\` ${count}`).join(', ')
  return tableOf(
    [
      'perpetual',
      'bases split',
      'sums checked',
      'largest error, bps',
      'mean basis, bps',
      'fair carry',
      'residual',
      'not split'
    ],
    rows.map(({ instrument, splits, checked, worst, mean, absent }) => [
      `\`${instrument}\``,
      splits,
      checked,
      splits === 0 ? '–' : worst,
      ...[mean?.observed, mean?.carry, mean?.residual].map((value) => fixed(value ?? null)),
      codes(absent)
    ])
  )
}
