import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runExport } from '../src/cli/export.ts'
import { readExportArguments } from '../src/cli/export-arguments.ts'
import { insertSnapshots } from '../src/store/observations.ts'
import { ensurePartitions } from '../src/store/partitions.ts'
import { benchDatabase } from './database.ts'
import { type Figure, inTurn } from './figure.ts'
import { rowOf, START } from './snapshot-rows.ts'
import { needTool, psql } from './tools.ts'

const ROWS = 100_000
const AT_ONCE = 5_000
const RUNS = 5

/** Snapshots out through `contango export` as CSV, against `psql \\copy` of the same table in its own format. */
export async function measureExporting(): Promise<Figure[]> {
  needTool('psql')
  await using database = await benchDatabase()
  const { db, url } = database
  const folder = await mkdtemp(join(tmpdir(), 'contango-export-'))
  try {
    await ensurePartitions(db, 'market_snapshot', [START], Date.UTC(2026, 10, 20))
    await db.query(
      `insert into instrument (id, key, venue_id, symbol, kind, asset, base, quote)
       select n, 'binance:X' || n || '/USDT', 'binance', 'X' || n || '/USDT', 'spot', 'X' || n, 'X' || n, 'USDT'
       from generate_series(1, 5000) n`
    )
    for (let from = 0; from < ROWS; from += AT_ONCE) {
      const part = Array.from({ length: AT_ONCE }, (_, index) => rowOf(from + index))
      await db.transaction((client) => insertSnapshots(client, part, { source: 'polled', adapterVersion: 1, epoch: 1 }))
    }
    await db.query('vacuum analyze market_snapshot')
    const perSecond = async (work: () => unknown) => {
      const startedAt = performance.now()
      await work()
      return (ROWS / (performance.now() - startedAt)) * 1_000
    }
    const file = join(folder, 'rows.csv')
    const deps = { db, clock: { now: Date.now }, write: () => {}, isTerminal: false, stdout: () => process.stdout }
    const ours = () => perSecond(() => runExport(readExportArguments(['--kind', 'prices', '--out', file]), deps))
    const yardstick = () =>
      perSecond(() => psql(url, `\\copy (select * from market_snapshot) to '${join(folder, 'rows.tsv')}'`))
    await ours()
    const measured = await inTurn(RUNS, ours, yardstick)
    return [
      {
        name: 'exporting 100,000 snapshots as CSV',
        unit: 'rows/s',
        ours: measured.ours,
        yardstick: { name: 'psql \\copy … to', value: measured.yardstick },
        ratio: measured.ours / measured.yardstick,
        goal: { atLeast: 0.5 },
        runs: RUNS
      }
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
