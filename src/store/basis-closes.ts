import type { Close } from '../domain/curve-history.ts'
import { floorTo } from '../domain/time.ts'
import {
  type BasisPair,
  type BucketChoice,
  type BucketRange,
  countBucketReads,
  listBasisPartsOfMany
} from './basis-buckets.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { countRows, listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>

/** A contract against one spot leg; of one currency, its basis needs no fx. */
export type ClosePair = BasisPair & { readonly isOneCurrency: boolean }

/** By contract, and in it by the beginning of the bucket. */
export type Closes = ReadonlyMap<number, ReadonlyMap<number, Close>>

/**
 * How each bucket of [fromMs, toMs) closed after fx. Of pairs of one currency hours and days are read as they are rolled up; fx is
 * not, so the others are made of the bases themselves, as far back as these are kept.
 */
export async function listCloses(
  db: Queryable,
  pairs: readonly ClosePair[],
  choice: BucketChoice,
  range: BucketRange
): Promise<Closes> {
  const { plain, converted } = apart(pairs)
  const closes = new Map<number, Map<number, Close>>()
  for (const [id, parts] of await listBasisPartsOfMany(db, plain, choice, range)) {
    closes.set(id, new Map([...parts].map(([start, { lastAt, close }]) => [start, { at: lastAt, adjustedBps: close }])))
  }
  type Row = {
    tick_at: Date
    revision: number
    adjusted_basis_bps: number | null
    grade: BucketChoice['grades'][number]
  }
  const rows = await listRowsOfMany<Row>(db, FACTS.basis, converted, {
    ...range,
    knownAtMs: choice.knownAtMs,
    columns: ['tick_at', 'revision', 'adjusted_basis_bps', 'grade']
  })
  for (const [id, found] of rows) {
    const own = new Map<number, Close>()
    for (const { tick_at, adjusted_basis_bps, grade } of found) {
      const at = tick_at.getTime()
      if (choice.grades.includes(grade)) own.set(floorTo(at, range.bucketMs), { at, adjustedBps: adjusted_basis_bps })
    }
    closes.set(id, own)
  }
  return closes
}

/** How many stored rows the same would read. Counting ends at `most`. */
export async function countCloseReads(
  db: Queryable,
  pairs: readonly ClosePair[],
  choice: BucketChoice,
  range: BucketRange,
  most: number
): Promise<number> {
  const { plain, converted } = apart(pairs)
  const counted = await countBucketReads(db, plain, choice, range, most)
  return Math.min(most, counted + (await countRows(db, FACTS.basis, converted, range, most)))
}

function apart(pairs: readonly ClosePair[]) {
  return {
    plain: pairs.filter(({ isOneCurrency }) => isOneCurrency),
    converted: pairs.filter(({ isOneCurrency }) => !isOneCurrency)
  }
}
