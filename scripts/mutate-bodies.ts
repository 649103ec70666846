import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// `node scripts/mutate-bodies.ts --runs 10000 [--venue okx]`: the test of broken bodies with more of them, as many for each venue.

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10000' }, venue: { type: 'string' } } })
if (!/^[1-9]\d{0,7}$/.test(values.runs)) throw new Error(`--runs: expected a whole number, was ${values.runs}`)
const file = fileURLToPath(new URL('../test/faults/mutations.test.ts', import.meta.url))
const named = values.venue === undefined ? [] : [`--test-name-pattern= of ${values.venue}:`]
const { status } = spawnSync(process.execPath, ['--test', ...named, file], {
  env: { ...process.env, MUTATED_BODIES: values.runs },
  stdio: 'inherit'
})
process.exitCode = status ?? 1
