import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { measureAnalytics } from './analytics.ts'
import { measureDelivering } from './delivering.ts'
import { measureExporting } from './exporting.ts'
import { type Figure, isMet, machine, type Part, sectionOf, Unmeasured } from './figure.ts'
import { measureHistory } from './history.ts'
import { measurePolling } from './polling.ts'
import { measureRanking } from './ranking.ts'
import { measureRemembering } from './remembering.ts'
import { measureServing } from './serving.ts'
import { measureSignals } from './signals.ts'
import { measureStarting } from './starting.ts'
import { measureSweeping } from './sweeping.ts'
import { measureWriting } from './writing.ts'

// `npm run bench [-- names]`: measures each thing beside its yardstick, in one run; writes bench/results.json and docs/bench.md.
// Named ones take the place of their own earlier figures; the others stay, each with its commit.

const MEASURES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  writing: measureWriting,
  exporting: measureExporting,
  history: measureHistory,
  ranking: () => measureRanking(),
  serving: measureServing,
  analytics: () => measureAnalytics(),
  signals: () => measureSignals(),
  sweeping: measureSweeping,
  polling: measurePolling,
  delivering: measureDelivering,
  starting: measureStarting,
  remembering: measureRemembering
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in MEASURES))
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: not a measurement; there are ${Object.keys(MEASURES).join(', ')}`)
  process.exit(1)
}

const root = new URL('../', import.meta.url)
const [resultsFile, page] = [new URL('bench/results.json', root), new URL('docs/bench.md', root)]
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: fileURLToPath(root),
  encoding: 'utf8'
}).trim()

const known = new Map<string, Part>(
  (JSON.parse(await readFile(resultsFile, 'utf8')) as Part[]).map((part) => [part.name, part])
)
for (const name of Object.keys(MEASURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const part = await measure(name)
  console.log(`${sectionOf(part)}\n`)
  known.set(name, part)
  // After each: what took an hour is not lost by what fails after it.
  await write()
}

async function measure(name: string): Promise<Part> {
  const startedAt = performance.now()
  process.stderr.write(`${name} … `)
  const [figures, missing] = await MEASURES[name]!().then(
    (found) => [found, null] as const,
    (error: unknown) => {
      if (!(error instanceof Unmeasured)) throw error
      return [[], error.message] as const
    }
  )
  const ratios = figures.map((figure) => `${figure.ratio.toFixed(2)}${isMet(figure) ? '' : ' (missed)'}`)
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  process.stderr.write(`${missing ?? ratios.join(', ')} (${seconds} s)\n`)
  return {
    name,
    measuredAt: new Date().toISOString(),
    commit,
    machine: machine(),
    node: process.version,
    figures,
    missing
  }
}

async function write(): Promise<void> {
  const parts = Object.keys(MEASURES).flatMap((name) => known.get(name) ?? [])
  await writeFile(resultsFile, `${JSON.stringify(parts, null, 2)}\n`)
  const words =
    '# Benchmarks\n\nWritten by `npm run bench`. Medians; each part is run by its name alone as well, `npm run bench -- writing`.\n\n'
  await writeFile(page, `${words}${parts.map(sectionOf).join('\n\n')}\n`)
}
