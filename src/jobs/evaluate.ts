import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { RegimeSignal } from '../domain/signal.ts'
import { MINUTE } from '../domain/time.ts'
import type { Log } from '../log.ts'
import type { Database, Transaction } from '../store/database.ts'
import { insertEvents, type NewEvent } from '../store/events.ts'
import { ensurePartitions } from '../store/partitions.ts'
import { type Evaluated, getEvaluated } from '../store/signal-facts.ts'
import { writeInputs } from '../store/signal-inputs.ts'
import { claimEvaluation, type EvaluationClaim, finishEvaluation } from '../store/signal-progress.ts'
import { listSignalsOf, readKnownAt, writeSignals } from '../store/signals.ts'
import { StaleClaimError } from '../store/ticks.ts'
import { type Outcome, outcomesOf } from './regime-outcome.ts'
import { listUpdates } from './regime-updates.ts'
import {
  isFirst,
  type RegimeParameters,
  type RegimeTask,
  regimeParameters,
  TYPE,
  type Walked,
  walkRegime
} from './regime-walk.ts'
import { inOrder, type SignalEventType, signalEvent } from './signal-events.ts'

export type EvaluateDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly fundingRegime: Config['fundingRegime']
}

/** An evaluation that failed is tried again when its lease has lapsed; until then others have their turn. */
const LEASE_MS = MINUTE

/** Evaluates the funding regimes of the largest instrument that is due. False: none is. */
export async function evaluateNext(deps: EvaluateDeps): Promise<boolean> {
  const { db, holder, log } = deps
  const parameters = regimeParameters(deps.fundingRegime)
  const claim = await claimEvaluation(db, { type: TYPE, parameters: parameters.hash, holder, leaseMs: LEASE_MS })
  if (!claim) return false
  try {
    await evaluate(deps, claim, parameters)
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ instrument: claim.instrumentId }, 'signals.stale')
  }
  return true
}

/** Goes over an instrument from the oldest news on and stores what that changes, all in one transaction. */
export async function evaluate(
  deps: EvaluateDeps,
  claim: EvaluationClaim,
  parameters: RegimeParameters
): Promise<void> {
  const { db, clock, log } = deps
  const startedAt = clock.now()
  const { instrumentId } = claim
  const evaluated = await getEvaluated(db, instrumentId, startedAt)
  const stored = await listSignalsOf(db, { instrumentId, type: TYPE })
  const walked = await walkRegime(db, { claim, parameters, evaluated, stored })
  const rows = walked.steps.map(({ row }) => row)
  await ensurePartitions(
    db,
    'signal_input',
    rows.map(({ at }) => at),
    startedAt
  )
  const outcomes = await db.transaction(async (client) => {
    await finishEvaluation(client, claim, { evaluatedTo: walked.evaluatedTo, parameters: parameters.hash })
    await writeInputs(client, { instrumentId, type: TYPE, parameters: parameters.hash }, rows)
    return await store(client, { claim, parameters, evaluated, stored, walked, nowMs: startedAt })
  })
  const told = outcomes.flatMap(({ opened, closed }) => [opened, closed]).filter((signal) => signal !== null)
  const event = { instrument: evaluated.instrument, settlements: rows.length, signals: outcomes.length }
  log.info({ ...event, told: told.length, ms: clock.now() - startedAt }, 'signals.finished')
}

async function store(
  client: Transaction,
  { walked, nowMs, ...task }: RegimeTask & { readonly walked: Walked; readonly nowMs: number }
): Promise<Outcome[]> {
  const { claim, parameters, evaluated, stored } = task
  const outcomes = outcomesOf({
    episodes: walked.episodes,
    stored,
    instrumentId: claim.instrumentId,
    venue: evaluated.venue,
    symbol: evaluated.symbol,
    parameters: parameters.hash,
    parameterSet: parameters.set,
    isFirst: isFirst(claim, parameters),
    evaluatedTo: walked.evaluatedTo ?? Number.NEGATIVE_INFINITY,
    knownAt: await readKnownAt(client),
    nowMs
  })
  await writeSignals(
    client,
    outcomes.map(({ signal }) => signal)
  )
  const from = walked.steps[0]?.row.at ?? Number.POSITIVE_INFINITY
  await insertEvents(
    client,
    eventsOf(
      outcomes,
      isFirst(claim, parameters)
        ? []
        : await listUpdates(client, outcomes, { from, nowMs, updateRate8h: parameters.set.updateRate8h }),
      evaluated,
      claim.activation
    )
  )
  return outcomes
}

function eventsOf(
  outcomes: readonly Outcome[],
  updated: readonly RegimeSignal[],
  evaluated: Evaluated,
  activation: number
): NewEvent[] {
  const event = (type: SignalEventType, at: number, signal: RegimeSignal, isOfParameters = false): NewEvent =>
    signalEvent(type, at, signal, evaluated, isOfParameters ? activation : undefined)
  const ends = outcomes.flatMap(({ opened, closed, isOfParameters }) => [
    ...(opened === null ? [] : [event('signal.opened', opened.openedAt, opened, isOfParameters)]),
    ...(closed === null ? [] : [event('signal.closed', closed.closedAt!, closed, isOfParameters)])
  ])
  return inOrder([...ends, ...updated.map((signal) => event('signal.updated', signal.lastAt, signal))])
}
