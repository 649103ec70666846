import type { SnapshotRow } from '../src/store/observations.ts'

/** The first moment of the rows. */
export const START = Date.UTC(2026, 10, 2)

/** Snapshots of 5,000 instruments, minute by minute. */
export function rowOf(index: number): SnapshotRow {
  const at = START + Math.floor(index / 5_000) * 60_000
  const price = (20_000 + (index % 977) * 13.37).toFixed(2)
  return {
    instrumentId: 1 + (index % 5_000),
    tickAt: at,
    observedAt: at + 412,
    venueTime: at + 310,
    availableAt: at + 412,
    bid: price,
    ask: (Number(price) + 0.1).toFixed(2),
    bidSize: '12.345',
    askSize: '8.5',
    last: price,
    mark: price,
    index: (Number(price) - 3.21).toFixed(2),
    markObservedAt: at + 400,
    markVenueTime: at + 300,
    premium: null,
    openInterestBase: '123456.789',
    openInterestQuote: '7901234567.12',
    openInterestUsd: '7901234567.12',
    openInterestSides: 1,
    openInterestUnit: 'base',
    openInterestAt: at,
    volume24hUsd: '51234567890.5',
    spanMs: 60_000,
    reasons: []
  }
}
