import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expireRow, expiriesOf, lastsUntil, maxAgesOf, NOTHING, polledMaxAgeMs } from '../../src/domain/expiry.ts'
import { HOUR, isoOf, MINUTE, SECOND } from '../../src/domain/time.ts'
import { boardRow, eventually, NOW_MS, putOnBoard, testApi } from '../api/fixture.ts'

const RHYTHM = { pollMs: 10 * SECOND, openInterestMs: 5 * MINUTE }
const KEY = 'binance:BTC/USDT:USDT'
const at = (afterMs: number, changes: Partial<Parameters<typeof boardRow>[0]> = {}) => {
  const row = boardRow({ openInterestUsd: '81', volume24hUsd: '5', ...changes, instrument: KEY })
  return expireRow(row, expiriesOf(row, RHYTHM), NOW_MS + afterMs)
}

test('each number is gone when its own rhythm has been missed, with the reason, and its time stays', () => {
  const fresh = at(0)
  assert.notEqual(fresh.fundingRate, null)
  assert.deepEqual(fresh.absent, boardRow({ instrument: KEY }).absent)
  const polls = at(31 * SECOND)
  assert.deepEqual([polls.mark, polls.premiumBps, polls.fundingRate, polls.fundingApr], [null, null, null, null])
  for (const field of Object.keys({ ...NOTHING.mark, ...NOTHING.funding })) assert.equal(polls.absent[field], 'stale')
  assert.equal(polls.fundingObservedAt, fresh.fundingObservedAt)
  assert.deepEqual([polls.openInterestUsd, polls.volume24hUsd], ['81', '5'])
  const minutes = at(6 * MINUTE)
  assert.deepEqual([minutes.openInterestUsd, minutes.volume24hUsd], ['81', null])
  assert.equal(at(16 * MINUTE).openInterestUsd, null)
})

test('a rate is over with the settlement that it was for, however seldom it is asked', () => {
  const rhythm = { ...RHYTHM, pollMs: HOUR }
  const row = boardRow({ instrument: KEY, nextSettlementAt: isoOf(NOW_MS + MINUTE) })
  const expiries = expiriesOf(row, rhythm)
  assert.notEqual(expireRow(row, expiries, NOW_MS + 6 * MINUTE).fundingRate, null, 'venues name the next one late')
  const over = expireRow(row, expiries, NOW_MS + 6 * MINUTE + 1)
  assert.deepEqual([over.fundingRate, over.nextSettlementAt, over.absent['fundingRate']], [null, null, 'stale'])
  assert.notEqual(over.mark, null)
})

test('whatever the times: nothing lasts longer than its rhythm allows, and what has expired stays so', () => {
  const time = fc.option(fc.integer({ min: NOW_MS - HOUR, max: NOW_MS }).map(isoOf), { nil: null })
  fc.assert(
    fc.property(fc.tuple(time, time, time, time, time), fc.integer({ min: 1, max: 600_000 }), (times, pollMs) => {
      const [markObservedAt, fundingObservedAt, openInterestObservedAt, volumeObservedAt, nextSettlementAt] = times
      const row = boardRow({
        instrument: KEY,
        openInterestUsd: '0',
        volume24hUsd: '0',
        ...{ markObservedAt, fundingObservedAt, openInterestObservedAt, volumeObservedAt, nextSettlementAt }
      })
      const rhythm = { pollMs, openInterestMs: 30 * pollMs }
      const left = expireRow(row, expiriesOf(row, rhythm), NOW_MS)
      const maxAges = maxAgesOf(rhythm)
      const ages = {
        mark: markObservedAt,
        funding: fundingObservedAt,
        openInterest: openInterestObservedAt,
        volume: volumeObservedAt
      }
      for (const [group, received] of Object.entries(ages) as [keyof typeof ages, string | null][]) {
        if (received === null) continue
        const settlesMs = group === 'funding' && nextSettlementAt ? Date.parse(nextSettlementAt) : null
        const isOver = NOW_MS > lastsUntil(Date.parse(received), maxAges[group], settlesMs)
        for (const field of Object.keys(NOTHING[group]) as (keyof typeof row)[]) {
          assert.equal(left[field], isOver ? null : row[field], `${group} ${field}`)
          if (isOver) assert.equal(left.absent[field], 'stale')
        }
      }
      assert.equal(expireRow(left, expiriesOf(left, rhythm), NOW_MS), left)
    })
  )
})

test('of a venue that has fallen silent no rate, mark or size is served as that of now', async () => {
  const row = boardRow({ instrument: KEY, openInterestUsd: '81', volume24hUsd: '5' })
  await using api = await testApi({ seed: (db) => putOnBoard(db, row) })
  const get = async (path: string) =>
    ((await (await fetch(api.url + path)).json()) as { data: (typeof row)[] }).data[0]!
  const first = await eventually(
    () => get('/v1/funding'),
    (served) => served !== undefined
  )
  assert.equal(first.fundingRate, row.fundingRate)
  api.clock.advance(polledMaxAgeMs(RHYTHM.pollMs))
  const later = await get('/v1/funding')
  assert.deepEqual([later.fundingRate, later.fundingApr, later.absent['fundingRate']], [null, null, 'stale'])
  assert.equal(later.fundingObservedAt, row.fundingObservedAt)
  api.clock.advance(HOUR)
  const silent = await get('/v1/basis')
  assert.deepEqual([silent.mark, silent.openInterestUsd, silent.volume24hUsd, silent.grade], [null, null, null, 'none'])
  const body = JSON.stringify({ query: '{ basis { nodes { fundingRate openInterestUsd volumeObservedAt } } }' })
  const answer = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body
  })
  assert.deepEqual(await answer.json(), {
    data: { basis: { nodes: [{ fundingRate: null, openInterestUsd: null, volumeObservedAt: row.volumeObservedAt }] } }
  })
})
