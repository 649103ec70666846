import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import pg from 'pg'
import { openDatabase } from '../../src/store/database.ts'
import { isDatabaseUnavailable, sqlState } from '../../src/store/database-errors.ts'
import { emptyDatabase } from '../support/database.ts'
import { until } from '../support/embedded-process.ts'

const open = (url: string, more = {}) => openDatabase({ url, poolSize: 2, applicationName: 'database test', ...more })

test('a connection that is cut while idle, or inside a transaction, does not end the process', async () => {
  await using database = await emptyDatabase()
  const reported: Error[] = []
  await using db = open(database.url, { onError: (error: Error) => reported.push(error) })
  await using other = open(database.url)
  const cut = async () => {
    const { rows } = await db.query<{ pid: number }>('select pg_backend_pid() as pid')
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  }
  await cut()
  await until('the report', () => reported.length > 0)
  assert.equal((await db.query('select 1')).rowCount, 1)

  const failure = await db
    .transaction(async (client) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      // Not once(): it would listen for errors too.
      const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)))
      await other.query('select pg_terminate_backend($1)', [rows[0].pid])
      await ended
      await client.query('select 1')
    })
    .catch((error: unknown) => error)
  assert.ok(isDatabaseUnavailable(failure), String(failure))
  assert.equal((await db.query('select 1')).rowCount, 1)
})

test('a connection that the server cuts while the pool is being closed is no news', async () => {
  const reported: Error[] = []
  await using database = await emptyDatabase()
  const db = open(database.url, { onError: (error: Error) => reported.push(error) })
  await db.query('select 1')
  // What an embedded server says that is stopped right behind us.
  const closed = db.close()
  db.pool.emit('error', new Error('terminating connection due to administrator command'))
  await closed
  assert.deepEqual(reported, [])
})

test('a transaction is all or nothing', async () => {
  await using database = await emptyDatabase()
  await using db = open(database.url)
  await db.query('create table row (id int)')
  const failing = db.transaction(async (client) => {
    await client.query('insert into row values (1)')
    throw new Error('changed my mind')
  })
  await assert.rejects(failing, /changed my mind/)
  assert.equal(await db.transaction(async (client) => (await client.query('select from row')).rowCount), 0)
})

test('transactions that deadlock are run again until both are through', async () => {
  await using database = await emptyDatabase()
  await using db = open(database.url)
  await db.query('create table account (id int primary key, total int); insert into account values (1, 0), (2, 0)')
  let attempts = 0
  let met = 0
  const add = (order: number[]) =>
    db.transaction(async (client) => {
      attempts += 1
      await client.query("set local deadlock_timeout = '30ms'")
      for (const id of order) {
        await client.query('update account set total = total + 1 where id = $1', [id])
        met += 1
        // Both hold their first row before either asks for the second.
        await until('the other one', () => met >= 2)
      }
    })
  await Promise.all([add([1, 2]), add([2, 1])])
  assert.ok(attempts > 2, 'they never met')
  const { rows } = await db.query<{ total: number }>('select total from account')
  assert.deepEqual(
    rows.map(({ total }) => total),
    [2, 2]
  )
})

test('a serialisation failure is tried five times, then told', async () => {
  await using database = await emptyDatabase()
  await using db = open(database.url, { jitter: () => 0 })
  let attempts = 0
  const failing = db.transaction(async (client) => {
    attempts += 1
    await client.query(`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`)
  })
  await assert.rejects(failing, { code: '40001' })
  assert.equal(attempts, 5)
})

test('every session is in UTC with ends to its waits, and keeps what the URL asked for', async () => {
  await using database = await emptyDatabase()
  const url = new URL(database.url)
  url.searchParams.set('options', '-c timezone=Asia/Tokyo -c work_mem=3MB')
  url.searchParams.set('sslmode', 'disable')
  await using db = open(url.href)
  const { rows } = await db.query(
    `select current_setting('timezone') as zone, current_setting('work_mem') as memory,
            current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
            current_setting('idle_in_transaction_session_timeout') as idle`
  )
  assert.deepEqual(rows, [{ zone: 'UTC', memory: '3MB', statement: '30s', lock: '10s', idle: '10s' }])
  const plain = await db.openSession({ plain: true })
  assert.equal((await plain.query('show timezone')).rows[0].TimeZone, 'Asia/Tokyo')
  await plain.end()
})

test('numbers and times arrive exactly', async () => {
  await using database = await emptyDatabase()
  await using db = open(database.url)
  const { rows } = await db.query(
    `select 12345678901234567890.10::numeric as price, array[1.10, null]::numeric[] as prices, 9007199254740991::int8 as big,
            array[1]::int8[] as bigs, timestamptz '2026-01-01 00:00+09' as at, timestamp '2026-01-01' as local, date '2026-03-29' as day`
  )
  assert.deepEqual(rows[0], {
    price: '12345678901234567890.10',
    prices: ['1.10', null],
    big: 9_007_199_254_740_991,
    bigs: [1],
    at: new Date('2025-12-31T15:00:00Z'),
    local: new Date('2026-01-01T00:00:00Z'),
    day: '2026-03-29'
  })
  await assert.rejects(db.query('select 9007199254740993::int8'), /expected an int8 within 2\^53/)
  const sent = await db.query(`select $1::timestamp::text as text`, [new Date('2026-01-01T00:00:00Z')])
  assert.match(sent.rows[0]?.text, /^2026-01-01 00:00:00/)
})

test('a link that goes silent gives an error in time, and the next call works', async () => {
  await using database = await emptyDatabase()
  const { port } = new URL(database.url)
  const { connect } = await import('node:net')
  let isSilent = false
  const links: Socket[] = []
  const proxy = createServer((socket) => {
    const upstream = connect(Number(port), '127.0.0.1')
    links.push(socket, upstream)
    for (const end of links) end.on('error', () => {})
    const isCut = isSilent
    socket.on('data', (bytes) => isSilent || upstream.write(bytes))
    upstream.on('data', (bytes) => isCut || isSilent || socket.write(bytes))
  }).listen(0, '127.0.0.1')
  await until('the proxy', () => proxy.listening)
  const url = new URL(database.url)
  url.port = String((proxy.address() as { port: number }).port)
  const db = open(url.href, { statementTimeoutMs: 300, answerMarginMs: 0, connectTimeoutMs: 500, poolSize: 1 })
  try {
    await db.query('select 1')
    isSilent = true
    const failure = await db.transaction((client) => client.query('select 1')).catch((error: unknown) => error)
    assert.ok(isDatabaseUnavailable(failure), String(failure))
    isSilent = false
    assert.equal((await db.query('select 1')).rowCount, 1)
  } finally {
    for (const end of links) end.destroy()
    proxy.close()
    await db.close()
  }
})

test('what makes a database unavailable is told from what is wrong with a statement', () => {
  const unavailable = [
    { code: '57P01' },
    { code: '53300' },
    { code: '53100' },
    { code: '25006' },
    { code: '08006' },
    { code: 'ECONNREFUSED' },
    { code: 'P1001' },
    new Error('Query read timeout'),
    new Error('timeout exceeded when trying to connect'),
    new AggregateError([Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })]),
    new Error('wrapped', { cause: { originalCode: '57P03' } })
  ]
  for (const error of unavailable) assert.equal(isDatabaseUnavailable(error), true, JSON.stringify(error))
  const statements = [
    { code: '23505' },
    { code: '42P01' },
    { code: 'P2002' },
    new Error('something else'),
    undefined,
    'text'
  ]
  for (const error of statements) assert.equal(isDatabaseUnavailable(error), false, JSON.stringify(error))
  assert.equal(sqlState(new Error('x', { cause: { originalCode: '23505' } })), '23505')
  assert.equal(sqlState({ code: 'EPIPE' }), undefined)
})

test('a URL that cannot be read is refused without showing it', () => {
  assert.throws(
    () => open('postgresql://user:pa#ss@host:port/db'),
    (error: Error & { code: string; input?: string }) =>
      error.code === 'database_url' && !`${error.stack}${error.input}`.includes('pa#ss')
  )
})

test('times are read as the driver reads them, whatever their year, fraction and sign', async () => {
  await using database = await emptyDatabase()
  await using db = open(database.url)
  const standard = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ)
  const { rows } = await db.query<{ at: unknown; said: string }>(
    `select at, at::text as said from (
       select timestamptz '2026-01-31 08:00:00+00' + n * interval '7919.123457 s' * n as at from generate_series(-300, 300) n
       union all select unnest('{infinity,-infinity,0044-03-15 12:00:00+00 BC,0099-12-31 23:59:59.9+00,0100-01-01 00:00:00.000001+00,9999-12-31 23:59:59.999+00,
         12026-01-31 08:00:00.5+00,1969-12-31 23:59:59.12+00,2024-02-29 00:00:00.999999+00}'::timestamptz[])
     ) t`
  )
  for (const { at, said } of rows) assert.deepEqual(at, standard(said), said)
})
