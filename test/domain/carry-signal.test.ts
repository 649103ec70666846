import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CarryFacts } from '../../src/domain/carry-case.ts'
import { signalCarryOf } from '../../src/domain/carry-signal.ts'
import { decimalOf } from '../../src/domain/decimal.ts'
import type { Latest } from '../../src/domain/latest.ts'
import { rehearseBuckets } from '../../src/domain/rehearsal.ts'
import { BUCKET_MS, BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'
import { carryOpportunity, mayEnterCarry } from '../../src/domain/signal-values.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { NOTHING_BEFORE, walkBuckets } from '../../src/jobs/bucket-walk.ts'
import { anInstrument } from '../support/instrument.ts'

const START = Date.UTC(2026, 10, 30)
const PERIOD = 8 * HOUR
const contract = anInstrument('binance:BTC/USDT:USDT')
const spot = anInstrument('binance:BTC/USDT', { id: 2, spotId: null })
const amount = decimalOf(1e7)!

/** A perpetual at spot that has paid the same for ninety days and goes on to, as it is known at a moment. */
function factsAt(nowMs: number, rate: string, estimate: Partial<NonNullable<Latest['estimate']>> = {}): CarryFacts {
  const nextSettlementAt = Math.floor(nowMs / PERIOD) * PERIOD + PERIOD
  const latest: Latest = {
    instrumentId: 1,
    quote: {
      ...{ bid: '99999', ask: '100001', bidSize: '5', askSize: '5' },
      ...{ tickAt: nowMs, observedAt: nowMs, venueTime: null, changedAt: nowMs }
    },
    estimate: {
      ...{ rate, intervalHours: 8, intervalSource: 'declared', kind: 'indicative' as const, nextSettlementAt },
      ...{
        nextSettlementVenueTime: null,
        cap: null,
        floor: null,
        determined: null,
        observedAt: nowMs,
        venueTime: null
      },
      ...estimate
    },
    ...{ last: null, mark: null, openInterest: null, volume: null }
  }
  const leg = { latest, depth: { bids: [amount], asks: [amount], observedAt: nowMs } }
  const settled = Array.from({ length: 270 }, (_, index) => nextSettlementAt - (270 - index) * PERIOD)
  return {
    ...{
      nowMs,
      contract,
      spot,
      contractFacts: leg,
      spotFacts: leg,
      tradedFx: null,
      sigmaBps: null,
      periodSigmaBps: null
    },
    settled: settled.map((at) => ({ at, rate8h: Number(rate) }))
  }
}

/** What each bucket of two days says of that market. */
function bucketsOf(rate: string) {
  return Array.from({ length: (2 * DAY) / BUCKET_MS }, (_, index) => {
    const at = START + (index + 1) * BUCKET_MS
    const { quote } = signalCarryOf(factsAt(at - 1, rate))!
    return { at, value: carryOpportunity({ quote }), observations: 1, mayOpen: mayEnterCarry(quote), quote }
  })
}

const parameters = BUCKET_PARAMETERS.carry_opportunity

function walked(buckets: ReturnType<typeof bucketsOf>) {
  const ref = { instrumentId: 1, spotId: 2, venue: null, asset: null }
  const subject = { ...contract, instrument: contract.key, spot: spot.key, goneAt: null }
  const task = { type: 'carry_opportunity', parameters, hash: 'h', knownAt: 0 } as const
  return walkBuckets(task, { ref, subject }, NOTHING_BEFORE, buckets)
}

test('a carry that is earned back in half of the horizon just before a settlement opens there, and no settlement closes it', () => {
  const buckets = bucketsOf('0.00029')
  const halfway = (hours: number | null) => hours !== null && hours <= 84
  const late = buckets.filter(({ quote }) => !halfway(quote.breakEvenHours))
  assert.ok(late.length > 100 && late.length < buckets.length - 100, `${late.length} of ${buckets.length}`)
  assert.ok(buckets.every(({ value }) => value! > 0.12 && value! < 0.14))
  const { signals, told } = walked(buckets)
  assert.deepEqual(
    told.map(({ type }) => type),
    ['signal.opened']
  )
  const { openedAt, lastValue, halvedAt, closedAt } = signals[0]!
  assert.equal(openedAt, buckets.find(({ mayOpen }) => mayOpen)!.at + 2 * BUCKET_MS)
  assert.ok(openedAt > START + HOUR && lastValue > 0.12)
  assert.deepEqual([halvedAt, closedAt], [null, null])
  // And a rehearsal of the same finds the same.
  const byEnd = new Map(buckets.map((bucket) => [bucket.at, bucket]))
  const { episodes } = rehearseBuckets(parameters, [...byEnd.keys()], (at) => byEnd.get(at)!, null)
  assert.deepEqual(
    episodes.map((one) => [one.openedAt, one.closedAt]),
    [[openedAt, null]]
  )
})

test('a carry that yields enough but is earned back too late opens nothing, and one that is open is left by its yield alone', () => {
  const late = bucketsOf('0.00027')
  assert.ok(late.every(({ value, mayOpen }) => value! >= parameters.thresholds.CARRY!.enter && !mayOpen))
  assert.deepEqual(walked(late).told, [])
  const [before, after] = [bucketsOf('0.00029'), bucketsOf('0.00018')]
  assert.ok(after.every(({ value }) => value! < parameters.thresholds.CARRY!.exit))
  const moved = [...before, ...after.map((bucket) => ({ ...bucket, at: bucket.at + 2 * DAY }))]
  assert.deepEqual(
    walked(moved).told.map(({ type }) => type),
    ['signal.opened', 'signal.updated', 'signal.closed']
  )
})

test('of a rate whose interval is only assumed no carry is said', () => {
  assert.notEqual(signalCarryOf(factsAt(START, '0.00029')), null)
  assert.notEqual(signalCarryOf(factsAt(START, '0.00029', { intervalSource: 'observed' })), null)
  assert.equal(signalCarryOf(factsAt(START, '0.00029', { intervalSource: 'assumed' })), null)
})
