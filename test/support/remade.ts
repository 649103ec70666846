import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../scripts/recompute.ts', import.meta.url))

/** The values that a process of its own makes of answers alone. */
export function remade(answers: readonly object[]): unknown[] {
  const input = answers.map((answer) => JSON.stringify(answer)).join('\n')
  const { stdout, stderr, status } = spawnSync(process.execPath, [SCRIPT], { input, encoding: 'utf8', maxBuffer: 1e9 })
  assert.equal(status, 0, stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
