import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { Unmeasured } from './figure.ts'

const run = promisify(execFile)

/** Programs of Debian's that only the bench wants: `apt-get install wrk postgresql-client`. */
export function needTool(name: 'wrk' | 'psql'): void {
  if (spawnSync(name, ['--version']).error)
    throw new Unmeasured(`${name} is not installed; apt-get install ${name === 'psql' ? 'postgresql-client' : name}`)
}

/** One command of psql's. */
export function psql(url: string, command: string): void {
  const { status, stderr } = spawnSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', command], {
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`psql: ${stderr}`)
}

export type Load = { readonly perSecond: number; readonly p99Ms: number; readonly failed: number }

/** One load of wrk on one address. */
export async function wrk(
  url: string,
  options: { seconds: number; connections: number; headers?: Record<string, string>; script?: string }
): Promise<Load> {
  const { seconds, connections, headers = {}, script } = options
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(script === undefined ? [] : ['-s', script]),
    url
  ])
  const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? []
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  const scale = unit === 'us' ? 1e-3 : unit === 's' ? 1e3 : 1
  return { perSecond: Number(perSecond), p99Ms: Number(p99) * scale, failed }
}
