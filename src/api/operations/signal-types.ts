import { bucketThresholdsView } from '../../contract/signal-thresholds.ts'
import { labelsOf, TYPE_WORDS } from '../../contract/signal-type-words.ts'
import type { SignalType } from '../../domain/signal.ts'
import { SIGNAL_TYPES } from '../../domain/signal-types.ts'
import type { Database } from '../../store/database.ts'
import { findActivation } from '../../store/signal-activations.ts'
import type { ApiContext } from '../context.ts'

type Configured = Pick<ApiContext['config'], 'fundingRegime' | 'bucketParameters'>

/** The catalogue: each type in plain words, with its parameters here. */
export function typeViews(db: Database, configured: Configured) {
  return Promise.all(
    SIGNAL_TYPES.map(async (type) => {
      const { title, meaning, not, labels, unit, value } = TYPE_WORDS[type]
      const parametersId = (await findActivation(db, type))?.parameters ?? null
      return {
        type,
        title,
        meaning,
        not,
        labels: labelsOf(type).map((label) => ({ label, meaning: labels[label]! })),
        unit,
        value,
        isEvaluated: true,
        parametersId,
        parameters: parametersOf(type, configured)
      }
    })
  )
}

function parametersOf(type: SignalType, { fundingRegime, bucketParameters }: Configured) {
  if (type === 'funding_regime') return fundingRegime
  return bucketThresholdsView(bucketParameters[type])
}
