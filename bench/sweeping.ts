import { request } from 'undici'
import { systemClock } from '../src/clock.ts'
import { createSweepMemory, sweepVenue } from '../src/jobs/sweep.ts'
import { openClient } from '../src/venues/ccxt-client.ts'
import { ADAPTERS } from '../src/venues/registry.ts'
import { startChild } from './child.ts'
import { type Figure, median } from './figure.ts'

const SWEEPS = 25
const WARM_UP = 10
const POLL_MS = 10_000

type Asked = { readonly url: string; readonly body: string }

/** What one poll of every venue costs in processor time, beside reading the same bytes by hand. */
export async function measureSweeping(): Promise<Figure[]> {
  await using replay = await startChild('replay-process.ts')
  const urls = JSON.parse(replay.first) as Record<string, string>
  const askedSince = async () => (await (await fetch(`${Object.values(urls)[0]}/asked`)).json()) as Asked[]
  const clients = await Promise.all(
    ADAPTERS.map(async (adapter) => {
      const options = {
        clock: systemClock,
        timeoutMs: 20_000,
        maxBytes: 50e6,
        urls: urls[adapter.id],
        throttled: false
      }
      const client = await openClient(adapter, options)
      await client.loadMarkets()
      return { adapter, client, memory: createSweepMemory() }
    })
  )
  const start = Math.floor(systemClock.now() / POLL_MS) * POLL_MS
  let quotes = 0
  const sweep = async (turn: number) => {
    quotes = 0
    for (const { adapter, client, memory } of clients) {
      const { reading, failures } = await sweepVenue(adapter, client, memory, start + turn * POLL_MS)
      if (failures.length > 0) throw new Error(`${adapter.id}: ${failures[0]!.message}`)
      quotes += reading.quotes.length
    }
  }
  for (let turn = 0; turn < WARM_UP; turn += 1) await sweep(turn)
  await askedSince()
  await sweep(WARM_UP)
  const asked = await askedSince()
  const ours = await cpuOf((turn) => sweep(WARM_UP + 1 + turn))
  const byHand = await cpuOf(async () => {
    for (const { url, body } of asked) pick(JSON.parse(await textOf(url, body)))
  })
  const bodies = await Promise.all(asked.map(({ url, body }) => textOf(url, body)))
  const parsing = await cpuOf(async () => {
    for (const body of bodies) JSON.parse(body)
  })
  for (const { client } of clients) await client.close()
  const kilobytes = Math.round(bodies.reduce((sum, body) => sum + body.length, 0) / 1_000)
  const note = `${quotes} quotes, ${asked.length} answers, ${kilobytes} kB`
  const common = { unit: 'ms of CPU', ours, runs: SWEEPS, note }
  return [
    {
      name: 'one poll of six venues',
      ...common,
      yardstick: { name: 'fetch, JSON.parse and pick of the same answers', value: byHand },
      ratio: ours / byHand,
      goal: { atMost: 4 }
    },
    {
      name: 'the same',
      ...common,
      yardstick: { name: 'JSON.parse of the same bytes', value: parsing },
      ratio: ours / parsing,
      goal: null
    }
  ]
}

/** Median processor time of one run, milliseconds; of this process alone. */
async function cpuOf(work: (turn: number) => Promise<void>): Promise<number> {
  const costs: number[] = []
  for (let turn = 0; turn < SWEEPS; turn += 1) {
    const before = process.cpuUsage()
    await work(turn)
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / 1_000)
  }
  return median(costs)
}

async function textOf(url: string, body: string): Promise<string> {
  const answer = await request(
    url,
    body === '' ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }
  )
  return answer.body.text()
}

const FIELDS = [
  'symbol',
  'bidPrice',
  'askPrice',
  'bid',
  'ask',
  'bidPx',
  'askPx',
  'bid1Price',
  'ask1Price',
  'last',
  'markPrice',
  'fundingRate'
]

/** The few fields of every row that somebody who reads by hand would take. */
function pick(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return value.flatMap((row) =>
      row !== null && typeof row === 'object' && !Array.isArray(row) ? [fieldsOf(row)] : pick(row)
    )
  }
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(pick) : []
}

function fieldsOf(row: Record<string, unknown>) {
  const taken: Record<string, number> = {}
  for (const field of FIELDS) if (row[field] !== undefined) taken[field] = Number(row[field])
  return taken
}
