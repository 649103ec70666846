import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalOf, decimalToString, toNumber } from '../../src/domain/decimal.ts'
import type { Latest } from '../../src/domain/latest.ts'
import { executeSpread, hoursUntilPaid, type PairFacts, type PairLeg } from '../../src/domain/spread-execution.ts'
import { anInstrument } from '../support/instrument.ts'

const HOUR = 3_600_000
const NOW_MS = Date.UTC(2026, 5, 15, 12)

type Said = {
  readonly units?: string
  readonly bid?: string
  readonly ask?: string
  readonly size?: string
  readonly rate?: number | null
  readonly intervalHours?: number
  readonly nextMs?: number | null
}

/** Best prices of so many units, and nothing behind them. */
function leg(venue: string, said: Said = {}): PairLeg {
  const { units = '1', bid = '99', ask = '101', size = '10', rate = 0.001, intervalHours = 8, nextMs = null } = said
  const shared = { instrumentId: 1, observedAt: NOW_MS, venueTime: null }
  const quote = { ...shared, bid, ask, bidSize: size, askSize: size }
  const estimate = { ...shared, rate: String(rate), intervalHours, nextSettlementAt: nextMs }
  return {
    instrument: anInstrument(`${venue}:BTC/USDT:USDT`, { multiplier: units }),
    latest: { quote, estimate } as unknown as Latest,
    depth: undefined,
    rate,
    intervalHours
  }
}
const facts = (short: Said = {}, long: Said = {}): PairFacts => {
  return { nowMs: NOW_MS, short: leg('binance', short), long: leg('bybit', long), tradedFx: null }
}
const execute = (given: PairFacts, notional = 500, grossFrac: number | null = 0.003) => {
  const found = executeSpread(given, {
    notional: decimalOf(notional)!,
    horizonHours: 24,
    margin: 0.2,
    grossFrac,
    costFrac: 0.002,
    quoteAgeMs: 30_000,
    bookAgeMs: 180_000
  })
  assert.ok(typeof found === 'object', String(found))
  return found
}

test('contracts of other units fill the same base: a thousandth of the coin is no other spread', () => {
  fc.assert(
    fc.property(fc.constantFrom('1', '1000', '0.001'), fc.constantFrom('1', '1000', '0.001'), (short, long) => {
      const scaled = (units: string) => ({
        units,
        bid: decimalToString(decimalOf(99 * Number(units))!),
        ask: decimalToString(decimalOf(101 * Number(units))!),
        size: decimalToString(decimalOf(10 / Number(units))!)
      })
      const [plain, other] = [execute(facts()), execute(facts(scaled(short), scaled(long)))]
      for (const field of ['entryBasisBps', 'midBasisBps', 'impactFrac', 'netFrac'] as const)
        assert.ok(Math.abs(other[field]! - plain[field]!) < 1e-9, field)
      assert.ok(Math.abs(toNumber(other.baseQuantity) - toNumber(plain.baseQuantity)) < 1e-12)
    })
  )
})

test('crossing and size are counted once: at the best prices they are both quoted spreads, whatever the price basis', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (a, b) => {
      const { impactFrac, midBasisBps } = execute(
        facts(
          { bid: String(10_300 - a), ask: String(10_300 + a) },
          { bid: String(10_000 - b), ask: String(10_000 + b) }
        )
      )
      assert.ok(Math.abs(midBasisBps - 300) < 1e-9)
      // To the second order, which an entry over another entry has.
      assert.ok(Math.abs(impactFrac - (2 * a) / 10_300 - (2 * b) / 10_000) < 5e-4)
    })
  )
})

test('how long each unit of a contract is must be known of both', () => {
  for (const [short, long] of [
    [null, '1'],
    ['1', null]
  ]) {
    const given = facts()
    const unknown = (of: PairLeg, multiplier: string | null) => ({
      ...of,
      instrument: { ...of.instrument, multiplier }
    })
    const found = executeSpread(
      { ...given, short: unknown(given.short, short!), long: unknown(given.long, long!) },
      {
        notional: decimalOf(500)!,
        horizonHours: 24,
        margin: 0.2,
        grossFrac: 0,
        costFrac: 0,
        quoteAgeMs: 30_000,
        bookAgeMs: 1
      }
    )
    assert.equal(found, 'multiplier_unresolved')
  }
})

test('what is not paid is not known, and what was filled is told all the same', () => {
  const { netFrac, netApr, breakEvenHours, largest, longVwap } = execute(facts({ rate: null }), 500, null)
  assert.deepEqual([netFrac, netApr, breakEvenHours, largest], [null, null, null, null])
  assert.equal(decimalToString(longVwap), '101')
})

test('costs are paid for at the first settlement by which enough has come in on both grids', () => {
  const hours = (short: Said, long: Said, frac: number) => hoursUntilPaid(facts(short, long), frac)
  const eight = { rate: 0.001, intervalHours: 8, nextMs: NOW_MS + 4 * HOUR }
  const hourly = (rate: number) => ({ rate, intervalHours: 1, nextMs: NOW_MS + HOUR })
  assert.equal(hours(eight, hourly(0), 0), 0)
  assert.equal(hours(eight, hourly(0), 0.0015), 12)
  // Four hours are paid for by the first, twelve by the second, twenty by the third.
  assert.equal(hours(eight, hourly(0.0001), 0.0009), 20)
  assert.equal(hours(hourly(-0.0001), hourly(-0.001), 0.0018), 2)
  assert.equal(hours(eight, { ...eight, rate: 0.001 }, 0.0001), null)
  assert.equal(hours({ ...eight, rate: null }, eight, 0.001), null)
  // Without a word of the venue, on the grid: 16:00.
  assert.equal(hours({ ...eight, nextMs: null }, hourly(0), 0.001), 4)
  assert.equal(hours({ ...eight, nextMs: NOW_MS - HOUR }, hourly(0), 0.001), 4)
})
