import { insertFlows } from '../store/flow.ts'
import { type KeptDeps, pollKept, type Rhythm } from './kept-rounds.ts'
import type { AskedVenue } from './single-calls.ts'

export type FlowDeps = KeptDeps & { readonly flow: Rhythm }

/** Asks for the account ratio and taker flow of the largest perpetuals, where a venue publishes them. */
export async function pollFlow(deps: FlowDeps, venue: AskedVenue, tickAt: number, signal: AbortSignal): Promise<void> {
  await pollKept(
    deps,
    venue,
    {
      ...deps.flow,
      job: 'flow',
      fact: 'flow',
      store: (client, { flows }, { ours, stamp }) => insertFlows(client, ours(flows), stamp)
    },
    tickAt,
    signal
  )
}
