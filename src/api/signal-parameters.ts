import type { SignalType } from '../domain/signal.ts'
import type { BucketParameters } from '../domain/signal-types.ts'
import type { Database } from '../store/database.ts'
import { type Activation, findActivation } from '../store/signal-activations.ts'
import type { ApiContext } from './context.ts'

export type Configured = Pick<ApiContext['config'], 'fundingRegime' | 'bucketParameters'>

/** Parameters of a type that are in force, whatever this process is set to; before any were, those that it is set to. */
export async function findInForce(
  db: Pick<Database, 'query'>,
  type: SignalType,
  configured: Configured
): Promise<{ readonly activation: Activation | undefined; readonly parameters: Configured }> {
  const activation = await findActivation(db, type)
  return { activation, parameters: withSet(configured, type, activation?.parameterSet ?? null) }
}

function withSet(configured: Configured, type: SignalType, set: Activation['parameterSet']): Configured {
  if (set === null) return configured
  const { fundingRegime, bucketParameters } = configured
  if (type === 'funding_regime') return { bucketParameters, fundingRegime: set as Configured['fundingRegime'] }
  return { fundingRegime, bucketParameters: { ...bucketParameters, [type]: set as BucketParameters } }
}
