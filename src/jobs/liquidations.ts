import type { Transaction } from '../store/database.ts'
import { listDepthTargets } from '../store/depth.ts'
import type { DiskGuard } from '../store/disk.ts'
import { insertLooks } from '../store/liquidations.ts'
import type { Claim } from '../store/ticks.ts'
import type { Reading } from '../venues/venue.ts'
import { type AskedVenue, askSingly, type SingleDeps, singleCallOf } from './single-calls.ts'

export type LiquidationDeps = SingleDeps & {
  readonly liquidation: { readonly contracts: number; readonly everyMs: number }
  readonly disk: DiskGuard
}

/** Looks for liquidations of the largest contracts, where a venue shows some. */
export async function pollLiquidations(
  deps: LiquidationDeps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  if (await deps.disk.isFull()) return
  const { id, calls, adapterVersion } = venue.adapter
  const targets = await listDepthTargets(deps.db, id, deps.liquidation.contracts)
  const instruments = [...venue.instruments.values()].filter(
    (each) => targets.has(each.id) && singleCallOf(calls, 'liquidation', each)
  )
  if (instruments.length === 0) return
  const ids = new Map(instruments.map(({ symbol, id }) => [symbol, id]))
  const stamp = { spanMs: deps.liquidation.everyMs, source: 'polled' as const, adapterVersion }
  const round = {
    job: 'liquidation',
    fact: 'liquidation' as const,
    instruments,
    store: (client: Transaction, claim: Claim, { liquidations }: Reading) => {
      const looks = liquidations.flatMap((look) => {
        const instrumentId = ids.get(look.symbol)
        return instrumentId === undefined ? [] : [{ ...look, instrumentId }]
      })
      return insertLooks(client, looks, { ...stamp, tickAt: claim.tickAt, epoch: claim.epoch })
    }
  }
  await askSingly(deps, venue, round, tickAt, signal)
}
