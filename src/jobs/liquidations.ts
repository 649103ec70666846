import { insertLooks } from '../store/liquidations.ts'
import { type KeptDeps, pollKept, type Rhythm } from './kept-rounds.ts'
import type { AskedVenue } from './single-calls.ts'

export type LiquidationDeps = KeptDeps & { readonly liquidation: Rhythm }

/** Looks for liquidations of the largest contracts, where a venue shows some. */
export async function pollLiquidations(
  deps: LiquidationDeps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  await pollKept(
    deps,
    venue,
    {
      ...deps.liquidation,
      job: 'liquidation',
      fact: 'liquidation',
      store: (client, { liquidations }, { ours, stamp }) => insertLooks(client, ours(liquidations), stamp)
    },
    tickAt,
    signal
  )
}
