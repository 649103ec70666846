import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { typeViews } from '../../src/api/operations/signal-types.ts'
import { loadConfig } from '../../src/config.ts'
import type { RegimeSignal } from '../../src/domain/signal.ts'
import { SIGNAL_TYPES } from '../../src/domain/signal-types.ts'
import { HOUR } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { createKey } from '../../src/store/keys.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { writeSignals } from '../../src/store/signals.ts'
import { testDatabase } from '../support/database.ts'
import { every8h, openRig } from '../support/regimes.ts'
import { aSignal } from '../support/signals.ts'
import { insertInstrument, NOW_MS, testApi } from './fixture.ts'

const BTC = 'binance:BTC/USDT:USDT'
const PEPE = 'bybit:1000PEPE/USDT:USDT'
const ago = (hours: number) => NOW_MS - hours * HOUR

/** Two of BTC, two of PEPE: opened 100, 80, 60 and 40 hours ago, the first and third closed after ten. */
async function seed(db: Database): Promise<void> {
  const btc = await insertInstrument(db, { key: BTC })
  const pepe = await insertInstrument(db, { key: PEPE, asset: 'PEPE' })
  const rows: (Partial<RegimeSignal> & Pick<RegimeSignal, 'id' | 'instrumentId'>)[] = [
    { id: 'sig_a', instrumentId: btc, openedAt: ago(100), closedAt: ago(90) },
    { id: 'sig_b', instrumentId: btc, openedAt: ago(80), label: 'PANIC', value: -0.001, peakValue: -0.002 },
    {
      id: 'sig_c',
      instrumentId: pepe,
      venue: 'bybit',
      openedAt: ago(60),
      closedAt: ago(50),
      closeReason: 'stale',
      closing: null
    },
    { id: 'sig_d', instrumentId: pepe, venue: 'bybit', openedAt: ago(40), value: 0.002 }
  ]
  await db.transaction((client) => writeSignals(client, rows.map(aSignal)))
}

const open = () => testApi({ seed })

async function idsOf(url: string, query: string): Promise<string[]> {
  const { status, body } = await request(url).get(`/v1/signals${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.data.map(({ id }: { id: string }) => id.slice(4))
}

test('signals are listed newest first and filtered by every word of theirs', async () => {
  await using api = await open()
  for (const [query, wanted] of [
    ['', 'dcba'],
    ['?state=open', 'db'],
    ['?state=closed', 'ca'],
    ['?label=PANIC', 'b'],
    ['?type=funding_regime&venue=bybit', 'dc'],
    ['?asset=pepe', 'dc'],
    [`?instrument=${BTC}`, 'ba'],
    ['?sort=openedAt', 'abcd'],
    ['?sort=-value', 'dcab'],
    ['?sort=peakValue&label=PANIC,OVERHEATED', 'bacd'],
    [`?from=${ago(55)}`, 'dcb'],
    [`?to=${ago(60)}`, 'ba'],
    [`?from=${ago(90)}&to=${ago(80)}`, '']
  ] as const) {
    assert.equal((await idsOf(api.url, query)).join(''), wanted, query)
  }
})

test('pages of signals follow on each other in any order', async () => {
  await using api = await open()
  for (const sort of ['openedAt', '-openedAt', 'value', '-value', '-peakValue', 'lastAt', '-lastAt']) {
    const whole = await idsOf(api.url, `?sort=${sort}`)
    const found: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await request(api.url).get(`/v1/signals?sort=${sort}&limit=1${cursor}`)
      found.push(...body.data.map(({ id }: { id: string }) => id.slice(4)))
      if (body.page.next === null) break
      cursor = `&cursor=${body.page.next}`
    }
    assert.deepEqual(found, whole, sort)
    assert.equal(new Set(found).size, 4)
  }
})

test('one signal is what the list shows of it, and one that is not there is a 404', async () => {
  await using api = await open()
  const { body: list } = await request(api.url).get('/v1/signals?state=closed&venue=bybit')
  const { body } = await request(api.url).get('/v1/signals/sig_c')
  assert.deepEqual(body.data, list.data[0])
  assert.deepEqual([body.data.instrument, body.data.asset, body.data.closeReason], [PEPE, 'PEPE', 'stale'])
  assert.deepEqual(body.data.absent, { spot: 'contract_alone', closing: 'no_settlement_closed_it' })
  const missing = await request(api.url).get('/v1/signals/sig_none')
  assert.deepEqual([missing.status, missing.body.code], [404, 'unknown_signal'])
})

test('what cannot be asked is refused by name', async () => {
  await using api = await open()
  for (const [query, code, path] of [
    ['type=funding_regimes', 'invalid_parameter', 'type'],
    ['label=NEUTRAL', 'invalid_parameter', 'label'],
    ['state=gone', 'invalid_parameter', 'state'],
    ['sort=id', 'invalid_parameter', 'sort'],
    ['venue=nowhere', 'unknown_venue', 'venue'],
    ['colour=red', 'unknown_parameter', 'colour'],
    [`from=${ago(1)}&to=${ago(2)}`, 'invalid_parameter', 'from'],
    ['cursor=abc', 'invalid_cursor', 'cursor']
  ] as const) {
    const { status, body } = await request(api.url).get(`/v1/signals?${query}`)
    assert.deepEqual([status, body.code, body.errors[0].path], [400, code, path], query)
  }
})

test('the catalogue says what each type means, what it does not, and its parameters here', async () => {
  await using api = await testApi({
    config: loadConfig({
      FUNDING_REGIME_PERSIST_HOURS: '48',
      FUNDING_REGIME_WINDOW_DAYS: '60',
      FUNDING_REGIME_OVERHEATED_ENTER_RATE_8H: '0.0004',
      STABLECOIN_DEPEG_BELOW_PAR_ENTER_BPS: '-80'
    })
  })
  const { body } = await request(api.url).get('/v1/signals/types')
  const regime = body.data.find(({ type }: { type: string }) => type === 'funding_regime')
  assert.deepEqual([regime.parameters.persistHours, regime.parameters.windowDays], [48, 60])
  assert.equal(regime.parameters.OVERHEATED.enterRate8h, 0.0004)
  assert.match(regime.not, /Not a forecast/)
  const depeg = body.data.find(({ type }: { type: string }) => type === 'stablecoin_depeg')
  assert.deepEqual(
    depeg.parameters.thresholds.map(({ enter, exit }: { enter: number; exit: number }) => [enter, exit]),
    [
      [50, 25],
      [-80, -25]
    ]
  )
})

test('the catalogue and a rehearsal go by what is in force, not by what the process that is asked is set to', async () => {
  await using api = await testApi()
  const others = loadConfig({
    STABLECOIN_DEPEG_BELOW_PAR_ENTER_BPS: '-80',
    FUNDING_REGIME_OVERHEATED_ENTER_RATE_8H: '0.0004'
  })
  await activate(api.db, 'stablecoin_depeg', { hash: 'd1', set: others.bucketParameters.stablecoin_depeg })
  await activate(api.db, 'funding_regime', { hash: 'f1', set: others.fundingRegime })
  const { body } = await request(api.url).get('/v1/signals/types')
  const of = (wanted: string) => body.data.find(({ type }: { type: string }) => type === wanted)
  const [depeg, regime, trouble] = [of('stablecoin_depeg'), of('funding_regime'), of('venue_trouble')]
  assert.deepEqual([depeg.parametersId, depeg.parameters.thresholds[1].enter], ['d1', -80])
  assert.deepEqual([regime.parametersId, regime.parameters.OVERHEATED.enterRate8h], ['f1', 0.0004])
  assert.deepEqual([trouble.parametersId, trouble.parameters.thresholds[0].enter], [null, 0.5])
  const { secret } = await createKey(api.db, { scopes: ['webhooks'] })
  const rehearse = request(api.url).post('/v1/webhooks/rehearse').set('authorization', `Bearer ${secret}`)
  const { body: rehearsed } = await rehearse.send({ type: 'stablecoin_depeg' })
  assert.equal(rehearsed.data.thresholds[1].enter, -80)
})

test('a signal tells the parameters that were in force when it opened, also after others are', async () => {
  await using api = await open()
  const { fundingRegime } = loadConfig({ FUNDING_REGIME_OVERHEATED_ENTER_RATE_8H: '0.0004' })
  const told = async () => {
    const { body } = await request(api.url).get('/v1/signals/sig_a')
    const { body: page } = await request(api.url).get('/v1/signals?state=closed&label=OVERHEATED')
    const query = '{ signal(id: "sig_a") { parameters } }'
    const { body: graph } = await request(api.url).post('/graphql').send({ query })
    const listed = page.data.find(({ id }: { id: string }) => id === 'sig_a')
    const { parameters } = body.data
    assert.deepEqual([listed.parameters, graph.data?.signal], [parameters, { parameters }])
    return parameters
  }
  const record = async () => {
    const { body } = await request(api.url).get('/v1/signals/records?label=OVERHEATED')
    return body.data[0]
  }
  await activate(api.db, 'funding_regime', { hash: 'p1', set: aSignal({ id: 'p', instrumentId: 1 }).parameterSet })
  const before = await told()
  assert.equal(before.OVERHEATED.enterRate8h, 0.0003)
  assert.deepEqual([(await record()).parametersId, (await record()).isInForce], ['p1', true])
  await activate(api.db, 'funding_regime', { hash: 'f2', set: fundingRegime })
  assert.deepEqual(await told(), before)
  assert.deepEqual([(await record()).parametersId, (await record()).isInForce], ['p1', false])
  const { body } = await request(api.url).get('/v1/signals/types')
  const now = body.data.find(({ type }: { type: string }) => type === 'funding_regime')
  assert.deepEqual([now.parametersId, now.parameters.OVERHEATED.enterRate8h], ['f2', 0.0004])
})

test('every type is in the catalogue, with its unit, its thresholds and whether it is looked for', async () => {
  await using api = await testApi()
  const { body } = await request(api.url).get('/v1/signals/types')
  assert.deepEqual(
    body.data.map(({ type, isEvaluated }: { type: string; isEvaluated: boolean }) => [type, isEvaluated]),
    [
      ['basis_dislocation', true],
      ['carry_opportunity', true],
      ['expectation', true],
      ['funding_regime', true],
      ['interval_change', true],
      ['leverage_buildup', true],
      ['liquidity_thinning', true],
      ['stablecoin_depeg', true],
      ['venue_trouble', true]
    ]
  )
  const depeg = body.data.find(({ type }: { type: string }) => type === 'stablecoin_depeg')
  assert.deepEqual([depeg.unit, depeg.parametersId], ['bps', null])
  assert.deepEqual(
    depeg.labels.map(({ label }: { label: string }) => label),
    ['ABOVE_PAR', 'BELOW_PAR']
  )
  assert.deepEqual(depeg.parameters.thresholds, [
    { label: 'ABOVE_PAR', enter: 50, exit: 25, below: false },
    { label: 'BELOW_PAR', enter: -50, exit: -25, below: true }
  ])
  const query =
    '{ signalTypes { nodes { type title meaning not unit value notEvaluatedReason parametersId parameters labels { label meaning } } } }'
  const { body: graph } = await request(api.url).post('/graphql').send({ query })
  const { isEvaluated: _, ...wanted } = depeg
  assert.deepEqual(
    graph.data.signalTypes.nodes.find(({ type }: { type: string }) => type === 'stablecoin_depeg'),
    wanted
  )
})

test('a type that settings leave without facts is not looked for, with the reason', async () => {
  await using t = await testDatabase()
  const config = loadConfig({ DEPTH_CONTRACTS: '0', STORE_SECONDS: '600', VENUE_TROUBLE_PERSIST_BUCKETS: '1' })
  const views = await typeViews(t.db, config)
  const missing = views.filter(({ isEvaluated }) => !isEvaluated)
  assert.deepEqual(
    missing.map(({ type, notEvaluatedReason }) => [type, notEvaluatedReason]),
    [
      ['basis_dislocation', 'observed_too_rarely'],
      ['expectation', 'observed_too_rarely'],
      ['stablecoin_depeg', 'observed_too_rarely'],
      ['leverage_buildup', 'observed_too_rarely'],
      ['liquidity_thinning', 'no_books'],
      ['carry_opportunity', 'observed_too_rarely']
    ]
  )
  assert.ok(views.every(({ isEvaluated, notEvaluatedReason }) => isEvaluated === (notEvaluatedReason === null)))
})

test('a type or label that is misspelt is answered with the nearest there is', async () => {
  await using api = await testApi()
  for (const [query, nearest] of [
    ['type=stablecoin_depegs', 'stablecoin_depeg'],
    ['type=venue_truble', 'venue_trouble'],
    ['label=BELOWPAR', 'BELOW_PAR'],
    ['typ=venue_trouble', 'type']
  ] as const) {
    const { status, body } = await request(api.url).get(`/v1/signals?${query}`)
    assert.equal(status, 400)
    assert.match(body.errors[0].message, new RegExp(`did you mean ${nearest}\\?`), query)
  }
})

test('whoever asks for signals by a word that there is not is told so, with the nearest, over REST, GraphQL, a subscription and a rehearsal', async () => {
  await using api = await open()
  const { secret } = await createKey(api.db, { scopes: ['read', 'webhooks'] })
  const send = (path: string, body: object) =>
    request(api.url).post(path).set('authorization', `Bearer ${secret}`).send(body)
  const subscribe = (filter: object) => send('/v1/webhooks', { url: 'https://example.com/', filter })
  const rehearse = (body: object) => send('/v1/webhooks/rehearse', body)
  const graph = (query: string) => send('/graphql', { query })
  const list = (query: string) => request(api.url).get(`/v1/signals?${query}`)
  const day = { from: new Date(ago(24)).toISOString(), to: new Date(NOW_MS).toISOString() }
  const crossed = { label: 'RICH', enter: 20, exit: 40 }
  const asked: [string, PromiseLike<{ status: number; text: string }>, RegExp][] = [
    ['REST, type', list('type=expectations'), /did you mean expectation\?/],
    ['REST, label', list('label=RICHE'), /did you mean RICH\?/],
    ['REST, word', list('types=expectation'), /did you mean type\?/],
    ['REST, asset', list('asset=BTCC'), /did you mean BTC\?/],
    ['GraphQL, type', graph('{ signals(type: ["expectations"]) { nodes { id } } }'), /did you mean expectation\?/],
    ['GraphQL, label', graph('{ signals(label: ["RICHE"]) { nodes { id } } }'), /did you mean RICH\?/],
    ['GraphQL, word', graph('{ signals(types: ["expectation"]) { nodes { id } } }'), /Did you mean .*type/],
    ['subscription, type', subscribe({ type: 'expectations' }), /did you mean expectation\?/],
    ['subscription, label', subscribe({ label: 'RICHE' }), /did you mean RICH\?/],
    ['subscription, word', subscribe({ types: 'expectation' }), /did you mean type\?/],
    [
      'subscription, label of another type',
      subscribe({ type: 'expectation', label: 'RICH' }),
      /RICH is no label of expectation: CONTANGO, BACKWARDATION/
    ],
    [
      'subscription, crossed',
      subscribe({ threshold: { enter: 20, exit: 40 } }),
      /exit \(40\) must not be above enter \(20\)/
    ],
    ['rehearsal, type', rehearse({ type: 'expectations' }), /did you mean expectation\?/],
    ['rehearsal, label', rehearse({ type: 'basis_dislocation', filter: { label: 'RICHE' } }), /did you mean RICH\?/],
    ['rehearsal, word', rehearse({ type: 'expectation', filters: {} }), /did you mean filter\?/],
    [
      'rehearsal, crossed',
      rehearse({ type: 'basis_dislocation', thresholds: [crossed], ...day }),
      /exit \(40\) must not be above enter \(20\)/
    ]
  ]
  for (const [what, answer, expected] of asked) {
    const { status, text } = await answer
    assert.equal(status, what.startsWith('GraphQL') && status === 200 ? 200 : 400, `${what}: ${text}`)
    assert.match(text.replaceAll('\\"', '"'), expected, what)
  }
  const { rows } = await api.db.query('select 1 from subscription')
  assert.equal(rows.length, 0, 'nobody was subscribed to nothing')
  for (const type of SIGNAL_TYPES) {
    const { status, body } = await rehearse({ type, ...day })
    assert.deepEqual([status, body.data.history, body.data.fired], [200, 'insufficient', null], type)
  }
})

test('an event carries exactly what the signal’s own address shows', async () => {
  await using api = await testApi()
  const rig = await openRig(api.db)
  await rig.settle(every8h(0, 60, 0.0001))
  await rig.evaluate()
  const check = async () => {
    await rig.evaluate()
    const { events } = await rig.show()
    const { body } = await request(api.url).get(`/v1/signals/${events.at(-1)!.data.id}`)
    assert.deepEqual(events.at(-1)!.data, body.data)
    return events.length
  }
  await rig.settle(every8h(480, 3, 0.001))
  assert.equal(await check(), 1)
  await rig.settle(every8h(504, 1, 0.0001))
  assert.equal(await check(), 2)
})
