import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { measureAnalytics } from './analytics.ts'
import { measureDelivering } from './delivering.ts'
import { measureExporting } from './exporting.ts'
import { type Figure, isMet, machine, type Results, tableOf, Unmeasured } from './figure.ts'
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

const figures: Figure[] = []
const missing: { name: string; reason: string }[] = []
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const startedAt = performance.now()
  process.stderr.write(`${name} … `)
  try {
    const found = await measure()
    figures.push(...found)
    process.stderr.write(
      `${found.map((figure) => `${figure.ratio.toFixed(2)}${isMet(figure) ? '' : ' (missed)'}`).join(', ')}`
    )
  } catch (error) {
    if (!(error instanceof Unmeasured)) throw error
    missing.push({ name, reason: error.message })
    process.stderr.write(error.message)
  }
  process.stderr.write(` (${Math.round((performance.now() - startedAt) / 1_000)} s)\n`)
}

const root = new URL('../', import.meta.url)
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: fileURLToPath(root),
  encoding: 'utf8'
}).trim()
const results: Results = {
  measuredAt: new Date().toISOString(),
  commit,
  machine: machine(),
  node: process.version,
  figures,
  missing
}
console.log(tableOf(results))
// A part of the measurements does not stand for all of them.
if (wanted.length === 0) {
  await writeFile(new URL('bench/results.json', root), `${JSON.stringify(results, null, 2)}\n`)
  await writeFile(new URL('docs/bench.md', root), `# Benchmarks\n\nWritten by \`npm run bench\`. ${tableOf(results)}\n`)
}
