import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { runExport } from '../../src/cli/export.ts'
import { readExportArguments } from '../../src/cli/export-arguments.ts'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { InvalidInputError } from '../../src/errors.ts'
import type { Database } from '../../src/store/database.ts'
import {
  describeTable,
  FACT_KINDS,
  type FactColumn,
  type FactKind,
  type FactTable
} from '../../src/store/fact-tables.ts'
import { ensureInstrument } from '../../src/store/instruments.ts'
import { ensurePartitions, isPartitioned } from '../../src/store/partitions.ts'
import { FACTS, type Fact } from '../../src/store/sealed/facts.ts'
import { sealFact } from '../../src/store/sealed/seal.ts'
import { testDatabase } from '../support/database.ts'
import { importJson, NOW } from './import-run.ts'

const SPOT = 'binance:BTC/USDT'
const PERP = 'binance:BTC/USDT:USDT'
const OTHER = 'bybit:1000PEPE/USDT:USDT'
const HOUR = 3_600_000
const ROWS = 60

/** A folder for a test's own files, removed afterwards. */
async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'contango-export-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function exportLines(db: Database, args: readonly string[], stdout = new PassThrough()) {
  const lines: string[] = []
  const deps = { db, clock: { now: () => NOW }, write: (line: string) => void lines.push(line), isTerminal: false }
  const code = await runExport(readExportArguments(args), { ...deps, stdout: () => stdout })
  return { code, lines, report: () => JSON.parse(lines.at(-1)!) }
}

async function instrumentIds(db: Database, keys: readonly string[]): Promise<number[]> {
  for (const key of keys) await ensureInstrument(db, parseInstrumentKey(key)!)
  const { rows } = await db.query<{ key: string; id: number }>('select key, id from instrument')
  return keys.map((key) => rows.find((row) => row.key === key)!.id)
}

/** Decimals that a float would change, and zeros that a number would drop. */
const DECIMALS = ['0.10', '64000.123456789012345678', '1e0', '0.000000000000000001', '12', '7901234567890.1200', '0.5']

/** A value of any column: about every third is null where it may be. */
function sampleOf({ name, column, type, isRequired }: FactColumn, n: number, table: FactTable, ids: readonly number[]) {
  const at = new Date(Date.UTC(2025, 10, 20) + n * HOUR + (n % 3 === 0 ? 0 : 41 * n))
  if (column === table.time || (type === 'timestamptz' && isRequired)) return at
  if (column === 'instrument_id') return table.kind === 'gaps' && n % 5 === 0 ? 0 : ids[1 + (n % 2)]
  if (column === 'spot_id') return ids[0]
  if (name === 'venue') return 'binance'
  if (name === 'revision') return n % 2
  if (name === 'source') return 'polled'
  if (type === 'text[]') return n % 2 === 0 ? [] : ['leg_skew', 'frozen']
  if (!isRequired && n % 3 === 0 && name !== 'epoch') return null
  if (type === 'timestamptz') return new Date(at.getTime() + 123)
  if (type === 'numeric') return DECIMALS[n % DECIMALS.length]
  if (type === 'float8') return [0.1 + 0.2, -1e-9, 4.4602, 1 / 3][n % 4]
  if (type === 'text') return ['timeout', 'a "quoted", text', 'two words'][n % 3]
  return n
}

async function fill(db: Database, kind: FactKind, ids: readonly number[]): Promise<FactTable> {
  const table = await describeTable(db, kind)
  const columns = table.columns.filter(({ column }) => column !== 'known_at')
  const rows = Array.from({ length: ROWS }, (_, n) => columns.map((column) => sampleOf(column, n, table, ids)))
  const rate = columns.findIndex(({ name }) => name === 'rate')
  for (const [n, row] of rows.entries()) if (rate !== -1) row[rate] = ['0.00010', '-0.000123456789012', '1', '0'][n % 4]
  const times = rows.map((row) => (row[columns.findIndex(({ column }) => column === table.time)] as Date).getTime())
  if (isPartitioned(table.table)) await ensurePartitions(db, table.table, times, NOW)
  const names = columns.map(({ column }) => column)
  const places = names.map((_, index) => `$${index + 1}`)
  for (const row of rows) {
    await db.query(
      `insert into ${table.table} (${names.join(', ')}, known_at) values (${places.join(', ')}, now())`,
      row
    )
  }
  return table
}

/** Of all rows but the times at which they became known, by the names of their instruments. */
async function hashOf(db: Database, { table, columns }: FactTable): Promise<{ rows: number; hash: string }> {
  const spot = columns.some(({ column }) => column === 'spot_id')
    ? '(select key from instrument where id = t.spot_id)'
    : 'null'
  const { rows } = await db.query<{ rows: number; hash: string }>(
    `select count(*)::int as rows, md5(string_agg(body, ' ' order by body)) as hash from (
       select ((to_jsonb(t) - '{known_at,instrument_id,spot_id}'::text[]) ||
         jsonb_build_object('instrument', (select key from instrument where id = t.instrument_id), 'spot', ${spot}))::text as body
       from ${table} t
     ) b`
  )
  return rows[0]!
}

test('what export writes, import reads back into the same table of another database, row for row, in every format', async () => {
  await using here = await testDatabase()
  await using files = await folder()
  const ids = await instrumentIds(here.db, [SPOT, PERP, OTHER])
  for (const kind of FACT_KINDS) {
    const table = await fill(here.db, kind, ids)
    const whole = await hashOf(here.db, table)
    assert.equal(whole.rows, ROWS)
    for (const ending of kind === 'prices'
      ? ['csv', 'ndjson', 'parquet', 'csv.gz', 'ndjson.gz', 'parquet.gz']
      : ['csv', 'ndjson', 'parquet']) {
      const file = join(files.path, `${kind}.${ending}`)
      const out = await exportLines(here.db, ['--kind', kind, '--out', file, '--json'])
      assert.deepEqual([out.code, out.report().rows], [0, ROWS], `${kind} ${ending}`)
    }
  }
  for (const ending of ['csv', 'ndjson', 'parquet']) {
    await using there = await testDatabase()
    // Ids are of a database: there they are others.
    await instrumentIds(there.db, ['okx:SOL/USDT', OTHER])
    for (const kind of FACT_KINDS) {
      const table = await describeTable(here.db, kind)
      const again = [join(files.path, `${kind}.${ending}`), '--kind', kind]
      const first = await importJson(there.db, again)
      assert.deepEqual(
        [first.code, first.stored, first.refused],
        [0, ROWS, 0],
        `${kind} ${ending} ${JSON.stringify(first.refusals.slice(0, 3))}`
      )
      assert.deepEqual(await hashOf(there.db, table), await hashOf(here.db, table), `${kind} ${ending}`)
      const second = await importJson(there.db, again)
      assert.deepEqual([second.code, second.stored, second.duplicate, second.differs], [0, 0, ROWS, 0])
      if (kind !== 'prices') continue
      const packed = await importJson(there.db, [join(files.path, `prices.${ending}.gz`), '--kind', kind])
      assert.deepEqual([packed.stored, packed.duplicate, packed.differs], [0, ROWS, 0], `${ending}.gz`)
    }
  }
})

test('a range and instruments choose the rows; a column that a table gets later goes out and comes in as well', async () => {
  await using here = await testDatabase()
  await using there = await testDatabase()
  await using files = await folder()
  await here.db.query('alter table settlement add column note numeric')
  await there.db.query('alter table settlement add column note numeric')
  await fill(here.db, 'funding', await instrumentIds(here.db, [SPOT, PERP, OTHER]))
  const range = ['--from', '2025-11-20T08:00Z', '--to', '2025-11-21T12:00:00Z']
  const file = join(files.path, 'f.csv')
  const { report } = await exportLines(here.db, [
    '--kind=funding',
    '--instrument',
    PERP,
    ...range,
    '--out',
    file,
    '--json'
  ])
  const { rows } = await here.db.query<{ n: number }>(
    `select count(*)::int as n from settlement join instrument i on i.id = instrument_id
     where key = $1 and settled_at >= '2025-11-20 08:00' and settled_at < '2025-11-21 12:00'`,
    [PERP]
  )
  assert.ok(rows[0]!.n > 5)
  assert.equal(report().rows, rows[0]!.n)
  const [header] = (await readFile(file, 'utf8')).split('\r\n')
  assert.match(header!, /,note$/)
  const only = await importJson(there.db, [file, '--kind', 'funding', '--instrument', PERP])
  assert.equal(only.stored, rows[0]!.n)
  const { rows: notes } = await there.db.query<{ n: number }>('select count(note)::int as n from settlement')
  assert.ok(notes[0]!.n > 0)
  const { rows: due } = await there.db.query(
    `select r.is_due as summed, s.is_due as ranked, p.due_from is not null as looked from instrument i
     join funding_realised r on r.instrument_id = i.id join funding_standing s on s.instrument_id = i.id
     join signal_progress p on p.instrument_id = i.id where i.key = $1`,
    [PERP]
  )
  assert.deepEqual(
    due,
    [{ summed: true, ranked: true, looked: true }],
    'what is made of settlements is made of these too'
  )
  const other = await importJson(there.db, [file, '--kind', 'funding', '--instrument', OTHER])
  assert.deepEqual([other.matched, other.stored, other.code], [0, 0, 1])
})

test('days that are sealed go out as they were, with what came late beside them, and come in once', async () => {
  await using here = await testDatabase()
  await using files = await folder()
  const ids = await instrumentIds(here.db, [SPOT, PERP, OTHER])
  const facts = {
    prices: FACTS.market,
    estimates: FACTS.fundingEstimate,
    basis: FACTS.basis,
    depth: FACTS.depth,
    flow: FACTS.flow
  }
  const file = (kind: string) => join(files.path, `${kind}.ndjson`)
  const sorted = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n').sort()
  const part = ['--instrument', PERP, '--from', '2025-11-20T08:00Z', '--to', '2025-11-21T12:00:00Z']
  for (const [kind, fact] of Object.entries(facts) as [FactKind, Fact][]) {
    await fill(here.db, kind, ids)
    await exportLines(here.db, ['--kind', kind, '--out', file(kind)])
    await exportLines(here.db, ['--kind', kind, ...part, '--out', file('part')])
    const [whole, some] = [await sorted(file(kind)), await sorted(file('part'))]
    await sealFact(here.db, fact, { beforeMs: NOW, nowMs: NOW, knownBeforeMs: Number.MAX_SAFE_INTEGER })
    const { rows } = await here.db.query<{ n: number }>(`select count(*)::int as n from ${fact.table}`)
    assert.equal(rows[0]!.n, 0, `${kind} is sealed`)
    await exportLines(here.db, ['--kind', kind, '--out', file('sealed')])
    assert.deepEqual(await sorted(file('sealed')), whole, kind)
    await exportLines(here.db, ['--kind', kind, ...part, '--out', file('part')])
    assert.ok(some.length > 5 && some.length < whole.length)
    assert.deepEqual(await sorted(file('part')), some, `a part of ${kind}`)
    const again = await importJson(here.db, [file(kind), '--kind', kind])
    assert.deepEqual([again.stored, again.duplicate], [0, ROWS], `${kind} is there already`)
    const other = { ...JSON.parse(whole[0]!), spanMs: 59_999 }
    await writeFile(file('other'), JSON.stringify(other))
    const { stored, duplicate, differs } = await importJson(here.db, [file('other'), '--kind', kind])
    assert.deepEqual([stored, duplicate, differs], [0, 0, 1], `${kind} differ from what is sealed`)
    // As while they are being sealed: each lies in both places.
    await fill(here.db, kind, ids)
    await exportLines(here.db, ['--kind', kind, '--out', file('sealed')])
    assert.deepEqual(await sorted(file('sealed')), whole, `${kind} while it moves`)
    const late = { ...JSON.parse(whole[0]!), revision: 7 }
    await writeFile(file('late'), JSON.stringify(late))
    assert.equal((await importJson(here.db, [file('late'), '--kind', kind])).stored, 1)
    await exportLines(here.db, ['--kind', kind, '--out', file('both')])
    const both = await sorted(file('both'))
    assert.deepEqual([both.length, both.filter((line) => line.includes('"revision":7')).length], [ROWS + 1, 1], kind)
  }
})

test('standard output gets the table and nothing else; a name in .gz is packed', async () => {
  await using here = await testDatabase()
  await using files = await folder()
  await fill(here.db, 'gaps', await instrumentIds(here.db, [SPOT, PERP, OTHER]))
  const stdout = new PassThrough()
  const read = text(stdout)
  const { lines } = await exportLines(here.db, ['--kind', 'gaps', '--format', 'ndjson'], stdout)
  stdout.end()
  const rows = (await read)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(rows.length, ROWS)
  assert.deepEqual(Object.keys(rows[0]), [
    'instrument',
    'venue',
    'fact',
    'fromAt',
    'toAt',
    'reason',
    'knownAt',
    'filledAt'
  ])
  assert.match(lines.at(-1)!, /^60 rows of gaps written \(\d+ bytes\)$/)
  const file = join(files.path, 'gaps.csv.gz')
  await exportLines(here.db, ['--kind', 'gaps', '--out', file])
  assert.equal(
    gunzipSync(await readFile(file))
      .toString()
      .trimEnd()
      .split('\r\n').length,
    ROWS + 1
  )
})

test('a file is there when it is whole and not before: what fails in the middle leaves the old one, and no half of a new', async () => {
  await using here = await testDatabase()
  await using files = await folder()
  await fill(here.db, 'gaps', await instrumentIds(here.db, [SPOT, PERP, OTHER]))
  const file = join(files.path, 'gaps.csv')
  await writeFile(file, 'old')
  const broken: Database = {
    ...here.db,
    openSession: async () => {
      const session = await here.db.openSession()
      const query = session.query.bind(session) as (...args: unknown[]) => unknown
      // The server goes while it answers.
      session.query = ((...args: unknown[]) =>
        typeof args[0] === 'string'
          ? query(...args)
          : (async function* () {
              yield Buffer.from(
                '0\tbinance\tmarket\t2025-01-01 00:00:00+00\t2025-01-01 00:00:00+00\tdown\t2025-01-01 00:00:00+00\t\\N\n'
              )
              throw new Error('terminating connection')
            })()) as typeof session.query
      return session
    }
  }
  await assert.rejects(exportLines(broken, ['--kind', 'gaps', '--out', file]), /terminating connection/)
  assert.equal(await readFile(file, 'utf8'), 'old')
  assert.deepEqual(await readdir(files.path), ['gaps.csv'])
  await assert.rejects(
    exportLines(here.db, ['--kind', 'gaps', '--out', join(files.path, 'no', 'gaps.csv')]),
    /--out: .* cannot be written: ENOENT/
  )
})

test('a question to export that cannot be answered names every problem', async () => {
  await using here = await testDatabase()
  await instrumentIds(here.db, [PERP])
  const refused = (args: string[], ...patterns: RegExp[]) =>
    assert.throws(
      () => readExportArguments(args),
      (error: unknown) =>
        error instanceof InvalidInputError &&
        patterns.every((pattern) => pattern.test(error.message)) &&
        error.problems.length === patterns.length
    )
  refused([], /--kind: missing; expected one of prices, funding/)
  refused(
    ['--kind', 'price', '--format', 'xlsx'],
    /did you mean prices/,
    /--format: expected one of csv, ndjson, parquet/
  )
  refused(['--kind', 'gaps', '--from', '2026-01-02', '--to', '2026-01-01'], /--from: must be before --to/)
  refused(['--kind', 'gaps', '--from', '2026-01-02T00:00'], /a time with its zone/)
  refused(
    ['--kind', 'gaps', '--from', '0001-01-01', '--to', '9999-01-01'],
    /--from: expected a date that exists/,
    /--to: expected/
  )
  refused(
    ['--kind', 'gaps', 'file.csv', '--outt', 'x'],
    /file\.csv: not expected here/,
    /--outt: unknown option; did you mean --out/,
    /x: not/
  )
  await assert.rejects(
    exportLines(here.db, ['--kind', 'prices', '--instrument', 'binance:BTC/USTD:USDT']),
    /binance:BTC\/USTD:USDT is not known; did you mean binance:BTC\/USDT:USDT/
  )
})
