import { expectedFunding, type FittedPath, type FundingPath } from './funding-path.ts'

/** A perpetual's funding to come: its path per 8 h, and the settlements inside the horizon. */
export type FundingToCome = {
  readonly fitted: FittedPath
  readonly intervalHours: number
  /** Epoch ms, ascending, in (now, now + horizon]. */
  readonly settlements: readonly number[]
  readonly nextSettlementAt: number
  /** Σ of the expected rates at those settlements, as the venue signs them. */
  readonly sum: number
}

/** What the path comes to at the settlements that are due, each paying for its own hours. */
export function fundingToCome(given: Omit<FundingToCome, 'sum'>): FundingToCome {
  const path = perSettlement(given.fitted.path, given.intervalHours, 1, 0)
  return { ...given, sum: expectedFunding(path, given.settlements.length) }
}

/** A path per 8 h as what one side is paid per settlement of so many hours, less what it pays for the time. */
export function perSettlement(path: FundingPath, hours: number, side: 1 | -1, cost: number): FundingPath {
  const received = (rate8h: number) => (side * rate8h * hours) / 8 - cost
  const bound = (value: number | null | undefined) => (value === null || value === undefined ? null : received(value))
  const [cap, floor] = side === 1 ? [path.cap, path.floor] : [path.floor, path.cap]
  return {
    next: received(path.next),
    longRun: received(path.longRun),
    persistence: path.persistence,
    cap: bound(cap),
    floor: bound(floor)
  }
}
