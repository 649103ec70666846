import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flowView } from '../../src/contract/flow.ts'
import { openInterestView } from '../../src/contract/open-interest.ts'
import { deriveBoardRow } from '../../src/domain/board.ts'
import { MINUTE, SECOND } from '../../src/domain/time.ts'
import { positive, rateOf } from '../../src/venues/normalise.ts'
import { amountOf } from '../../src/venues/reading.ts'
import { aLatest, inputs, NOW } from '../support/board-inputs.ts'
import { anInstrument } from '../support/instrument.ts'

/** Zero, another number, or nothing. */
const said = fc.constantFrom('0', '0.0', '-0', '0.5', null)
const isZero = (value: unknown) => value !== null && Number(value) === 0

test('in a row of the board zero stays zero, and what is missing is null with a reason, never zero', () => {
  const groups = fc.record({
    rate: said,
    cap: said,
    floor: said,
    usd: said,
    volume: said,
    determined: fc.constantFrom(0, 0.5, null)
  })
  fc.assert(
    fc.property(groups, ({ rate, cap, floor, usd, volume, determined }) => {
      const whole = aLatest('64028.50', '64028.60')
      const contractLatest = {
        ...whole,
        estimate: rate === null ? null : { ...whole.estimate!, rate, cap, floor, determined },
        openInterest: { ...whole.openInterest!, usd },
        volume: volume === null ? null : { ...whole.volume!, volume24hUsd: volume }
      }
      const row = deriveBoardRow(inputs({ contractLatest }))
      const facts = {
        fundingRate: rate,
        cap: rate && cap,
        floor: rate && floor,
        openInterestUsd: usd,
        volume24hUsd: volume
      } as const
      for (const [field, value] of Object.entries(facts)) {
        const served = row[field as keyof typeof row]
        assert.equal(served === null, value === null, field)
        assert.equal(isZero(served), isZero(value), field)
        assert.equal(typeof row.absent[field], value === null ? 'string' : 'undefined', field)
      }
      assert.equal(row.determined, rate === null ? null : determined)
      assert.equal(row.fundingApr === null, rate === null)
      if (rate !== null) assert.equal(isZero(row.fundingApr), isZero(rate))
    })
  )
})

test('legs of one price have a basis of zero, which is a basis; without a leg there is none', () => {
  const flat = deriveBoardRow(inputs({ contractLatest: aLatest('100', '101'), spotLatest: aLatest('100', '101') }))
  assert.deepEqual([flat.basisBps, flat.basisAbs, flat.fxBps, flat.absent['basisBps']], [0, '0', 0, undefined])
  const bare = deriveBoardRow(inputs({ contractLatest: aLatest('100', '101'), spotLatest: undefined }))
  assert.deepEqual([bare.basisBps, bare.basisAbs, bare.absent['basisBps']], [null, null, 'missing_quote'])
})

test('nothing held, nothing traded and nothing bought are told as zero; not asked and not said are not', () => {
  const contract = anInstrument('binance:BTC/USDT:USDT')
  const at = { rhythm: { pollMs: 10 * SECOND, openInterestMs: 5 * MINUTE }, nowMs: NOW }
  fc.assert(
    fc.property(said, said, said, fc.boolean(), (held, buy, sell, isAsked) => {
      const whole = aLatest('1', '2')
      const latest = {
        ...whole,
        openInterest: isAsked ? { ...whole.openInterest!, base: held, quote: held, usd: held } : null
      }
      const view: Record<string, unknown> = openInterestView(contract, latest, at)
      const absent = view['absent'] as Record<string, string>
      for (const field of ['openInterestBase', 'openInterestQuote', 'openInterestUsd']) {
        assert.equal(view[field], isAsked ? held : null)
        assert.equal(field in absent, !isAsked || held === null)
      }
      const taker = buy !== null && sell !== null
      const sampled = {
        longShortRatio: null,
        longShortAt: null,
        takerBuy: taker ? buy : null,
        takerSell: taker ? sell : null,
        takerAt: taker ? NOW : null,
        windowMs: 5 * MINUTE,
        observedAt: NOW
      }
      const flow = flowView(contract, isAsked ? sampled : undefined, { nowMs: NOW, maxAgeMs: MINUTE })
      assert.equal(flow.takerBuyVolume, isAsked && taker ? buy : null)
      assert.equal('takerBuyVolume' in flow.absent, !(isAsked && taker))
      assert.equal(flow.takerImbalance === null, 'takerImbalance' in flow.absent)
    })
  )
})

test('a venue’s zero is a rate or an amount and never a price; its empty words are none of them', () => {
  fc.assert(
    fc.property(fc.constantFrom('0', 0, '0.000', '-0', '0e9'), (zero) => {
      assert.deepEqual([positive(zero), rateOf(zero), amountOf(zero)], [null, '0', '0'])
    })
  )
  fc.assert(
    fc.property(fc.constantFrom<unknown>('', null, undefined, 'NaN', '-', [], {}, false, ' '), (nothing) => {
      assert.deepEqual([positive(nothing), rateOf(nothing), amountOf(nothing)], [null, null, null])
    })
  )
})
