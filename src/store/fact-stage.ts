import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { markBuckets } from './bucket-marks.ts'
import type { ColumnType, Row } from './copy.ts'
import { encodeRows } from './copy-encoding.ts'
import type { Database } from './database.ts'
import { type FactColumn, type FactTable, KNOWN_AT } from './fact-tables.ts'
import { markFunding } from './funding-marks.ts'
import type { Source } from './observations.ts'
import { readSealedRows, sealedFactOf } from './sealed/cells.ts'

export type FactSummary = {
  /** Rows with a key of their own; the first line of each key counts. */
  readonly unique: number
  readonly duplicate: number
  readonly conflictCount: number
  /** The first of them. */
  readonly conflicts: readonly { readonly line: number; readonly firstLine: number }[]
  readonly from: number
  readonly to: number
  /** Midnight of every day that has rows. */
  readonly days: readonly number[]
  /** Keys of every instrument named. */
  readonly instruments: readonly string[]
}

export type StoredFacts = { readonly rows: number; readonly stored: number; readonly differs: number }

/** Where the rows of an exported table are checked and compared before any is stored: a temporary table, gone with its session. */
export type FactStage = AsyncDisposable & {
  /** `values` in the order of `columns`; instruments by key. */
  add(rows: readonly { readonly line: number; readonly values: Row }[]): Promise<void>
  /** After the last row was added. */
  summarise(): Promise<FactSummary>
  /** Stores what was added, a batch a transaction; instruments and partitions must be there. What is stored already stays. */
  store(onBatch: (rows: number) => void): Promise<StoredFacts>
  /** The instruments of prices that were not polled, and where those came from; `import` where from more than one place. */
  listPast(): Promise<{ key: string; source: Source }[]>
}

const BATCH_ROWS = 5_000
const MOST_CONFLICTS_KEPT = 1_000

/** The columns that files set. */
export const fileColumns = ({ columns }: FactTable): FactColumn[] => columns.filter(({ column }) => column !== KNOWN_AT)

export async function openFactStage(db: Pick<Database, 'openSession'>, table: FactTable): Promise<FactStage> {
  const session = await db.openSession({ unhurried: 'contango import' })
  const columns = fileColumns(table)
  const types: ColumnType[] = ['int4', ...columns.map(typeOf)]
  const fields = columns.map((each) => `${each.column} ${typeOf(each)}`)
  await session.query(`create temporary table fact_row (line int4, ${fields.join(', ')})`)
  return {
    add: async (rows) => {
      const copy = session.query(copyFrom('copy fact_row from stdin (format binary)'))
      await pipeline(
        encodeRows(
          types,
          rows.map(({ line, values }) => [line, ...values])
        ),
        copy
      )
    },
    summarise: () => summarise(session, table, columns),
    store: (onBatch) => store(session, table, columns, onBatch),
    listPast: async () => {
      const { rows } = await session.query<{ key: string; source: Source }>(
        `select instrument_id as key, max(source) as source from fact_row where source <> 'polled' and last is not null
         group by 1 order by 1`
      )
      return rows
    },
    [Symbol.asyncDispose]: () => session.end()
  }
}

const typeOf = ({ type }: FactColumn): ColumnType => (type === 'instrument' ? 'text' : type)

async function summarise(session: pg.Client, table: FactTable, columns: readonly FactColumn[]): Promise<FactSummary> {
  const key = table.key.join(', ')
  await session.query(`create index on fact_row (${key}, line)`)
  await session.query('create index on fact_row (line)')
  await session.query('analyze fact_row')
  const repeated = await session.query<{ line: number; first_line: number; differs: boolean }>(
    `delete from fact_row f using (
       select line, first_value(line) over w as first_line, body, first_value(body) over w as first_body
       from (select line, ${key}, row(${columns.map(({ column }) => column).join(', ')})::text as body from fact_row) b
       window w as (partition by ${key} order by line)
     ) r where f.line = r.line and r.line <> r.first_line
     returning r.line, r.first_line, r.body <> r.first_body as differs`
  )
  const conflicts = repeated.rows.filter(({ differs }) => differs).sort((a, b) => a.line - b.line)
  const { rows } = await session.query<{ unique: number; from: Date | null; to: Date | null }>(
    `select count(*)::int as unique, min(${table.time}) as from, max(${table.time}) as to from fact_row`
  )
  const days = await session.query<{ day: Date }>(
    `select distinct date_trunc('day', ${table.time}) as day from fact_row`
  )
  const legs = columns
    .filter(({ type }) => type === 'instrument')
    .map(({ column }) => `select ${column} as key from fact_row`)
  const named = await session.query<{ key: string }>(
    `select key from (${legs.join(' union ')}) k where key is not null order by 1`
  )
  return {
    unique: rows[0]!.unique,
    duplicate: repeated.rows.length - conflicts.length,
    conflictCount: conflicts.length,
    conflicts: conflicts.slice(0, MOST_CONFLICTS_KEPT).map(({ line, first_line }) => ({ line, firstLine: first_line })),
    from: rows[0]!.from?.getTime() ?? 0,
    to: rows[0]!.to?.getTime() ?? 0,
    days: days.rows.map(({ day }) => day.getTime()),
    instruments: named.rows.map(({ key: name }) => name)
  }
}

async function store(
  session: pg.Client,
  table: FactTable,
  columns: readonly FactColumn[],
  onBatch: (rows: number) => void
): Promise<StoredFacts> {
  const stored = { ...(await dropSealed(session, table, columns)), stored: 0 }
  const statement = storing(table, columns)
  for (let after = 0; ; ) {
    const { rows } = await session.query<{ last: number | null; from: Date; to: Date }>(
      `select max(line) as last, min(at) as from, max(at) as to
       from (select line, ${table.time} as at from fact_row where line > $1 order by line limit ${BATCH_ROWS}) b`,
      [after]
    )
    const { last, from, to } = rows[0]!
    if (last === null) return stored
    await session.query('begin')
    if (table.kind === 'basis') await markBases(session, after, last)
    if (table.kind === 'funding') await markSettled(session, after, last)
    const batch = await session.query<{ rows: number; stored: number; differs: number }>(statement(from, to), [
      after,
      last
    ])
    await session.query('commit')
    after = last
    stored.rows += batch.rows[0]!.rows
    stored.stored += batch.rows[0]!.stored
    stored.differs += batch.rows[0]!.differs
    onBatch(stored.rows)
  }
}

/** Takes out what sealed days hold already, which the hot table's own key cannot tell. Answers how many rows, and how many say something else. */
async function dropSealed(
  session: pg.Client,
  table: FactTable,
  columns: readonly FactColumn[]
): Promise<{ rows: number; differs: number }> {
  const dropped = { rows: 0, differs: 0 }
  const fact = sealedFactOf(table)
  if (fact === undefined) return dropped
  const spot = fact.hasSpot ? 's.id' : '0'
  const days = await session.query<{ instrument_id: number; spot_id: number; day: Date; key: string; spot: string }>(
    `select d.instrument_id, d.spot_id, d.day, g.key, g.spot from (
       select distinct i.id as instrument_id, i.key, ${spot} as spot_id, ${fact.hasSpot ? 's.key' : `''`} as spot, date_trunc('day', ${table.time}) as day
       from fact_row f join instrument i on i.key = f.instrument_id ${fact.hasSpot ? 'join instrument s on s.key = f.spot_id' : ''}
     ) g join sealed_day d on d.fact = $1 and d.instrument_id = g.instrument_id and d.spot_id = g.spot_id and d.day = g.day`,
    [fact.name]
  )
  if (days.rows.length === 0) return dropped
  await session.query('create temporary table sealed_row as select * from fact_row limit 0')
  const names = columns.map(({ column }) => column)
  const bodyOf = (row: string) => `row(${names.map((name) => `${row}.${name}`).join(', ')})`
  for (const { instrument_id: instrumentId, spot_id: spotId, day, key, spot: leg } of days.rows) {
    const sealed = await readSealedRows(session, fact, { instrumentId, spotId, dayMs: day.getTime() }, names)
    const named = sealed.map((row) => [
      0,
      ...row.map((cell, place) => (names[place] === 'instrument_id' ? key : names[place] === 'spot_id' ? leg : cell))
    ])
    const copy = session.query(copyFrom('copy sealed_row from stdin (format binary)'))
    await pipeline(encodeRows(['int4', ...columns.map(typeOf)], named), copy)
    const { rows } = await session.query<{ differs: boolean }>(
      `delete from fact_row f using sealed_row s where ${table.key.map((name) => `f.${name} = s.${name}`).join(' and ')}
       returning ${bodyOf('f')} is distinct from ${bodyOf('s')} as differs`
    )
    await session.query('truncate sealed_row')
    dropped.rows += rows.length
    dropped.differs += rows.filter(({ differs }) => differs).length
  }
  return dropped
}

/** Bases that come late are rolled up anew. */
async function markBases(session: pg.Client, after: number, last: number): Promise<void> {
  const { rows } = await session.query<{ instrument_id: number; spot_id: number; at: Date }>(
    `select distinct i.id as instrument_id, s.id as spot_id, date_trunc('hour', tick_at) as at from fact_row f
     join instrument i on i.key = f.instrument_id join instrument s on s.key = f.spot_id where line > $1 and line <= $2`,
    [after, last]
  )
  const bases = rows.map((row) => ({ instrumentId: row.instrument_id, spotId: row.spot_id, tickAt: row.at.getTime() }))
  await markBuckets(session, bases)
}

/** Settlements that come again are summed, ranked and looked at by signals like any others. In one order, so that nobody waits for another. */
async function markSettled(session: pg.Client, after: number, last: number): Promise<void> {
  const { rows } = await session.query<{ id: number; from: Date; to: Date }>(
    `select i.id, min(settled_at) as from, max(settled_at) as to from fact_row f join instrument i on i.key = f.instrument_id
     where line > $1 and line <= $2 group by i.id order by i.id`,
    [after, last]
  )
  for (const { id, from, to } of rows) await markFunding(session, id, { fromMs: from.getTime(), toMs: to.getTime() })
}

/** The times stand in it as text, so that only the partitions between them are planned for. */
function storing({ table, time, key }: FactTable, columns: readonly FactColumn[]): (from: Date, to: Date) => string {
  const names = columns.map(({ column }) => column)
  const values = columns.map(({ column, type }) =>
    type === 'instrument'
      ? `coalesce((select id from instrument where key = f.${column}), 0) as ${column}`
      : `f.${column}`
  )
  const listed = names.join(', ')
  return (from, to) => `with given as (select ${values.join(', ')} from fact_row f where line > $1 and line <= $2),
    written as (
      insert into ${table} (${listed}, ${KNOWN_AT}) select ${listed}, now() from given order by ${key.join(', ')}
      on conflict (${key.join(', ')}) do nothing returning 1
    ),
    other as (
      select 1 from given g join ${table} t using (${key.join(', ')})
      where t.${time} between '${from.toISOString()}' and '${to.toISOString()}'
        and row(${names.map((name) => `g.${name}`).join(', ')}) is distinct from row(${names.map((name) => `t.${name}`).join(', ')})
    )
    select (select count(*)::int from given) as rows, (select count(*)::int from written) as stored, (select count(*)::int from other) as differs`
}
