import type { RegimeState } from '../domain/funding-regime.ts'
import type { RegimeRow } from '../domain/regime-series.ts'
import type { Signal, SignalType } from '../domain/signal.ts'
import type { SignalPoint } from '../domain/signal-updates.ts'
import { type Columns, writeRows } from './copy.ts'
import type { Database, Transaction } from './database.ts'

/** What a signal looked at, as far as the next evaluation goes on from it. */
export type StoredInput = {
  readonly at: number
  readonly value: number | null
  readonly heldHours: number
  readonly state: RegimeState
}

/** The last input before a time that was evaluated with these parameters. */
export async function findInputBefore(
  db: Pick<Database, 'query'>,
  {
    instrumentId,
    type,
    parameters,
    before
  }: { instrumentId: number; type: SignalType; parameters: string; before: number }
): Promise<StoredInput | undefined> {
  const { rows } = await db.query<{ at: Date; value: number | null; held_hours: number; state: RegimeState }>(
    `select at, value, held_hours, state from signal_input
     where instrument_id = $1 and spot_id = 0 and type = $2 and at < $3 and parameters = $4 order by at desc limit 1`,
    [instrumentId, type, new Date(before), parameters]
  )
  const row = rows[0]
  return row && { at: row.at.getTime(), value: row.value, heldHours: row.held_hours, state: row.state }
}

/** What an open signal went through after its opening; an observation of an interval that is not known is no measurement. */
export async function listSignalPath(
  db: Pick<Database, 'query'>,
  { instrumentId, spotId, type, parameters, label, openedAt, closedAt }: Signal
): Promise<SignalPoint[]> {
  const { rows } = await db.query<{ at: Date; value: number }>(
    `select at, value from signal_input
     where instrument_id = $1 and spot_id = $2 and type = $3 and at > $4 and ($5::timestamptz is null or at < $5)
       and parameters = $6 and state = $7 and value is not null and not 'interval_assumed' = any (flags) order by at`,
    [instrumentId, spotId, type, new Date(openedAt), closedAt === null ? null : new Date(closedAt), parameters, label]
  )
  return rows.map(({ at, value }) => ({ at: at.getTime(), value }))
}

const INPUT: Columns = {
  instrument_id: 'int4',
  spot_id: 'int4',
  type: 'text',
  at: 'timestamptz',
  value: 'float8',
  span_hours: 'float8',
  percentile: 'float8',
  observations: 'int4',
  held_hours: 'float8',
  state: 'text',
  flags: 'text[]',
  parameters: 'text'
}

const VALUES = Object.keys(INPUT).slice(4)
const listed = (table: string) => VALUES.map((name) => `${table}.${name}`).join(', ')

/** Writes inputs anew; one that is the same stays, with the time at which it was first known. */
export async function writeInputs(
  client: Transaction,
  { instrumentId, type, parameters }: { instrumentId: number; type: SignalType; parameters: string },
  rows: readonly RegimeRow[]
): Promise<number> {
  const sets = [...VALUES, 'known_at'].map((name) => `${name} = excluded.${name}`).join(', ')
  const written = await writeRows(client, {
    table: 'signal_input',
    columns: INPUT,
    rows: rows.map((row) => [
      instrumentId,
      0,
      type,
      row.at,
      row.rate8h,
      row.intervalHours,
      row.percentile,
      row.observations,
      row.heldHours,
      row.state,
      row.flags,
      parameters
    ]),
    computed: { known_at: 'now()' },
    onConflict: `(instrument_id, spot_id, type, at) do update set ${sets}
      where (${listed('t')}) is distinct from (${listed('excluded')})`
  })
  return written
}

/** An input as it was evaluated. */
export type EvaluatedInput = {
  readonly at: number
  readonly value: number | null
  readonly spanHours: number | null
  readonly percentile: number | null
  readonly flags: readonly string[]
}

type Cells = readonly [
  at: number,
  value: number | null,
  spanHours: number | null,
  percentile: number | null,
  flags: readonly string[]
]

/**
 * Inputs of [from, to) of many instruments, ascending, by instrument. One text for each instrument: a row by itself costs more than all
 * that is in it, and what is read of one leaves others their turn before the next. A float's text is exact.
 */
export async function listInputs(
  db: Pick<Database, 'query'>,
  type: SignalType,
  instrumentIds: readonly number[],
  { from, to }: { readonly from: number; readonly to: number }
): Promise<ReadonlyMap<number, readonly EvaluatedInput[]>> {
  const { rows } = await db.query<{ instrument_id: number; inputs: readonly Cells[] }>(
    `select instrument_id, json_agg(
         json_build_array((extract(epoch from at) * 1000)::int8, value, span_hours, percentile, flags) order by at) as inputs
     from signal_input
     where type = $1 and spot_id = 0 and instrument_id = any ($2) and at >= $3 and at < $4
     group by instrument_id order by instrument_id`,
    [type, instrumentIds, new Date(from), new Date(to)]
  )
  return new Map(rows.map(({ instrument_id, inputs }) => [instrument_id, inputs.map(inputOf)]))
}

const inputOf = ([at, value, spanHours, percentile, flags]: Cells): EvaluatedInput => ({
  at,
  value,
  spanHours,
  percentile,
  flags
})
