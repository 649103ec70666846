import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deriveBoardRow } from '../../src/domain/board.ts'
import type { Latest } from '../../src/domain/latest.ts'
import { GRADES } from '../../src/domain/quality.ts'
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { tradedFxOf } from '../../src/domain/traded-fx.ts'
import { aLatest, inputs, NOW } from '../support/board-inputs.ts'
import { anInstrument } from '../support/instrument.ts'

test('a row from two fresh books is good for signals and carries every form of the basis', () => {
  const row = deriveBoardRow(inputs())
  assert.equal(row.grade, 'signal')
  assert.deepEqual([row.contractMid, row.spotMid, row.basisAbs], ['64028.55', '64000.005', '28.545'])
  assert.ok(Math.abs(row.basisBps! - 4.46015590155) < 1e-9)
  assert.ok(Math.abs(row.premiumBps! - 3.125) < 1e-9)
  assert.deepEqual(
    [row.fundingRate, row.fundingIntervalHours, row.fundingApr, row.determined],
    [0.0001, 8, 0.1095, 0.25]
  )
  assert.deepEqual([row.ageMs, row.skewMs, row.fx, row.fxBps], [500, 0, 1, 0])
  assert.deepEqual(row.absent, { contractVenueTime: 'not_published', spotVenueTime: 'not_published' })
})

test('a missing side gives no basis, says so, and is never zero', () => {
  const row = deriveBoardRow(inputs({ spotLatest: aLatest(null, '64000.01') }))
  assert.deepEqual([row.basisBps, row.basisAbs, row.spotMid, row.grade], [null, null, null, 'none'])
  assert.deepEqual(row.reasons, ['missing_quote'])
  assert.equal(row.absent['basisBps'], 'missing_quote')
})

test('a contract without a spot leg keeps its own prices and says what is missing', () => {
  const row = deriveBoardRow(inputs({ spot: null, spotLatest: undefined }))
  assert.equal(row.contractMid, '64028.55')
  assert.deepEqual([row.spot, row.basisBps, row.grade], [null, null, 'none'])
  assert.ok(row.reasons.includes('no_spot_leg'))
  for (const field of ['spot', 'spotMid', 'basisBps', 'adjustedBasisBps', 'observedAt', 'skewMs'])
    assert.equal(row.absent[field], 'no_spot_leg')
})

test('a stripped multiplier whose price disagrees by more than a tenth is unresolved', () => {
  const contract = anInstrument('binance:1000PEPE/USDT:USDT', { multiplier: '1000', multiplierSource: 'stripped' })
  const priced = (contractBid: string) =>
    deriveBoardRow(
      inputs({
        contract,
        contractLatest: { ...aLatest(contractBid, '0.0123460'), mark: null },
        spotLatest: aLatest('0.00001233', '0.00001235')
      })
    )
  assert.equal(priced('0.0123452').grade, 'signal')
  const wrong = deriveBoardRow(
    inputs({
      contract,
      contractLatest: aLatest('0.0000123', '0.0000124'),
      spotLatest: aLatest('0.00001233', '0.00001235')
    })
  )
  assert.equal(wrong.grade, 'none')
  assert.ok(wrong.reasons.includes('multiplier_unresolved'))
})

test('a book that has not moved for more than ten minutes is frozen, however fresh its answers are', () => {
  const quote = aLatest('64000.00', '64000.01').quote!
  const row = deriveBoardRow(
    inputs({ spotLatest: aLatest('64000.00', '64000.01', { quote: { ...quote, changedAt: NOW - 11 * MINUTE } }) })
  )
  assert.deepEqual([row.grade, row.reasons], ['display', ['frozen']])
})

test('funding, marks and open interest that have not been seen lately are absent, not repeated', () => {
  const old = NOW - 20 * MINUTE
  const fresh = aLatest('64028.50', '64028.60')
  const contractLatest: Latest = {
    ...fresh,
    mark: { ...fresh.mark!, observedAt: old },
    estimate: { ...fresh.estimate!, observedAt: old },
    openInterest: { ...fresh.openInterest!, observedAt: old },
    volume: { ...fresh.volume!, observedAt: old }
  }
  const row = deriveBoardRow(inputs({ contractLatest }))
  assert.deepEqual([row.mark, row.fundingRate, row.openInterestUsd, row.volume24hUsd], [null, null, null, null])
  for (const field of ['mark', 'fundingRate', 'openInterestUsd', 'volume24hUsd'])
    assert.equal(row.absent[field], 'stale')
})

test('funding without a known interval is shown without any annualised figure', () => {
  const fresh = aLatest('64028.50', '64028.60')
  const contractLatest = { ...fresh, estimate: { ...fresh.estimate!, intervalHours: null, intervalSource: null } }
  const row = deriveBoardRow(inputs({ contractLatest }))
  assert.deepEqual(
    [row.fundingRate, row.fundingIntervalHours, row.fundingApr, row.fundingRate8h],
    [0.0001, null, null, null]
  )
  assert.equal(row.absent['fundingApr'], 'interval_unknown')
})

test('a rate of zero is a rate', () => {
  const fresh = aLatest('64028.50', '64028.60')
  const row = deriveBoardRow(inputs({ contractLatest: { ...fresh, estimate: { ...fresh.estimate!, rate: '0' } } }))
  assert.deepEqual([row.fundingRate, row.fundingApr], [0, 0])
})

test('legs in different quotes are adjusted by a traded rate, flagged without one, and held back when a peg is lost', () => {
  const spot = anInstrument('binance:BTC/USDC', { id: 2 })
  const tradedFx = (rate: number) => ({ rate, observedAt: NOW, instrument: 'binance:USDC/USDT' })
  const adjusted = deriveBoardRow(inputs({ spot, tradedFx: tradedFx(1.0002) }))
  assert.equal(adjusted.grade, 'signal')
  assert.ok(Math.abs(adjusted.fxBps! - 2) < 0.01)
  const plain = deriveBoardRow(inputs({ spot }))
  assert.deepEqual(
    [plain.fx, plain.adjustedBasisBps, plain.reasons, plain.grade],
    [null, null, ['fx_unadjusted'], 'display']
  )
  assert.deepEqual(deriveBoardRow(inputs({ spot, tradedFx: tradedFx(0.99) })).reasons, ['depeg'])
})

test('impact prices are shown, and are not for signals', () => {
  const row = deriveBoardRow(inputs({ priceKind: 'impact' }))
  assert.deepEqual([row.priceKind, row.grade, row.reasons], ['impact', 'display', ['price_impact']])
})

test('a stablecoin pair read either way round gives the same conversion, and an old one gives none', () => {
  const pair = (base: string, quote: string, latest: Latest) => [
    { base, quote, key: `binance:${base}/${quote}`, latest }
  ]
  const direct = tradedFxOf('USDT', 'USDC', pair('USDC', 'USDT', aLatest('0.9997', '0.9999')), NOW)
  const inverse = tradedFxOf('USDC', 'USDT', pair('USDC', 'USDT', aLatest('0.9997', '0.9999')), NOW)
  assert.ok(Math.abs(direct!.rate * inverse!.rate - 1) < 1e-12)
  assert.equal(
    tradedFxOf('USDT', 'USDC', pair('USDC', 'USDT', aLatest('0.9997', '0.9999', {}, NOW - 61 * SECOND)), NOW),
    null
  )
  const crossed = pair('USDC', 'USDT', aLatest('0.9999', '0.9997'))
  assert.equal(tradedFxOf('USDT', 'USDC', crossed, NOW), null)
  assert.equal(tradedFxOf('USDT', 'USD', pair('USDC', 'USDT', aLatest('0.9997', '0.9999')), NOW), null)
})

test('whatever the inputs, a row holds only finite numbers, and a basis only with both mids', () => {
  const price = fc.option(
    fc.oneof(
      fc.constantFrom('0', '0.00000001', '1e9'),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }).map((value) => value.toFixed(8))
    ),
    { nil: null }
  )
  const leg = fc
    .tuple(price, price, fc.integer({ min: NOW - HOUR, max: NOW + HOUR }))
    .map(([bid, ask, at]) => aLatest(bid, ask, {}, at))
  fc.assert(
    fc.property(
      fc.option(leg, { nil: undefined }),
      fc.option(leg, { nil: undefined }),
      (contractLatest, spotLatest) => {
        const row = deriveBoardRow(inputs({ contractLatest, spotLatest }))
        for (const value of Object.values(row)) if (typeof value === 'number') assert.ok(Number.isFinite(value))
        assert.equal(row.basisBps === null, row.contractMid === null || row.spotMid === null)
        assert.ok(GRADES.includes(row.grade))
        assert.ok(row.basisBps !== null || row.grade === 'none')
        for (const value of Object.values(row)) assert.notEqual(value, undefined)
      }
    )
  )
})
