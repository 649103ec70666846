import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkDocPaths } from './check-doc-paths.ts'
import { checkImports } from './check-imports.ts'
import { checkLock } from './check-lock.ts'
import { checkMigrations } from './check-migrations.ts'

// Everything that can be said about the code without running it or a database: one line a check, all problems shown.

const root = fileURLToPath(new URL('../', import.meta.url))
const node = process.execPath

type Outcome = readonly string[]
type Check = { readonly name: string; readonly run: () => Promise<Outcome> }

const CHECKS: readonly Check[] = [
  {
    name: 'format and lint',
    run: () =>
      tool('node_modules/@biomejs/biome/bin/biome', [
        'ci',
        '--error-on-warnings',
        '--diagnostic-level=warn',
        '--colors=off',
        '--max-diagnostics=50',
        '.'
      ])
  },
  { name: 'imports, owners, sizes', run: async () => checkImports(root) },
  { name: 'types', run: () => tool('node_modules/typescript/bin/tsc', ['--noEmit', '--pretty', 'false']) },
  {
    name: 'types of the pages',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'web', '--noEmit', '--pretty', 'false'])
  },
  { name: 'generated files', run: () => tool('scripts/generate.ts', ['--check']) },
  { name: 'paths in documents', run: async () => checkDocPaths(root) },
  { name: 'lock file', run: async () => checkLock(root) },
  { name: 'names of migrations', run: async () => checkMigrations(root) }
]

/** Runs one of our tools; its words are the problems when it fails. */
function tool(script: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(node, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    child.on('error', (error) => resolve([error.message]))
    child.on('close', (code) => resolve(code === 0 ? [] : [said.trim() || `${script} ended with ${code}`]))
  })
}

async function runCheck({ name, run }: Check): Promise<boolean> {
  const startedAt = performance.now()
  const problems = await run().catch((error: Error) => [error.stack ?? error.message])
  const ms = Math.round(performance.now() - startedAt)
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${ms} ms)`)
  for (const problem of problems) console.log(problem.replace(/^/gm, '     '))
  return problems.length === 0
}

let failed = 0
for (const check of CHECKS) if (!(await runCheck(check))) failed += 1
console.log(failed === 0 ? `All ${CHECKS.length} checks passed.` : `${failed} of ${CHECKS.length} checks failed.`)
process.exitCode = failed === 0 ? 0 : 1
