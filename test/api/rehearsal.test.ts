import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { rehearsalProblems } from '../../src/contract/rehearsal.ts'
import { REGIME_BOUNDS } from '../../src/domain/funding-regime.ts'
import type { Threshold } from '../../src/domain/lifecycle.ts'
import { BUCKET_MS, BUCKET_PARAMETERS, SIGNAL_LABELS, SIGNAL_TYPES } from '../../src/domain/signal-types.ts'
import { DAY, floorTo, HOUR, isoOf, MINUTE } from '../../src/domain/time.ts'
import { createKey } from '../../src/store/keys.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { FACTS } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { insertBasis, insertInstrument, NOW_MS, type TestApi, testApi } from './fixture.ts'
import { seedEverything } from './seed.ts'

const PERP = 'binance:BTC/USDT:USDT'
const SPOT = 'binance:BTC/USDT'
/** Buckets of these tests are those of two hours that are over. */
const FROM = floorTo(NOW_MS - 90 * DAY, BUCKET_MS)
const TO = FROM + 2 * HOUR
const RANGE = { from: isoOf(FROM), to: isoOf(TO) }

// biome-ignore lint/suspicious/noExplicitAny: bodies are what is under test.
type Any = any

/** Of the rates per 8 h, which are what is rehearsed of a regime. */
const REGIME_THRESHOLDS: Readonly<Record<string, Threshold>> = Object.fromEntries(
  Object.entries(REGIME_BOUNDS).map(([regime, { enterRate8h, exitRate8h }]) => [
    regime,
    { enter: enterRate8h, exit: exitRate8h, below: regime === 'PANIC' }
  ])
)

async function rehearse(api: TestApi, body: object): Promise<{ status: number; body: Any }> {
  const { secret } = await createKey(api.db, { scopes: ['webhooks'] })
  return request(api.url).post('/v1/webhooks/rehearse').set('authorization', `Bearer ${secret}`).send(body)
}

/** A basis in every bucket, bps; null: none. */
async function withBases(values: readonly (number | null)[]): Promise<TestApi> {
  return testApi({
    seed: async (db) => {
      const spot = await insertInstrument(db, { key: SPOT })
      const perp = await insertInstrument(db, { key: PERP, spotId: spot })
      const rows = values.flatMap((basisBps, bucket) =>
        basisBps === null ? [] : [{ atMs: FROM + bucket * BUCKET_MS + 60_000, basisBps }]
      )
      await insertBasis(db, perp, spot, rows)
    }
  })
}

/** Up for five buckets, of which three open it and three close it, and up again in the end. */
const TWICE = [...Array(5).fill(0), ...Array(5).fill(35), ...Array(11).fill(5), ...Array(3).fill(35)]

test('a rule tells how often it would have fired, when and for how long, from sealed days as well', async () => {
  await using api = await withBases(TWICE)
  const rule = { type: 'basis_dislocation', filter: { asset: 'btc' }, ...RANGE }
  const { status, body } = await rehearse(api, rule)
  assert.equal(status, 200, JSON.stringify(body))
  const { episodes, ...told } = body.data
  assert.deepEqual([told.fired, told.subjects, told.coverage, told.history], [1, 1, 1, 'enough'])
  assert.deepEqual([told.unit, told.medianHours, told.openHours], ['bps', 5 / 12, 5 / 12])
  const [episode] = episodes
  assert.deepEqual(
    [episode.instrument, episode.spot, episode.label, episode.closeReason, episode.value, episode.hours],
    [PERP, SPOT, 'RICH', 'exit', 35, 5 / 12]
  )
  assert.deepEqual([episode.openedAt, episode.closedAt], [isoOf(FROM + 8 * BUCKET_MS), isoOf(FROM + 13 * BUCKET_MS)])
  const options = { beforeMs: NOW_MS, nowMs: NOW_MS, knownBeforeMs: Number.POSITIVE_INFINITY }
  await sealFact(api.db, FACTS.basis, options)
  assert.equal((await api.db.query('select 1 from basis_snapshot')).rows.length, 0)
  assert.deepEqual((await rehearse(api, rule)).body.data, body.data)
  const stored = await api.db.query('select 1 from signal union all select 1 from event')
  assert.equal(stored.rows.length, 0, 'nothing is told of it')
})

test('how often a rule fires a day is by the days that are known', async () => {
  // Of two hours the second and its firing are known.
  await using api = await withBases([...Array(11).fill(null), 0, ...Array(5).fill(35), ...Array(7).fill(5)])
  const { data } = (await rehearse(api, { type: 'basis_dislocation', ...RANGE })).body
  assert.deepEqual([data.fired, data.coverage], [1, 13 / 24])
  assert.equal(data.perDay, 1 / ((13 / 24) * (2 / 24)))
})

test('thresholds of one’s own decide, and crossed ones, unknown words and what a type is not about are refused by name', async () => {
  await using api = await withBases(TWICE)
  const own = (enter: number, exit: number, label = 'RICH') => ({
    type: 'basis_dislocation',
    thresholds: [{ label, enter, exit }],
    ...RANGE
  })
  assert.equal((await rehearse(api, own(40, 20))).body.data.fired, 0)
  const { fired, thresholds } = (await rehearse(api, own(4, 1))).body.data
  assert.equal(fired, 1)
  assert.deepEqual(thresholds[0], { label: 'RICH', enter: 4, exit: 1 })
  const { secret } = await createKey(api.db, { scopes: ['read', 'webhooks'] })
  const asked = 'type: "basis_dislocation", thresholds: [{ label: "RICH", enter: 40, exit: 20 }]'
  const query = `mutation { rehearseWebhook(${asked}, from: "${RANGE.from}", to: "${RANGE.to}") { fired episodesLeftOff } }`
  const graph = await request(api.url).post('/graphql').set('authorization', `Bearer ${secret}`).send({ query })
  assert.deepEqual(graph.body.data?.rehearseWebhook, { fired: 0, episodesLeftOff: 0 }, JSON.stringify(graph.body))
  for (const [body, path] of [
    [own(20, 40), 'thresholds[0].exit'],
    [own(-20, -40, 'CHEAP'), 'thresholds[0].exit'],
    [own(0, 0), 'thresholds[0].enter'],
    [own(40, 0), 'thresholds[0].exit'],
    [own(40, -5), 'thresholds[0].exit'],
    [own(40, 20, 'CHEAP'), 'thresholds[0].enter'],
    [own(40, 20, 'RICHE'), 'thresholds[0].label'],
    [own(40, 20, 'PANIC'), 'thresholds[0].label'],
    [{ type: 'basis_dislocations' }, 'type'],
    [{}, 'type'],
    [{ type: 'venue_trouble', filter: { asset: 'BTC' } }, 'filter.asset'],
    [{ type: 'expectation', filter: { kind: 'perpetual' } }, 'filter.kind'],
    [{ type: 'expectation', filter: { label: 'RICH' } }, 'filter.label'],
    [{ type: 'expectation', filter: { asset: 'NOPE' } }, 'filter.asset'],
    [{ type: 'basis_dislocation', from: RANGE.to, to: RANGE.from }, 'from'],
    [{ type: 'basis_dislocation', threshold: 3 }, 'threshold'],
    [{ type: 'basis_dislocation', thresholds: [{ label: 'RICH', enter: 'x', exit: 1 }] }, 'thresholds[0].enter']
  ] as const) {
    const answer = await rehearse(api, body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.ok(
      answer.body.errors.some((problem: Any) => problem.path === path),
      `${path}: ${JSON.stringify(answer.body)}`
    )
  }
})

test('of every label of every type a bound at neutral or beyond it is refused by its name, and one on its side is not', () => {
  let labels = 0
  for (const type of SIGNAL_TYPES) {
    const bounds = type === 'funding_regime' ? REGIME_THRESHOLDS : BUCKET_PARAMETERS[type].thresholds
    const neutral = type === 'liquidity_thinning' ? 1 : 0
    for (const [label, { enter, exit, below }] of Object.entries(bounds)) {
      const across = below ? neutral + 0.001 : neutral - 0.001
      const refused = (own: Partial<Threshold>) =>
        rehearsalProblems(type, {}, [{ label, enter, exit, ...own }], bounds).map(({ path }) => path)
      assert.deepEqual(refused({}), [], label)
      for (const bound of [neutral, across]) {
        assert.deepEqual(refused({ exit: bound }), ['thresholds[0].exit'], `${label} ${bound}`)
        assert.equal(refused({ enter: bound })[0], 'thresholds[0].enter', `${label} ${bound}`)
      }
      labels += 1
    }
  }
  assert.equal(labels, SIGNAL_LABELS.length)
  const bounds = BUCKET_PARAMETERS.liquidity_thinning.thresholds
  assert.deepEqual(rehearsalProblems('liquidity_thinning', {}, [{ label: 'THIN', enter: 0.4, exit: 1 }], bounds), [
    { path: 'thresholds[0].exit', message: 'exit (1) must be below 1, which is neutral: lower it' }
  ])
})

test('where too little was kept the answer is insufficient, and no number of firings', async () => {
  await using api = await withBases([...Array(6).fill(35), ...Array(18).fill(null)])
  const { data } = (await rehearse(api, { type: 'basis_dislocation', ...RANGE })).body
  assert.deepEqual([data.history, data.coverage, data.fired, data.perDay], ['insufficient', 0.25, null, null])
  assert.equal(data.episodes[0].closeReason, 'stale', 'what was seen is shown')
  for (const type of ['expectation', 'carry_opportunity', 'funding_regime', 'interval_change', 'venue_trouble']) {
    const { body } = await rehearse(api, { type, ...RANGE })
    assert.deepEqual([body.data.history, body.data.fired, body.data.subjects], ['insufficient', null, 0], type)
  }
})

test('contracts whose intervals never changed are known from when theirs are, and count as the ones that did', async () => {
  await using api = await testApi({
    seed: async (db) => {
      const quiet = await insertInstrument(db, { key: PERP })
      const changing = await insertInstrument(db, { key: 'binance:ETH/USDT:USDT', asset: 'ETH' })
      await db.query(
        `insert into funding_interval (instrument_id, effective_from, interval_hours, source, known_at)
         select i, t, h, 'settled', t from unnest($1::int[], $2::timestamptz[], $3::float8[]) as r (i, t, h)`,
        [
          [quiet, changing, changing],
          [new Date(FROM + HOUR + 1), new Date(FROM - 10 * DAY), new Date(FROM + DAY)],
          [8, 8, 4]
        ]
      )
    }
  })
  const rule = { type: 'interval_change', from: isoOf(FROM), to: isoOf(FROM + 3 * DAY) }
  const { data } = (await rehearse(api, rule)).body
  assert.deepEqual([data.subjects, data.fired, data.episodes[0].label], [2, 1, 'SHORTER'])
  // Of two times 864 buckets the first twelve of one end before its interval is known.
  assert.ok(Math.abs(data.coverage - (2 * 864 - 12) / (2 * 864)) < 1e-12, String(data.coverage))
})

test('a funding regime is rehearsed on the settlements as they were evaluated', async () => {
  await using api = await testApi({ seed: seedEverything })
  const id = (await api.db.query(`select id from instrument where key = $1`, [PERP])).rows[0]!.id
  // Hot for forty hours, cool, and a gap within the second time.
  const rates = [0.0001, ...Array(5).fill(0.0006), 0.0001, ...Array(4).fill(0.0006), 0.0006]
  const from = floorTo(NOW_MS, DAY) - 10 * DAY
  await ensurePartitions(api.db, 'signal_input', [from], NOW_MS)
  for (const [index, value] of rates.entries()) {
    const isLast = index === rates.length - 1
    await api.db.query(
      `insert into signal_input (instrument_id, spot_id, type, at, known_at, value, span_hours, percentile, observations, held_hours, state, flags, parameters)
       values ($1, 0, 'funding_regime', $2, now(), $3, 8, $4, 200, 0, 'NEUTRAL', $5, 'p')`,
      [
        id,
        new Date(from + (index + (isLast ? 9 : 0)) * 8 * HOUR),
        value,
        value > 0.0002 ? 98 : 50,
        isLast ? ['after_gap'] : []
      ]
    )
  }
  const rule = { type: 'funding_regime', from: isoOf(from), to: isoOf(from + 6 * DAY) }
  const [open] = (await rehearse(api, rule)).body.data.episodes
  assert.deepEqual([open.closedAt, open.closeReason], [null, null], 'nobody has looked into the silence')
  await api.db.query('update backfill set done_from = wanted_from, done_to = $2 where instrument_id = $1', [
    id,
    new Date(NOW_MS)
  ])
  // Whether a later settlement tells of the silence or the end of the range does.
  for (const to of [from + 6 * DAY, from + 8 * DAY]) {
    const { data } = (await rehearse(api, { ...rule, to: isoOf(to) })).body
    assert.equal(data.fired, 2)
    assert.deepEqual(
      data.episodes.map(({ openedAt, closedAt, closeReason }: Any) => [
        (Date.parse(openedAt) - from) / (8 * HOUR),
        (Date.parse(closedAt) - from) / (8 * HOUR),
        closeReason
      ]),
      [
        [9, 13, 'stale'],
        [3, 6, 'exit']
      ]
    )
  }
  const higher = { ...rule, thresholds: [{ label: 'OVERHEATED', enter: 0.001, exit: 0.0005 }] }
  assert.equal((await rehearse(api, higher)).body.data.fired, 0)
  await api.db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since) values ($1, 'quarantined', 'no_majority', 2, $2)`,
    [id, new Date(NOW_MS)]
  )
  // The catalogue is read again after a while.
  api.clock.advance(MINUTE)
  const { data } = (await rehearse(api, rule)).body
  assert.deepEqual([data.subjects, data.fired], [0, null], 'what is under quarantine is not evaluated')
})
