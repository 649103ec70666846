import type { Regime } from '../domain/funding-regime.ts'
import type { BucketSignal, CloseReason, RegimeSignal, Signal } from '../domain/signal.ts'
import { isoOf, MINUTE } from '../domain/time.ts'
import { TYPE_WORDS, valueText } from './signal-type-words.ts'

/** What a signal says of its contract, pair or venue. */
export function meaningOf(signal: Signal): string {
  return signal.type === 'funding_regime' ? regimeMeaning(signal) : bucketMeaning(signal)
}

/** What would close an open signal, or what closed this one. */
export function closesWhen(signal: Signal): string {
  const { closedAt, closeReason } = signal
  if (closedAt !== null && closeReason !== null) {
    const words = signal.type === 'funding_regime' ? CLOSED : CLOSED_BUCKET
    return `Closed at ${isoOf(closedAt)}: ${words[closeReason]}.`
  }
  return signal.type === 'funding_regime' ? regimeCloses(signal) : bucketCloses(signal)
}

function bucketMeaning({ type, label, value, opening }: BucketSignal): string {
  const { labels, not, value: what } = TYPE_WORDS[type]
  const count = opening.observations === 1 ? '1 observation' : `${opening.observations} observations`
  return `${labels[label] ?? label} ${what}: ${valueText(type, value)} at its opening, of ${count}. ${not}`
}

function bucketCloses({ type, label, instrumentId, parameterSet }: BucketSignal): string {
  const { thresholds, exitPersist, bucketMs, staleMs } = parameterSet
  const bound = thresholds[label]
  const minutes = bucketMs / MINUTE
  const exit = bound === undefined ? 'its bound' : `${bound.below ? 'above' : 'below'} ${valueText(type, bound.exit)}`
  const delisted = instrumentId === null ? '' : ', or when it is delisted'
  return `Closes when it has been ${exit} for ${exitPersist * minutes} minutes, after ${staleMs / MINUTE} minutes without data${delisted}.`
}

function regimeMeaning({ label, opening, parameterSet }: RegimeSignal): string {
  const { persistHours, windowDays } = parameterSet
  const { percentile, rate8h, apr, heldHours, intervalHours } = opening
  const [who, crowd, side] =
    label === 'OVERHEATED'
      ? ['longs paid shorts', 'Longs crowd the contract', 'higher than']
      : ['shorts paid longs', 'Shorts crowd the contract', 'lower than']
  const share = percentile === null ? null : label === 'OVERHEATED' ? percentile : 100 - percentile
  const rank = share === null ? 'most' : `${share.toFixed(1)} %`
  return (
    `${crowd}: funding had been extreme for ${plain(heldHours)} h (at least ${plain(persistHours)} are asked for) when ${who} ` +
    `${percent(Math.abs(rate8h))} per 8 h (${percent(Math.abs(apr))} a year, settled every ${plain(intervalHours)} h), ${side} ${rank} ` +
    `of the settlements of ${plain(windowDays)} days. It says how funding is, not where the price goes.`
  )
}

function regimeCloses({ label, parameterSet }: RegimeSignal): string {
  return `Closes when ${exitOf(label, parameterSet[label])}, after ${parameterSet.staleIntervals} intervals without a settlement, or when the contract is delisted.`
}

const CLOSED: Readonly<Record<CloseReason, string>> = {
  exit: 'a settlement was no longer extreme',
  stale: 'no settlement came for too long',
  delisted: 'the contract is no longer traded',
  revised: 'corrected settlements no longer bear it out',
  parameters_changed: 'the parameters were changed'
}

const CLOSED_BUCKET: Readonly<Record<CloseReason, string>> = {
  ...CLOSED,
  exit: 'its value was no longer beyond its bound',
  stale: 'nothing was known of it any more',
  revised: 'corrected facts no longer bear it out'
}

function exitOf(label: Regime, { exitPercentile, exitRate8h }: RegimeSignal['parameterSet'][Regime]): string {
  const word = label === 'OVERHEATED' ? 'below' : 'above'
  return `a settlement is ${word} ${percent(exitRate8h)} per 8 h or ${word} the ${exitPercentile}th percentile`
}

/** A fraction in percent with four digits that count. */
function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(4))} %`
}

const plain = (value: number) => String(Number(value.toPrecision(6)))
