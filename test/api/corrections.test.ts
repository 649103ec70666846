import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Instrument } from '../../src/domain/instrument.ts'
import { derivePastBasis } from '../../src/jobs/past-basis.ts'
import { lockPair } from '../../src/store/basis.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { lockPast } from '../../src/store/past-observations.ts'
import { fileFolder, importJson, importLines } from '../cli/import-run.ts'
import { testDatabase } from '../support/database.ts'
import { anInstrument } from '../support/instrument.ts'
import { CONTRACT, DAY, keepAt, SPOT, START, storePrices } from '../support/keeping.ts'
import { eventually, type TestApi, testApi } from './fixture.ts'

const HOUR = 3_600_000
const FROM = Date.UTC(2025, 5, 1)
const iso = (atMs: number) => new Date(atMs).toISOString()
const PRICES = ['--kind', 'prices', '--instrument']

type Values = Readonly<Record<number, number>>
/** 40 hours of one leg's prices, with other ones where told. */
const csv = (base: number, others: Values = {}) =>
  `time,price\n${Array.from({ length: 40 }, (_, hour) => `${iso(FROM + hour * HOUR)},${others[hour] ?? base + hour}`).join('\n')}\n`

const get = async ({ url }: TestApi, path: string) => {
  const response = await fetch(url + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

async function dbNow(db: Database): Promise<string> {
  const { rows } = await db.query<{ now: Date }>('select clock_timestamp() as now')
  return rows[0]!.now.toISOString()
}

async function told(db: Database) {
  const { rows } = await db.query<{ data: Record<string, unknown> }>(
    `select data from event where type = 'data.corrected' order by created_at, id`
  )
  return rows.map(({ data }) => data)
}

test('a file that corrects prices, of hot and of sealed days, brings revisions of them and of their bases, told and listed, and what was known stays', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db } = api
  const importOf = async (key: string, text: string, ...options: string[]) =>
    await importJson(db, [await files.write('f.csv', text), ...PRICES, key, ...options])
  await importOf(SPOT.key, csv(100))
  await importOf(CONTRACT.key, csv(101))
  await keepAt(db, START + 8 * DAY)
  const range = `instrument=${encodeURIComponent(CONTRACT.key)}&from=${iso(FROM)}&to=${iso(FROM + 2 * DAY)}&limit=5000`
  const ask = (query: string) => get(api, `/v1/basis/history?${range}&${query}`)
  const before = await dbNow(db)
  const questions = ['raw', '5m', '1h', '1d'].map((each) => `resolution=${each}&knownAt=${before}`)
  const answers = await Promise.all(questions.map(ask))
  const daily = await ask('resolution=1d')

  const refused = await importOf(CONTRACT.key, csv(101, { 3: 200, 30: 201 }))
  assert.deepEqual([refused.differs, refused.corrected, refused.stored], [2, 0, 0])
  assert.equal(await ask(questions[0]!), answers[0])
  const corrected = await importOf(CONTRACT.key, csv(101, { 3: 200, 30: 201 }), '--correct')
  assert.deepEqual([corrected.differs, corrected.corrected, corrected.stored, corrected.duplicate], [0, 2, 0, 38])
  // Sealed are the contract's first prices; its corrections are hot. A leg's correction meets both.
  const leg = await importOf(SPOT.key, csv(100, { 3: 150, 4: 151 }), '--correct')
  assert.equal(leg.corrected, 2)
  const pages = async () => {
    const { data } = JSON.parse(await ask('resolution=raw')) as { data: Record<string, unknown>[] }
    return data.map(({ tickAt, contractMid, spotMid, revision }) => [tickAt, contractMid, spotMid, revision])
  }
  const expected = Array.from({ length: 40 }, (_, hour) => {
    const contract = hour === 3 ? 200 : hour === 30 ? 201 : 101 + hour
    const spot = hour === 3 ? 150 : hour === 4 ? 151 : 100 + hour
    const revision = hour === 3 ? 2 : hour === 4 || hour === 30 ? 1 : 0
    return [iso(FROM + hour * HOUR), `${contract}`, `${spot}`, revision]
  })
  assert.deepEqual(await pages(), expected)
  await keepAt(db, START + 8 * DAY)
  assert.deepEqual(await pages(), expected, 'sealed')
  assert.notEqual(await ask('resolution=1d'), daily, 'the days were rolled up anew')
  assert.deepEqual(await Promise.all(questions.map(ask)), answers, 'what was known before stays, byte by byte')

  const names = (await told(db)).map(({ fact, instrument, spot, from, to, rows }) => [
    fact,
    instrument,
    spot,
    from,
    to,
    rows
  ])
  const at = (hour: number) => iso(FROM + hour * HOUR)
  assert.deepEqual(names, [
    ['basis', CONTRACT.key, SPOT.key, at(3), at(30), 2],
    ['market', CONTRACT.key, undefined, at(3), at(30), 2],
    ['basis', CONTRACT.key, SPOT.key, at(3), at(4), 2],
    ['market', SPOT.key, undefined, at(3), at(4), 2]
  ])
  const again = await importOf(SPOT.key, csv(100, { 3: 150, 4: 151 }), '--correct')
  assert.deepEqual([again.corrected, again.duplicate, (await told(db)).length], [0, 40, 4], 'once is enough')
})

test('corrections are listed at /v1/changes as they became known', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db } = api
  for (const [key, base] of [
    [SPOT.key, 100],
    [CONTRACT.key, 101]
  ] as const)
    await importJson(db, [await files.write('f.csv', csv(base)), ...PRICES, key])
  const since = await dbNow(db)
  const file = await files.write('c.csv', csv(101, { 3: 200 }))
  const { lines } = await importLines(db, [file, ...PRICES, CONTRACT.key, '--correct'])
  assert.match(lines.join('\n'), /corrected 1: the file's value is the next revision/)
  type Row = { fact: string; instrument: string; at: string; revision: number; body: Record<string, unknown> }
  const rows = await eventually(
    async () => (JSON.parse(await get(api, `/v1/changes?since=${since}`)) as { data: Row[] }).data,
    (data) => data.length > 0
  )
  assert.deepEqual(
    rows.map(({ fact, instrument, at, revision, body }) => [
      fact,
      instrument,
      at,
      revision,
      body['last'] ?? body['contractMid']
    ]),
    [
      ['market', CONTRACT.key, iso(FROM + 3 * HOUR), 1, '200'],
      ['basis', CONTRACT.key, iso(FROM + 3 * HOUR), 1, '200']
    ]
  )
})

type Listed = { readonly fact: string; readonly at: string; readonly revision: number; readonly knownAt: string }
type Page = { readonly rows: Listed[]; readonly next: string | null }
type Connection = {
  readonly nodes: Listed[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string }
}

test('corrections stay listed when their days are sealed, between two pages as well, over REST and GraphQL', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db, url } = api
  const importOf = async (kind: string, key: string, text: string, ...options: string[]) =>
    await importJson(db, [await files.write('f.csv', text), '--kind', kind, '--instrument', key, ...options])
  const rates = (last: string) => `time,rate\n${iso(FROM)},0.0001\n${iso(FROM + 8 * HOUR)},${last}\n`
  await importOf('prices', SPOT.key, csv(100))
  await importOf('prices', CONTRACT.key, csv(101))
  await importOf('funding', CONTRACT.key, rates('0.0002'))
  const since = await dbNow(db)
  await importOf('prices', CONTRACT.key, csv(101, { 3: 200, 30: 201 }), '--correct')
  await importOf('funding', CONTRACT.key, rates('0.0003'), '--correct')
  const done = await dbNow(db)
  const page = async (query: string, cursor: string | null): Promise<Page> => {
    const answer = await get(api, `/v1/changes?since=${since}${query}${cursor === null ? '' : `&cursor=${cursor}`}`)
    const { data, page: paging } = JSON.parse(answer)
    return { rows: data, next: paging.next }
  }
  const graphqlPage = async (args: string, cursor: string | null): Promise<Page> => {
    const after = cursor === null ? '' : `, after: "${cursor}"`
    const query = `{ changes(since: "${since}", corrections: "only"${args}${after}) {
      nodes { knownAt fact instrument venue at revision source body } pageInfo { hasNextPage endCursor } } }`
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    const { nodes, pageInfo } = ((await response.json()) as { data: { changes: Connection } }).data.changes
    return { rows: nodes, next: pageInfo.hasNextPage ? pageInfo.endCursor : null }
  }
  await eventually(
    async () => JSON.parse(await get(api, `/v1/changes?since=${since}`)).meta.to as string,
    (to) => to > done
  )
  const hot = (await page('', null)).rows
  assert.deepEqual(
    hot.map(({ fact, at, revision }) => [fact, at, revision]),
    [
      ['market', iso(FROM + 3 * HOUR), 1],
      ['market', iso(FROM + 30 * HOUR), 1],
      ['basis', iso(FROM + 3 * HOUR), 1],
      ['basis', iso(FROM + 30 * HOUR), 1],
      ['settlement', iso(FROM + 8 * HOUR), 1]
    ]
  )
  assert.deepEqual((await page('&corrections=only', null)).rows, hot, 'nothing else has become known since')
  const only = await page('&corrections=only&limit=1', null)
  const onlyInGraphql = await graphqlPage(', first: 1', null)
  const tooEarly = await page('&limit=1', null)
  await importOf('funding', CONTRACT.key, rates('0.0004'), '--correct')
  await keepAt(db, START + 8 * DAY)
  const { rows: left } = await db.query('select 1 from market_snapshot union all select 1 from basis_snapshot')
  assert.equal(left.length, 0, 'all are sealed')

  const restOf = async (first: Page, next: (cursor: string) => Promise<Page>) => {
    const rows = [...first.rows]
    for (let { next: cursor } = first; cursor !== null; ) {
      const found = await next(cursor)
      rows.push(...found.rows)
      cursor = found.next
    }
    return rows
  }
  assert.deepEqual(await restOf(only, (cursor) => page('&corrections=only&limit=1', cursor)), hot)
  assert.deepEqual(await restOf(onlyInGraphql, (cursor) => graphqlPage(', first: 1', cursor)), hot)
  assert.deepEqual((await graphqlPage('', null)).rows.slice(0, 5), hot, 'asked for the first time after that')
  const basis = await page('&corrections=only&fact=basis', null)
  assert.deepEqual(basis.rows, hot.slice(2, 4))

  // Of all that became known the rest is gone: no page goes on over the hole, and the answer says where corrections are.
  const refused = await fetch(`${url}/v1/changes?since=${since}&limit=1&cursor=${tooEarly.next}`)
  const { code, errors } = (await refused.json()) as { code: string; errors: { message: string }[] }
  assert.deepEqual([refused.status, code], [400, 'since_too_old'])
  assert.match(errors[0]!.message, /corrections=only/)
})

test('a page goes on where what was sealed since had been told before', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db, url } = api
  const since = await dbNow(db)
  await importJson(db, [await files.write('f.csv', csv(101)), ...PRICES, CONTRACT.key])
  const rates = [0, 8, 16].map((hour) => `${iso(FROM + hour * HOUR)},0.000${hour + 1}`)
  const file = await files.write('r.csv', `time,rate\n${rates.join('\n')}\n`)
  await importJson(db, [file, '--kind', 'funding', '--instrument', CONTRACT.key])
  const done = await dbNow(db)
  const path = `/v1/changes?since=${since}&fact=market,settlement&limit=41`
  const first = await eventually(
    async () => JSON.parse(await get(api, path)),
    ({ meta }) => meta.to > done
  )
  assert.equal(first.data.at(-1).fact, 'settlement', '40 prices came before')
  await keepAt(db, START + 8 * DAY)
  const { data } = JSON.parse(await get(api, `${path}&cursor=${first.page.next}`))
  assert.deepEqual(
    data.map(({ at }: Listed) => at),
    [iso(FROM + 8 * HOUR), iso(FROM + 16 * HOUR)]
  )
  assert.equal((await fetch(url + path)).status, 400, 'from the beginning the prices are missing')
})

test('what a correction asks of the database does not grow with the other contracts of its asset', async () => {
  await using t = await testDatabase()
  const at = START + HOUR
  const both = [SPOT, CONTRACT].map(({ id }) => ({ instrumentId: id, at, last: '100' }))
  await storePrices(t.db, both)
  await storePrices(t.db, [{ instrumentId: CONTRACT.id, at, last: '101' }], true)
  await storePrices(t.db, [{ instrumentId: SPOT.id, at, last: '99' }], true)
  const others = Array.from({ length: 30 }, (_, index) => anInstrument('bybit:BTC/USDT:USDT', { id: 10 + index }))
  const asked = async (changed: Instrument, instruments: readonly Instrument[]) =>
    await t.db.transaction(async (client) => {
      const statements: string[] = []
      const counting = new Proxy(client, {
        get: (target, name) => {
          if (name !== 'query') return Reflect.get(target, name)
          return (...args: [string, unknown[]]) => {
            statements.push(args[0])
            return target.query(...args)
          }
        }
      })
      const stamp = { source: 'import', epoch: 0 } as const
      await derivePastBasis(counting, instruments, changed, { from: at, to: at }, stamp)
      return statements.length
    })
  for (const changed of [SPOT, CONTRACT]) {
    const few = await asked(changed, [SPOT, CONTRACT, others[0]!])
    assert.ok(few > 3)
    assert.equal(await asked(changed, [SPOT, CONTRACT, ...others]), few, changed.key)
  }
})

/** Runs imports while somebody holds what they wait for, so that all have begun before any goes on. */
async function atOnce<T>(db: Database, lock: (client: Transaction) => Promise<void>, imports: (() => Promise<T>)[]) {
  const running = await db.transaction(async (client) => {
    await lock(client)
    const begun = imports.map((each) => each())
    await eventually(
      async () => {
        const { rows } = await client.query<{ count: number }>(
          `select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())`
        )
        return rows[0]!.count
      },
      (count) => count === imports.length
    )
    return { begun }
  })
  return await Promise.all(running.begun)
}

test('of corrections that come at once each is a revision after the other, of the price and of the basis: none twice, none lost', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  await using files = await fileFolder()
  const { db } = t
  const importOf = async (key: string, text: string, ...options: string[]) =>
    await importJson(db, [await files.write(`${randomUUID()}.csv`, text), ...PRICES, key, ...options])
  await importOf(SPOT.key, csv(100))
  await importOf(CONTRACT.key, csv(101))
  const ids = await db.query<{ key: string; id: number }>('select key, id from instrument')
  const idOf = (key: string) => ids.rows.find((row) => row.key === key)!.id
  const prices = async () => {
    const { rows } = await db.query<{ revision: number; last: string }>(
      'select revision, last from market_snapshot where instrument_id = $1 and tick_at = $2 order by revision',
      [idOf(CONTRACT.key), new Date(FROM + 3 * HOUR)]
    )
    assert.deepEqual(
      rows.map(({ revision }) => revision),
      rows.map((_, index) => index)
    )
    return rows.map(({ last }) => last)
  }
  const bases = async () => {
    const { rows } = await db.query<{ revision: number; contract_mid: string; spot_mid: string }>(
      'select revision, contract_mid, spot_mid from basis_snapshot where tick_at = $1 order by revision',
      [new Date(FROM + 3 * HOUR)]
    )
    return rows.map(({ contract_mid, spot_mid }) => [contract_mid, spot_mid])
  }
  const correct = (key: string, base: number, price: number) => () =>
    importOf(key, csv(base, { 3: price }), '--correct')
  const both = await atOnce(db, (client) => lockPast(client, idOf(CONTRACT.key)), [
    correct(CONTRACT.key, 101, 200),
    correct(CONTRACT.key, 101, 300)
  ])
  assert.deepEqual(
    both.map(({ corrected }) => corrected),
    [1, 1]
  )
  const said = await prices()
  assert.deepEqual([said[0], said.slice(1).sort()], ['104', ['200', '300']])
  assert.deepEqual(
    await bases(),
    said.map((price) => [price, '103'])
  )
  // Of both legs at once: whichever comes second sees what the first has brought.
  await atOnce(db, (client) => lockPair(client, idOf(CONTRACT.key)), [
    correct(CONTRACT.key, 101, 400),
    correct(SPOT.key, 100, 150)
  ])
  const made = await bases()
  assert.equal(made.length, 5)
  assert.deepEqual(made.at(-1), ['400', '150'])
  const listed = await db.query<{ fact: string; revisions: number[] }>(
    'select fact, array_agg(revision order by revision) as revisions from correction where instrument_id = $1 group by fact order by fact',
    [idOf(CONTRACT.key)]
  )
  assert.deepEqual(listed.rows, [
    { fact: 'basis', revisions: [1, 2, 3, 4] },
    { fact: 'market', revisions: [1, 2, 3] }
  ])
})

test('what was polled is nobody’s to correct, a row without a price is completed, and a basis against an earlier leg is corrected too', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db } = api
  const spot = await importJson(db, [await files.write('s.csv', csv(100)), ...PRICES, SPOT.key])
  assert.equal(spot.stored, 40)
  await importJson(db, [await files.write('p.csv', csv(101)), ...PRICES, CONTRACT.key])
  await db.query(`update market_snapshot set source = 'polled' where tick_at = $1`, [new Date(FROM + 5 * HOUR)])
  await db.query(
    `update market_snapshot set source = 'backfill', last = null, open_interest_base = 7 where tick_at = $1 and instrument_id =
       (select id from instrument where key = $2)`,
    [new Date(FROM + 6 * HOUR), CONTRACT.key]
  )
  // Another leg was chosen since.
  await importJson(db, [await files.write('o.csv', csv(99)), ...PRICES, 'binance:BTC/USDC'])
  await db.query(
    `update basis_snapshot set spot_id = (select id from instrument where key = 'binance:BTC/USDC') where tick_at < $1`,
    [new Date(FROM + 3 * HOUR)]
  )
  const file = await files.write('c.csv', csv(101, { 1: 300, 5: 301, 6: 302 }))
  const plain = await importJson(db, [file, ...PRICES, CONTRACT.key])
  assert.deepEqual([plain.stored, plain.differs, plain.corrected], [1, 2, 0], 'nothing was said of the sixth hour')
  const { corrected, differs } = await importJson(db, [file, ...PRICES, CONTRACT.key, '--correct'])
  assert.deepEqual([corrected, differs], [1, 1])
  const { rows } = await db.query(
    `select last, m.source, revision, open_interest_base from market_snapshot m join instrument i on i.id = m.instrument_id
     where key = $1 and tick_at = any ($2) order by tick_at, revision`,
    [CONTRACT.key, [1, 5, 6].map((hour) => new Date(FROM + hour * HOUR))]
  )
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ['102', 'import', 0, null],
      ['300', 'import', 1, null],
      ['106', 'polled', 0, null],
      [null, 'backfill', 0, '7'],
      ['302', 'import', 1, '7']
    ]
  )
  const bases = await db.query(
    `select s.key, contract_mid, revision from basis_snapshot b join instrument s on s.id = b.spot_id where tick_at = $1 and revision > 0
     order by s.key`,
    [new Date(FROM + HOUR)]
  )
  assert.deepEqual(
    bases.rows.map((row) => Object.values(row)),
    [
      ['binance:BTC/USDC', '300', 1],
      ['binance:BTC/USDT', '300', 1]
    ]
  )
})

test('a file that corrects settlements brings revisions with their interval, told once', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { db } = api
  const rates = (third: string) =>
    `time,rate\n${[0, 1, 2, 3].map((n) => `${iso(FROM + n * 8 * HOUR)},${n === 2 ? third : `0.000${n + 1}`}`).join('\n')}\n`
  const args = ['--kind', 'funding', '--instrument', CONTRACT.key]
  await importJson(db, [await files.write('f.csv', rates('0.0003')), ...args])
  const file = await files.write('c.csv', rates('0.0009'))
  assert.equal((await importJson(db, [file, ...args])).differs, 1)
  assert.equal((await importJson(db, [file, ...args, '--correct'])).corrected, 1)
  assert.equal((await importJson(db, [file, ...args, '--correct'])).corrected, 0)
  const history = JSON.parse(
    await get(api, `/v1/funding/history?instrument=${encodeURIComponent(CONTRACT.key)}&from=${iso(FROM)}`)
  ) as { data: Record<string, unknown>[] }
  const third = history.data.find(({ settledAt }) => settledAt === iso(FROM + 16 * HOUR))!
  assert.deepEqual([third['rate'], third['revision'], third['intervalHours']], [0.0009, 1, 8])
  const events = await told(db)
  assert.deepEqual(
    events.map(({ fact, rate, revision }) => [fact, rate, revision]),
    [['settlement', 0.0009, 1]]
  )
})

test('an exported table is not corrected with: it has revisions of its own', async () => {
  await using api = await testApi()
  await using files = await fileFolder()
  const { rows } = await api.db.query<{ columns: string }>(
    `select string_agg(attname, ',' order by attnum) as columns from pg_attribute
     where attrelid = 'market_snapshot'::regclass and attnum > 0 and not attisdropped`
  )
  const header = rows[0]!.columns
    .replace('instrument_id', 'instrument')
    .replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
  const file = await files.write('t.csv', `${header}\n${header.replace(/[^,]+/g, '1')}\n`)
  await assert.rejects(importLines(api.db, [file, '--kind', 'prices', '--correct']), /has revisions of its own/)
})
