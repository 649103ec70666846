import type { MovementFacts } from '../contract/movement.ts'
import type { Instrument } from '../domain/instrument.ts'
import { listMovements } from '../store/basis-movement.ts'
import type { ApiContext } from './context.ts'

/** What is kept of how contracts' bases move, each against the spot leg that it has now; of another leg it is another series. */
export async function readMovements(
  { db, catalogue }: ApiContext,
  contracts: readonly Instrument[]
): Promise<ReadonlyMap<number, MovementFacts>> {
  const { byId } = await catalogue.read()
  const spotOf = new Map(contracts.map(({ id, spotId }) => [id, spotId]))
  const kept = await listMovements(db, [...spotOf.keys()])
  return new Map(
    [...kept]
      .filter(([id, { spotId }]) => spotOf.get(id) === spotId)
      .map(([id, { spotId, ...facts }]) => [id, { ...facts, spot: byId.get(spotId)?.key ?? null }])
  )
}
