import type { Transaction } from './database.ts'
import type { Revised } from './price-corrections.ts'

/** What is corrected row by row and sealed in time. Settlements and intervals are never sealed: their own tables list theirs. */
export type CorrectedSeries =
  | { readonly fact: 'market'; readonly instrumentId: number }
  | { readonly fact: 'basis'; readonly instrumentId: number; readonly spotId: number }

/** Keeps corrections where their list outlives the hot rows, each as the row stands now, in the transaction that has made the revisions. */
export async function noteCorrections(
  client: Transaction,
  series: CorrectedSeries,
  revised: readonly Revised[]
): Promise<void> {
  if (revised.length === 0) return
  const times = revised.map(({ at }) => at)
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  await client.query(
    `insert into correction (instrument_id, fact, spot_id, at, revision, known_at, body)
     select t.instrument_id, $2, $3, t.tick_at, t.revision, t.known_at, to_jsonb(t) from ${TABLES[series.fact]} t
     join unnest($4::timestamptz[], $5::int[]) as r (at, revision) on t.tick_at = r.at and t.revision = r.revision
     where t.instrument_id = $1 and ${series.fact === 'basis' ? 't.spot_id = $3' : '$3 = 0'} and t.tick_at between $6 and $7`,
    [
      series.instrumentId,
      series.fact,
      series.fact === 'basis' ? series.spotId : 0,
      times.map((at) => new Date(at)),
      revised.map(({ revision }) => revision),
      new Date(from),
      new Date(to)
    ]
  )
}

const TABLES = { market: 'market_snapshot', basis: 'basis_snapshot' } as const
