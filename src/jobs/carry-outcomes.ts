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
  quotesOfKept,
  type StoredOutcome,
  takeDueCarries,
  writeCarryOutcomes
} from '../store/carry-outcomes.ts'
import type { Database, Transaction } from '../store/database.ts'
import { findFirstQuotes } from '../store/pair-quotes.ts'
import type { PaidRate } from '../store/realised.ts'
import { listSettledRatesOfWindows } from '../store/settled-rates.ts'
import type { WorkerDeps } from './station.ts'

/** Two windows of minutes of each, maybe of sealed days. */
const BATCH = 50
const LOOK_EVERY_MS = 30 * SECOND

/** Keeps with each carry that is over what it came to. Ends when `signal` aborts. */
export async function runCarryOutcomes({ db, log }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const kept = await keepOutcomes(db).catch((error: unknown) => {
      log.error({ message: messageOf(error) }, 'carries.failed')
      return 0
    })
    if (kept === 0) await sleep(LOOK_EVERY_MS, signal)
  }
}

/**
 * Works some carries out that are due; answers how many. One transaction: killed anywhere, they stay due. What comes out as it is stored is
 * not stored again.
 */
export async function keepOutcomes(db: Database, limit = BATCH): Promise<number> {
  return await db.transaction(async (client) => {
    const due = await takeDueCarries(client, limit)
    if (due.length === 0) return 0
    const ids = due.map(({ signal }) => signal.id)
    const stored = await listCarryOutcomes<CarryOutcome>(client, ids)
    const settled = await readSettled(client, due)
    const changed: KeptOutcome<CarryOutcome>[] = []
    for (const [index, carry] of due.entries()) {
      const before = stored.get(carry.signal.id)
      const outcome = await workOut(client, carry, { settled: settled[index]!, before })
      if (before === undefined || !isSame(outcome, before)) changed.push(outcome)
    }
    await writeCarryOutcomes(client, changed)
    return due.length
  })
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

/** What was paid from the opening of each until it could be left no more; of what is dated nothing. */
function readSettled(client: Transaction, due: readonly DueCarry[]): Promise<(readonly PaidRate[])[]> {
  const windows = due.map(({ signal }) => ({
    instrumentId: signal.instrumentId!,
    fromMs: signal.openedAt,
    toMs: tradingWindows(signal).exit.toMs
  }))
  return listSettledRatesOfWindows(client, windows)
}

/** Compared as it is stored. */
function isSame(
  outcome: KeptOutcome<CarryOutcome>,
  { revision: _, knownAt: __, ...before }: StoredOutcome<CarryOutcome>
) {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(outcome)), before)
}
