/** A venue changed how it computes or pays funding: rates before and after are not of one kind. */
export type FormulaBreak = {
  readonly venue: string
  /** The first moment of the new formula, epoch milliseconds. */
  readonly from: number
  /** `effective`: the venue's own date; `notice`: the day it was announced, as its effective date is not known to us. */
  readonly dated: 'effective' | 'notice'
  readonly change: string
  readonly evidence: string
}

/** Every break that we know of, oldest first. A new one is a line here. Domain-spec 1.6.1. */
export const FORMULA_BREAKS: readonly FormulaBreak[] = [
  {
    venue: 'htx',
    from: Date.UTC(2024, 0, 8, 8),
    dated: 'effective',
    change: 'the rate of the period before, fixed → the running rate of the period itself',
    evidence: "HTX's documentation (copy)"
  },
  {
    venue: 'okx',
    from: Date.UTC(2024, 2, 5),
    dated: 'effective',
    change: "the period's average → the mean of the last interval's hours, rolling",
    evidence: "OKX's documentation (copy)"
  },
  {
    venue: 'binance',
    from: Date.UTC(2025, 4, 2, 8),
    dated: 'effective',
    change: 'a settlement at cap or floor shortens the interval from 8 h or 4 h to 1 h, from the next hour on',
    evidence: "report of Binance's notice, official text"
  },
  {
    venue: 'binance',
    from: Date.UTC(2025, 8, 18, 8, 1),
    dated: 'effective',
    change:
      'the 8-hour formula divided by 8/N; interest 0.01 % (0 % for BNBUSDT, ETHBTC); basis of marks over 30 s, not 60 s',
    evidence: "report of Binance's notice"
  },
  {
    venue: 'gate',
    from: Date.UTC(2026, 4, 27),
    dated: 'effective',
    change: 'the 8-hour formula divided by 8/N; weights that rise with time; interest 0.01 %',
    evidence: "Gate's documentation (copy) and a report of its notice"
  },
  {
    venue: 'okx',
    from: Date.UTC(2026, 4, 29),
    dated: 'notice',
    change: 'interest within a clamp, divided by 8/N: 8 h contracts as before, 1 h contracts an eighth',
    evidence: "mirror of OKX's notice, which does not give the effective date"
  },
  {
    venue: 'bitmex',
    from: Date.UTC(2026, 8, 23, 4),
    dated: 'effective',
    change: 'the exchange closed: nothing settles from then on',
    evidence: "BitMEX's announcement; ccxt dropped it between 4.5.82 and 4.5.84"
  }
]

/** Which formula of a venue a rate was made by: 1 before its first break that we know of, one more after each. */
export function formulaVersionAt(venue: string, atMs: number): number {
  return 1 + FORMULA_BREAKS.filter((each) => each.venue === venue && each.from <= atMs).length
}

/** The same for a settlement, which the formula in force before it has made: at the moment of a break it is still the old one. */
export function settledFormulaVersion(venue: string, settledAtMs: number): number {
  return formulaVersionAt(venue, settledAtMs - 1)
}
