import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUCKET_MS } from '../../src/domain/signal-types.ts'
import { DAY, floorTo, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { BUCKET_SOURCES } from '../../src/store/closed-buckets/sources.ts'
import { freeFrom, openSignals } from './evaluated.ts'
import { bookTheDayBefore, openFollowed } from './followed.ts'
import { openRig, type Rig } from './rig.ts'
import { type Fault, OF_BOOKS, OF_INTERVALS, OF_SETTLEMENTS, OUTLIERS } from './table.ts'

const VENUES = ['binance', 'bybit', 'hyperliquid']
const BOOKS = 'depth|orderbook|l2Book'
const SETTLEMENTS = 'fundingRate\\?|funding/history|fundingHistory'
/** One look is enough to be told of; nothing is frozen at the first, and half of one book may be thin. */
const TWICE = new Set(['frozen', 'half'])
/** All contracts settle at these times, some by the hour between them. */
const PERIOD = 8 * HOUR

const TYPES = ['carry_opportunity', 'liquidity_thinning'] as const
const ACROSS = 'bybit:BTC/USDC:USDC'
/** What opens once it is so: of the perpetual, the dated contract and the pair across venues, and of both rhythms of settlement. */
const TRUE = [
  'carry_opportunity CARRY binance:BTC/USDT:USDT',
  'carry_opportunity CARRY binance:BTC/USDT:USDT-270326',
  `carry_opportunity CARRY ${ACROSS}`,
  'funding_regime OVERHEATED binance:BTC/USDT:USDT',
  'funding_regime OVERHEATED hyperliquid:BTC/USDC:USDC',
  'liquidity_thinning THIN binance:BTC/USDT:USDT'
]

async function open() {
  const rig = await openRig(VENUES, ['BTC'])
  await rig.order('calm', rig.clock.now() - 130 * DAY)
  await rig.tick()
  const followed = await openFollowed(rig)
  const { told, evaluate } = await openSignals(rig, TYPES, {})
  await followed.sizes()
  await followed.settlements()
  return {
    rig,
    told,
    followed,
    /** The second fault is Bybit's, the first everybody else's. */
    set: ([rule, other]: Pair, path?: string) =>
      rig.setFaults(
        VENUES.map((venue) => ({
          kind: '',
          ...(venue === 'bybit' ? other : rule),
          venue,
          ...(path === undefined ? {} : { path })
        }))
      ),
    /** A bucket that is polled so often, its books with it. */
    bucket: async (polls = 1, notBefore = 0) => {
      const start = floorTo(Math.max(rig.clock.now(), notBefore), BUCKET_MS) + BUCKET_MS
      for (let poll = 0; poll < polls; poll += 1) {
        await rig.tick(start + poll * 2 * MINUTE)
        await followed.books()
      }
      await evaluate()
    },
    /** The next settlement, polled so long before it and asked for twice after it; then once more, when `after` has been done. */
    settlement: async (before: readonly number[] = [0], after: () => Promise<void> = async () => {}) => {
      const due = floorTo(rig.clock.now(), PERIOD) + PERIOD
      for (const early of before) await rig.tick(due - early - 10 * SECOND)
      for (const at of [due + 30 * SECOND, due + 5 * MINUTE + SECOND]) {
        rig.wait(at)
        await followed.settlements()
      }
      await after()
      await rig.tick(due + 45 * MINUTE)
      await followed.settlements()
      await followed.books()
      await evaluate()
    }
  }
}

/** Every value that could be told of was there, and said no. */
async function assertJudged({ db, clock }: Rig): Promise<void> {
  const to = floorTo(clock.now(), BUCKET_MS) + BUCKET_MS
  const span = { from: to - BUCKET_MS, to, bucketMs: BUCKET_MS }
  for (const type of TYPES) {
    const points = await BUCKET_SOURCES[type].list(db, span, null)
    const known = new Set(points.flatMap(({ subject, value }) => (value === null ? [] : [subject.instrumentId])))
    const wanted = TRUE.filter((signal) => signal.startsWith(type)).map((signal) => signal.split(' ')[2])
    const { rows } = await db.query<{ id: number; key: string }>(
      'select id, key from instrument where key = any ($1)',
      [wanted]
    )
    for (const { id, key } of rows) assert.ok(known.has(id), `${type} says nothing of ${key}`)
  }
}

/** Whatever was said meanwhile, the settlement of this period is there, of every contract, with a rate of a calm market. */
async function assertSettled({ db, clock }: Rig): Promise<void> {
  const { rows } = await db.query<{ key: string; rate: string | null; hours: number }>(
    `select i.key, s.rate, s.interval_hours as hours from instrument i left join lateral (
       select rate, interval_hours from settlement where instrument_id = i.id and settled_at = $1 order by revision desc limit 1) s on true
     where i.tracked and i.kind = 'perpetual'`,
    [new Date(floorTo(clock.now(), PERIOD))]
  )
  for (const { key, rate, hours } of rows) {
    assert.equal(hours, key.startsWith('hyperliquid') ? 1 : 8, key)
    assert.ok(Math.abs((Number(rate) * 8) / hours) < 0.0003 && Number(rate) !== 0, `${key} settled at ${rate}`)
  }
}

const words = (faults: object, of: string) => `${of}: ${JSON.stringify(faults)}`

type Pair = readonly [Fault, Fault]
const pairsOf = (faults: readonly Fault[]): Pair[] =>
  faults.flatMap((fault, index) => (index % 2 === 0 ? [[fault, faults[index + 1] ?? faults[0]!] as const] : []))

test('books and settlements that are wrong in every way open no opportunity, no thinning and no regime; what comes true does', {
  timeout: 600_000
}, async (t) => {
  const { rig, told, followed, bucket, settlement, set } = await open()
  await using _ = rig
  // One contract's coin is another venue's, as where its own has none.
  await rig.db.query(
    `update instrument set spot_id = (select id from instrument where key = 'binance:BTC/USDC') where key = $1`,
    [ACROSS]
  )
  // What is usual is worked out once a day.
  for (let look = 0; look < 5; look += 1) {
    rig.wait(rig.clock.now() + MINUTE)
    await followed.books()
  }
  await bookTheDayBefore(rig, 1)
  await bucket()
  await assertJudged(rig)
  assert.deepEqual(await told(), [], 'nothing is told of a calm market')

  for (const { rules, path } of [
    { rules: OF_BOOKS, path: BOOKS },
    { rules: OUTLIERS, path: undefined }
  ]) {
    for (const pair of pairsOf(rules)) {
      await t.test(words(pair, path ?? 'everything'), async () => {
        await set(pair, path)
        const polls = path === undefined || pair.some(({ kind }) => TWICE.has(String(kind))) ? 2 : 1
        await bucket(polls, (await freeFrom(rig, VENUES)) - MINUTE)
        assert.ok((await rig.injected()) > 0, 'no fault was injected')
        assert.deepEqual(await told(), [])
      })
    }
  }
  await rig.setFaults([])
  await bucket(2, await freeFrom(rig, VENUES))

  for (const pair of pairsOf(OF_SETTLEMENTS)) {
    await t.test(words(pair, SETTLEMENTS), async () => {
      await set(pair, SETTLEMENTS)
      await settlement(pair[0].kind === 'stamps_off' ? [HOUR, 0] : [0], async () => {
        assert.ok((await rig.injected()) > 0, 'no fault was injected')
        await rig.setFaults([])
      })
      assert.deepEqual(await told(), [])
      await assertSettled(rig)
    })
  }
  for (const rules of OF_INTERVALS) {
    await t.test(words(rules, 'intervals'), async () => {
      await rig.setFaults(rules)
      await bucket(2)
      await settlement()
      assert.ok((await rig.injected()) > 0, 'no fault was injected')
      await rig.setFaults([])
      assert.deepEqual(await told(), [])
    })
  }

  // The same market turns euphoric, and its books are a quarter of what they were.
  await rig.order('euphoric')
  await settlement()
  await settlement()
  rig.wait(rig.clock.now() + DAY)
  await rig.tick()
  await bookTheDayBefore(rig, 4)
  await bucket(2)
  const { rows } = await rig.db.query<{ type: string; key: string; label: string }>(
    `select distinct s.type, s.label, i.key from signal s join instrument i on i.id = s.instrument_id order by 1, 2, 3`
  )
  const opened = new Set(rows.map(({ type, key, label }) => `${type} ${label} ${key}`))
  for (const signal of TRUE) assert.ok(opened.has(signal), `${signal} is not among ${[...opened].join(', ')}`)
})
