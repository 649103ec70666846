import type { QuotedCarry } from '../../domain/quoted-carry.ts'
import { floorTo, MINUTE } from '../../domain/time.ts'
import type { Database } from '../database.ts'
import type { Fact } from '../sealed/facts.ts'
import { listRowsOfMany, type Series } from '../sealed/rows.ts'

export type Queryable = Pick<Database, 'query'>

/** Buckets that end in (from, to], epoch milliseconds; a fact at a boundary belongs to the bucket that it begins. */
export type BucketSpan = { readonly from: number; readonly to: number; readonly bucketMs: number }

/** Of which instruments and venues; null: of all. */
export type BucketScope = { readonly instruments: ReadonlySet<number>; readonly venues: ReadonlySet<string> } | null

/** A pair, an instrument (spot 0), an asset's curve on a venue (instrument null), or a venue as a whole (asset null as well). */
export type SubjectRef = {
  readonly instrumentId: number | null
  readonly spotId: number
  readonly venue: string | null
  readonly asset: string | null
}

/** What one bucket says of one subject. `observations`: facts that the value was made of. */
export type BucketPoint = {
  readonly subject: SubjectRef
  readonly at: number
  readonly value: number | null
  readonly observations: number
  /** False: it opens nothing, whatever its value is. */
  readonly mayOpen?: boolean
  /** Of a carry, what it is made of. */
  readonly carry?: QuotedCarry
}

export const aboutPair = (instrumentId: number, spotId = 0): SubjectRef => ({
  instrumentId,
  spotId,
  venue: null,
  asset: null
})

/** When the bucket that a moment lies in ends. */
export const endOfBucket = (at: number, { bucketMs }: BucketSpan): number => floorTo(at, bucketMs) + bucketMs

/** When the buckets of a span end, ascending. */
export function endsOf({ from, to, bucketMs }: BucketSpan): number[] {
  return Array.from(
    { length: Math.max(0, Math.round((to - from) / bucketMs)) },
    (_, index) => from + (index + 1) * bucketMs
  )
}

export const isWithin = (scope: BucketScope, instrumentId: number): boolean =>
  scope === null || scope.instruments.has(instrumentId)

/** Series are read together as long as they have no more rows than these, if there is one a minute. */
const ROWS_AT_ONCE = 10_000
const SERIES_AT_ONCE = 500

type Polled = { tick_at: Date; revision: number; source: string }

/**
 * What was polled in [from, to), of many series, wherever it lies, some series at a time. As it was observed at its time: what was
 * fetched or corrected later is left out, so that going over it again finds the same.
 */
export async function* eachPolled<Row extends object>(
  db: Queryable,
  fact: Fact,
  series: readonly Series[],
  { from, to }: Pick<BucketSpan, 'from' | 'to'>,
  columns: readonly (keyof Row & string)[],
  rowsAtOnce = ROWS_AT_ONCE
): AsyncGenerator<{ readonly series: Series; readonly rows: readonly (Row & Polled)[] }> {
  const question = {
    fromMs: from,
    toMs: to,
    knownAtMs: null,
    isAsFirst: true,
    columns: [...columns, 'tick_at', 'revision', 'source'] as readonly (keyof (Row & Polled) & string)[]
  } as const
  const most = Math.floor((rowsAtOnce * MINUTE) / Math.max(MINUTE, to - from))
  for (const some of apart(series, Math.min(Math.max(1, most), SERIES_AT_ONCE))) {
    const read = await listRowsOfMany<Row & Polled>(db, fact, some, question)
    for (const one of some) {
      const rows = (read.get(one.instrumentId) ?? []).filter(({ source }) => source === 'polled')
      if (rows.length > 0) yield { series: one, rows }
    }
  }
}

/** Lots of series, none with two of one instrument: rows are told apart by that. */
function apart(series: readonly Series[], most: number): Series[][] {
  const seen = new Map<number, number>()
  const turns = Map.groupBy(series, ({ instrumentId }) => {
    const turn = (seen.get(instrumentId) ?? -1) + 1
    seen.set(instrumentId, turn)
    return turn
  })
  return [...turns.values()].flatMap((turn) =>
    Array.from({ length: Math.ceil(turn.length / most) }, (_, index) => turn.slice(index * most, (index + 1) * most))
  )
}
