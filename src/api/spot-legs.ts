import type { Instrument } from '../domain/instrument.ts'
import { InvalidInputError } from '../errors.ts'
import type { ApiContext } from './context.ts'

type Known = Pick<ApiContext, 'catalogue'>

/** The spot that `spot=` names. */
export async function namedSpot({ catalogue }: Known, named: string): Promise<Instrument> {
  const spot = await catalogue.getInstrument(named, 'spot')
  return spot.kind === 'spot' ? spot : refuse('spot', `${spot.key} is no spot`)
}

/** A contract held against the spot that `spot=` names, on whatever venue, in place of the one chosen for it. */
export async function heldAgainst(known: Known, contract: Instrument, named: string): Promise<Instrument> {
  if (contract.kind === 'spot') return refuse('instrument', `${contract.key} is a spot; spot= is the leg of a contract`)
  const spot = await namedSpot(known, named)
  if (spot.asset !== contract.asset)
    return refuse('spot', `${spot.key} is of ${spot.asset}, ${contract.key} of ${contract.asset}`)
  return spot.id === contract.spotId ? contract : { ...contract, spotId: spot.id, spotReason: null }
}

function refuse(path: string, message: string): never {
  throw new InvalidInputError([{ path, message }], 'invalid_parameter')
}
