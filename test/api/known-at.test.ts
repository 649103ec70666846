import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isoOf } from '../../src/domain/time.ts'
import { CONTRACT, DAY, DAYS, keepAt, type Price, SPOT, START, storePrices } from '../support/keeping.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const HALF_HOUR = 1_800_000
const END = START + (DAYS + 3) * DAY
const PRICES: Price[] = Array.from({ length: DAYS * 48 }, (_, slot) => START + slot * HALF_HOUR).flatMap((at, slot) =>
  [SPOT, CONTRACT].map(({ id }) => ({ instrumentId: id, at, last: String(100 + ((slot * 7 + id) % 13) / 10) }))
)

async function seeded(config: { rawDays?: number } = {}) {
  const api = await testApi({ config })
  const spot = await insertInstrument(api.db, { key: SPOT.key })
  const contract = await insertInstrument(api.db, { key: CONTRACT.key, spotId: spot })
  assert.deepEqual([spot, contract], [SPOT.id, CONTRACT.id])
  return api
}

const RANGE = `instrument=${encodeURIComponent(CONTRACT.key)}&from=${isoOf(START)}&to=${isoOf(START + DAYS * DAY)}&limit=5000`

test('what was known at a time is the same answer, byte by byte, before and after a back-fill, sealing and rolling up', async () => {
  await using api = await seeded()
  const ask = async (query: string) => {
    const response = await fetch(`${api.url}/v1/basis/history?${RANGE}&${query}`)
    assert.equal(response.status, 200)
    return await response.text()
  }
  const isEarly = ({ at, instrumentId }: Price) => (at / HALF_HOUR + instrumentId) % 3 !== 0
  await storePrices(api.db, PRICES.filter(isEarly))
  const { rows } = await api.db.query<{ now: Date }>('select clock_timestamp() as now')
  const questions = ['raw', '5m', '1h', '1d'].map((each) => `resolution=${each}&knownAt=${rows[0]!.now.toISOString()}`)
  const before = await Promise.all(questions.map(ask))
  await storePrices(api.db, PRICES)
  assert.deepEqual(await Promise.all(questions.map(ask)), before, 'after the back-fill')
  await keepAt(api.db, END)
  assert.deepEqual(await Promise.all(questions.map(ask)), before, 'after sealing')
  const now = JSON.parse(await ask('resolution=raw'))
  assert.equal(now.data.length, PRICES.length / 2)
  assert.ok(JSON.parse(before[0]!).data.length < PRICES.length / 2)
})

test('a time that is still to come is refused: what is known at it is not complete', async () => {
  await using api = await seeded()
  const answer = await fetch(`${api.url}/v1/basis/history?${RANGE}&knownAt=${isoOf(Date.now() + 3_600_000)}`)
  const problem = (await answer.json()) as { code: string; errors: { path: string }[] }
  assert.deepEqual([answer.status, problem.code, problem.errors[0]!.path], [400, 'known_at_ahead', 'knownAt'])
})

test('before observations are kept, hours and days answer as before, and all that is finer says what is kept', async () => {
  await using api = await seeded({ rawDays: 40 })
  const past = NOW_MS - 100 * DAY
  await storePrices(
    api.db,
    PRICES.map((price) => ({ ...price, at: price.at - START + past - (past % DAY) }))
  )
  const ask = async (query: string) => {
    const range = `from=${isoOf(past - DAY)}&to=${isoOf(past + DAYS * DAY)}`
    const response = await fetch(
      `${api.url}/v1/basis/history?instrument=${encodeURIComponent(CONTRACT.key)}&${range}&${query}`
    )
    return {
      status: response.status,
      body: (await response.json()) as { data: { count: number }[]; meta: object; code: string }
    }
  }
  await keepAt(api.db, END)
  const hours = await ask('resolution=1h&limit=5000')
  assert.equal(hours.status, 200)
  await keepAt(api.db, END, { hotDays: 1, rawDays: 40 })
  const { rows } = await api.db.query<{ kept: number }>('select count(*)::int as kept from sealed_day')
  assert.equal(rows[0]!.kept, 0, 'the observations are gone')
  assert.deepEqual(await ask('resolution=1h&limit=5000'), hours)
  assert.ok(hours.body.data.some(({ count }) => count > 0))
  for (const query of ['resolution=raw', 'resolution=5m', `resolution=1h&knownAt=${isoOf(NOW_MS)}`]) {
    const refused = await ask(query)
    assert.deepEqual([refused.status, refused.body.code], [400, 'history_not_kept'], query)
  }
  const inGraphql = async (args: string) => {
    const range = `from: "${isoOf(past - DAY)}", to: "${isoOf(past + DAYS * DAY)}"`
    const query = `{ basisHistory(instrument: "${CONTRACT.key}", ${range}, first: 5000, ${args}) { nodes { count } meta { resolution } } }`
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return (await response.json()) as {
      data: { basisHistory: { nodes: { count: number }[]; meta: object } } | null
      errors?: { extensions: { code: string } }[]
    }
  }
  const told = (await inGraphql('resolution: "1h"')).data!.basisHistory
  assert.deepEqual(
    told.nodes.map(({ count }) => count),
    hours.body.data.map(({ count }) => count)
  )
  for (const args of ['resolution: "raw"', 'resolution: "5m"', `resolution: "1h", knownAt: "${isoOf(NOW_MS)}"`]) {
    const { errors } = await inGraphql(args)
    assert.equal(errors?.[0]?.extensions.code, 'history_not_kept', args)
  }
  assert.deepEqual((await inGraphql('resolution: "auto", points: 5000')).data!.basisHistory.meta, { resolution: '1h' })
  const auto = await ask('resolution=auto&points=5000')
  assert.deepEqual((auto.body.meta as { resolution: string }).resolution, '1h')
})
