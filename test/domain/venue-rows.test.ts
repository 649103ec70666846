import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitfinexStatus, kucoinFunding } from '../../src/domain/venue-rows.ts'

const SETTLES = Date.UTC(2026, 8, 13, 16)
const HOURS = 3_600_000

const row = (fields: Readonly<Record<number, number>>) =>
  Array.from({ length: 24 }, (_, place) => fields[place] ?? null)

test('a Bitfinex row is measured against the spot price, not against the perpetual’s own mid', () => {
  const status = bitfinexStatus(row({ 3: 29_300, 4: 29_270, 8: SETTLES, 9: 5e-6, 12: 1e-4, 15: 29_285, 18: 9_636 }))
  assert.ok(status.markVsSpotBps! > 0 && status.perpMidVsSpotBps! > status.markVsSpotBps!)
  assert.deepEqual([status.fundingCurrent, status.fundingIntervalHours, status.nextSettlementTs], [1e-4, 8, SETTLES])
})

test('what a Bitfinex row does not say, or says as 0 of a price, is not made up', () => {
  const status = bitfinexStatus(row({ 3: 29_300, 4: 0, 12: 0 }))
  assert.deepEqual(
    [status.spotMid, status.markPrice, status.markVsSpotBps, status.perpMidVsSpotBps],
    [null, null, null, null]
  )
  assert.equal(status.fundingCurrent, 0, 'a rate of 0 is a rate')
  assert.deepEqual([status.cap, status.openInterestBase], [null, null])
})

test('a KuCoin interval that is to come is announced, and decides when the settlement after the next one is', () => {
  const base = { nextFundingRate: 1e-4, fundingTime: SETTLES, currentGranularity: 8 * HOURS, newGranularity: 4 * HOURS }
  const coming = kucoinFunding(base)
  assert.deepEqual(
    [coming.intervalHours, coming.pendingIntervalHours, coming.followingSettlementTs],
    [8, 4, SETTLES + 4 * HOURS]
  )
  const same = kucoinFunding({ ...base, newGranularity: null })
  assert.deepEqual([same.pendingIntervalHours, same.followingSettlementTs], [null, SETTLES + 8 * HOURS])
})

test('a KuCoin rate without an interval has no rate per 8 hours; the older field is read where the newer is not there', () => {
  const funding = kucoinFunding({
    nextFundingRate: null,
    value: 2e-4,
    fundingTime: SETTLES,
    currentGranularity: null,
    newGranularity: 0
  })
  assert.deepEqual(
    [funding.rate, funding.intervalHours, funding.rate8h, funding.followingSettlementTs],
    [2e-4, null, null, null]
  )
})
