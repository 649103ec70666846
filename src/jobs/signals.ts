import { sleep } from '../clock.ts'
import { endingAfter } from '../domain/regime-series.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import { activate, findActivation } from '../store/signal-activations.ts'
import { listOpenEnds } from '../store/signal-facts.ts'
import { markQuiet } from '../store/signal-progress.ts'
import { type EvaluateDeps, evaluateNext } from './evaluate.ts'
import { regimeParameters, TYPE } from './regime-walk.ts'
import type { WorkerDeps } from './station.ts'

const LOOK_EVERY_MS = SECOND
/** Silence and delisting bring no settlement that would make anything due. */
const LOOK_FOR_ENDS_EVERY_MS = MINUTE

/** Opens and closes signals as settlements come, one instrument at a time, beside the board. Ends when `signal` aborts. */
export async function runSignals(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const own = { ...deps, fundingRegime: deps.config.fundingRegime }
  const parameters = regimeParameters(own.fundingRegime)
  const { hash } = parameters
  let isActivated = false
  let isSuperseded = false
  let lookedAt = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      if (!isActivated) {
        const { number, isNew } = await activate(deps.db, TYPE, parameters)
        isActivated = true
        if (isNew) deps.log.info({ type: TYPE, parameters: hash, number }, 'signals.activated')
      }
      if (Math.abs(deps.clock.now() - lookedAt) >= LOOK_FOR_ENDS_EVERY_MS) {
        lookedAt = deps.clock.now()
        await markEnds(own)
        const wasSuperseded = isSuperseded
        isSuperseded = (await findActivation(deps.db, TYPE))?.parameters !== hash
        if (isSuperseded && !wasSuperseded) deps.log.warn({ type: TYPE, parameters: hash }, 'signals.superseded')
      }
      if (!(await evaluateNext(own))) await sleep(LOOK_EVERY_MS, signal)
    } catch (error) {
      deps.log.error({ message: messageOf(error) }, 'signals.failed')
      await sleep(LOOK_EVERY_MS, signal)
    }
  }
}

/** Makes due what has an open signal and has fallen silent, or is no longer traded. */
export async function markEnds({
  db,
  clock,
  fundingRegime
}: Pick<EvaluateDeps, 'db' | 'clock' | 'fundingRegime'>): Promise<void> {
  const ends = await listOpenEnds(db, TYPE, clock.now())
  const ended = ends.filter(({ last, outlook }) => endingAfter(last, outlook, fundingRegime.staleIntervals) !== null)
  if (ended.length === 0) return
  await markQuiet(
    db,
    TYPE,
    ended.map(({ instrumentId }) => instrumentId)
  )
}
