import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalToString } from '../../src/domain/decimal.ts'
import { type Columns, type Row, writeRows } from '../../src/store/copy.ts'
import { encodeRows } from '../../src/store/copy-encoding.ts'
import { testDatabase } from '../support/database.ts'

const COLUMNS: Columns = {
  id: 'int4',
  small: 'int2',
  ratio: 'float8',
  exact: 'numeric',
  at: 'timestamptz',
  word: 'text',
  words: 'text[]',
  body: 'json'
}

const NUMERIC = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 40 }))
    .map(([digits, scale]) => {
      return decimalToString({ digits, scale })
    }),
  fc.constantFrom(
    '0',
    '0.0',
    '-0',
    '-0.00',
    '1',
    '10000',
    '100000000',
    '0.0001',
    '0.00001',
    '9999.9999',
    '12345.6789',
    '000.10'
  )
)
/** What a text of PostgreSQL can hold: no lone surrogates, no NUL. */
const TEXT = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\u0000', ''))
const TIME = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2200, 0) })
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 5 })

const ROW = fc.tuple(
  orNull(fc.integer({ min: -32_768, max: 32_767 })),
  orNull(fc.double({ noNaN: true, noDefaultInfinity: true })),
  orNull(NUMERIC),
  orNull(TIME),
  orNull(TEXT),
  orNull(fc.array(TEXT, { maxLength: 4 })),
  orNull(fc.json())
)

test('binary rows arrive in a real table exactly as they were given', async () => {
  await using t = await testDatabase()
  await t.db.query(
    `create table kept (id int4 primary key, small int2, ratio float8, exact numeric, at timestamptz, word text, words text[], body json)`
  )
  await fc.assert(
    fc.asyncProperty(fc.array(ROW, { minLength: 1, maxLength: 20 }), async (rows) => {
      const numbered = rows.map((row, id) => [id, ...row] as Row)
      await t.db.query('truncate kept')
      const written = await t.db.transaction((client) =>
        writeRows(client, { table: 'kept', columns: COLUMNS, rows: numbered, onConflict: 'do nothing' })
      )
      assert.equal(written, rows.length)
      const { rows: found } = await t.db.query<Record<string, unknown>>(
        `select id, small, ratio, exact::text, at, word, words, body::text as body from kept order by id`
      )
      const same = await t.db.query<{ id: number }>(
        `select g.id from unnest($1::int[], $2::text[]) as g (id, given) join kept k on k.id = g.id
         where k.exact is distinct from g.given::numeric or scale(k.exact) is distinct from scale(g.given::numeric)`,
        [numbered.map(([id]) => id), rows.map(([, , exact]) => exact)]
      )
      assert.deepEqual(same.rows, [], 'numerics equal to what PostgreSQL itself reads from the text, scale included')
      for (const [id, [small, ratio, , at, word, words, body]] of rows.entries()) {
        const row = found[id]!
        assert.deepEqual(
          [row['small'], row['ratio'], row['word'], row['words'], row['body']],
          [small, ratio === 0 ? row['ratio'] : ratio, word, words, body]
        )
        assert.equal((row['at'] as Date | null)?.getTime() ?? null, at)
      }
    }),
    { numRuns: 60 }
  )
})

test('a chunk that ends between rows loses nothing', async () => {
  await using t = await testDatabase()
  await t.db.query('create table kept (id int4 primary key, word text)')
  const rows = Array.from({ length: 3_000 }, (_, id) => [id, 'x'.repeat(id % 200)] as const)
  await t.db.transaction((client) =>
    writeRows(client, { table: 'kept', columns: { id: 'int4', word: 'text' }, rows, onConflict: 'do nothing' })
  )
  const { rows: found } = await t.db.query('select count(*)::int as n, sum(length(word))::int as length from kept')
  assert.deepEqual(found, [{ n: 3_000, length: rows.reduce((sum, [, word]) => sum + word.length, 0) }])
})

test('NaN, infinities, and texts that are no exact decimal are refused before anything is written', async () => {
  await using t = await testDatabase()
  await t.db.query('create table kept (id int4 primary key, ratio float8, exact numeric, at timestamptz)')
  const columns: Columns = { id: 'int4', ratio: 'float8', exact: 'numeric', at: 'timestamptz' }
  const bad: Row[] = [
    [1, Number.NaN, null, null],
    [1, Number.POSITIVE_INFINITY, null, null],
    [1, '1', null, null],
    [1, null, 'NaN', null],
    [1, null, 'Infinity', null],
    [1, null, '1e5', null],
    [1, null, '', null],
    [1, null, null, Number.NaN],
    [2 ** 31, null, null, null]
  ]
  for (const row of bad) {
    const write = t.db.transaction((client) =>
      writeRows(client, { table: 'kept', columns, rows: [[0, 1, '1', 0], row], onConflict: 'do nothing' })
    )
    await assert.rejects(write, RangeError, JSON.stringify(row))
  }
  const { rows } = await t.db.query('select count(*)::int as n from kept')
  assert.deepEqual(rows, [{ n: 0 }])
})

test('numerics and arrays have exactly the bytes that PostgreSQL documents', () => {
  const bytesOf = (type: 'numeric' | 'text[]', value: string | readonly string[]) =>
    Buffer.concat([...encodeRows([type], [[value]])])
      .subarray(19 + 2 + 4, -2)
      .toString('hex')
  assert.equal(bytesOf('numeric', '12345.678'), '0003000100000003000109291a7c')
  assert.equal(bytesOf('numeric', '0.5'), '0001ffff000000011388')
  assert.equal(bytesOf('numeric', '-0.00'), '0000000000000002')
  assert.equal(bytesOf('text[]', []), '000000000000000000000019')
})
