import { listDepthTargets } from '../store/depth.ts'
import type { DiskGuard } from '../store/disk.ts'
import { insertFlows } from '../store/flow.ts'
import type { Reading } from '../venues/venue.ts'
import { type AskedVenue, askSingly, type SingleDeps, singleCallOf } from './single-calls.ts'
import { tellNoRoom } from './tick-gaps.ts'

export type FlowDeps = SingleDeps & {
  readonly flow: { readonly contracts: number; readonly everyMs: number }
  readonly disk: DiskGuard
}

/** Asks for the account ratio and taker flow of the largest perpetuals, where a venue publishes them. */
export async function pollFlow(deps: FlowDeps, venue: AskedVenue, tickAt: number, signal: AbortSignal): Promise<void> {
  const { id, calls, adapterVersion } = venue.adapter
  const targets = await listDepthTargets(deps.db, id, deps.flow.contracts)
  const instruments = [...venue.instruments.values()].filter(
    (each) => targets.has(each.id) && singleCallOf(calls, 'flow', each)
  )
  if (instruments.length === 0) return
  if (await deps.disk.isFull()) return await tellNoRoom(deps.db, id, tickAt, deps.flow.everyMs, 'flow')
  const ids = new Map(instruments.map(({ symbol, id }) => [symbol, id]))
  const stamp = { spanMs: deps.flow.everyMs, source: 'polled' as const, adapterVersion }
  const round = {
    job: 'flow',
    fact: 'flow' as const,
    instruments,
    store: (client: Parameters<typeof insertFlows>[0], claim: { tickAt: number; epoch: number }, reading: Reading) => {
      const rows = reading.flows.flatMap((flow) => {
        const instrumentId = ids.get(flow.symbol)
        return instrumentId === undefined ? [] : [{ ...flow, instrumentId }]
      })
      return insertFlows(client, rows, { ...stamp, tickAt: claim.tickAt, epoch: claim.epoch })
    }
  }
  await askSingly(deps, venue, round, tickAt, signal)
}
