import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep } from '../src/clock.ts'
import { type Figure, Unmeasured } from './figure.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const MINUTES = 10

type Memory = { readonly thread: string; readonly heapMb: number; readonly outsideMb: number }

/** What the demo holds after ten minutes: the process, each of its threads by its own word, and PostgreSQL. */
export async function measureRemembering(): Promise<Figure[]> {
  if (process.platform !== 'linux') throw new Unmeasured('reads /proc')
  const folder = await mkdtemp(join(tmpdir(), 'contango-memory-'))
  await chmod(folder, 0o755)
  const env = { ...process.env, PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'info', MEMORY_LOG_SECONDS: '60' }
  const child = spawn(process.execPath, ['src/main.ts', 'demo'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const gone = once(child, 'exit')
  const threads = new Map<string, Memory>()
  createInterface(child.stdout).on('line', (line) => {
    if (!line.includes('"memory.used"')) return
    const said = JSON.parse(line) as Memory & { name: string }
    threads.set(said.name, { thread: said.name, heapMb: said.heapMb, outsideMb: said.outsideMb })
  })
  try {
    await Promise.race([sleep(MINUTES * 60_000), gone.then(() => Promise.reject(new Error('the demo ended')))])
    const postgres = pidsUnder(folder)
    const figure = (name: string, ours: number, note = ''): Figure => ({
      name,
      unit: 'MB',
      ours,
      yardstick: null,
      ratio: ours,
      goal: null,
      runs: 1,
      note
    })
    return [
      figure(
        `the demo’s process after ${MINUTES} minutes`,
        await shareOf([child.pid!]),
        'its share of RAM; simulated exchanges included'
      ),
      ...[...threads.values()]
        .sort((a, b) => b.heapMb - a.heapMb)
        .map(({ thread, heapMb, outsideMb }) =>
          figure(`… its thread ${thread}`, heapMb, `heap in use, and ${outsideMb} MB outside it`)
        ),
      figure('its PostgreSQL', await shareOf(postgres), `${postgres.length} processes`)
    ]
  } finally {
    child.kill('SIGTERM')
    await gone
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  }
}

function pidsUnder(folder: string): number[] {
  const [head] = execFileSync('pgrep', ['-f', `postgres.* -D ${folder}`], { encoding: 'utf8' })
    .trim()
    .split('\n')
  const children = execFileSync('pgrep', ['-P', head!], { encoding: 'utf8' }).trim().split('\n')
  return [head!, ...children].map(Number)
}

/** Proportional set size, megabytes: shared pages are counted once over all that share them. */
async function shareOf(pids: readonly number[]): Promise<number> {
  let kilobytes = 0
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
    kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
  }
  return kilobytes / 1_024
}
