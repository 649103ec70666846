import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeEmbedded, openEmbedded } from '../src/store/embedded/embedded.ts'
import { bundlesOf, writeBundles } from './test-bundles.ts'

// `npm test [-- words or options]`: every test file, or those whose path contains one of the words; options go to node --test.

const root = fileURLToPath(new URL('../', import.meta.url))
/** One test, or one file of them, that takes longer hangs. */
const TIMEOUT_MS = 600_000
/** More files at once than this want more connections than the shared Postgres has. */
const FILES_AT_ONCE_MAX = 6
const SHARED_SERVER = join(root, '.data/test')
/** Each file is a process of its own, and most load the same modules: read once, they are compiled once. */
const COMPILE_CACHE = join(root, '.data/compile-cache')

const given = process.argv.slice(2)
const options = given.filter((word) => word.startsWith('-'))
const words = given.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^\.\//, ''))
const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()

process.exitCode = files.length === 0 ? refuse() : await run()

function refuse(): number {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  return 1
}

async function run(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'contango-tests-'))
  try {
    const report = join(folder, 'report.tap')
    // Who names files wants each by itself.
    const modules = words.length > 0 ? files : await writeBundles(root, folder, bundlesOf(files))
    const code = await runNode(report, modules)
    const { passed, failed, skipped } = countsOf(await readFile(report, 'utf8').catch(() => ''))
    console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
    if (passed + failed === 0) console.error('No test ran.')
    return code === 0 && failed === 0 && passed > 0 ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
    await stopSharedServer()
  }
}

function runNode(report: string, modules: readonly string[]): Promise<number> {
  const atOnce = Math.min(Math.max(2, availableParallelism()), FILES_AT_ONCE_MAX)
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${atOnce}`,
      `--test-timeout=${TIMEOUT_MS}`,
      '--test-global-setup=./test/support/shared-server.ts',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${report}`,
      ...options,
      ...modules
    ],
    { cwd: root, env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env }, stdio: ['ignore', 'inherit', 'inherit'] }
  )
  // The runner ends its files; we end after it, with the server stopped.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/** From the last lines of a TAP report; none when the runner died before it wrote them. */
function countsOf(tap: string): { passed: number; failed: number; skipped: number } {
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo')
  }
}

/** A runner that was killed leaves the server behind; whoever else still uses it keeps it. */
async function stopSharedServer(): Promise<void> {
  if (!(await describeEmbedded(SHARED_SERVER))?.running) return
  const server = await openEmbedded({ dataDir: SHARED_SERVER, log: { info() {}, warn() {} } })
  await server.release()
}
