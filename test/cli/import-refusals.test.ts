import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { InvalidInputError } from '../../src/errors.ts'
import { tableOfObjects } from '../../src/formats/column.ts'
import { writeTable } from '../../src/formats/write-table.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { createRandom } from '../support/random.ts'
import { fileFolder, importJson, importLines } from './import-run.ts'

const PERP = 'bybit:BTC/USDT:USDT'
const FUNDING = ['--kind', 'funding', '--instrument', PERP]
const PRICES = ['--kind', 'prices', '--instrument', PERP]
const START = Date.UTC(2025, 0, 1)

async function stored(db: Database): Promise<number[]> {
  const { rows } = await db.query(
    `select (select count(*) from instrument) as i, (select count(*) from market_snapshot) as m,
       (select count(*) from settlement) as s`
  )
  return Object.values(rows[0]!)
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof InvalidInputError, String(error))
  assert.match(error.message, pattern)
  return true
}

/** Two columns of a Parquet file, by the names that import looks for. */
async function parquet(rows: readonly { time: string; price: string | number }[], kind: 'text' | 'number' = 'text') {
  const pages = (async function* () {
    yield rows
  })()
  const columns = [
    { name: 'time', kind: 'time' as const },
    { name: 'price', kind }
  ]
  const pieces: Uint8Array[] = []
  for await (const piece of writeTable('parquet', tableOfObjects(columns, pages))) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}

const hourly = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    time: new Date(START + n * 3_600_000).toISOString(),
    price: `4200${n}.10`
  }))

test('a Parquet file of prices comes in like any other, its decimals exact, packed or not', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const path = await files.write('p.parquet', '')
  await writeFile(path, await parquet(hourly(30)))
  assert.equal((await importJson(t.db, [path, ...PRICES])).stored, 30)
  const { rows } = await t.db.query<{ last: string }>('select last from market_snapshot order by tick_at limit 1')
  assert.equal(rows[0]!.last, '42000.1')
  await writeFile(path, gzipSync(await parquet(hourly(30))))
  assert.equal((await importJson(t.db, [path, ...PRICES])).duplicate, 30)
})

test('prices from before RAW_RETENTION_DAYS, which goes by whole months, are refused with the reason; rates are not', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  // Forty days before the first of January is in November.
  const times = ['2025-10-31T23:00:00Z', '2025-11-01T00:00:00Z', '2025-12-31T00:00:00Z']
  const of = (name: string, value: string) => [`time,${name}`, ...times.map((time) => `${time},${value}`)].join('\n')
  const prices = [await files.write('prices.csv', of('price', '42000')), ...PRICES]
  const { stored: kept, refused, refusals } = await importJson(t.db, prices, 40)
  assert.deepEqual([kept, refused, refusals[0]!.line], [2, 1, 2])
  assert.match(refusals[0]!.reason, /is before 2025-11-01T00:00:00.000Z, from when on RAW_RETENTION_DAYS keeps/)
  assert.equal((await importJson(t.db, prices)).stored, 1, 'unset, everything is kept')
  const rates = [await files.write('rates.csv', of('rate', '0.0001')), ...FUNDING]
  assert.equal((await importJson(t.db, rates, 40)).stored, 3)
})

test('packed files that are cut short or unpack without end, and Parquet that is none, are refused with nothing stored', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const csv = `time,price\n${hourly(5_000)
    .map(({ time, price }) => `${time},${price}`)
    .join('\n')}`
  const packed = gzipSync(csv)
  const whole = await parquet(hourly(30))
  const cases: [Buffer, RegExp][] = [
    [packed.subarray(0, packed.length >> 1), /cannot be read: unexpected end of file/],
    [Buffer.concat([packed.subarray(0, 200), Buffer.alloc(400, 7)]), /cannot be read/],
    [
      gzipSync(Buffer.concat([Buffer.from('time,price\n'), Buffer.alloc(40 << 20, '\n')])),
      /unpacks to more than 250 times/
    ],
    [gzipSync(Buffer.concat([Buffer.from('[\n'), Buffer.alloc(40 << 20, '\n')])), /unpacks to more than 250 times/],
    [gzipSync(Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(40 << 20)])), /unpacks to more than 250 times/],
    [gzipSync(''), /it is empty/],
    [Buffer.from('PAR1'), /cannot be read/],
    [Buffer.from(`PAR1${'no parquet at all, and long enough for a footer'.repeat(9)}`), /cannot be read/],
    [whole.subarray(0, whole.length - 40), /cannot be read/],
    [Buffer.from('PK\u0003\u0004\u0000\u0000'), /compressed file has to be unpacked/]
  ]
  for (const [bytes, pattern] of cases) {
    const path = await files.write('bad', '')
    await writeFile(path, bytes)
    await assert.rejects(importLines(t.db, [path, ...PRICES]), refusedWith(pattern), String(pattern))
  }
  assert.deepEqual(await stored(t.db), [0, 0, 0])
})

test('a Parquet file with any byte of it wrong is read or refused, and never more', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const whole = await parquet(hourly(200))
  const { between } = createRandom(7)
  const path = await files.write('bad.parquet', '')
  for (let turn = 0; turn < 150; turn += 1) {
    const bytes = Buffer.from(whole)
    // Mostly in the footer, which says what all the rest is.
    const from = turn % 3 === 0 ? 4 : Math.max(4, bytes.length - 700)
    bytes[between(from, bytes.length - 1)] = between(0, 255)
    await writeFile(path, bytes)
    try {
      await importJson(t.db, [path, ...PRICES])
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String((error as Error).stack))
    }
  }
})

test('rows that cannot be are refused one by one in every format, and what is left is stored', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const csv = await files.write(
    'f.csv',
    'time,rate\n2025-01-01T00:00:00Z,NaN\n2025-01-01T08:00:00Z\n2025-01-01T16:00:00,0.1\n2025-01-02T00:00:00Z,0.0001\n'
  )
  const lines = await files.write(
    'f.ndjson',
    '{"time":"2025-01-03T00:00:00Z","rate":NaN}\n{"time":"2025-01-03T08:00:00Z","rate":"0.2"}\n'
  )
  const reasons = async (file: string, args: readonly string[]) => {
    const report = await importJson(t.db, [file, ...args])
    return [report.stored, ...report.refusals.map(({ line, reason }) => `${line} ${reason}`)]
  }
  assert.deepEqual(await reasons(csv, FUNDING), [
    1,
    '2 rate "NaN" is not a number',
    '3 has 1 cells where the header has 2',
    '4 time "2025-01-01T16:00:00" has no zone; name it with --time-zone, such as UTC'
  ])
  assert.deepEqual(await reasons(lines, FUNDING), [1, '1 is not a JSON object'])
  const path = await files.write('f.parquet', '')
  await writeFile(
    path,
    await parquet(
      [
        { time: hourly(1)[0]!.time, price: Number.NaN },
        { time: hourly(2)[1]!.time, price: 3 }
      ],
      'number'
    )
  )
  assert.deepEqual(await reasons(path, PRICES), [1, '1 price "NaN" is not a number'])
})

const SETTLEMENT = {
  instrument: PERP,
  settledAt: '2025-01-01T00:00:00.000Z',
  revision: 0,
  venueTime: '2025-01-01T00:00:00.011Z',
  observedAt: '2025-01-01T00:00:30.000Z',
  availableAt: '2025-01-01T00:00:30.000Z',
  rate: '0.0001',
  intervalHours: 8,
  intervalSource: 'declared',
  source: 'polled',
  formulaVersion: 1,
  adapterVersion: 1
}

test('an exported table is held to the same: what is no row of it is refused with the column and the reason', async () => {
  await using t = await testDatabase()
  await using files = await fileFolder()
  const wrong: Record<string, unknown>[] = [
    { rate: 'NaN' },
    { rate: '1.5' },
    { rate: null },
    { settledAt: '2025-01-01T00:00:00' },
    { settledAt: '2031-01-01T00:00:00Z' },
    { settledAt: null },
    { instrument: 'BTC' },
    { instrument: '' },
    { revision: 0.5 },
    { adapterVersion: 70_000 },
    { intervalHours: 'eight' },
    { reasons: '["a", 1]' },
    { rate: '0.0002' }
  ]
  const rows = [SETTLEMENT, ...wrong.map((fields) => ({ ...SETTLEMENT, ...fields }))]
  const file = await files.write('s.ndjson', rows.map((row) => JSON.stringify(row)).join('\n'))
  const report = await importJson(t.db, [file, '--kind', 'funding'])
  assert.deepEqual(
    report.refusals.map(({ reason }) => reason),
    [
      'rate "NaN" is not a number',
      'rate "1.5" is beyond ±1 (100 %)',
      'rate is empty',
      'settledAt "2025-01-01T00:00:00" has no zone; name it with --time-zone, such as UTC',
      'settledAt 2031-01-01T00:00:00.000Z is in the future',
      'settledAt is empty',
      'instrument "BTC" is no instrument\'s id',
      'instrument is empty',
      'revision "0.5" is not a whole number that fits',
      'adapterVersion "70000" is not a whole number that fits',
      'intervalHours "eight" is not a number',
      'reasons "[\\"a\\", 1]" is not a list of texts',
      'conflict: line 1 has another value for the same time'
    ]
  )
  assert.deepEqual([report.stored, report.refused], [1, 13])
  const changed = await files.write('t.ndjson', JSON.stringify({ ...SETTLEMENT, rate: '0.0003' }))
  const again = await importJson(t.db, [changed, '--kind', 'funding'])
  assert.deepEqual([again.stored, again.duplicate, again.differs], [0, 0, 1])
  const extra = await files.write('u.ndjson', JSON.stringify({ ...SETTLEMENT, surprise: 1 }))
  await assert.rejects(
    importLines(t.db, [extra, '--kind', 'funding']),
    refusedWith(/columns that funding do not have: "surprise"/)
  )
  const lacking = await files.write('v.csv', 'instrument,settledAt\nx,y\n')
  await assert.rejects(
    importLines(t.db, [lacking, '--kind', 'funding']),
    refusedWith(/is no exported table of funding: it has no column "revision".*need --instrument/)
  )
  await assert.rejects(
    importLines(t.db, [lacking, '--kind', 'basis', '--instrument', PERP]),
    refusedWith(/no exported table of basis/)
  )
})
