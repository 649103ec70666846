import { cpus, totalmem } from 'node:os'

/** One thing measured beside its yardstick, in the same run. */
export type Figure = {
  readonly name: string
  readonly unit: string
  readonly ours: number
  /** What ours is held against, and what that measured; null where a limit is all there is. */
  readonly yardstick: { readonly name: string; readonly value: number } | null
  /** ours / yardstick, or ours itself where there is none. */
  readonly ratio: number
  readonly goal: { readonly atLeast: number } | { readonly atMost: number } | null
  /** Runs of which these are the medians. */
  readonly runs: number
  readonly note?: string
}

/** What was measured together, by one word of the command. */
export type Part = {
  readonly name: string
  readonly measuredAt: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly figures: readonly Figure[]
  /** Why it could not be measured there; null: it was. */
  readonly missing: string | null
}

/** Says of a measurement that it cannot be made here. */
export class Unmeasured extends Error {
  override name = 'Unmeasured'
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Measures ours and the yardstick in turn, so that what else the machine does meets both. */
export async function inTurn(
  runs: number,
  ours: () => Promise<number>,
  yardstick: () => Promise<number>
): Promise<{ ours: number; yardstick: number }> {
  const measured: [number, number][] = []
  for (let run = 0; run < runs; run += 1) measured.push([await ours(), await yardstick()])
  return { ours: median(measured.map(([value]) => value)), yardstick: median(measured.map(([, value]) => value)) }
}

export function isMet({ ratio, goal }: Figure): boolean {
  if (goal === null) return true
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost
}

export const machine = () => `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`

const rounded = (value: number) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

/** What the terminal and docs/bench.md show of a part. */
export function sectionOf({ name, figures, missing, measuredAt, commit, machine: where, node }: Part): string {
  const said = `## ${name}\n\nMeasured ${measuredAt} at ${commit} on ${where}, Node ${node}.`
  if (missing !== null) return `${said}\n\nNot measured: ${missing}`
  const rows = figures.map((figure) => {
    const { name, unit, ours, yardstick, ratio, goal, runs, note } = figure
    const wanted = goal === null ? '' : 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`
    const held = yardstick === null ? '' : `${rounded(yardstick.value)} (${yardstick.name})`
    const met = goal === null ? '' : isMet(figure) ? 'met' : '**missed**'
    return `| ${name} | ${rounded(ours)} ${unit} | ${held} | ${rounded(ratio)} | ${wanted} | ${met} | ${runs} | ${note ?? ''} |`
  })
  const head = '| what | ours | yardstick | ratio | goal | | runs | |\n|---|---|---|---|---|---|---|---|'
  return [said, '', head, ...rows].join('\n')
}
