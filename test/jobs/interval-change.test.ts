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
import { CONFIG } from '../api/fixture.ts'
import { testDatabase } from '../support/database.ts'
import { silentLog } from '../support/line.ts'
import { openPast } from '../support/past.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { aSubscription, startDelivering } from '../support/webhooks.ts'

const DAY_OF_CHANGE = Date.UTC(2026, 10, 24)
const KEY = 'bybit:BTC/USDT:USDT'
const at = (hour: number) => isoOf(DAY_OF_CHANGE + hour * HOUR)

// biome-ignore lint/suspicious/noExplicitAny: bodies of answers that the test reads field by field
type Any = any

/** A day of polls and looks at settlements, by a clock of the test's, in which the interval is 8 h, then 4 h, then 1 h. */
async function liveThroughTheDay() {
  const t = await testDatabase()
  let nowMs = DAY_OF_CHANGE - 10 * MINUTE
  const clock = { now: () => nowMs }
  const past = await openPast(t.db, KEY, { clock, assets: ['BTC'] })
  const receiver = await startReceiver()
  const { secret } = await aSubscription(t.db, receiver.url, {
    events: ['funding.settled', 'funding.interval_changed', 'data.corrected'],
    filter: { venue: ['bybit'] }
  })
  // Signed in the time of the machine: the library refuses what is older than five minutes.
  const delivering = startDelivering(t.db, systemClock)
  const rule = { venue: 'bybit', kind: 'interval', symbol: 'BTCUSDT', path: 'category=linear' }
  const steps = { hours: 4, from: DAY_OF_CHANGE + 8 * HOUR, later: [{ hours: 1, from: DAY_OF_CHANGE + 16 * HOUR }] }
  const order = JSON.stringify([{ ...rule, ...steps }])
  assert.ok((await fetch(`${past.exchange.controlUrl}/faults`, { method: 'PUT', body: order })).ok)
  const goTo = async (atMs: number) => {
    nowMs = atMs
    await ensureLivePartitions(t.db, atMs)
  }
  const poll = async (atMs: number) => {
    await goTo(atMs)
    await collect({ ...past.line.deps, storeMs: 10 * SECOND }, past.line.venues.bybit!, floorTo(atMs, 10 * SECOND))
  }
  await poll(nowMs)
  await past.want('settlement', 2)
  while (await past.run()) {}
  for (let hour = 0; hour <= 23; hour += 1) {
    const due = DAY_OF_CHANGE + hour * HOUR
    await poll(due - 10 * SECOND)
    await poll(due + 10 * SECOND)
    for (const look of [29 * SECOND, 30 * SECOND, 4 * MINUTE, 5 * MINUTE, 6 * MINUTE]) {
      await goTo(due + look)
      while (await past.run()) {}
    }
    await delivering.publish()
  }
  return {
    db: t.db,
    clock,
    past,
    receiver,
    secret,
    delivering,
    async [Symbol.asyncDispose]() {
      await delivering.stop()
      await receiver[Symbol.asyncDispose]()
      await past[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    }
  }
}

test('an interval of 8 h that becomes 4 h and then 1 h: sums, yearly rates, one event each on its day, over REST, GraphQL and webhook', async () => {
  await using day = await liveThroughTheDay()
  const api = await startApi({ config: CONFIG, db: day.db, clock: day.clock, log: silentLog, kind: 'simulated' })
  try {
    const get = async (path: string): Promise<Any> => (await request(api.address).get(`/v1/funding/${path}`)).body
    const graph = async (query: string): Promise<Any> =>
      (
        await request(api.address)
          .post('/graphql')
          .send({ query: `{ ${query} }` })
      ).body.data

    // Every settlement keeps the interval that it had.
    const { data: rows } = await get(`history?instrument=${KEY}&from=${at(0)}`)
    const hours = [0, 8, 12, 16, 17, 18, 19, 20, 21, 22, 23]
    assert.deepEqual(
      rows.map(({ settledAt, intervalHours }: Any) => [settledAt, intervalHours]),
      hours.map((hour) => [at(hour), hour <= 8 ? 8 : hour <= 16 ? 4 : 1])
    )
    for (const row of rows) {
      assert.ok(Math.abs(row.apr - (row.rate * 8_760) / row.intervalHours) < 1e-12)
      assert.ok(Math.abs(row.rate8h - (row.rate * 8) / row.intervalHours) < 1e-12)
      // The poll ten seconds before each of them was the last word on it.
      assert.equal(row.estimateAt, isoOf(Date.parse(row.settledAt) - 10 * SECOND))
      assert.ok(Math.abs(row.rate - row.estimateRate - row.estimateDifference) < 1e-12)
      assert.ok(row.cap > 0 && row.floor < 0)
      assert.deepEqual([row.source, row.fundingKind, row.formulaVersion], ['polled', 'settled', 1])
    }

    // What it paid is the sum, and a year of it goes by hours.
    const { data: realised } = await get(`realised?instrument=${KEY}&from=${at(-8)}&to=${at(23)}`)
    const sum = rows.reduce((total: number, { rate }: Any) => total + rate, 0)
    assert.ok(Math.abs(realised.sumRate - sum) < 1e-15)
    assert.equal(realised.hours, 31)
    assert.ok(Math.abs(realised.realisedApr - (sum * 8_760) / 31) < 1e-12)
    assert.deepEqual([realised.settlements, realised.expected, realised.coverage], [11, 11, 1])
    const asked = await graph(
      `fundingRealised(instrument: "${KEY}", from: "${at(-8)}", to: "${at(23)}") { sumRate hours realisedApr }`
    )
    assert.deepEqual(asked.fundingRealised, {
      sumRate: realised.sumRate,
      hours: 31,
      realisedApr: realised.realisedApr
    })

    // Declared by the poll after each change and borne out by the settlements: one change each.
    const { data: intervals } = await get(`intervals?instrument=${KEY}`)
    assert.deepEqual(
      intervals.map((row: Any) => [row.effectiveFrom, row.previousHours, row.intervalHours, row.intervalSource]),
      [
        [at(16), 4, 1, 'declared'],
        [at(8), 8, 4, 'declared'],
        // As far back as settlements were fetched.
        [at(-80), null, 8, 'observed']
      ]
    )
    for (const row of intervals.slice(0, 2)) {
      assert.equal(row.declaredAt, isoOf(Date.parse(row.effectiveFrom) + 10 * SECOND))
      assert.equal(row.settledFrom, row.effectiveFrom)
    }
    const fields = 'effectiveFrom previousHours intervalHours intervalSource declaredAt settledFrom'
    const { fundingIntervals } = await graph(`fundingIntervals(instrument: ["${KEY}"]) { nodes { ${fields} } }`)
    const names = fields.split(' ')
    assert.deepEqual(
      fundingIntervals.nodes,
      intervals.map((row: Any) => Object.fromEntries(names.map((name) => [name, row[name]])))
    )

    // One event for each change and each settlement, verified by the official library.
    await day.receiver.hasReceived(hours.length + 2)
    const events = day.receiver.received.map((received) => verify(received, day.secret) as Any)
    assert.equal(events.length, hours.length + 2)
    const changes = events.filter(({ type }) => type === 'funding.interval_changed')
    assert.deepEqual(
      changes.map(({ timestamp, data }) => [timestamp, data.instrument, data.previousHours, data.intervalHours]),
      [
        [at(8), KEY, 8, 4],
        [at(16), KEY, 4, 1]
      ]
    )
    const settled = events.filter(({ type }) => type === 'funding.settled')
    assert.deepEqual(
      settled.map(({ data }) => data),
      rows
    )
    const shown = Object.fromEntries(SETTLED_FIELDS.map((name) => [name, rows[0][name]]))
    assert.deepEqual(await firstSettled(api.address), shown)
    // The stream tells the same in the same order.
    const streamed = await streamOf(`${api.address}/v1/stream?topics=funding&lastEventId=0&venue=bybit`, events.length)
    assert.deepEqual(
      streamed,
      events.map(({ type, timestamp, data }) => ({ type, timestamp, data }))
    )
  } finally {
    await api.close()
  }
})

/** What a subscription over GraphQL is told first. */
async function firstSettled(address: string): Promise<Any> {
  const url = `${address.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const query = `subscription { fundingSettled(venue: ["bybit"], lastEventId: "0") { settlement { ${SETTLED_FIELDS.join(' ')} } } }`
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

test('a settlement is asked for 30 s and 5 min after it is due, by the clock, and not in between', async () => {
  await using day = await liveThroughTheDay()
  const asked = day.past.exchange.requests.filter(
    ({ path, at: askedAt }) => path.includes('/funding/history') && askedAt >= DAY_OF_CHANGE
  )
  const looks = asked.map(({ at: askedAt }) => (askedAt - DAY_OF_CHANGE) % HOUR)
  assert.deepEqual(new Set(looks), new Set([30 * SECOND, 5 * MINUTE]))
  const settlements = 11
  assert.equal(asked.length, 2 * settlements)
})
