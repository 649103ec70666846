import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Instrument, parseInstrumentKey } from '../../src/domain/instrument.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { tellIntervals } from '../../src/jobs/declared-intervals.ts'
import { settle } from '../../src/jobs/settle.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { insertEstimates } from '../../src/store/observations.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'

const KEY = 'bybit:BTC/USDT:USDT'
const START = Date.UTC(2026, 10, 24)
const at = (hour: number) => START + hour * HOUR

const rowAt = (hour: number, rate = '0.0001') => ({
  symbol: 'BTC/USDT:USDT',
  settledAt: at(hour),
  venueTime: at(hour) + 7,
  observedAt: at(hour),
  rate,
  mark: null
})

async function openContract(db: Database) {
  await ensureInstrument(db, parseInstrumentKey(KEY)!)
  await ensurePartitions(db, 'settlement', [START], START)
  const days = [-4, -3, -2, -1, 0].map((day) => START + day * DAY)
  await ensurePartitions(db, 'funding_estimate', days, START)
  const instrument = (await listInstruments(db)).find(({ key }) => key === KEY)!
  return {
    instrument,
    /** What an answer at an hour has brought. */
    hear: (observedAt: number, rows: readonly ReturnType<typeof rowAt>[]) =>
      db.transaction((client) => settle(client, instrument, rows, { observedAt, adapterVersion: 3, epoch: 0 })),
    declare: (hour: number, hours: number, next: number, rate = '0.0002') =>
      declare(db, instrument, { hour, hours, next, rate }),
    events: async () => {
      const { rows } = await db.query<{ type: string; at: Date; data: Record<string, unknown> }>(
        'select type, at, data from event order by created_at, type'
      )
      return rows.map((row) => ({ type: row.type, hour: (row.at.getTime() - START) / HOUR, data: row.data }))
    }
  }
}

type Said = {
  readonly hour: number
  readonly hours: number
  readonly next: number
  readonly rate: string
  readonly kind?: 'indicative' | 'trailing'
}

/** A poll that heard an estimate. */
const declare = (db: Database, instrument: Instrument, said: Said) =>
  db.transaction((client) => storeEstimate(client, instrument, said))

async function storeEstimate(
  client: Transaction,
  instrument: Instrument,
  { hour, hours, next, rate, kind = 'indicative' }: Said
): Promise<void> {
  const estimate = {
    instrumentId: instrument.id,
    rate,
    intervalHours: hours,
    intervalSource: 'declared',
    kind,
    nextSettlementAt: at(next),
    nextSettlementVenueTime: at(next) + 3,
    cap: '0.003',
    floor: '-0.003',
    determined: 0.5,
    observedAt: at(hour),
    venueTime: null
  } as const
  const times = { tickAt: at(hour), spanMs: MINUTE }
  const stamp = { ...times, source: 'polled', formulaVersion: 1, adapterVersion: 3, epoch: 0 } as const
  await insertEstimates(client, [estimate], stamp)
  const instruments = new Map([[instrument.symbol, instrument]])
  await tellIntervals(client, { instruments }, { estimates: [estimate] }, at(hour))
}

const eight = (upTo: number) =>
  Array.from({ length: upTo / 8 + 4 }, (_, index) => rowAt(upTo - 8 * (upTo / 8 + 3 - index)))

test('what is followed is told once, with the estimate before it; what is fetched of the past is told to nobody', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.hear(at(0) + 30 * SECOND, eight(-8))
  assert.deepEqual(await contract.events(), [])
  await contract.declare(-1, 8, 0, '0.00025')
  await contract.declare(-0.5, 8, 0, '0.0003')
  // About the settlement after it, and at the moment itself: no estimates of this one.
  await contract.declare(0, 8, 8, '0.0009')
  for (const look of [30 * SECOND, 5 * MINUTE]) await contract.hear(at(0) + look, [rowAt(0, '0.00028')])
  const events = await contract.events()
  assert.deepEqual(
    events.map(({ type, hour }) => [type, hour]),
    [['funding.settled', 0]]
  )
  const { data } = events[0]!
  assert.deepEqual(
    [
      data.instrument,
      data.rate,
      data.intervalHours,
      data.estimateRate,
      data.estimateDifference,
      data.cap,
      data.adapterVersion
    ],
    [KEY, 0.00028, 8, 0.0003, -0.00002, 0.003, 3]
  )
  assert.deepEqual([data.settledAt, data.venueTime], ['2026-11-24T00:00:00.000Z', '2026-11-24T00:00:00.007Z'])
})

test('another rate at the second look is a revision and is told as a correction', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.hear(at(0) + 30 * SECOND, [...eight(-8), rowAt(0, '0.0001')])
  await contract.hear(at(0) + 5 * MINUTE, [rowAt(0, '0.00012')])
  await contract.hear(at(0) + 6 * MINUTE, [rowAt(0, '0.000120')])
  const events = await contract.events()
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.rate, data.revision, data.intervalHours]),
    [
      ['funding.settled', 0.0001, 0, 8],
      ['data.corrected', 0.00012, 1, 8]
    ]
  )
  assert.equal(events[1]!.data.fact, 'settlement')
})

test('what is not stored is not told, and what is not told is not stored', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  const stamp = { observedAt: at(0) + 30 * SECOND, adapterVersion: 3, epoch: 0 }
  await assert.rejects(
    t.db.transaction(async (client) => {
      await settle(client, contract.instrument, [rowAt(-8), rowAt(0)], stamp)
      throw new Error('the claim was lost')
    }),
    /the claim was lost/
  )
  const { rows } = await t.db.query(
    'select (select count(*) from event) + (select count(*) from settlement) + (select count(*) from funding_interval) as n'
  )
  assert.equal(Number(rows[0]!.n), 0)
})

test('longer periods have their length from the first settlement on where they were declared, and the change is told by the poll', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  const every4h = [-12, -8, -4, 0].map((hour) => rowAt(hour))
  await contract.declare(-1, 4, 0)
  await contract.hear(at(0) + 30 * SECOND, every4h)
  await contract.declare(0.1, 8, 8)
  await contract.hear(at(8) + 30 * SECOND, [rowAt(0), rowAt(8)])
  const events = await contract.events()
  assert.deepEqual(
    events.map(({ type, hour, data }) => [type, hour, data.intervalHours, data.intervalSource]),
    [
      ['funding.settled', 0, 4, 'declared'],
      ['funding.interval_changed', 0, 8, 'declared'],
      ['funding.settled', 8, 8, 'declared']
    ]
  )
})

test('a change that only settlements show is told with them, once; one of months ago is kept and not told', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.hear(at(0) + 30 * SECOND, eight(0))
  await contract.hear(at(1) + 30 * SECOND, [rowAt(0), rowAt(1)])
  await contract.hear(at(2) + 30 * SECOND, [rowAt(1), rowAt(2)])
  const changes = (await contract.events()).filter(({ type }) => type === 'funding.interval_changed')
  assert.deepEqual(
    changes.map(({ hour, data }) => [hour, data.previousHours, data.intervalHours, data.intervalSource, data.absent]),
    [[0, 8, 1, 'observed', { declaredAt: 'not_declared' }]]
  )
  const old = [-40, -39, -38, -37, -36, -35, -34, -33, -32].map((hour) => rowAt(hour))
  await contract.hear(at(3), old)
  const { rows } = await t.db.query('select count(*)::int as n from funding_interval')
  assert.ok(rows[0]!.n > 2)
  assert.equal((await contract.events()).filter(({ type }) => type === 'funding.interval_changed').length, 1)
})

test('a poll and a settlement that show one change at the same moment tell of it once', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.declare(-0.5, 8, 0)
  await contract.hear(at(0) + 30 * SECOND, eight(0))
  let isHeard = false
  const settled = await t.db.transaction(async (client) => {
    await storeEstimate(client, contract.instrument, { hour: 1.01, hours: 1, next: 2, rate: '0.0001' })
    // Begun while the poll's change is not committed: it must wait, and then find it.
    const heard = contract.hear(at(1) + 30 * SECOND, [rowAt(0), rowAt(1)]).then(() => {
      isHeard = true
    })
    await until('the other waits, or is through', async () => {
      const { rows } = await t.db.query(
        "select 1 from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
      )
      return isHeard || rows.length > 0
    })
    return { heard }
  })
  await settled.heard
  const changes = (await contract.events()).filter(({ type }) => type === 'funding.interval_changed')
  assert.deepEqual(
    changes.map(({ data }) => [data.previousHours, data.intervalHours, data.intervalSource]),
    [[8, 1, 'declared']]
  )
})

test('a change that took effect more than a week before it is found is kept and told to nobody', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.hear(
    at(-400),
    [-424, -416, -408].map((hour) => rowAt(hour))
  )
  await contract.hear(
    at(0) + 30 * SECOND,
    Array.from({ length: 12 }, (_, index) => rowAt(-404 + index * 4))
  )
  const { rows } = await t.db.query<{ interval_hours: number }>(
    'select interval_hours from funding_interval order by effective_from desc limit 1'
  )
  assert.equal(rows[0]!.interval_hours, 4)
  assert.deepEqual(await contract.events(), [])
})

test('a rate that looks back is no estimate of a settlement, and its hours are no interval', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await declare(t.db, contract.instrument, { hour: -0.5, hours: 8, next: 0, rate: '0.0009', kind: 'trailing' })
  await contract.hear(
    at(0) + 30 * SECOND,
    [-3, -2, -1, 0].map((hour) => rowAt(hour))
  )
  const [settled] = (await contract.events()).filter(({ hour }) => hour === 0)
  assert.deepEqual([settled!.data.estimateRate, settled!.data.intervalHours], [null, 1])
  const { rows } = await t.db.query('select distinct interval_hours from funding_interval')
  assert.deepEqual(rows, [{ interval_hours: 1 }])
})

test('a venue that was silent for days tells its change by the declaration of now, and its past moves nothing', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.declare(-72.5, 8, -72)
  await contract.hear(
    at(-72) + 30 * SECOND,
    [-96, -88, -80, -72].map((hour) => rowAt(hour))
  )
  await contract.declare(0.1, 4, 4)
  const past = Array.from({ length: 16 }, (_, index) => rowAt(-64 + 8 * 2 + index * 4))
  await contract.hear(at(0) + 30 * MINUTE, [
    rowAt(-64),
    rowAt(-56),
    ...past.filter(({ settledAt }) => settledAt <= at(0))
  ])
  const changes = (await contract.events()).filter(({ type }) => type === 'funding.interval_changed')
  assert.deepEqual(
    changes.map(({ data }) => [data.previousHours, data.intervalHours]),
    [[8, 4]]
  )
})

test('a change that only a hole had shown is taken back from those who were told, once; what nobody was told is not', async () => {
  await using t = await testDatabase()
  const contract = await openContract(t.db)
  await contract.hear(
    at(-4) + 30 * SECOND,
    [-16, -12, -8, -4].map((hour) => rowAt(hour))
  )
  // Every second settlement is missing from the answers, as if it settled every eight hours from now on.
  await contract.hear(
    at(12) + 30 * SECOND,
    [4, 12].map((hour) => rowAt(hour))
  )
  await contract.hear(
    at(13),
    [0, 8].map((hour) => rowAt(hour))
  )
  await contract.hear(
    at(16) + 30 * SECOND,
    [12, 16].map((hour) => rowAt(hour))
  )
  const about = (await contract.events()).filter(({ type }) => type !== 'funding.settled')
  const told = about.filter(({ data }) => data.fact !== 'settlement')
  assert.deepEqual(
    told.map(({ type, hour, data }) => [type, hour, data.previousHours, data.intervalHours, data.revision]),
    [
      ['funding.interval_changed', -4, 4, 8, 0],
      ['data.corrected', -4, 4, 4, 1]
    ]
  )
  const { fact, withdrawnHours, instrument } = told[1]!.data
  assert.deepEqual([fact, withdrawnHours, instrument], ['funding_interval', 8, KEY])
  await contract.hear(
    at(16) + MINUTE,
    [-400, -396, -392, -384, -376, -368, -364, -360].map((hour) => rowAt(hour))
  )
  await contract.hear(
    at(16) + 2 * MINUTE,
    [-388, -380, -372].map((hour) => rowAt(hour))
  )
  const { rows } = await t.db.query('select 1 from funding_interval where effective_from < $1', [new Date(at(-300))])
  assert.ok(rows.length > 1, 'the past had its changes as well')
  assert.equal((await contract.events()).filter(({ data }) => data.fact === 'funding_interval').length, 1)
})
