import { isDeepStrictEqual } from 'node:util'
import { sleep } from '../clock.ts'
import { type CarryOutcome, carryOutcomeOf } from '../contract/carry-outcome.ts'
import { tradingWindows } from '../domain/carry-windows.ts'
import { SECOND } from '../domain/time.ts'
import { messageOf } from '../errors.ts'
import {
  type DueCarry,
  type KeptOutcome,
  keptPrices,
  listCarryOutcomes,
  putOffCarry,
  quotesOfKept,
  type StoredOutcome,
  takeDueCarry,
  writeCarryOutcome
} from '../store/carry-outcomes.ts'
import type { Transaction } from '../store/database.ts'
import { isDatabaseUnavailable, isTooSlow } from '../store/database-errors.ts'
import { findFirstQuotes } from '../store/pair-quotes.ts'
import type { PaidRate } from '../store/realised.ts'
import { listSettledRatesOfWindows } from '../store/settled-rates.ts'
import type { WorkerDeps } from './station.ts'

const LOOK_EVERY_MS = 30 * SECOND

type Deps = Pick<WorkerDeps, 'db' | 'log'>

/** Keeps with each carry that is over what it came to. Ends when `signal` aborts. */
export async function runCarryOutcomes(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isBusy = await keepOutcome(deps).catch((error: unknown) => {
      deps.log.error({ message: messageOf(error) }, 'carries.failed')
      return false
    })
    if (!isBusy) await sleep(LOOK_EVERY_MS, signal)
  }
}

/**
 * Works one carry out that is due; answers whether one was. One transaction: killed anywhere, it stays due, and whoever marks it waits for no
 * other. What comes out as it is stored is not stored again; what cannot be worked out is put off, and the others are not.
 */
export async function keepOutcome({ db, log }: Deps): Promise<boolean> {
  let taken: string | undefined
  try {
    return await db.transaction(async (client) => {
      taken = undefined
      const carry = await takeDueCarry(client)
      if (carry === undefined) return false
      taken = carry.signal.id
      const before = (await listCarryOutcomes<CarryOutcome>(client, [taken])).get(taken)
      const outcome = await workOut(client, carry, { settled: await readSettled(client, carry), before })
      if (before === undefined || !isSame(outcome, before)) await writeCarryOutcome(client, outcome)
      return true
    })
  } catch (error) {
    if (taken === undefined || (isDatabaseUnavailable(error) && !isTooSlow(error))) throw error
    log.error({ carry: taken, message: messageOf(error) }, 'carries.failed')
    await putOffCarry(db, taken)
    return true
  }
}

type Known = {
  readonly settled: readonly PaidRate[]
  readonly before: StoredOutcome<CarryOutcome> | undefined
}

async function workOut(
  client: Transaction,
  { signal, isPerpetual }: DueCarry,
  { settled, before }: Known
): Promise<KeptOutcome<CarryOutcome>> {
  const windows = tradingWindows(signal)
  const pair = { instrumentId: signal.instrumentId!, spotId: signal.spotId }
  const pricesIn = async (side: 'entry' | 'exit') => {
    const quotes = await findFirstQuotes(client, { ...pair, ...windows[side] })
    // Days that are given up after a while do not take their prices with them.
    return quotes === undefined ? (before?.[side] ?? null) : keptPrices(quotes)
  }
  const [entry, exit] = [await pricesIn('entry'), await pricesIn('exit')]
  const facts = { entry: entry && quotesOfKept(entry), exit: exit && quotesOfKept(exit), settled }
  const outcome = carryOutcomeOf(signal, { isPerpetual, ...facts })
  const netFrac = outcome.absent === null && outcome.netAbsent === null ? outcome.held.netFrac : null
  return { signalId: signal.id, closedAt: signal.closedAt, entry, exit, netFrac, outcome }
}

/** What was paid from the opening until it could be left no more; of what is dated nothing. */
async function readSettled(client: Transaction, { signal }: DueCarry): Promise<readonly PaidRate[]> {
  const window = {
    instrumentId: signal.instrumentId!,
    fromMs: signal.openedAt,
    toMs: tradingWindows(signal).exit.toMs
  }
  const [settled] = await listSettledRatesOfWindows(client, [window])
  return settled!
}

/** Compared as it is stored. */
function isSame(
  outcome: KeptOutcome<CarryOutcome>,
  { revision: _, knownAt: __, ...before }: StoredOutcome<CarryOutcome>
) {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(outcome)), before)
}
