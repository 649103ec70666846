import { once } from 'node:events'
import { request } from 'undici'
import { sleep } from '../src/clock.ts'
import { type Child, startChild } from './child.ts'
import { benchDatabase } from './database.ts'
import { type Figure, median } from './figure.ts'

const RUNS = 3
const SECONDS = 20
/** A modest load: what is measured is whether polling is in its way, not how much it can take. */
const EVERY_MS = 20
const QUESTION = '/v1/basis?limit=50&sort=-openInterestUsd'

type Measured = { readonly p99Ms: number; readonly delayMs: number }

/** The API while its own process polls and derives six venues every two seconds, against the same API with nothing else to do. */
export async function measurePolling(): Promise<Figure[]> {
  await using database = await benchDatabase()
  await using replay = await startChild('replay-process.ts')
  const env = {
    DATABASE_URL: database.url,
    VENUE_URLS: replay.first,
    PORT: '0',
    POLL_SECONDS: '2',
    HISTORY_BASIS_DAYS: '0',
    HISTORY_SETTLEMENT_DAYS: '0',
    RATE_LIMIT_PER_MINUTE: '1000000'
  }
  const run = async (roles: string): Promise<Measured> => {
    await using service = await startChild('polling-process.ts', [], { ...env, ROLES: roles })
    // Until the first polls are over and every venue is on the board.
    await untilServed(service.first)
    await sleep(5_000)
    return await underLoad(service)
  }
  await run('collect,derive,api')
  const polling: Measured[] = []
  const idle: Measured[] = []
  for (let turn = 0; turn < RUNS; turn += 1) {
    polling.push(await run('collect,derive,api'))
    idle.push(await run('api'))
  }
  const figure = (name: string, of: (measured: Measured) => number): Figure => {
    const [ours, value] = [median(polling.map(of)), median(idle.map(of))]
    return {
      name,
      unit: 'ms',
      ours,
      yardstick: { name: 'idle', value },
      ratio: ours / value,
      goal: { atMost: 2 },
      runs: RUNS
    }
  }
  return [
    figure('p99 of the API while polling', ({ p99Ms }) => p99Ms),
    figure('p99 of the event-loop delay of the API while polling', ({ delayMs }) => delayMs)
  ]
}

async function untilServed(address: string): Promise<void> {
  const deadline = AbortSignal.timeout(60_000)
  for (;;) {
    const { data } = (await (await fetch(`${address}/v1/basis?limit=5000`)).json()) as { data: { venue: string }[] }
    if (new Set(data.map(({ venue }) => venue)).size >= 6) return
    if (deadline.aborted) throw new Error('not every venue is on the board')
    await sleep(250)
  }
}

async function underLoad(service: Child): Promise<Measured> {
  const told = async (word: string) => {
    service.process.stdin!.write(`${word}\n`)
    return word === 'read' ? JSON.parse(((await once(service.lines, 'line')) as [string])[0]) : undefined
  }
  const latencies: number[] = []
  await told('reset')
  const until = performance.now() + SECONDS * 1_000
  while (performance.now() < until) {
    const startedAt = performance.now()
    const { statusCode, body } = await request(service.first + QUESTION)
    await body.dump()
    if (statusCode !== 200) throw new Error(`the API answered ${statusCode}`)
    latencies.push(performance.now() - startedAt)
    await sleep(EVERY_MS - (performance.now() - startedAt))
  }
  const { p99 } = await told('read')
  return { p99Ms: latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99)]!, delayMs: p99 }
}
