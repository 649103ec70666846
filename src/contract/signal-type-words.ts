import { REGIMES } from '../domain/funding-regime.ts'
import type { SignalType } from '../domain/signal.ts'
import { BUCKET_PARAMETERS } from '../domain/signal-types.ts'

/** How a type's numbers are to be read. */
export const SIGNAL_UNITS = ['rate_8h', 'bps', 'fraction_per_year', 'doublings', 'share', 'fraction', 'ratio'] as const
export type SignalUnit = (typeof SIGNAL_UNITS)[number]

export type TypeWords = {
  readonly title: string
  readonly unit: SignalUnit
  /** What its value is. */
  readonly value: string
  readonly meaning: string
  readonly not: string
  readonly labels: Readonly<Record<string, string>>
}

/** What a type of signal means and what it does not, for the catalogue; with the thresholds that are set unless they are set otherwise. */
export const TYPE_WORDS: Readonly<Record<SignalType, TypeWords>> = {
  funding_regime: {
    title: 'Funding regime',
    unit: 'rate_8h',
    value: 'The settled rate scaled to 8 h; positive: longs paid shorts',
    meaning:
      'One side of a perpetual has paid extreme funding for `persistHours` (a day, unless set otherwise): settled rates rank among the ' +
      'highest (OVERHEATED) or lowest (PANIC) of their contract’s `windowDays` and are large in themselves.',
    not:
      'Not a forecast. Funding stands at the venue’s interest most of the time, high carry has gone before rises as well as ' +
      'before crashes, and a high rate need not last until the next settlement. It looks at settled rates only, never at ' +
      'estimates, and says nothing where an interval is assumed.',
    labels: {
      OVERHEATED: 'Longs pay: the contract is held above spot by a crowd of buyers.',
      PANIC: 'Shorts pay: the contract is pressed below spot by a crowd of sellers.'
    }
  },
  basis_dislocation: {
    title: 'Basis dislocation',
    unit: 'bps',
    value: 'Middle of the currency-adjusted bases of five minutes; positive: the contract is above spot',
    meaning:
      'A perpetual has stood far from its spot price, a quarter of an hour unless set otherwise, after multiplier and currency, by prices ' +
      'good enough for signals: by default well outside of what funding formulas alone hold a contract at.',
    not:
      'Not a profit, and nothing that can be locked in: no date makes a perpetual meet its spot price. Mids are not what a trade ' +
      'gets, and a premium of this size may be inside the costs of trading it.',
    labels: { RICH: 'The contract is above spot.', CHEAP: 'The contract is below spot.' }
  },
  expectation: {
    title: 'Expectation',
    unit: 'fraction_per_year',
    value:
      'The continuous rate nearest to zero among an asset’s futures of one venue; 0 where they are on both sides of it',
    meaning:
      'Every dated future of an asset, from two days on, is above spot (CONTANGO) or below it (BACKWARDATION) by half a percent a year ' +
      'and more, unless set otherwise.',
    not:
      'Not bullish or bearish by itself: with dollars at 5 % a year a fair curve is in contango. A perpetual’s funding is no point of ' +
      'the curve.',
    labels: { CONTANGO: 'All dated futures are above spot.', BACKWARDATION: 'All dated futures are below spot.' }
  },
  stablecoin_depeg: {
    title: 'Stablecoin depeg',
    unit: 'bps',
    value: 'Distance from par of the middle of a pair’s traded rates of five minutes; positive: above it',
    meaning:
      'A pair of two dollar-like currencies has traded 50 bps and more from one for a quarter of an hour, unless set otherwise: basis ' +
      'across these two currencies is mostly currency.',
    not:
      'Not a verdict on the issuer, and not of the coin alone: it is of one pair on one venue, where either side, or a thin book, may ' +
      'be the reason.',
    labels: {
      ABOVE_PAR: 'One unit buys more than one of the other.',
      BELOW_PAR: 'One unit buys less than one of the other.'
    }
  },
  interval_change: {
    title: 'Change of funding interval',
    unit: 'doublings',
    value:
      'How many times the number of settlements a day has doubled; negative: halved; 0 from a day after the change was known',
    meaning:
      'A contract settles in another interval than before, for a day from when that was in force and known: rates before and after it ' +
      'are not comparable until they are scaled. One that was told a day or more after it came into force is no news.',
    not:
      'Not a change of what is paid a day: a rate for 4 h is for half of the time. Venues shorten intervals when rates reach their ' +
      'bounds, but not only then.',
    labels: { SHORTER: 'It settles more often.', LONGER: 'It settles less often.' }
  },
  venue_trouble: {
    title: 'Venue trouble',
    unit: 'share',
    value: 'Share of our polls of the venue that failed in five minutes, 0 to 1',
    meaning:
      'At least half of our polls of a venue have failed for ten minutes, unless set otherwise: what is shown of it is ageing.',
    not:
      'Not proof that the venue is down for its customers: we may be rate-limited, blocked, or cut off ourselves. Time in which we did ' +
      'not ask counts neither way.',
    labels: { FAILING: 'Polls fail.' }
  },
  leverage_buildup: {
    title: 'Leverage build-up',
    unit: 'fraction',
    value: 'Growth over a day of a contract’s open interest, in coins',
    meaning:
      'Open interest of a contract, counted in coins, has grown (BUILD_UP) or fallen (UNWINDING) by a quarter in a day, unless set ' +
      'otherwise.',
    not: 'Not a direction: every open contract has a long and a short. It says nothing of how much collateral stands behind it.',
    labels: { BUILD_UP: 'Positions are being added.', UNWINDING: 'Positions are being closed.' }
  },
  liquidity_thinning: {
    title: 'Liquidity thinning',
    unit: 'ratio',
    value: 'Depth within 10 bps of mid, of the thinner side, over its own middle of the seven whole days before',
    meaning:
      'The book of a contract holds two fifths or less of what is usual for it near its mid, unless set otherwise.',
    not: 'Not a crash, and not what a large order pays: depth further out, and orders that are not shown, are not seen.',
    labels: { THIN: 'The book is thin.' }
  },
  carry_opportunity: {
    title: 'Carry opportunity',
    unit: 'fraction_per_year',
    value:
      'Net yearly return on capital of a short contract against spot, after fees and slippage, by expected funding',
    meaning:
      'Short contract and long spot would earn at least 8 % a year, unless set otherwise, on capital after costs, if funding goes on as ' +
      'its own past suggests, and would have been earned back within half of the horizon when it opened; it stays open by its yield alone. Only contracts ' +
      'whose books are polled are looked at: of each venue the DEPTH_CONTRACTS largest by open interest, and those that keep their place.',
    not:
      'Not every carry: a contract without a polled book has none here, nor has the reverse (long contract, short spot), whose coin is borrowed. ' +
      'Not locked in: funding may turn before the costs are earned, the basis may widen against the short leg until it is liquidated, ' +
      'and both venues must stay good for their debts.',
    labels: { CARRY: 'Short contract, long spot.' }
  }
}

/** Labels of a type, as the catalogue lists them. */
export function labelsOf(type: SignalType): readonly string[] {
  return type === 'funding_regime' ? REGIMES : Object.keys(BUCKET_PARAMETERS[type].thresholds)
}

/** A value of a type, in words. */
export function valueText(type: SignalType, value: number): string {
  const plain = (number: number) => String(Number(number.toPrecision(4)))
  switch (TYPE_WORDS[type].unit) {
    case 'rate_8h':
      return `${plain(value * 100)} % per 8 h`
    case 'bps':
      return `${plain(value)} bps`
    case 'fraction_per_year':
      return `${plain(value * 100)} % a year`
    case 'share':
    case 'fraction':
    case 'ratio':
      return `${plain(value * 100)} %`
    case 'doublings':
      return `${plain(value)} doublings`
  }
}
