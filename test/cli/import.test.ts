import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { readImportArguments } from '../../src/cli/import-arguments.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { InvalidInputError } from '../../src/errors.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { startContango } from '../support/service.ts'
import { fileFolder, importJson, importLines, listStored } from './import-run.ts'

const PERP = 'bybit:BTC/USDT:USDT'
const PRICES = ['--kind', 'prices', '--instrument', PERP]
const FUNDING = ['--kind', 'funding', '--instrument', PERP]

async function countRows({ db }: TestDatabase): Promise<number[]> {
  const { rows } = await db.query(
    `select (select count(*) from instrument) as i, (select count(*) from market_snapshot) as m,
       (select count(*) from settlement) as s`
  )
  return Object.values(rows[0]!)
}

test('arguments that cannot be used are all named at once', () => {
  const refused = (args: string[], ...patterns: RegExp[]) =>
    assert.throws(
      () => readImportArguments(args),
      (error: unknown) =>
        error instanceof InvalidInputError &&
        patterns.every((pattern) => pattern.test(error.message)) &&
        error.problems.length === patterns.length
    )
  refused([], /FILE: missing/, /--kind: missing/, /--instrument: missing/)
  refused(['f.csv', 'g.csv', ...PRICES], /g\.csv: not expected here/)
  refused(['f.csv', '--kind', 'price', '--instrument', 'BTC'], /did you mean prices/, /--instrument: expected venue/)
  refused(['f.csv', ...PRICES, '--colums', 'time=x'], /--colums: unknown option; did you mean --columns/, /time=x/)
  refused(['f.csv', '--kind', 'funding', '--instrument', 'okx:BTC/USDT'], /only perpetuals settle funding/)
  refused(['f.csv', ...PRICES, '--time-zone', 'Europe/Londn'], /did you mean Europe\/London/)
  refused(['f.csv', ...PRICES, '--shift', '8', '--ambiguous', 'first'], /--shift: expected such as 8h/, /--ambiguous/)
  refused(
    ['f.csv', ...PRICES, '--where', 'exchange', '--columns', 'rate=x'],
    /--where: expected name=value/,
    /"rate" is not a field/
  )
  refused(['f.csv', ...PRICES, '--shift', '8h', '--shift', '9h'], /--shift: given twice/)
  refused(['f.csv', ...PRICES, '--shift'], /--shift: a value is missing/)
})

test('column names and values may hold spaces, and a shift may be negative', () => {
  const columns = ['--columns', 'time=open time,rate=funding rate', '--where', 'pair=BTC/USDT,kind=a=b']
  const read = readImportArguments(['f.csv', ...FUNDING, ...columns, '--shift', '-1h', '--time-zone=UTC'])
  assert.deepEqual(read.columns, { time: 'open time', value: 'funding rate' })
  assert.deepEqual(
    [...read.where],
    [
      ['pair', 'BTC/USDT'],
      ['kind', 'a=b']
    ]
  )
  assert.deepEqual(read.time, { timeZone: 'UTC', ambiguous: 'earlier', shiftMs: -HOUR })
})

test('a file that cannot be what was asked for is refused with nothing stored', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const good = 'time,price\n2024-01-01T00:00:00Z,1\n'
  const cases: [string, string, string[], RegExp][] = [
    ['empty.csv', '', [], /is empty/],
    ['header.csv', 'time,price\n', [], /has no rows/],
    ['twice.csv', 'time,price,price\n2024-01-01T00:00:00Z,1,2\n', [], /two columns named "price"/],
    ['wrong.csv', 'date,close\n2024-01-01,1\n', [], /has no column "time", "price"; it has "date", "close"/],
    ['wrong.ndjson', '{"time":1704067200000,"close":1}\n', [], /has no column "price"; it has "time", "close"/],
    ['good.csv', good, ['--where', 'venue=x'], /has no column "venue"/],
    ['good.csv', good, ['--where', 'price=2'], /none of 1 rows match: price has "1" \(wanted "2"\)/],
    ['packed.csv', '\u001f\u0000\u0000', [], /compressed file has to be unpacked/],
    ['quote.csv', `time,price\n"2024-01-01T00:00:00Z,1\n${'x\n'.repeat(10)}`, [], /quote\.csv: cannot be read: Quote/],
    ['broken.json', '[{"time": ', [], /broken\.json: cannot be read/],
    ['object.json', '["a"]', [], /has no column "time", "price"; it has none/]
  ]
  for (const [name, text, options, pattern] of cases) {
    const path = await files.write(name, text)
    await assert.rejects(importLines(t.db, [path, ...PRICES, ...options]), (error: unknown) => {
      assert.ok(error instanceof InvalidInputError, String(error))
      assert.match(error.message, pattern)
      return true
    })
  }
  await assert.rejects(importLines(t.db, ['/nowhere/x.csv', ...PRICES]), /x\.csv: there is no such file/)
  assert.deepEqual(await countRows(t), [0, 0, 0])
})

test('rows that cannot be used are refused with their line and reason, the others are stored', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const path = await files.write(
    'prices.csv',
    [
      'time,price',
      '2024-01-01T00:00:00Z,42000.10',
      '2024-01-01T01:00:00Z,',
      '2024-01-01T02:00:00Z,NaN',
      '2024-01-01T03:00:00Z,Infinity',
      '2024-01-01T04:00:00Z,-5',
      '2024-01-01T05:00:00Z,0',
      '2024-01-01 06:00:00,1',
      '2024-02-30T00:00:00Z,1',
      '1704067200,1',
      '2024-01-01T00:00:00+00:00,42000.1',
      '1704067200000,42001',
      '2024-01-01T07:00:00Z,1,2',
      '2031-01-01T00:00:00Z,1',
      ',1',
      '2024-01-01T09:00:00.000+01:00,1e-7'
    ].join('\r\n')
  )
  const report = await importJson(t.db, [path, ...PRICES])
  assert.deepEqual(
    report.refusals.map(({ line, reason }) => `${line} ${reason}`),
    [
      '3 price is empty',
      '4 price "NaN" is not a number',
      '5 price "Infinity" is not a number',
      '6 price "-5" is not above zero',
      '7 price "0" is not above zero',
      '8 time "2024-01-01 06:00:00" has no zone; name it with --time-zone, such as UTC',
      '9 time "2024-02-30T00:00:00Z" does not exist',
      '10 time 1704067200 looks like epoch seconds; expected milliseconds',
      '12 conflict: line 2 has another value for the same time',
      '13 has 3 cells where the header has 2',
      '14 time 2031-01-01T00:00:00.000Z is in the future',
      '15 time is empty'
    ]
  )
  assert.deepEqual([report.read, report.stored, report.duplicate, report.refused, report.code], [15, 2, 1, 12, 0])
  const { rows } = await t.db.query(
    'select last, span_ms, source, available_at - tick_at as lag from market_snapshot order by tick_at'
  )
  assert.deepEqual(
    rows.map(({ last }) => last),
    ['42000.1', '0.0000001']
  )
  assert.ok(rows.every(({ source, span_ms }) => source === 'import' && span_ms === 8 * HOUR))
})

test('a file of which no row can be used exits with 1 and stores nothing', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const path = await files.write('local.csv', 'time,price\n2024-01-01 00:00,1\n2024-01-02 00:00,1\n')
  const { code, lines } = await importLines(t.db, [path, ...PRICES])
  assert.equal(code, 1)
  assert.match(lines.join('\n'), /refused 2\n {2}line 2: time .* has no zone; name it with --time-zone/)
  assert.deepEqual(await countRows(t), [0, 0, 0])
})

test('a value that differs from what is stored is counted and stays out', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const one = await files.write('one.csv', 'time,price\n2024-01-01T00:00:00Z,1\n')
  const two = await files.write('two.csv', 'time,price\n2024-01-01T00:00:00Z,2\n2024-01-01T01:00:00Z,3\n')
  await importJson(t.db, [one, ...PRICES])
  const { stored, duplicate, differs } = await importJson(t.db, [two, ...PRICES])
  assert.deepEqual({ stored, duplicate, differs }, { stored: 1, duplicate: 0, differs: 1 })
  const { rows } = await t.db.query('select last from market_snapshot order by tick_at')
  assert.deepEqual(
    rows.map(({ last }) => last),
    ['1', '3']
  )
})

test('local times: the earlier of two unless told, none that the clocks skip, shifted after conversion', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const rows = ['2023-10-29 00:30:00', '2023-10-29 01:30:00', '2023-10-29 02:30:00', '2024-03-31 01:30:00']
  const path = await files.write('local.csv', `time,price\n${rows.map((time) => `${time},1`).join('\n')}\n`)
  const timesOf = async (db: TestDatabase['db'], instrument: string) =>
    (
      await db.query<{ tick_at: Date }>(
        'select tick_at from market_snapshot m join instrument i on i.id = m.instrument_id where key = $1 order by 1',
        [instrument]
      )
    ).rows.map(({ tick_at }) => tick_at.toISOString().slice(0, 16))
  const run = async (venue: string, options: string[]) => {
    const key = `${venue}:BTC/USDT`
    const args = [path, '--kind', 'prices', '--instrument', key, '--time-zone', 'Europe/London', ...options]
    const report = await importJson(t.db, args)
    return { report, times: await timesOf(t.db, key) }
  }
  const earlier = await run('binance', [])
  assert.deepEqual(earlier.times, ['2023-10-28T23:30', '2023-10-29T00:30', '2023-10-29T02:30'])
  assert.equal(earlier.report.ambiguous, 1)
  assert.match(earlier.report.refusals[0]!.reason, /"2024-03-31 01:30:00" does not exist in Europe\/London/)
  const later = await run('okx', ['--ambiguous', 'later', '--shift', '8h'])
  assert.deepEqual(later.times, ['2023-10-29T07:30', '2023-10-29T09:30', '2023-10-29T10:30'])
  const refused = await run('bybit', ['--ambiguous', 'refuse'])
  assert.equal(refused.report.ambiguous, 0)
  assert.match(refused.report.refusals[0]!.reason, /occurs twice/)
})

test('rates keep their digits from exponents, JSON numbers and JSON texts, and may be zero', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const path = await files.write(
    'rates.ndjson',
    [
      '{"time":1704067200013,"rate":-1.609e-05}',
      '{"time":1704096000000,"rate":0}',
      'not json',
      '{"time":1704124800000,"rate":null}',
      '{"time":1704153600000,"rate":"0.000658153991747989123456"}',
      '{"time":1704182400000,"rate":1.5}'
    ].join('\n')
  )
  const report = await importJson(t.db, [path, ...FUNDING])
  assert.deepEqual(
    report.refusals.map(({ line, reason }) => `${line} ${reason}`),
    ['3 is not a JSON object', '4 rate is empty', '6 rate "1.5" is beyond ±1 (100 %)']
  )
  assert.deepEqual(
    (await listStored(t.db, PERP)).map(({ rate, settled_at, venue_time }) => [rate, settled_at === venue_time]),
    [
      ['-0.00001609', false],
      ['0', true],
      ['0.000658153991747989123456', true]
    ]
  )
})

const SETTLEMENT_GAPS = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(8) },
    { weight: 3, arbitrary: fc.constant(4) },
    { weight: 2, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constantFrom(16, 24, 48, 221, 3) }
  ),
  { minLength: 1, maxLength: 40 }
)

test('however a file of settlements is ordered and cut into runs, the same rows and intervals are stored', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  let venue = 0
  await fc.assert(
    fc.asyncProperty(
      SETTLEMENT_GAPS,
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 2, max: 4 }),
      async (gaps, random, runs) => {
        const times = [Date.UTC(2024, 0, 1)]
        for (const gap of gaps) times.push(times.at(-1)! + gap * HOUR)
        const lines = times.map((at, index) => `${at},0.000${index + 1}`)
        const run = async (key: string, part: readonly string[]) => {
          const path = await files.write('part.csv', `time,rate\n${part.join('\n')}\n`)
          return await importJson(t.db, [path, '--kind', 'funding', '--instrument', key])
        }
        venue += 1
        const [whole, cut] = [`w${venue}:BTC/USDT:USDT`, `c${venue}:BTC/USDT:USDT`]
        await run(whole, lines)
        const shuffled = lines.map((line) => ({ line, order: random.next().value! })).sort((a, b) => a.order - b.order)
        const parts = Array.from({ length: runs }, (_, part) => shuffled.filter((_, index) => index % runs === part))
        for (const part of parts)
          if (part.length > 0)
            await run(
              cut,
              part.map(({ line }) => line)
            )
        assert.deepEqual(await listStored(t.db, cut), await listStored(t.db, whole))
        assert.equal((await run(cut, lines)).stored, 0)
      }
    ),
    { numRuns: 12 }
  )
})

test('a run that was killed half-way is finished by the next one', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const start = Date.UTC(2024, 0, 1)
  const text = `time,price\n${Array.from({ length: 12_000 }, (_, row) => `${start + row * 60_000},${row + 1}`).join('\n')}\n`
  const path = await files.write('long.csv', text)
  await importJson(t.db, [path, '--kind', 'prices', '--instrument', 'bybit:BTC/USDT'])
  const broken = { ...t.db, transaction: failAt(2, t.db.transaction) }
  await assert.rejects(importJson(broken, [path, ...PRICES]), /killed/)
  const half = await t.db.query('select count(*)::int as n from basis_snapshot')
  assert.equal(half.rows[0]!['n'], 5_000)
  const report = await importJson(t.db, [path, ...PRICES])
  assert.deepEqual([report.stored, report.duplicate, report.bases], [7_000, 5_000, 7_000])
  const { rows } = await t.db.query(
    'select count(*)::int as n, max(tick_at) - min(tick_at) as span from basis_snapshot'
  )
  assert.equal(rows[0]!['n'], 12_000)
})

/** Lets so many storing transactions pass (partitions take two more), then fails as a cut connection would. */
function failAt(batch: number, transaction: TestDatabase['db']['transaction']): TestDatabase['db']['transaction'] {
  let batches = 0
  return async (work) =>
    await transaction(async (client) => {
      const result = await work(client)
      if (typeof result === 'object' && ++batches === batch) throw new Error('killed')
      return result
    })
}

test('a step between prices is never taken as more than a day', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const path = await files.write(
    'weekly.csv',
    'time;price\n2024-01-01T00:00Z;1\n2024-01-08T00:00Z;2\n2024-01-15T00:00Z;3\n'
  )
  await importJson(t.db, [path, ...PRICES])
  const { rows } = await t.db.query('select distinct span_ms from market_snapshot')
  assert.deepEqual(rows, [{ span_ms: DAY }])
})

test('usage is printed and wrong arguments are refused without a database', async () => {
  await using folder = await fileFolder()
  const file = await folder.write('not-a-folder', '')
  // A database here would be refused with another message: DATA_DIR is a file.
  const run = async (...args: string[]) => {
    await using command = startContango(args, { DATA_DIR: file })
    await once(command.child, 'close')
    return { code: command.child.exitCode, said: command.output() }
  }
  const usage = await run('import', '--help')
  assert.equal(usage.code, 0, usage.said)
  assert.match(usage.said, /Exit code 0 when rows were stored/)
  for (const args of [
    ['import', 'f.csv', ...PRICES, '--colums', 'time=x'],
    ['keys', 'create', '--scop', 'read']
  ]) {
    const { code, said } = await run(...args)
    assert.equal(code, 1)
    assert.match(said, /unknown option; did you mean --/)
  }
})
