import type { BoardInputs } from '../../src/domain/board.ts'
import type { Latest } from '../../src/domain/latest.ts'
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { anInstrument } from './instrument.ts'

export const NOW = Date.UTC(2026, 10, 22, 12)

export function aLatest(
  bid: string | null,
  ask: string | null,
  changes: Partial<Latest> = {},
  observedAt = NOW - 500
): Latest {
  return {
    instrumentId: 1,
    quote: {
      bid,
      ask,
      bidSize: '1',
      askSize: '1',
      observedAt,
      venueTime: null,
      tickAt: NOW - 1000,
      changedAt: observedAt
    },
    last: null,
    mark: { mark: '64020', index: '64000', observedAt, venueTime: null },
    estimate: {
      rate: '0.0001',
      intervalHours: 8,
      intervalSource: 'declared',
      kind: 'indicative',
      nextSettlementAt: NOW + 4 * HOUR,
      nextSettlementVenueTime: NOW + 4 * HOUR + 7,
      cap: '0.003',
      floor: '-0.003',
      determined: 0.25,
      observedAt,
      venueTime: null
    },
    openInterest: { base: '10', quote: '640000', usd: '640000', unit: 'base', sides: 1, observedAt, venueTime: null },
    volume: { volume24hUsd: '1000000', unit: 'quote', observedAt },
    ...changes
  }
}

/** Two fresh books of BTC. */
export const inputs = (changes: Partial<BoardInputs> = {}): BoardInputs => ({
  nowMs: NOW,
  contract: anInstrument('binance:BTC/USDT:USDT'),
  spot: anInstrument('binance:BTC/USDT', { id: 2 }),
  contractLatest: aLatest('64028.50', '64028.60'),
  spotLatest: aLatest('64000.00', '64000.01'),
  tradedFx: null,
  priceKind: 'mid',
  adapterVersion: 1,
  pollMs: 10 * SECOND,
  openInterestMs: 5 * MINUTE,
  ...changes
})
