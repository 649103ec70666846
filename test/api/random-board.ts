import fc from 'fast-check'
import { type BoardInputs, deriveBoardRow } from '../../src/domain/board.ts'
import { keptInputsOf } from '../../src/domain/explain.ts'
import type { Latest } from '../../src/domain/latest.ts'
import { type BoardEntry, replaceBoard } from '../../src/store/board.ts'
import type { Database } from '../../src/store/database.ts'
import { anInstrument } from '../support/instrument.ts'
import { insertInstrument, NOW_MS } from './fixture.ts'

// Boards of random rows: legs that are missing, one-sided, old, under quarantine, in other dollars, dated or not.

const maybe = <T>(value: fc.Arbitrary<T>, freq = 8) => fc.option(value, { nil: null, freq })
const price = fc.integer({ min: 90_000_000, max: 110_000_000 }).map((ticks) => (ticks / 1e6).toFixed(6))
const age = fc.oneof({ weight: 9, arbitrary: fc.nat(4_000) }, { weight: 1, arbitrary: fc.nat(900_000) })
const observed = age.map((ms) => NOW_MS - ms)
const venueTime = maybe(fc.nat(6_000).map((ms) => NOW_MS - ms))
const rate = fc.integer({ min: -300_000, max: 300_000 }).map((units) => String(units / 1e8))
const amount = fc.integer({ min: 0, max: 1e9 }).map((cents) => String(cents / 100))

const latest: fc.Arbitrary<Latest> = fc.record({
  instrumentId: fc.constant(7),
  quote: maybe(
    fc.record({
      bid: maybe(price, 20),
      ask: maybe(price, 20),
      bidSize: maybe(amount),
      askSize: maybe(amount),
      observedAt: observed,
      venueTime,
      tickAt: fc.constant(NOW_MS - 5_000),
      changedAt: observed
    }),
    20
  ),
  last: fc.constant(null),
  mark: maybe(fc.record({ mark: maybe(price), index: maybe(price), observedAt: observed, venueTime }), 20),
  estimate: maybe(
    fc.record({
      rate,
      intervalHours: maybe(fc.constantFrom(1, 4, 8)),
      intervalSource: fc.constantFrom('declared' as const, 'observed' as const),
      kind: fc.constant('indicative' as const),
      nextSettlementAt: maybe(fc.integer({ min: NOW_MS - 700_000, max: NOW_MS + 3_600_000 })),
      nextSettlementVenueTime: fc.constant(null),
      cap: maybe(rate),
      floor: maybe(rate),
      determined: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
      observedAt: observed,
      venueTime
    }),
    20
  ),
  openInterest: maybe(
    fc.record({
      base: maybe(amount),
      quote: maybe(amount),
      usd: maybe(amount),
      unit: fc.constant('base' as const),
      sides: fc.constant(1),
      observedAt: observed,
      venueTime
    })
  ),
  volume: maybe(fc.record({ volume24hUsd: amount, unit: fc.constant('usd' as const), observedAt: observed }))
})

const held = fc.constant({ reason: 'ticker_collision' as const, ratio: 4, since: NOW_MS - 1_000 })
const multiplier = fc.constantFrom('1', '1000', '0.001')

export const inputsOf = (index: number): fc.Arbitrary<BoardInputs> =>
  fc
    .record({
      dated: fc.boolean(),
      inverse: fc.boolean(),
      days: fc.double({ min: 0.5, max: 300, noNaN: true }),
      spotQuote: fc.constantFrom('USDT', 'USDT', 'USDC'),
      hasSpot: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
      multiplier: maybe(multiplier, 20),
      spotMultiplier: maybe(fc.constantFrom('1', '10'), 5),
      quarantine: fc.oneof({ weight: 19, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: held }),
      contractLatest: latest,
      spotLatest: latest,
      fx: maybe(fc.integer({ min: 9_900, max: 10_100 }).map((units) => units / 1e4)),
      nowMs: fc.nat(5_000).map((ms) => NOW_MS - ms)
    })
    .map(({ nowMs, days, ...made }) => {
      const settle = made.inverse ? `C${index}` : 'USDT'
      const key = `binance:C${index}/USDT:${settle}${made.dated ? '-261225' : ''}`
      const { quarantine } = made
      return {
        nowMs,
        contract: anInstrument(key, {
          multiplier: made.multiplier,
          quarantine,
          listedAt: null,
          expiresAt: made.dated ? NOW_MS + Math.round(days * 86_400_000) : null
        }),
        spot: made.hasSpot
          ? anInstrument(`binance:C${index}/${made.spotQuote}`, { multiplier: made.spotMultiplier })
          : null,
        contractLatest: made.contractLatest,
        spotLatest: made.spotLatest,
        tradedFx: made.fx === null ? null : { rate: made.fx, observedAt: NOW_MS - 900, instrument: 'kraken:USDC/USDT' },
        priceKind: 'mid' as const,
        pollMs: 10_000,
        openInterestMs: 300_000,
        adapterVersion: 3
      }
    })

/** Rows of a board with what they were made of, as the deriver keeps them. */
export async function putBoard(db: Database, all: readonly BoardInputs[]): Promise<void> {
  const entries: BoardEntry[] = []
  for (const inputs of all) {
    const instrumentId = await insertInstrument(db, { key: inputs.contract.key })
    entries.push({ instrumentId, row: deriveBoardRow(inputs), inputs: keptInputsOf(inputs) })
  }
  await db.transaction((client) => replaceBoard(client, 'binance', NOW_MS - 5_000, entries))
}

/** So many rows' inputs, the same every time. */
export const sampleInputs = (count: number, seed: number): BoardInputs[] =>
  Array.from({ length: count }, (_, index) => fc.sample(inputsOf(index), { numRuns: 1, seed: seed + index })[0]!)
