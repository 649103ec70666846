import { loadConfig } from '../../src/config.ts'
import type { SignalView } from '../../src/contract/signals.ts'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { HOUR } from '../../src/domain/time.ts'
import { type EvaluateDeps, evaluateNext } from '../../src/jobs/evaluate.ts'
import { regimeParameters, TYPE } from '../../src/jobs/regime-walk.ts'
import type { Database } from '../../src/store/database.ts'
import { reviseIntervals } from '../../src/store/imported-settlements.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { insertSettlements } from '../../src/store/settlement-intake.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { silentLog } from './line.ts'

/** When the settlements of these tests begin. */
export const START = Date.UTC(2026, 2, 1)
const STAMP = { source: 'polled', observedAt: START, venue: 'binance', adapterVersion: 1, epoch: 0 } as const

export type Shown = {
  readonly signals: readonly {
    label: string
    opened: number
    closed: number | null
    reason: string | null
    peak: number
  }[]
  readonly events: readonly { type: string; at: number; data: SignalView }[]
}

/** One contract whose settlements a test writes, and whose signals it reads. Hours count from START. */
export type Rig = ReturnType<typeof rigOf>

export async function openRig(db: Database, key = 'binance:BTC/USDT:USDT', env: Record<string, string> = {}) {
  await ensureInstrument(db, parseInstrumentKey(key)!)
  await ensurePartitions(db, 'settlement', [START], START)
  const id = (await listInstruments(db)).find((instrument) => instrument.key === key)!.id
  const rig = rigOf(db, id, env)
  await rig.activate()
  return rig
}

function rigOf(db: Database, id: number, env: Record<string, string>) {
  const state = { nowMs: START }
  const configured = { FUNDING_REGIME_MIN_DAYS: '10', FUNDING_REGIME_MIN_SETTLEMENTS: '30', ...env }
  const deps: EvaluateDeps = {
    db,
    clock: { now: () => state.nowMs },
    log: silentLog,
    holder: 'test',
    fundingRegime: loadConfig(configured).fundingRegime
  }
  const hour = (at: Date | number | string) => (new Date(at).getTime() - START) / HOUR
  return {
    id,
    deps,
    /** From now on the time is so many hours after START. */
    setHour: (hours: number) => {
      state.nowMs = START + hours * HOUR
    },
    /** Settlements at these hours; the clock is never before the last of them. */
    settle: async (rates: ReadonlyMap<number, number>) => {
      state.nowMs = Math.max(state.nowMs, START + Math.max(...rates.keys()) * HOUR)
      const rows = [...rates].map(([hours, rate]) => {
        const settledAt = START + hours * HOUR
        return { settledAt, venueTime: settledAt, rate: String(rate), mark: null, availableAt: settledAt }
      })
      return await db.transaction((client) => insertSettlements(client, id, rows, STAMP))
    },
    reviseIntervals: () => db.transaction((client) => reviseIntervals(client, id, STAMP)),
    /** As a process with these settings does when it starts. */
    activate: () => activate(db, TYPE, regimeParameters(deps.fundingRegime)),
    /** Everything that is due. */
    evaluate: async () => {
      while (await evaluateNext(deps)) {}
    },
    show: async (): Promise<Shown> => {
      const signals = await db.query(
        `select label, opened_at, closed_at, close_reason, peak_value from signal where instrument_id = $1 order by opened_at, id`,
        [id]
      )
      const events = await db.query(
        'select type, at, data from event where instrument_id = $1 order by at, created_at, type desc',
        [id]
      )
      return {
        signals: signals.rows.map((row) => ({
          label: row.label,
          opened: hour(row.opened_at),
          closed: row.closed_at && hour(row.closed_at),
          reason: row.close_reason,
          peak: row.peak_value
        })),
        events: events.rows.map(({ type, at, data }) => ({ type, at: hour(at), data }))
      }
    },
    states: async (): Promise<Map<number, string>> => {
      const { rows } = await db.query('select at, state from signal_input where instrument_id = $1 order by at', [id])
      return new Map(rows.map(({ at, state }) => [hour(at), state]))
    }
  }
}

/** Eight-hourly rates: `count` of them from an hour on. */
export function every8h(from: number, count: number, rate: number): Map<number, number> {
  return new Map(Array.from({ length: count }, (_, step) => [from + step * 8, rate]))
}
