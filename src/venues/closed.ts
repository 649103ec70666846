/** A venue that is no more: nothing is asked of it, its history stays and may be imported. */
export type ClosedVenue = {
  readonly id: string
  readonly name: string
  /** Epoch milliseconds. */
  readonly closedAt: number
  readonly reason: string
}

/** Venues without a connector because there is nothing left to connect to. Evidence: docs/venues.md. */
export const CLOSED_VENUES: readonly ClosedVenue[] = [
  {
    id: 'bitmex',
    name: 'BitMEX',
    closedAt: Date.UTC(2026, 8, 23, 4),
    reason: 'closed: the exchange stopped trading on 2026-09-23; its history stays'
  }
]
