import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { isPlain, nullsWithoutReason } from '../support/nulls.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'
import { seedMarket } from './random-market.ts'

const PERP = 'binance:BTC/USDT:USDT'

/** The analytic routes, each with a question that it answers. */
const ROUTES: Readonly<Record<string, string>> = {
  '/v1/carry': 'asset=BTC',
  '/v1/funding/spreads': 'asset=BTC',
  '/v1/funding/trailing': '',
  '/v1/funding/realised': `instrument=${PERP}`,
  '/v1/term-structure': 'asset=BTC',
  '/v1/term-structure/history': 'asset=BTC&venue=binance',
  '/v1/term-structure/rolled': 'asset=BTC&venue=binance&settle=USDT',
  '/v1/drivers': `instrument=${PERP}`,
  '/v1/aggregates': 'asset=BTC',
  '/v1/explain': `metric=basisBps&instrument=${PERP}`,
  '/v1/sentiment': 'asset=BTC',
  '/v1/stablecoins': '',
  '/v1/depth': '',
  '/v1/flow': '',
  '/v1/open-interest': '',
  '/v1/liquidations': ''
}

type Schema = { type: string; enum?: string[]; [bound: string]: unknown }
type Parameter = { name: string; schema: Schema; description: string }

/** Texts that a parameter must refuse, by what it says it takes. */
function wrongTexts({ name, schema, description }: Parameter): string[] {
  if (schema.type === 'number' || schema.type === 'integer') {
    const { minimum, maximum, exclusiveMinimum } = schema as Record<string, number | undefined>
    const below = exclusiveMinimum ?? (minimum === undefined ? undefined : minimum - 1)
    const beyond = [below, maximum === undefined ? undefined : maximum * 10 + 1]
    const numbers = beyond.flatMap((bound) => (bound === undefined ? [] : [String(bound)]))
    return [...numbers, 'NaN', '-Infinity', '1e400', '0x10', 'much', '']
  }
  if (schema.enum !== undefined || /epoch milliseconds/.test(description)) return ['nonsense', 'NaN', '1e400', '']
  if (/^(asset|venue|instrument|spot|kind)$/.test(name)) return ['NOPE', 'NaN', '']
  return ['']
}

test('every analytic route refuses what its parameters cannot be, by the name of the parameter, with a 4xx', async () => {
  await using api = await testApi({ seed: seedMarket })
  const { body: document } = await request(api.url).get('/openapi.json')
  let asked = 0
  for (const [route, query] of Object.entries(ROUTES)) {
    const answered = await request(api.url).get(`${route}?${query}`)
    assert.equal(answered.status, 200, `${route}: ${answered.text}`)
    for (const parameter of document.paths[route].get.parameters as Parameter[]) {
      const others = query.split('&').filter((part) => part !== '' && !part.startsWith(`${parameter.name}=`))
      for (const text of wrongTexts(parameter)) {
        const url = `${route}?${[...others, `${parameter.name}=${encodeURIComponent(text)}`].join('&')}`
        const { status, body } = await request(api.url).get(url)
        assert.ok(status >= 400 && status < 500, `${url}: ${status}`)
        const isNamed = body.errors?.some(({ path }: { path: string }) => path === parameter.name)
        // What is well written and not known here is not found, in words that name it.
        const isUnknown = status === 404 && body.detail.includes(text)
        assert.ok(isNamed || isUnknown, `${url}: ${JSON.stringify(body)}`)
        asked += 1
      }
    }
  }
  assert.ok(asked > 200, String(asked))
})

/** [question, status, code, field]: what is wrong though each parameter for itself is not. */
const TOGETHER: readonly (readonly [string, number, string, string])[] = [
  ['/v1/carry?asset=BTC&notional=1e12', 400, 'invalid_parameter', 'notional'],
  ['/v1/carry?asset=BTC&notional=-0', 400, 'invalid_parameter', 'notional'],
  ['/v1/carry?asset=BTC&horizonHours=0', 400, 'invalid_parameter', 'horizonHours'],
  ['/v1/carry?asset=BTC&feeTier=vipp1', 400, 'invalid_parameter', 'feeTier'],
  ['/v1/funding/spreads?asset=BTC&horizonHours=0', 400, 'invalid_parameter', 'horizonHours'],
  ['/v1/funding/spreads?asset=BTC&feeTier=gold', 400, 'invalid_parameter', 'feeTier'],
  ['/v1/carry?asset=LEGLESS', 400, 'no_spot_leg', 'asset'],
  ['/v1/explain?metric=basis&instrument=binance:BTC/USDT:USDT', 400, 'invalid_parameter', 'metric'],
  ['/v1/explain?metric=NaN&instrument=binance:BTC/USDT:USDT', 400, 'invalid_parameter', 'metric'],
  ['/v1/explain?metric=basisBps', 400, 'invalid_parameter', 'instrument'],
  [`/v1/carry?asset=BTC&at=${NOW_MS + 1}`, 400, 'invalid_parameter', 'at'],
  [`/v1/term-structure?asset=BTC&at=${NOW_MS + 1}`, 400, 'invalid_parameter', 'at']
]

test('questions that cannot be answered are refused by field and code; an asset without a spot leg has no carry, and funding all the same', async () => {
  await using api = await testApi({
    seed: async (db) => {
      await seedMarket(db)
      await insertInstrument(db, { key: 'binance:LEGLESS/USDT:USDT' })
    }
  })
  for (const [url, ...expected] of TOGETHER) {
    const { status, body } = await request(api.url).get(url)
    assert.deepEqual([status, body.code, body.errors?.[0]?.path], expected, `${url}: ${JSON.stringify(body)}`)
  }
  const drivers = await request(api.url).get('/v1/drivers?instrument=binance:LEGLESS/USDT:USDT')
  assert.deepEqual([drivers.status, drivers.body.code], [404, 'no_spot_leg'])
  assert.match(drivers.body.detail, /LEGLESS.*spot=/)
  for (const route of ['term-structure', 'aggregates', 'funding/spreads', 'funding/trailing', 'sentiment']) {
    const { status, text } = await request(api.url).get(`/v1/${route}?asset=LEGLESS`)
    assert.equal(status, 200, `${route}: ${text}`)
  }
  for (const argument of ['notional: 0', 'notional: -5', 'notional: 1e12', 'horizonHours: 0', 'feeTier: "gold"']) {
    const { body, status } = await request(api.url)
      .post('/graphql')
      .send({ query: `{ carry(asset: ["BTC"], ${argument}) { nodes { netFrac } } }` })
    const [name] = argument.split(':') as [string]
    assert.ok(status < 500 && JSON.stringify(body.errors ?? []).includes(name), `${argument}: ${JSON.stringify(body)}`)
  }
})

test('at the ends of what is allowed nothing is made of numbers that are none: every null has its reason', async () => {
  await using api = await testApi({ seed: seedMarket })
  const ends = [
    ...['1e-19', '0.01', '1e9'].map((end) => `notional=${end}`),
    ...['1e-9', '8760'].map((end) => `horizonHours=${end}`),
    ...['0', '100'].map((end) => `borrowApr=${end}`),
    ...['0', '10'].map((end) => `margin=${end}`),
    ...['-0.01', '0.1'].map((end) => `spotTaker=${end}&contractTaker=${end}`),
    ...['-1', '10'].map((end) => `quoteRate=${end}&baseRate=${end === '-1' ? '10' : '-1'}`),
    ...['-10', '100'].map((end) => `minNetApr=${end}`)
  ]
  const urls = [
    ...ends.map((end) => `/v1/carry?asset=BTC&limit=60&${end}`),
    ...['1e-9', '8760'].map((end) => `/v1/funding/spreads?asset=BTC&horizonHours=${end}`),
    ...['-1', '10'].map((end) => `/v1/term-structure?asset=BTC&quoteRate=${end}`)
  ]
  for (const url of urls) {
    const { status, body, text } = await request(api.url).get(url)
    assert.equal(status, 200, `${url}: ${text}`)
    assert.ok(body.data.length > 0, url)
    for (const row of body.data) assert.deepEqual(nullsWithoutReason(row, isPlain), [], `${url} ${JSON.stringify(row)}`)
  }
})
