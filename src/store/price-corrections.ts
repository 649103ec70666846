import { compare, parseDecimal } from '../domain/decimal.ts'
import { type Row, writeRowsReturning } from './copy.ts'
import type { Transaction } from './database.ts'
import { MARKET_COLUMNS } from './fact-columns.ts'
import type { Source } from './observations.ts'
import { FACTS } from './sealed/facts.ts'
import { listRows } from './sealed/rows.ts'

/** A revision of what is about one moment (epoch milliseconds). */
export type Revised = { readonly at: number; readonly revision: number }

type PriceStamp = { readonly source: Source; readonly adapterVersion: number; readonly epoch: number }
type StoredRow = Record<string, Row[number] | Date> & {
  readonly tick_at: Date
  readonly revision: number
  readonly last: string | null
  readonly source: Source
}

/**
 * Stores another last price for moments of the past that have one, each as the next revision of its row, which keeps the rest of it. What
 * was observed as it happened is nobody else's to correct. The past must be locked (`lockPast`) and partitions there. Answers what was revised.
 */
export async function correctPrices(
  client: Transaction,
  instrumentId: number,
  prices: readonly { readonly at: number; readonly last: string }[],
  stamp: PriceStamp
): Promise<Revised[]> {
  if (prices.length === 0) return []
  const lastAt = new Map(prices.map(({ at, last }) => [at, last]))
  const times = [...lastAt.keys()]
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  const columns = [...NAMES, 'revision'] as (keyof StoredRow & string)[]
  const keep = { test: ({ source }: StoredRow) => source !== 'polled', sql: `f.source <> 'polled'` }
  const range = { fromMs: from, toMs: to + 1, knownAtMs: null }
  const stored = await listRows<StoredRow>(client, FACTS.market, { instrumentId }, { ...range, columns, keep })
  const rows = stored.flatMap((row) => {
    const last = lastAt.get(row.tick_at.getTime())
    return last === undefined || isSame(row.last, last) ? [] : [revisionOf(instrumentId, row, last, stamp)]
  })
  const written = await writeRowsReturning<{ tick_at: Date; revision: number }>(
    client,
    {
      table: 'market_snapshot',
      columns: { ...MARKET_COLUMNS, revision: 'int4' },
      rows,
      computed: { known_at: 'now()' },
      onConflict: '(instrument_id, tick_at, revision) do nothing'
    },
    't.tick_at, t.revision'
  )
  return written.map(({ tick_at, revision }) => ({ at: tick_at.getTime(), revision })).sort((a, b) => a.at - b.at)
}

const NAMES = Object.keys(MARKET_COLUMNS).filter((name) => name !== 'instrument_id')

const isSame = (stored: string | null, last: string) =>
  stored !== null && compare(parseDecimal(stored)!, parseDecimal(last)!) === 0

function revisionOf(instrumentId: number, row: StoredRow, last: string, stamp: PriceStamp): Row {
  const { source, adapterVersion, epoch } = stamp
  const said: Record<string, Row[number]> = { last, source, adapter_version: adapterVersion, epoch }
  const cells = NAMES.map((name) => said[name] ?? cellOf(row[name]!))
  return [instrumentId, ...cells, row.revision + 1]
}

const cellOf = (value: Row[number] | Date): Row[number] => (value instanceof Date ? value.getTime() : value)
