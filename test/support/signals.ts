import { REGIME_BOUNDS } from '../../src/domain/funding-regime.ts'
import type { QuotedCarry } from '../../src/domain/quoted-carry.ts'
import type { BucketSignal, RegimeSignal, SignalReading } from '../../src/domain/signal.ts'
import { BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'

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
    peakAt: null,
    halvedAt: null,
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

export const QUOTED: QuotedCarry = {
  notional: 50_000,
  baseQuantity: '500',
  spotVwap: '100',
  contractVwap: '101',
  exit: 'unchanged',
  hours: 168,
  entryBasisBps: 100,
  midBasisBps: 102,
  fundingSum: 0.021,
  settlements: 21,
  intervalHours: 8,
  spotTaker: 0.001,
  contractTaker: 0.0005,
  feeTableVersion: 1,
  impactFrac: 0.0002,
  grossFrac: 0.0208,
  costFrac: 0.0034,
  netFrac: 0.0174,
  netAprNotional: 0.907,
  netAprCapital: 0.756,
  breakEvenHours: 28
}

/** An open carry opportunity of a perpetual, unless told otherwise. */
export function aCarry(
  fields: Partial<BucketSignal> & Pick<BucketSignal, 'id' | 'instrumentId' | 'spotId'>
): BucketSignal {
  const parameterSet = BUCKET_PARAMETERS.carry_opportunity
  const reading = { value: 0.756, bucketMinutes: 5, observations: 5, carry: QUOTED }
  return {
    type: 'carry_opportunity',
    venue: 'binance',
    asset: null,
    label: 'CARRY',
    openedAt: OPENED_AT,
    closedAt: null,
    closeReason: fields.closedAt ? 'exit' : null,
    knownAt: OPENED_AT,
    value: 0.756,
    lastValue: 0.03,
    lastAt: OPENED_AT + 3_600_000,
    peakValue: 0.8,
    peakAt: OPENED_AT + 1_800_000,
    halvedAt: null,
    opening: reading,
    closing: fields.closedAt ? { ...reading, value: 0.03 } : null,
    parameters: 'c1',
    parameterSet,
    formulaVersion: parameterSet.version,
    ...fields
  }
}
