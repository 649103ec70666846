import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { carryForwardReturn, type Quotes } from '../../src/domain/carry-return.ts'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { HOUR } from '../../src/domain/time.ts'

const quotes = (hour: number, spot: number, perp: number): Quotes => {
  const of = (value: number) => parseDecimal(value.toFixed(4))!
  return {
    ts: hour * HOUR,
    spotBid: of(spot - 0.01),
    spotAsk: of(spot + 0.01),
    perpBid: of(perp - 0.01),
    perpAsk: of(perp + 0.01)
  }
}
const price = fc.integer({ min: 5000, max: 15_000 }).map((cents) => cents / 100)
const path = fc.array(fc.tuple(price, price), { minLength: 4, maxLength: 12 })
const base = { settledFunding: [], signalTs: 0, latencyMs: 1, horizonMs: 2 * HOUR, spotTaker: 0, perpTaker: 0 }

test('a carry is entered after its signal: neither the snapshot of the signal nor the settlement at entry counts', () => {
  fc.assert(
    fc.property(path, price, price, fc.constantFrom(0, 1, HOUR), (steps, spot, perp, latencyMs) => {
      const snapshots = steps.map(([s, p], hour) => quotes(hour, s, p))
      const settledFunding = [0, 1, 2, 3].map((hour) => ({ ts: hour * HOUR, rate: 10 ** -hour }))
      const study = (rows: Quotes[]) => carryForwardReturn({ ...base, latencyMs, snapshots: rows, settledFunding })
      const seen = study(snapshots)
      assert.equal(seen.entryTs, HOUR)
      assert.equal(seen.exitTs, 3 * HOUR)
      assert.ok(Math.abs(seen.funding! - 0.011) < 1e-15, 'after entry, exit included')
      assert.deepEqual(study([quotes(0, spot, perp), ...snapshots.slice(1)]), seen)
    })
  )
})

test('net is what the legs and funding brought less the fees, and the order of the rows does not matter', () => {
  fc.assert(
    fc.property(path, (steps) => {
      const snapshots = steps.map(([s, p], hour) => quotes(hour, s, p))
      const fees = { spotTaker: 0.001, perpTaker: 0.0005 }
      const seen = carryForwardReturn({ ...base, ...fees, snapshots })
      assert.ok(Math.abs(seen.spotLeg! + seen.perpLeg! + seen.funding! - seen.fees! - seen.netFrac!) < 1e-12)
      assert.ok(seen.fees! > 0)
      assert.deepEqual(carryForwardReturn({ ...base, ...fees, snapshots: snapshots.toReversed() }), seen)
    })
  )
})

test('a basis that closes pays its width, less both spreads, whatever the price did', () => {
  const snapshots = [quotes(0, 100, 101), quotes(1, 100, 101), quotes(3, 50, 50)]
  const { netFrac } = carryForwardReturn({ ...base, snapshots })
  assert.ok(Math.abs(netFrac! - (1 - 4 * 0.01) / 100.01) < 1e-12)
})

test('a window that is not over is not scored, a settlement told twice is paid once, a crossed book trades nothing', () => {
  const snapshots = [quotes(0, 100, 101), quotes(1, 100, 101), quotes(2, 100, 101)]
  const incomplete = carryForwardReturn({ ...base, snapshots })
  assert.deepEqual([incomplete.status, incomplete.entryTs, incomplete.netFrac], ['incomplete', null, null])
  const twice = Array(2).fill({ ts: 2 * HOUR, rate: 0.001 })
  const whole = [...snapshots, quotes(3, 100, 101)]
  assert.equal(carryForwardReturn({ ...base, snapshots: whole, settledFunding: twice }).funding, 0.001)
  const crossed = whole.map((row) => (row.ts === HOUR ? { ...row, spotBid: row.spotAsk } : row))
  assert.equal(carryForwardReturn({ ...base, snapshots: [...crossed, quotes(4, 100, 101)] }).entryTs, 2 * HOUR)
})
