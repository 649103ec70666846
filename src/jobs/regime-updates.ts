import type { RegimeSignal } from '../domain/signal.ts'
import { updatesOf } from '../domain/signal-updates.ts'
import type { Transaction } from '../store/database.ts'
import { listSignalPath } from '../store/signal-inputs.ts'
import { NEWS_MS, type Outcome } from './regime-outcome.ts'

/** Signals as they stood where they had moved enough to be told of again, from `from` on; inputs must be written before. */
export async function listUpdates(
  client: Transaction,
  outcomes: readonly Outcome[],
  { from, nowMs, updateRate8h }: { readonly from: number; readonly nowMs: number; readonly updateRate8h: number }
): Promise<RegimeSignal[]> {
  const updates: RegimeSignal[] = []
  for (const { signal } of outcomes) {
    // What is not borne out went through nothing.
    if (signal.closeReason === 'revised') continue
    const path = await listSignalPath(client, signal)
    for (const { at, value, peakValue } of updatesOf(signal.value, path, updateRate8h)) {
      if (at < from || at < nowMs - NEWS_MS) continue
      const open = { closedAt: null, closeReason: null, closing: null } as const
      updates.push({ ...signal, ...open, lastAt: at, lastValue: value, peakValue })
    }
  }
  return updates
}
