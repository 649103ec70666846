import type { Regime } from '../domain/funding-regime.ts'
import type { CloseReason, Signal } from '../domain/signal.ts'
import { isoOf } from '../domain/time.ts'

/** What a signal says of its contract. */
export function meaningOf({ label, opening, parameterSet }: Signal): string {
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

/** What would close an open signal, or what closed this one. */
export function closesWhen(signal: Signal): string {
  const { label, closedAt, closeReason, parameterSet } = signal
  if (closedAt !== null && closeReason !== null) return `Closed at ${isoOf(closedAt)}: ${CLOSED[closeReason]}.`
  return `Closes when ${exitOf(label, parameterSet[label])}, after ${parameterSet.staleIntervals} intervals without a settlement, or when the contract is delisted.`
}

const CLOSED: Readonly<Record<CloseReason, string>> = {
  exit: 'a settlement was no longer extreme',
  stale: 'no settlement came for three intervals',
  delisted: 'the contract is no longer traded',
  revised: 'corrected settlements no longer bear it out',
  parameters_changed: 'the parameters were changed'
}

function exitOf(label: Regime, { exitPercentile, exitRate8h }: Signal['parameterSet'][Regime]): string {
  const word = label === 'OVERHEATED' ? 'below' : 'above'
  return `a settlement is ${word} ${percent(exitRate8h)} per 8 h or ${word} the ${exitPercentile}th percentile`
}

/** A fraction in percent with four digits that count. */
function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(4))} %`
}

const plain = (value: number) => String(Number(value.toPrecision(6)))

/** What a type of signal means and what it does not, for the catalogue. */
export const TYPE_WORDS = {
  funding_regime: {
    title: 'Funding regime',
    meaning:
      'One side of a perpetual has paid extreme funding for a day: settled rates rank among the highest (OVERHEATED) or lowest ' +
      '(PANIC) of their contract’s last 90 days and are large in themselves.',
    not:
      'Not a forecast. Funding stands at the venue’s interest most of the time, high carry has gone before rises as well as ' +
      'before crashes, and a high rate need not last until the next settlement. It looks at settled rates only, never at ' +
      'estimates, and says nothing where an interval is assumed.',
    labels: {
      OVERHEATED: 'Longs pay: the contract is held above spot by a crowd of buyers.',
      PANIC: 'Shorts pay: the contract is pressed below spot by a crowd of sellers.'
    }
  }
} as const
