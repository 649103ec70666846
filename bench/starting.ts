import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figure.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** From `git clone` to the demo's first answer, and from a second `npm run demo` to it. */
export async function measureStarting(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'contango-clone-'))
  await chmod(folder, 0o755)
  try {
    const startedAt = performance.now()
    execFileSync('git', ['clone', '-q', root, join(folder, 'contango')])
    await firstAnswer(join(folder, 'contango'))
    const first = (performance.now() - startedAt) / 1_000
    const againAt = performance.now()
    await firstAnswer(join(folder, 'contango'))
    const second = (performance.now() - againAt) / 1_000
    const figure = (name: string, ours: number, atMost: number): Figure => ({
      name,
      unit: 's',
      ours,
      yardstick: null,
      ratio: ours,
      goal: { atMost },
      runs: 1
    })
    return [
      figure('clone to the demo’s first answer', first, 120),
      figure('second start to its first answer', second, 5)
    ]
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  }
}

/** Starts the demo as its README says, waits for the answer that it prints, and stops it. */
async function firstAnswer(cwd: string): Promise<void> {
  const child = spawn('npm', ['run', 'demo'], {
    cwd,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true
  })
  const gone = once(child, 'exit')
  let said = ''
  const answered = new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      said += text
      if (said.includes('A first question:') && said.includes('"asOf"')) resolve()
    })
  })
  await Promise.race([answered, gone.then(() => Promise.reject(new Error(`the demo ended: ${said}`)))])
  // npm and what it started: the whole group that is ours.
  process.kill(-child.pid!, 'SIGTERM')
  await gone
}
