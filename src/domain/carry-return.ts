import { compare, type Decimal, isPositive, ratioOf, subtract } from './decimal.ts'
import { includedSettlements } from './funding.ts'
import { sumOf } from './statistics.ts'

export type Quotes = {
  readonly ts: number
  readonly spotBid: Decimal
  readonly spotAsk: Decimal
  readonly perpBid: Decimal
  readonly perpAsk: Decimal
}

/** What a carry begun at a signal came to. Parts of the money the spot leg cost, fees positive; net = spot + perp + funding − fees. */
export type CarryReturn = {
  /** `incomplete`: the snapshots end before the exit; such a window is not scored. */
  readonly status: 'ok' | 'incomplete'
  readonly entryTs: number | null
  readonly exitTs: number | null
  readonly spotLeg: number | null
  readonly perpLeg: number | null
  readonly funding: number | null
  readonly fees: number | null
  readonly netFrac: number | null
}

const INCOMPLETE: CarryReturn = {
  status: 'incomplete',
  entryTs: null,
  exitTs: null,
  spotLeg: null,
  perpLeg: null,
  funding: null,
  fees: null,
  netFrac: null
}

/**
 * Buys spot at the ask and sells the contract at the bid, of one base quantity, at the first snapshot at or after signal + latency,
 * never the one that made the signal; turns both around at the first at or after entry + horizon. Funding: the settlements in
 * (entry, exit], of a constant notional. Fees: each leg's taker rate of what is traded, both ways. Spec 3.7, vector 51.
 */
export function carryForwardReturn(input: {
  readonly snapshots: readonly Quotes[]
  readonly settledFunding: readonly { readonly ts: number; readonly rate: number }[]
  readonly signalTs: number
  readonly latencyMs: number
  readonly horizonMs: number
  /** Fractions. */
  readonly spotTaker: number
  readonly perpTaker: number
}): CarryReturn {
  const snapshots = input.snapshots.filter(isWhole).sort((a, b) => a.ts - b.ts)
  const entry = snapshots.find(({ ts }) => ts >= input.signalTs + input.latencyMs && ts > input.signalTs)
  const exit = entry && snapshots.find(({ ts }) => ts >= entry.ts + input.horizonMs)
  if (entry === undefined || exit === undefined) return INCOMPLETE
  return { status: 'ok', entryTs: entry.ts, exitTs: exit.ts, ...carryBetween({ ...input, entry, exit }) }
}

/** The same between two snapshots that are whole. */
export function carryBetween(input: {
  readonly entry: Quotes
  readonly exit: Quotes
  readonly settledFunding: readonly { readonly ts: number; readonly rate: number }[]
  readonly spotTaker: number
  readonly perpTaker: number
}) {
  const { entry, exit } = input
  const ofCost = (value: Decimal) => ratioOf(value, entry.spotAsk)!
  const spotLeg = ofCost(subtract(exit.spotBid, entry.spotAsk))
  const perpLeg = ofCost(subtract(entry.perpBid, exit.perpAsk))
  const funding = receivedFunding(input.settledFunding, entry.ts, exit.ts)
  const spotTraded = 1 + ofCost(exit.spotBid)
  const perpTraded = ofCost(entry.perpBid) + ofCost(exit.perpAsk)
  const fees = input.spotTaker * spotTraded + input.perpTaker * perpTraded
  return { spotLeg, perpLeg, funding, fees, netFrac: sumOf([spotLeg, perpLeg, funding, -fees]) }
}

/** A settlement that is there twice was paid once. */
function receivedFunding(
  settled: readonly { readonly ts: number; readonly rate: number }[],
  entryMs: number,
  exitMs: number
): number {
  const rates = new Map(settled.map(({ ts, rate }) => [ts, rate]))
  const included = includedSettlements({ settlementTs: [...rates.keys()], entryMs, exitMs })
  return sumOf(included.map((ts) => rates.get(ts)!))
}

/** A book without a side, or crossed, trades nothing. */
export function isWhole({ spotBid, spotAsk, perpBid, perpAsk }: Quotes): boolean {
  return (
    [spotBid, spotAsk, perpBid, perpAsk].every(isPositive) &&
    compare(spotBid, spotAsk) < 0 &&
    compare(perpBid, perpAsk) < 0
  )
}
