import type { Quotes } from '../domain/carry-return.ts'
import { CARRY_SIGNAL_TERMS } from '../domain/carry-terms.ts'
import { type HeldCarry, heldCarry } from '../domain/held-carry.ts'
import type { QuotedCarry } from '../domain/quoted-carry.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { type Realised, realisedOf } from './realised.ts'

type Episode = Pick<BucketSignal, 'openedAt' | 'closedAt' | 'opening' | 'parameterSet'>
type Settled = { readonly settledAt: number; readonly rate: string; readonly intervalHours: number | null }

/** What a carry came to, or why that cannot be said. */
export type CarryOutcome =
  | { readonly absent: 'still_open' | 'not_known_yet' | 'quote_not_kept' | 'no_prices_at_entry' | 'no_prices_at_exit' }
  | {
      readonly absent: null
      readonly held: HeldCarry
      /** Null for a dated contract, which settles nothing on the way. */
      readonly funding: Realised | null
      /** Why its net is not known, where it is not. */
      readonly netAbsent: 'funding_missing' | 'interval_unknown' | null
    }

/**
 * What the carry of an episode came to: bought and sold at the first best prices after it was told of, closed at the first after its close,
 * with what really settled in between. A settlement that is missing leaves the net unknown: it is never taken for nothing.
 */
export function carryOutcomeOf(
  { closedAt, opening, parameterSet }: Episode,
  facts: {
    readonly isPerpetual: boolean
    readonly entry: Quotes | null
    readonly exit: Quotes | null
    /** Ascending; those of other times are left out. */
    readonly settled: readonly Settled[]
  }
): CarryOutcome {
  const quoted: QuotedCarry | undefined = opening.carry
  if (closedAt === null) return { absent: 'still_open' }
  if (quoted === undefined) return { absent: 'quote_not_kept' }
  const { entry, exit } = facts
  if (entry === null) return { absent: 'no_prices_at_entry' }
  if (exit === null) return { absent: 'no_prices_at_exit' }
  const settled = facts.settled.filter(({ settledAt }) => entry.ts < settledAt && settledAt <= exit.ts)
  const held = heldCarry({
    entry,
    exit,
    settledFunding: facts.isPerpetual
      ? settled.map(({ settledAt, rate }) => ({ ts: settledAt, rate: Number(rate) }))
      : [],
    spotTaker: quoted.spotTaker,
    perpTaker: quoted.contractTaker,
    impactFrac: quoted.impactFrac,
    marginFrac: (parameterSet.terms ?? CARRY_SIGNAL_TERMS).marginFrac
  })
  if (!facts.isPerpetual) return { absent: null, held, funding: null, netAbsent: null }
  const funding = realisedOf(settled, { fromMs: entry.ts, toMs: exit.ts }, quoted.intervalHours)
  return { absent: null, held, funding, netAbsent: netAbsentOf(funding) }
}

function netAbsentOf({ expected, coverage }: Realised): 'funding_missing' | 'interval_unknown' | null {
  if (expected === null) return 'interval_unknown'
  return expected > 0 && coverage !== 1 ? 'funding_missing' : null
}
