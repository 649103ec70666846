import { REGIME_BOUNDS } from '../../src/domain/funding-regime.ts'
import type { RegimeSignal, SignalReading } from '../../src/domain/signal.ts'

const OPENED_AT = Date.UTC(2026, 5, 14, 8)

const READING: SignalReading = {
  rate: 0.0006,
  intervalHours: 8,
  intervalSource: 'observed',
  rate8h: 0.0006,
  apr: 0.657,
  percentile: 98.5,
  observations: 270,
  heldHours: 24,
  anchored: false,
  censored: 'none'
}

/** An open signal, unless told otherwise. */
export function aSignal(fields: Partial<RegimeSignal> & Pick<RegimeSignal, 'id' | 'instrumentId'>): RegimeSignal {
  const closed = fields.closedAt ? { closeReason: 'exit', closing: { ...READING, rate: 0.0001, rate8h: 0.0001 } } : {}
  return {
    type: 'funding_regime',
    venue: 'binance',
    asset: null,
    spotId: 0,
    label: 'OVERHEATED',
    openedAt: OPENED_AT,
    closedAt: null,
    closeReason: null,
    knownAt: OPENED_AT,
    value: 0.0006,
    lastValue: 0.0005,
    lastAt: OPENED_AT + 8 * 3_600_000,
    peakValue: 0.0009,
    opening: READING,
    closing: null,
    parameters: 'p1',
    parameterSet: {
      ...REGIME_BOUNDS,
      persistHours: 24,
      windowDays: 90,
      minDays: 30,
      minObservations: 90,
      staleIntervals: 3,
      updateRate8h: 0.0001
    },
    formulaVersion: 1,
    ...(closed as Partial<RegimeSignal>),
    ...fields
  }
}
