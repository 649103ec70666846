import type { Instrument } from '../domain/instrument.ts'
import { InvalidInputError } from '../errors.ts'
import type { ApiContext } from './context.ts'
import { contractsOf } from './contracts.ts'

/** One curve: the dated contracts of an asset on one venue. */
export type CurveContracts = {
  readonly asset: string
  readonly venue: string
  readonly contracts: readonly Instrument[]
}

type Named = { readonly asset: string; readonly venue: string | undefined }

/** The dated contracts of an asset on one venue that were there from a moment on. */
export async function contractsOfCurve(
  context: ApiContext,
  { asset, venue }: Named,
  fromMs: number
): Promise<CurveContracts> {
  const filter = { asset: [asset], venue: venue === undefined ? undefined : [venue], kind: ['future'] }
  const contracts = (await contractsOf(context, filter, fromMs)).filter(({ expiresAt }) => (expiresAt ?? 0) > fromMs)
  const venues = [...new Set(contracts.map((contract) => contract.venue))].sort()
  if (venues.length === 1) return { asset: contracts[0]!.asset, venue: venues[0]!, contracts }
  const problem =
    venues.length === 0
      ? {
          path: 'asset',
          message: `no dated contract of ${asset} ${venue === undefined ? '' : `on ${venue} `}is known of that time`
        }
      : { path: 'venue', message: `dated contracts of ${asset} trade on ${venues.join(', ')}: name one` }
  throw new InvalidInputError([problem], venues.length === 0 ? 'no_curve' : 'invalid_parameter')
}
