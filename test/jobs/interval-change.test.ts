import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'graphql-ws'
import request from 'supertest'
import { WebSocket } from 'ws'
import { startApi } from '../../src/api/server.ts'
import { systemClock } from '../../src/clock.ts'
import { floorTo, HOUR, isoOf, MINUTE, SECOND } from '../../src/domain/time.ts'
import { collect } from '../../src/jobs/collect.ts'
import { ensureLivePartitions } from '../../src/store/partitions.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { CONFIG } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { silentLog } from '../support/line.ts'
import { openPast } from '../support/past.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { aSubscription, startDelivering } from '../support/webhooks.ts'

const DAY_OF_CHANGE = Date.UTC(2026, 10, 24)
const at = (hour: number) => isoOf(DAY_OF_CHANGE + hour * HOUR)
/** When the day settles. */
const HOURS = [0, 8, 12, 16, 17, 18, 19, 20, 21, 22, 23]
/** When the interval becomes 4 h, and 1 h. */
const CHANGES = [8, 16] as const

/** What a venue calls its contract, what the change is seen in, where settlements are asked for. */
type Changing = {
  readonly venue: 'binance' | 'bybit' | 'okx'
  readonly symbol: string
  readonly path: string
  readonly settlements: string
  /** Whether the venue says a cap of the period that ends at this hour. */
  readonly isCapped: (hour: number) => boolean
  readonly formulaVersion: number
  /** From a change to the poll that hears of it. */
  readonly declaredAfterMs: number
}
const CHANGING: readonly Changing[] = [
  {
    venue: 'bybit',
    symbol: 'BTCUSDT',
    path: 'category=linear',
    settlements: '/funding/history',
    isCapped: () => true,
    formulaVersion: 1,
    declaredAfterMs: 10 * SECOND
  },
  {
    venue: 'binance',
    symbol: 'BTCUSDT',
    path: '^/fapi/v1/(fundingInfo|premiumIndex|fundingRate)',
    settlements: '/fapi/v1/fundingRate?',
    // Of contracts whose terms are not the standard alone.
    isCapped: (hour) => hour > 8,
    formulaVersion: 3,
    // Its list of intervals is read every ten minutes.
    declaredAfterMs: 11 * MINUTE
  },
  {
    venue: 'okx',
    symbol: 'BTC-USDT-SWAP',
    path: '/api/v5/public/funding-rate',
    settlements: '/funding-rate-history',
    isCapped: () => true,
    formulaVersion: 3,
    declaredAfterMs: 10 * SECOND
  }
]

// biome-ignore lint/suspicious/noExplicitAny: bodies of answers that the test reads field by field
type Any = any

/** A day of polls and looks at settlements, by a clock of the test's, in which the interval is 8 h, then 4 h, then 1 h. */
async function liveThroughTheDay({ venue, symbol, path }: Changing) {
  const t = await testDatabase()
  let nowMs = DAY_OF_CHANGE - 10 * MINUTE
  const clock = { now: () => nowMs }
  const key = `${venue}:BTC/USDT:USDT`
  const past = await openPast(t.db, key, { clock, assets: ['BTC'], adapters: [findAdapter(venue)!] })
  const receiver = await startReceiver()
  const { secret } = await aSubscription(t.db, receiver.url, {
    events: ['funding.settled', 'funding.interval_changed', 'data.corrected'],
    filter: { venue: [venue] }
  })
  // Signed in the time of the machine: the library refuses what is older than five minutes.
  const delivering = startDelivering(t.db, systemClock)
  const rule = { venue, kind: 'interval', symbol, path }
  const [first, second] = CHANGES.map((hour) => DAY_OF_CHANGE + hour * HOUR)
  const steps = { hours: 4, from: first, later: [{ hours: 1, from: second }] }
  const order = JSON.stringify([{ ...rule, ...steps }])
  assert.ok((await fetch(`${past.exchange.controlUrl}/faults`, { method: 'PUT', body: order })).ok)
  const goTo = async (atMs: number) => {
    nowMs = atMs
    await ensureLivePartitions(t.db, atMs, 1)
  }
  const poll = async (atMs: number) => {
    await goTo(atMs)
    await collect({ ...past.line.deps, storeMs: 10 * SECOND }, past.line.venues[venue]!, floorTo(atMs, 10 * SECOND))
  }
  await poll(nowMs)
  await past.want('settlement', 2)
  while (await past.run()) {}
  for (let hour = 0; hour <= 23; hour += 1) {
    const due = DAY_OF_CHANGE + hour * HOUR
    // Between settlements polls would tell nothing new.
    for (const besideMs of HOURS.includes(hour) ? [-10 * SECOND, 10 * SECOND] : []) await poll(due + besideMs)
    for (const look of [29 * SECOND, 30 * SECOND, 4 * MINUTE, 5 * MINUTE, 6 * MINUTE]) {
      await goTo(due + look)
      while (await past.run()) {}
    }
    if (CHANGES.some((changed) => changed === hour)) await poll(due + 11 * MINUTE)
    await delivering.publish()
  }
  const api = await startApi({ config: CONFIG, db: t.db, clock, log: silentLog, kind: 'simulated' })
  const { address } = api
  return {
    key,
    address,
    past,
    receiver,
    secret,
    get: async (path: string): Promise<Any> => (await request(address).get(`/v1/funding/${path}`)).body,
    graph: async (query: string): Promise<Any> => {
      const asked = request(address).post('/graphql')
      return (await asked.send({ query: `{ ${query} }` })).body.data
    },
    async [Symbol.asyncDispose]() {
      await api.close()
      await delivering.stop()
      await receiver[Symbol.asyncDispose]()
      await past[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    }
  }
}
type Day = Awaited<ReturnType<typeof liveThroughTheDay>>

for (const changing of CHANGING) {
  test(`an interval of 8 h that becomes 4 h and then 1 h on ${changing.venue}: sums, yearly rates, one event each on its day, over REST, GraphQL and webhook`, async () => {
    await using day = await liveThroughTheDay(changing)
    const rows = await assertSettlements(day, changing)
    await assertRealised(day, rows)
    await assertIntervals(day, changing)
    await assertEvents(day, changing.venue, rows)
    assertLooks(day, changing)
  })
}

/** Every settlement keeps the interval that it had. */
async function assertSettlements({ key, get }: Day, { isCapped, formulaVersion }: Changing): Promise<Any[]> {
  const { data: rows } = await get(`history?instrument=${key}&from=${at(0)}`)
  assert.deepEqual(
    rows.map(({ settledAt, intervalHours }: Any) => [settledAt, intervalHours]),
    HOURS.map((hour) => [at(hour), hour <= 8 ? 8 : hour <= 16 ? 4 : 1])
  )
  for (const [index, row] of rows.entries()) {
    assert.ok(Math.abs(row.apr - (row.rate * 8_760) / row.intervalHours) < 1e-12)
    assert.ok(Math.abs(row.rate8h - (row.rate * 8) / row.intervalHours) < 1e-12)
    // The poll ten seconds before each of them was the last word on it.
    assert.equal(row.estimateAt, isoOf(Date.parse(row.settledAt) - 10 * SECOND))
    assert.ok(Math.abs(row.rate - row.estimateRate - row.estimateDifference) < 1e-12)
    if (isCapped(HOURS[index]!)) assert.ok(row.cap > 0 && row.floor < 0)
    else assert.deepEqual([row.cap, row.floor], [null, null])
    assert.deepEqual([row.source, row.fundingKind, row.formulaVersion], ['polled', 'settled', formulaVersion])
  }
  return rows
}

/** What it paid is the sum, and a year of it goes by hours. */
async function assertRealised({ key, get, graph }: Day, rows: readonly Any[]): Promise<void> {
  const { data: realised } = await get(`realised?instrument=${key}&from=${at(-8)}&to=${at(23)}`)
  const sum = rows.reduce((total: number, { rate }: Any) => total + rate, 0)
  assert.ok(Math.abs(realised.sumRate - sum) < 1e-15)
  assert.equal(realised.hours, 31)
  assert.ok(Math.abs(realised.realisedApr - (sum * 8_760) / 31) < 1e-12)
  assert.deepEqual([realised.settlements, realised.expected, realised.coverage], [11, 11, 1])
  const range = `from: "${at(-8)}", to: "${at(23)}"`
  const asked = await graph(`fundingRealised(instrument: "${key}", ${range}) { sumRate hours realisedApr }`)
  const { sumRate, hours, realisedApr } = realised
  assert.deepEqual(asked.fundingRealised, { sumRate, hours, realisedApr })
}

/** Declared by the poll after each change and borne out by the settlements: one change each. */
async function assertIntervals({ key, get, graph }: Day, { declaredAfterMs }: Changing): Promise<void> {
  const { data: intervals } = await get(`intervals?instrument=${key}`)
  const { data: settled } = await get(`history?instrument=${key}&from=${at(-2_400)}`)
  assert.deepEqual(
    intervals.map((row: Any) => [row.effectiveFrom, row.previousHours, row.intervalHours, row.intervalSource]),
    [
      [at(16), 4, 1, 'declared'],
      [at(8), 8, 4, 'declared'],
      // As far back as settlements were fetched.
      [isoOf(Date.parse(settled[0].settledAt) - 8 * HOUR), null, 8, 'observed']
    ]
  )
  for (const row of intervals.slice(0, 2)) {
    assert.equal(row.declaredAt, isoOf(Date.parse(row.effectiveFrom) + declaredAfterMs))
    assert.equal(row.settledFrom, row.effectiveFrom)
  }
  const fields = 'effectiveFrom previousHours intervalHours intervalSource declaredAt settledFrom'
  const { fundingIntervals } = await graph(`fundingIntervals(instrument: ["${key}"]) { nodes { ${fields} } }`)
  assert.deepEqual(
    fundingIntervals.nodes,
    intervals.map((row: Any) => Object.fromEntries(fields.split(' ').map((name) => [name, row[name]])))
  )
}

/** One event for each change and each settlement, verified by the official library. */
async function assertEvents({ key, address, receiver, secret }: Day, venue: string, rows: readonly Any[]) {
  await receiver.hasReceived(HOURS.length + 2)
  const events = receiver.received.map((received) => verify(received, secret) as Any)
  assert.equal(events.length, HOURS.length + 2)
  const changes = events.filter(({ type }) => type === 'funding.interval_changed')
  assert.deepEqual(
    changes.map(({ timestamp, data }) => [timestamp, data.instrument, data.previousHours, data.intervalHours]),
    [
      [at(8), key, 8, 4],
      [at(16), key, 4, 1]
    ]
  )
  const settled = events.filter(({ type }) => type === 'funding.settled')
  assert.deepEqual(
    settled.map(({ data }) => data),
    rows
  )
  const shown = Object.fromEntries(SETTLED_FIELDS.map((name) => [name, rows[0][name]]))
  assert.deepEqual(await firstSettled(address, venue), shown)
  // The stream tells the same in the same order.
  const streamed = await streamOf(`${address}/v1/stream?topics=funding&lastEventId=0&venue=${venue}`, events.length)
  assert.deepEqual(
    streamed,
    events.map(({ type, timestamp, data }) => ({ type, timestamp, data }))
  )
}

/** A settlement is asked for 30 s and 5 min after it is due, by the clock, and not in between. */
function assertLooks({ past }: Day, { settlements }: Changing): void {
  const asked = past.exchange.requests.filter(
    ({ path, at: askedAt }) => path.includes(settlements) && askedAt >= DAY_OF_CHANGE
  )
  const looks = asked.map(({ at: askedAt }) => (askedAt - DAY_OF_CHANGE) % HOUR)
  assert.deepEqual(new Set(looks), new Set([30 * SECOND, 5 * MINUTE]))
  assert.equal(asked.length, 2 * HOURS.length)
}

/** What a subscription over GraphQL is told first. */
async function firstSettled(address: string, venue: string): Promise<Any> {
  const url = `${address.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const query = `subscription { fundingSettled(venue: ["${venue}"], lastEventId: "0") { settlement { ${SETTLED_FIELDS.join(' ')} } } }`
  for await (const { data } of client.iterate<Any>({ query })) {
    await client.dispose()
    return data.fundingSettled.settlement
  }
}

const SETTLED_FIELDS = ['settledAt', 'rate', 'intervalHours', 'intervalSource', 'estimateDifference', 'fundingKind']

/** The first so many events of a stream. */
async function streamOf(url: string, count: number): Promise<Any[]> {
  const stop = new AbortController()
  const response = await fetch(url, { signal: stop.signal })
  const told: Any[] = []
  let left = ''
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const messages = (left + text).split('\n\n')
    left = messages.pop()!
    const events = messages.filter((message) => message.startsWith('event: funding\n'))
    told.push(...events.map((message) => JSON.parse(message.slice(message.indexOf('data: ') + 6))))
    if (told.length >= count) break
  }
  stop.abort()
  return told
}
