import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { insertSnapshots } from '../src/store/observations.ts'
import { ensurePartitions } from '../src/store/partitions.ts'
import { benchDatabase } from './database.ts'
import { type Figure, inTurn } from './figure.ts'
import { rowOf, START } from './snapshot-rows.ts'
import { needTool, psql } from './tools.ts'

const ROWS = 100_000
const AT_ONCE = 5_000
const RUNS = 5

/** Snapshots through our own writer, in the transactions that a poll has, against `psql \copy` of the same rows in one go. */
export async function measureWriting(rowCount = ROWS): Promise<Figure[]> {
  needTool('psql')
  await using database = await benchDatabase()
  const { db, url } = database
  const folder = await mkdtemp(join(tmpdir(), 'contango-rows-'))
  try {
    const rows = Array.from({ length: rowCount }, (_, index) => rowOf(index))
    await ensurePartitions(db, 'market_snapshot', [START], Date.UTC(2026, 10, 20))
    const empty = () => db.query('truncate market_snapshot')
    const ours = async () => {
      await empty()
      const startedAt = performance.now()
      for (let from = 0; from < rowCount; from += AT_ONCE) {
        const part = rows.slice(from, from + AT_ONCE)
        await db.transaction((client) =>
          insertSnapshots(client, part, { source: 'polled', adapterVersion: 1, epoch: 1 })
        )
      }
      return (rowCount / (performance.now() - startedAt)) * 1_000
    }
    await ours()
    const file = join(folder, 'rows.tsv')
    // The rows as our writer stored them, as psql reads them.
    psql(url, `\\copy (select * from market_snapshot) to '${file}'`)
    const yardstick = async () => {
      await empty()
      const startedAt = performance.now()
      psql(url, `\\copy market_snapshot from '${file}'`)
      return (rowCount / (performance.now() - startedAt)) * 1_000
    }
    const measured = await inTurn(RUNS, ours, yardstick)
    // What `/v1/changes` costs whoever writes.
    const bare = async () => {
      await empty()
      await db.query('drop index market_snapshot_known_at_idx')
      const rate = await ours()
      await empty()
      await db.query('create index market_snapshot_known_at_idx on market_snapshot (known_at)')
      return rate
    }
    const indexed = await inTurn(RUNS, ours, bare)
    return [
      {
        name: `writing ${rowCount.toLocaleString('en')} snapshots, idempotent, into day partitions`,
        unit: 'rows/s',
        ours: measured.ours,
        yardstick: { name: 'psql \\copy', value: measured.yardstick },
        ratio: measured.ours / measured.yardstick,
        goal: { atLeast: 0.5 },
        runs: RUNS
      },
      {
        name: 'the same, with the index by which changes are told',
        unit: 'rows/s',
        ours: indexed.ours,
        yardstick: { name: 'without it', value: indexed.yardstick },
        ratio: indexed.ours / indexed.yardstick,
        goal: null,
        runs: RUNS
      }
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
