import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveBoardRow } from '../../src/domain/board.ts'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import type { Facts } from '../../src/domain/latest.ts'
import { MINUTE, SECOND } from '../../src/domain/time.ts'
import { checkIdentities } from '../../src/jobs/identity.ts'
import { chooseIdentities } from '../../src/jobs/spot-choices.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { listIdentityChecks, listSpeakers, lockIdentityChecks, saveIdentityChecks } from '../../src/store/identity.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { upsertLatest } from '../../src/store/latest.ts'
import { aLatest, inputs } from '../support/board-inputs.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'
import { anInstrument } from '../support/instrument.ts'
import { silentLog } from '../support/line.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const KEYS = ['binance:NEIRO/USDT:USDT', 'bybit:NEIRO/USDT:USDT']
const NOTHING: Facts = { quotes: [], lasts: [], marks: [], estimates: [], openInterest: [], volumes: [] }
const quote = (instrumentId: number, bid: string, ask: string, observedAt = NOW) => ({
  instrumentId,
  bid,
  ask,
  bidSize: null,
  askSize: null,
  observedAt,
  venueTime: null
})

/** Followed contracts of one ticker on two venues, by their ids. */
async function openPair(db: Database): Promise<[number, number]> {
  for (const key of KEYS) await ensureInstrument(db, parseInstrumentKey(key)!)
  await db.query("update instrument set tracked = true, status = 'listed', asset = 'NEIRO'")
  const all = await listInstruments(db)
  return KEYS.map((key) => all.find((one) => one.key === key)!.id) as [number, number]
}
const hear = (db: Database, quotes: Facts['quotes']) =>
  db.transaction((client) => upsertLatest(client, NOW, { ...NOTHING, quotes }))
const check = (db: Database) => checkIdentities({ db, clock: { now: () => NOW }, log: silentLog, pollMs: 10 * SECOND })
const isWaiting = (db: Database, event: string) => async () =>
  (await db.query('select 1 from pg_stat_activity where wait_event = $1 and datname = current_database()', [event]))
    .rows.length > 0

test('the mid of a book wider than five per cent, of a crossed one and of half a one is nobody’s price', async () => {
  await using t = await testDatabase()
  const [one] = await openPair(t.db)
  const midOf = async (bid: string, ask: string) => {
    await hear(t.db, [quote(one, bid, ask)])
    return (await listSpeakers(t.db)).find(({ id }) => id === one)!.mid
  }
  assert.equal(await midOf('0.975', '1.025'), 1)
  assert.equal(await midOf('0.974', '1.026'), null)
  assert.equal(await midOf('1.01', '1'), null)
  assert.equal(await midOf('1', '1'), null)
})

test('a thin book and an old price contradict nobody, and a whole one of now does', async () => {
  await using t = await testDatabase()
  const [one, other] = await openPair(t.db)
  await hear(t.db, [quote(one, '1', '1.001'), quote(other, '40', '60')])
  await check(t.db)
  assert.equal((await listIdentityChecks(t.db)).size, 0)
  await hear(t.db, [quote(other, '50', '50.01', NOW - MINUTE)])
  await t.db.query('update market_latest set quote_observed_at = $2 where instrument_id = $1', [
    other,
    new Date(NOW - MINUTE)
  ])
  await check(t.db)
  assert.equal((await listIdentityChecks(t.db)).size, 0)
  await hear(t.db, [quote(other, '50', '50.01')])
  await check(t.db)
  assert.deepEqual([...(await listIdentityChecks(t.db)).keys()].sort(), [one, other].sort())
})

test('an old mark holds back no book that has gone on without it', () => {
  const contractLatest = aLatest('64028.50', '64028.60')
  const marked = (observedAt: number) =>
    deriveBoardRow(
      inputs({
        contractLatest: { ...contractLatest, mark: { mark: '20000', index: '20000', observedAt, venueTime: null } }
      })
    ).reasons
  const { nowMs } = inputs()
  assert.deepEqual(marked(nowMs), ['quarantined'])
  assert.deepEqual(marked(nowMs - MINUTE), [])
})

test('a word about the asset alone keeps the multiplier that its name has', () => {
  const contract = anInstrument('binance:1000SATS/USDT:USDT', { multiplier: null, spotId: null })
  const nothing = { assetClass: null, multiplier: null, renamedFrom: null, note: null }
  const said = (asset: string) =>
    chooseIdentities([contract], new Map([[contract.key, { key: contract.key, asset, ...nothing }]]))[0]!
  assert.deepEqual(
    [said('SATS').asset, said('SATS').multiplier, said('SATS').multiplierSource],
    ['SATS', '1000', 'override']
  )
  assert.deepEqual([said('OTHER').asset, said('OTHER').multiplier], ['OTHER', '1'])
})

test('whoever compares prices waits for who does so already, and goes on from what that one has found', async () => {
  await using t = await testDatabase()
  const [one, other] = await openPair(t.db)
  await hear(t.db, [quote(one, '1', '1.001'), quote(other, '1.4', '1.401')])
  const suspect = {
    state: 'suspect',
    reason: 'no_majority',
    ratio: 1.4,
    since: NOW - MINUTE,
    checks: 2,
    agreesSince: null
  } as const
  let isChecked = false
  const second = await t.db.transaction(async (client) => {
    await lockIdentityChecks(client)
    const checking = check(t.db).then(() => {
      isChecked = true
    })
    const waits = isWaiting(t.db, 'advisory')
    await until('the other waits, or is through', async () => isChecked || (await waits()))
    if (!isChecked)
      await saveIdentityChecks(
        client,
        [one, other].map((id) => [id, suspect])
      )
    return { checking }
  })
  await second.checking
  const found = [...(await listIdentityChecks(t.db)).values()].map(({ state, checks }) => [state, checks])
  assert.deepEqual(found, [
    ['quarantined', 3],
    ['quarantined', 3]
  ])
})

test('the newest facts of several instruments are locked in one order, whichever group brings them', async () => {
  await using t = await testDatabase()
  const [one, other] = await openPair(t.db)
  await hear(t.db, [quote(one, '1', '1.1'), quote(other, '1', '1.1')])
  const mark = { instrumentId: one, mark: '1', index: '1', observedAt: NOW, venueTime: null }
  const facts = { ...NOTHING, quotes: [quote(other, '2', '2.1')], marks: [mark] }
  const writing = await t.db.transaction(async (client) => {
    await client.query('select 1 from market_latest where instrument_id = $1 for update', [one])
    const done = t.db.transaction((writer: Transaction) => upsertLatest(writer, NOW, facts))
    await until('the writer waits', isWaiting(t.db, 'transactionid'))
    // It waits at the first of its rows, with none of the later ones in hand.
    await client.query('select 1 from market_latest where instrument_id = $1 for update nowait', [other])
    return { done }
  })
  await writing.done
})
