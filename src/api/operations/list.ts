import type { ApiContext } from '../context.ts'
import { aggregatesOperation } from './aggregates.ts'
import { basisHistoryOperation } from './basis-history.ts'
import { basisMovementOperation } from './basis-movement.ts'
import { boardOperations } from './board.ts'
import { carryOperation } from './carry.ts'
import { changesOperation } from './changes.ts'
import { curveHistoryOperation } from './curve-history.ts'
import { depthOperations } from './depth.ts'
import { driversOperation } from './drivers.ts'
import { explainOperation } from './explain.ts'
import { flowOperations } from './flow.ts'
import { fundingHistoryOperations } from './funding-history.ts'
import { fundingIntervalOperation } from './funding-intervals.ts'
import { fundingSpreadsOperation } from './funding-spreads.ts'
import { fundingStandingsOperation } from './funding-standings.ts'
import { fundingTrailingOperation } from './funding-trailing.ts'
import { liquidationsOperation } from './liquidations.ts'
import { openInterestOperations } from './open-interest.ts'
import type { Operation } from './operation.ts'
import { opportunitiesOperation } from './opportunities.ts'
import { referenceOperations } from './reference.ts'
import { rolledSeriesOperation } from './rolled-series.ts'
import { sentimentOperations } from './sentiment.ts'
import { signalOutcomesOperation } from './signal-outcomes.ts'
import { signalRecordsOperation } from './signal-records.ts'
import { signalOperations } from './signals.ts'
import { stablecoinsOperation } from './stablecoins.ts'
import { statusOperations } from './status.ts'
import { termStructureOperation } from './term-structure.ts'
import { webhookOperations } from './webhooks.ts'

/** Everything that may be read, over REST and GraphQL alike. */
export function listOperations(context: ApiContext): Operation[] {
  const trailing = fundingTrailingOperation(context)
  return [
    ...boardOperations(context),
    basisHistoryOperation(context),
    basisMovementOperation(context),
    ...fundingHistoryOperations(context, trailing),
    trailing,
    fundingStandingsOperation(context),
    ...openInterestOperations(context),
    ...depthOperations(context),
    fundingIntervalOperation(context),
    ...flowOperations(context),
    driversOperation(context),
    liquidationsOperation(context),
    carryOperation(context),
    explainOperation(context),
    aggregatesOperation(context),
    fundingSpreadsOperation(context),
    termStructureOperation(context),
    curveHistoryOperation(context),
    rolledSeriesOperation(context),
    stablecoinsOperation(context),
    ...signalOperations(context),
    signalRecordsOperation(context),
    signalOutcomesOperation(context),
    opportunitiesOperation(context),
    ...sentimentOperations(context),
    ...referenceOperations(context),
    ...statusOperations(context),
    changesOperation(context),
    ...webhookOperations(context)
  ]
}
