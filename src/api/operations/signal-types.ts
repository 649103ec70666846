import { bucketThresholdsView } from '../../contract/signal-thresholds.ts'
import { labelsOf, TYPE_WORDS } from '../../contract/signal-type-words.ts'
import type { SignalType } from '../../domain/signal.ts'
import { type Supply, shortageOf } from '../../domain/signal-supply.ts'
import { SIGNAL_TYPES } from '../../domain/signal-types.ts'
import type { Database } from '../../store/database.ts'
import { type Configured, findInForce } from '../signal-parameters.ts'

/** The catalogue: each type in plain words, with its parameters in force. */
export function typeViews(db: Database, configured: Configured & Supply) {
  return Promise.all(
    SIGNAL_TYPES.map(async (type) => {
      const { title, meaning, not, labels, unit, value } = TYPE_WORDS[type]
      const { activation, parameters } = await findInForce(db, type, configured)
      const shortage = shortageOf({ ...configured, ...parameters }, type)
      return {
        type,
        title,
        meaning,
        not,
        labels: labelsOf(type).map((label) => ({ label, meaning: labels[label]! })),
        unit,
        value,
        isEvaluated: shortage === null,
        notEvaluatedReason: shortage?.reason ?? null,
        parametersId: activation?.parameters ?? null,
        parameters: parametersOf(type, parameters)
      }
    })
  )
}

function parametersOf(type: SignalType, { fundingRegime, bucketParameters }: Configured) {
  if (type === 'funding_regime') return fundingRegime
  return bucketThresholdsView(bucketParameters[type])
}
