import type { BucketSignal, RegimeSignal, Signal, SignalType } from '../domain/signal.ts'
import { markClosed } from './carry-marks.ts'
import type { Database, Transaction } from './database.ts'

export type SignalRow = {
  id: string
  type: SignalType
  instrument_id: number | null
  venue_id: string
  asset: string | null
  spot_id: number
  label: Signal['label']
  opened_at: Date
  closed_at: Date | null
  close_reason: Signal['closeReason']
  known_at: Date
  value: number
  last_value: number
  last_at: Date
  peak_value: number
  peak_at: Date | null
  halved_at: Date | null
  opening: Signal['opening']
  closing: Signal['closing']
  parameters: string
  parameter_set: Signal['parameterSet']
  formula_version: number
}

export const SIGNAL_COLUMNS = [
  'id',
  'type',
  'instrument_id',
  'venue_id',
  'asset',
  'spot_id',
  'label',
  'opened_at',
  'closed_at',
  'close_reason',
  'known_at',
  'value',
  'last_value',
  'last_at',
  'peak_value',
  'peak_at',
  'halved_at',
  'opening',
  'closing',
  'parameters',
  'parameter_set',
  'formula_version'
] as const satisfies readonly (keyof SignalRow)[]

export function signalOf(row: SignalRow): Signal {
  // What is inside is of the row's type: it was written so.
  return {
    id: row.id,
    type: row.type,
    instrumentId: row.instrument_id,
    venue: row.venue_id,
    asset: row.asset,
    spotId: row.spot_id,
    label: row.label,
    openedAt: row.opened_at.getTime(),
    closedAt: row.closed_at?.getTime() ?? null,
    closeReason: row.close_reason,
    knownAt: row.known_at.getTime(),
    value: row.value,
    lastValue: row.last_value,
    lastAt: row.last_at.getTime(),
    peakValue: row.peak_value,
    peakAt: row.peak_at?.getTime() ?? null,
    halvedAt: row.halved_at?.getTime() ?? null,
    opening: row.opening,
    closing: row.closing,
    parameters: row.parameters,
    parameterSet: row.parameter_set,
    formulaVersion: row.formula_version
  } as Signal
}

/** Every signal of one type that an instrument ever had, oldest first. */
export async function listSignalsOf(
  client: Pick<Database, 'query'>,
  { instrumentId, type }: { instrumentId: number; type: RegimeSignal['type'] }
): Promise<RegimeSignal[]> {
  const { rows } = await client.query<SignalRow>(
    `select ${SIGNAL_COLUMNS.join(', ')} from signal where instrument_id = $1 and type = $2 order by opened_at, id`,
    [instrumentId, type]
  )
  return rows.map((row) => signalOf(row) as RegimeSignal)
}

/** Every open signal of one type of buckets. */
export async function listOpenSignals(
  client: Pick<Database, 'query'>,
  type: BucketSignal['type']
): Promise<BucketSignal[]> {
  const { rows } = await client.query<SignalRow>(
    `select ${SIGNAL_COLUMNS.join(', ')} from signal where state = 'open' and type = $1 order by opened_at, id`,
    [type]
  )
  return rows.map((row) => signalOf(row) as BucketSignal)
}

/** What these parameters had open of each subject when others took their place, at `sinceMs` or later. */
export async function listSuperseded(
  client: Pick<Database, 'query'>,
  { type, parameters, sinceMs }: { type: BucketSignal['type']; parameters: string; sinceMs: number }
): Promise<BucketSignal[]> {
  const { rows } = await client.query<SignalRow>(
    `select distinct on (instrument_id, spot_id, venue_id, asset) ${SIGNAL_COLUMNS.join(', ')} from signal
     where type = $1 and parameters = $2 and close_reason = 'parameters_changed' and closed_at >= $3
     order by instrument_id, spot_id, venue_id, asset, closed_at desc`,
    [type, parameters, new Date(sinceMs)]
  )
  return rows.map((row) => signalOf(row) as BucketSignal)
}

/** The time that everything in this transaction is known from. */
export async function readKnownAt(client: Transaction): Promise<number> {
  const { rows } = await client.query<{ at: Date }>('select now() as at')
  return rows[0]!.at.getTime()
}

/** Stores new signals, and how open ones go on. What is closed was told: it stays as it is, unless only other parameters had closed it. */
export async function writeSignals(client: Transaction, signals: readonly Signal[]): Promise<void> {
  if (signals.length === 0) return
  const date = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  const rows = signals.map((signal) => ({
    id: signal.id,
    type: signal.type,
    instrument_id: signal.instrumentId,
    venue_id: signal.venue,
    asset: signal.asset,
    spot_id: signal.spotId,
    label: signal.label,
    opened_at: date(signal.openedAt),
    closed_at: date(signal.closedAt),
    close_reason: signal.closeReason,
    value: signal.value,
    last_value: signal.lastValue,
    last_at: date(signal.lastAt),
    peak_value: signal.peakValue,
    peak_at: date(signal.peakAt),
    halved_at: date(signal.halvedAt),
    opening: signal.opening,
    closing: signal.closing,
    parameters: signal.parameters,
    parameter_set: signal.parameterSet,
    formula_version: signal.formulaVersion
  }))
  const names = SIGNAL_COLUMNS.filter((name) => name !== 'known_at')
  await client.query(
    `insert into signal as t (${names.join(', ')}, state, known_at, updated_at)
     select ${names.map((name) => `s.${name}`).join(', ')}, case when s.closed_at is null then 'open' else 'closed' end, now(), now()
     from json_to_recordset($1) as s (id text, type text, instrument_id int, venue_id text, asset text, spot_id int, label text, opened_at timestamptz,
       closed_at timestamptz, close_reason text, value float8, last_value float8, last_at timestamptz, peak_value float8, peak_at timestamptz, halved_at timestamptz, opening json,
       closing json, parameters text, parameter_set json, formula_version int2)
     on conflict (id) do update set state = excluded.state, closed_at = excluded.closed_at, close_reason = excluded.close_reason,
       last_value = excluded.last_value, last_at = excluded.last_at, peak_value = excluded.peak_value,
       peak_at = excluded.peak_at, halved_at = excluded.halved_at, closing = excluded.closing,
       updated_at = excluded.updated_at
     where t.state = 'open' or (t.close_reason = 'parameters_changed' and excluded.state = 'open')`,
    [JSON.stringify(rows)]
  )
  const ended = signals.filter(({ type, closedAt }) => type === 'carry_opportunity' && closedAt !== null)
  if (ended.length > 0)
    await markClosed(
      client,
      ended.map(({ id }) => id)
    )
}
