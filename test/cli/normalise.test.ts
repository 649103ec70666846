import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { runNormalise } from '../../src/cli/normalise.ts'
import { InvalidInputError } from '../../src/errors.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'

const RECORDED = fileURLToPath(new URL('../../../shared/data/ccxt-static', import.meta.url))
const skip = existsSync(RECORDED) ? false : 'the recorded bodies in ../shared/data are not here'
const SUPPORTED = new Set<string>(ADAPTERS.flatMap(({ ccxtIds }) => ccxtIds))

type Row = Readonly<Record<string, unknown>>
type Line = {
  readonly venue: string
  readonly method: string | null
  readonly index: number
  readonly rows: readonly Row[]
  readonly skipped: readonly { readonly symbol: string | null; readonly reason: string }[]
  readonly error: string | null
}
type Fixture = { method: string; input: unknown[]; httpResponse: unknown }

async function normalise(dir: string): Promise<Line[]> {
  const lines: Line[] = []
  assert.equal(await runNormalise(dir, (line) => void lines.push(JSON.parse(line))), 0)
  return lines
}

/** A folder of the recorded form with the recorded markets of the venues in it. */
async function folderOf(fixtures: unknown): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'contango-normalise-'))
  await mkdir(join(dir, 'markets'))
  await writeFile(
    join(dir, 'response-fixtures.json'),
    typeof fixtures === 'string' ? fixtures : JSON.stringify(fixtures)
  )
  const marketsOf = async (venue: string) => {
    const file = venue.startsWith('binance') ? 'binance' : venue
    const source = join(RECORDED, 'markets', `${file}.json`)
    if (existsSync(source)) await writeFile(join(dir, 'markets', `${venue}.json`), await readFile(source))
  }
  const venues = typeof fixtures === 'object' && fixtures !== null ? Object.keys(fixtures) : []
  for (const venue of venues) await marketsOf(venue)
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

async function rowsOf(venue: string, method: string, input: unknown[], httpResponse: unknown): Promise<Line> {
  await using folder = await folderOf({ [venue]: [{ method, input, httpResponse }] })
  return (await normalise(folder.dir))[0]!
}

test('every recorded fixture gets one line in file order, and only supported venues have rows', { skip }, async () => {
  const file = JSON.parse(await readFile(join(RECORDED, 'response-fixtures.json'), 'utf8'))
  const lines = await normalise(RECORDED)
  const expected = Object.entries<Fixture[]>(file).flatMap(([venue, fixtures]) =>
    fixtures.map(({ method }, index) => ({ venue, method, index }))
  )
  assert.deepEqual(
    lines.map(({ venue, method, index }) => ({ venue, method, index })),
    expected
  )
  for (const line of lines.filter(({ venue }) => !SUPPORTED.has(venue))) {
    assert.deepEqual([line.rows, line.skipped, line.error], [[], [{ symbol: null, reason: 'unsupported_venue' }], null])
  }
  const supported = lines.filter(({ venue }) => SUPPORTED.has(venue))
  assert.ok(supported.every(({ error }) => error === null))
  assert.ok(supported.every(({ rows, skipped }) => rows.length > 0 || skipped.length > 0))
})

test('a page of hourly settlements shows its own interval', { skip }, async () => {
  const lines = await normalise(RECORDED)
  const { rows } = lines.find(({ venue, method }) => venue === 'bybit' && method === 'fetchFundingRateHistory')!
  assert.deepEqual(rows.at(-1), {
    instrument: 'bybit:ZRX/USDT:USDT',
    settledAt: '2026-01-27T19:00:00.000Z',
    venueTime: '2026-01-27T19:00:00.000Z',
    rate: -0.00010131,
    intervalHours: 1,
    intervalSource: 'observed',
    rate8h: -0.00081048,
    apr: -0.8874756
  })
  assert.equal(rows.length, 3)
})

test('numbers of a recorded body arrive unchanged: prices exact, open interest, estimates, options skipped', {
  skip
}, async () => {
  const lines = (await normalise(RECORDED)).filter(({ venue }) => venue === 'bybit')
  const rowOf = (method: string, place = 0) => lines.filter((line) => line.method === method)[place]!.rows[0]
  assert.deepEqual(rowOf('fetchTicker'), {
    ...{ instrument: 'bybit:BTC/USDT:USDT', bid: '51444.3', ask: '51444.4', last: '51444.4' },
    ...{ mark: '51444.4', index: '51469.95', venueTime: null }
  })
  assert.deepEqual(rowOf('fetchOpenInterest'), {
    ...{ instrument: 'bybit:BTC/USDT:USDT', base: '62129.455', quote: null, usd: null, sides: 2 }
  })
  assert.deepEqual(rowOf('fetchOpenInterest', 1), {
    ...{ instrument: 'bybit:BTC/USD:BTC', base: null, quote: '1536179414', usd: '1536179414', sides: 2 }
  })
  assert.deepEqual(rowOf('fetchFundingRate'), {
    ...{ instrument: 'bybit:BTC/USDT:USDT', fundingRate: 0.0001, fundingIntervalHours: 8 },
    ...{ fundingIntervalSource: 'declared', fundingKind: 'indicative', fundingRate8h: 0.0001, fundingApr: 0.1095 },
    ...{ nextSettlementAt: '2024-11-04T16:00:00.000Z', cap: 0.005, floor: -0.005 },
    venueTime: '2024-11-04T14:21:20.834Z'
  })
  assert.deepEqual(lines.find(({ method }) => method === 'fetchTickers')!.skipped, [
    { symbol: 'BTC/USDT:USDT-250530-70000-C', reason: 'unsupported_kind' }
  ])
})

test('bodies of Binance in its other classes and with more digits than a float has keep their digits', {
  skip
}, async () => {
  const history = await rowsOf(
    'binanceusdm',
    'fetchFundingRateHistory',
    ['BTC/USDT:USDT'],
    [
      { symbol: 'BTCUSDT', fundingRate: '-0.03750000', fundingTime: 1570608000000, markPrice: '34287.54619963' },
      { symbol: 'BTCUSDT', fundingRate: '0.00010000', fundingTime: 1570636800013, markPrice: '' }
    ]
  )
  assert.equal(history.venue, 'binanceusdm')
  assert.deepEqual(
    history.rows.map(({ instrument, settledAt, venueTime, rate, intervalHours }) => [
      instrument,
      settledAt,
      venueTime,
      rate,
      intervalHours
    ]),
    [
      ['binance:BTC/USDT:USDT', '2019-10-09T08:00:00.000Z', '2019-10-09T08:00:00.000Z', -0.0375, 8],
      ['binance:BTC/USDT:USDT', '2019-10-09T16:00:00.000Z', '2019-10-09T16:00:00.013Z', 0.0001, 8]
    ]
  )
  const book = await rowsOf('binance', 'fetchOrderBook', ['BTC/USDT'], {
    bids: [
      ['9.9', '1'],
      ['10.1', '12345678901234567.12345678']
    ],
    asks: [
      ['100.5', '1'],
      ['10.2', '2'],
      ['11', '0.00000000']
    ]
  })
  assert.deepEqual(book.rows, [
    {
      instrument: 'binance:BTC/USDT',
      bids: [
        ['10.1', '12345678901234567.12345678'],
        ['9.9', '1']
      ],
      asks: [
        ['10.2', '2'],
        ['100.5', '1']
      ]
    }
  ])
  const rounded = `{"binance":[{"method":"fetchTicker","input":["BTC/USDT"],"httpResponse":
    {"symbol":"BTCUSDT","bidPrice":1234567.12345678901,"askPrice":1e400,"lastPrice":"NaN","closeTime":1710328245391}}]}`
  await using folder = await folderOf({ binance: [] })
  await writeFile(join(folder.dir, 'response-fixtures.json'), rounded)
  const { bid, ask, last } = (await normalise(folder.dir))[0]!.rows[0]!
  assert.deepEqual([bid, ask, last], ['1234567.12345678901', null, null])
})

test('an interval that nobody declared is marked as assumed', { skip }, async () => {
  const { rows } = await rowsOf(
    'binance',
    'fetchFundingRates',
    [null, { subType: 'linear' }],
    [
      {
        symbol: 'BTCUSDT',
        markPrice: '1',
        indexPrice: '1',
        lastFundingRate: '0.00038246',
        nextFundingTime: 1597392000000,
        time: 1597370495002
      },
      {
        symbol: 'NOBODYUSDT',
        markPrice: '1',
        indexPrice: '1',
        lastFundingRate: '0.1',
        nextFundingTime: 1597392000000,
        time: 1597370495002
      }
    ]
  )
  assert.equal(rows.length, 1)
  assert.deepEqual(
    [rows[0]!['fundingRate'], rows[0]!['fundingIntervalHours'], rows[0]!['fundingIntervalSource']],
    [0.00038246, 8, 'assumed']
  )
})

test('a broken fixture says what is wrong in its own line and the others go on', { skip }, async () => {
  const good = {
    method: 'fetchTicker',
    input: ['BTC/USDT'],
    httpResponse: { symbol: 'BTCUSDT', bidPrice: '1', askPrice: '2' }
  }
  await using folder = await folderOf({
    binance: [
      { ...good, httpResponse: { code: -1121, msg: 'Invalid symbol.' } },
      { ...good, input: ['NO/SUCH'] },
      { ...good, httpResponse: '<html>502</html>' },
      null,
      { ...good, method: 'createOrder' },
      { ...good, method: 'constructor' },
      { ...good, input: undefined },
      good
    ],
    nosuchvenue: [good, null],
    bybit: []
  })
  const lines = await normalise(folder.dir)
  assert.match(lines[0]!.error!, /^BadSymbol: .*Invalid symbol/)
  assert.match(lines[1]!.error!, /^BadSymbol: .*NO\/SUCH/)
  assert.match(lines[2]!.error!, /^\w+: /)
  assert.match(lines[3]!.error!, /expected a fixture/)
  assert.deepEqual(
    lines.slice(4, 6).map(({ skipped }) => skipped[0]!.reason),
    ['unsupported_method', 'unsupported_method']
  )
  assert.notEqual(lines[6]!.error, null)
  assert.equal(lines[7]!.rows[0]!['bid'], '1')
  assert.deepEqual(
    lines.slice(8).map(({ skipped }) => skipped[0]!.reason),
    ['unsupported_venue', 'unsupported_venue']
  )
})

test('a venue without its markets fails fixture by fixture; a folder without fixtures fails as a whole', {
  skip
}, async () => {
  await using folder = await folderOf({ bybit: [{ method: 'fetchTicker', input: ['BTC/USDT'], httpResponse: {} }] })
  await rm(join(folder.dir, 'markets', 'bybit.json'))
  assert.match((await normalise(folder.dir))[0]!.error!, /markets\/bybit\.json: there is no such file/)
  for (const [text, pattern] of [
    ['{', /is not JSON/],
    ['[]', /expected a JSON object of venues/],
    ['{"bybit": {}}', /expected a list of fixtures under "bybit"/],
    ['{"../x": []}', /"..\/x" is not a venue id/]
  ] as const) {
    await writeFile(join(folder.dir, 'response-fixtures.json'), text)
    await assert.rejects(
      runNormalise(folder.dir, () => {}),
      (error: unknown) => {
        assert.ok(error instanceof InvalidInputError)
        assert.match(error.message, pattern)
        return true
      }
    )
  }
  await assert.rejects(
    runNormalise('/nowhere', () => {}),
    /there is no such file/
  )
})

const JUNK = fc.constantFrom<unknown>(
  ...['NaN', 'Infinity', '-Infinity', '', '0', '0.0', '-1', '1e400', '1e-400', '1e39', 'null', ' ', '٣', '1,5'],
  ...[null, 0, -1, 1e300, 5e-324, true, false, [], [[]], {}, [null], { __proto__: null, a: 1 }],
  JSON.parse('{"__proto__": {"symbol": "BTCUSDT", "bidPrice": "0"}}')
)
const MUTATIONS = fc.array(fc.tuple(fc.nat(), JUNK), { minLength: 1, maxLength: 4 })

test('whatever a body holds, no row has a number that is none, an empty text or a price of zero', {
  skip
}, async () => {
  const file = JSON.parse(await readFile(join(RECORDED, 'response-fixtures.json'), 'utf8'))
  const read = [...file.binance, ...file.bybit].filter(({ method }: Fixture) => method !== 'fetchOHLCV')
  const venueOf = new Map(
    read.map((fixture, index) => [fixture, index < file.binance.length - 3 ? 'binance' : 'bybit'])
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...read), MUTATIONS), { minLength: 20, maxLength: 20 }),
      async (cases) => {
        const fixtures: Record<string, Fixture[]> = { binance: [], bybit: [] }
        for (const [fixture, mutations] of cases) {
          const body = mutations.reduce<unknown>((all, [place, junk]) => mutate(all, place, junk), fixture.httpResponse)
          fixtures[venueOf.get(fixture)!]!.push({ ...fixture, httpResponse: body })
        }
        await using folder = await folderOf(fixtures)
        for (const { rows } of await normalise(folder.dir)) for (const row of rows) assertSound(row)
      }
    ),
    { numRuns: 25 }
  )
})

/** A copy of a body with the value at some place, counted through all of them, replaced. */
function mutate(body: unknown, place: number, junk: unknown): unknown {
  const copy = structuredClone(body)
  const places: [Record<string, unknown>, string][] = []
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key])
      walk((value as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const [holder, key] = places[place % Math.max(places.length, 1)] ?? []
  if (holder && key !== undefined) holder[key] = junk
  return copy
}

const PRICES = new Set(['bid', 'ask', 'last', 'mark', 'index'])

function assertSound(row: Row): void {
  const shown = JSON.stringify(row)
  for (const [field, value] of Object.entries(row)) {
    // JSON writes NaN and Infinity as null: numbers that must be there are numbers.
    if (['rate', 'fundingRate'].includes(field)) assert.equal(typeof value, 'number', shown)
    if (typeof value === 'string') assert.notEqual(value.trim(), '', shown)
    if (PRICES.has(field) && value !== null) assert.ok(isPrice(value), shown)
    if (field === 'bids' || field === 'asks') assert.ok((value as string[][]).flat().every(isPrice), shown)
    if (['base', 'quote', 'usd'].includes(field) && value !== null) assert.match(String(value), /^\d+(\.\d+)?$/, shown)
  }
}

const isPrice = (value: unknown) => typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) && !/^[0.]+$/.test(value)
