import { labelsOf, TYPE_WORDS } from '../../contract/signal-type-words.ts'
import { bucketParametersView } from '../../contract/signals.ts'
import { REGIME_BOUNDS } from '../../domain/funding-regime.ts'
import { STALE_INTERVALS } from '../../domain/regime-series.ts'
import type { SignalType } from '../../domain/signal.ts'
import { BUCKET_PARAMETERS, SIGNAL_TYPES } from '../../domain/signal-types.ts'
import type { Database } from '../../store/database.ts'
import { findActivation } from '../../store/signal-activations.ts'
import type { ApiContext } from '../context.ts'

type Regimes = ApiContext['config']['fundingRegime']

/** The catalogue: each type in plain words, with its parameters here. */
export function typeViews(db: Database, regimes: Regimes) {
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
        parameters: parametersOf(type, regimes)
      }
    })
  )
}

function parametersOf(type: SignalType, regimes: Regimes) {
  if (type === 'funding_regime') return { ...REGIME_BOUNDS, ...regimes, staleIntervals: STALE_INTERVALS }
  return bucketParametersView(BUCKET_PARAMETERS[type])
}
