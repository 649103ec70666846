import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import request from 'supertest'
import { type TestApi, testApi } from '../api/fixture.ts'
import { importJson } from './import-run.ts'

const HISTORY = fileURLToPath(new URL('../../../shared/data/history/', import.meta.url))
const AHA = `${HISTORY}aha-hh/all_exchanges.csv`
const skip = existsSync(AHA) ? false : 'the recorded histories in ../shared/data are not here'

type File = readonly [instrument: string, args: readonly string[]]

const FIRST_YEAR: Readonly<Record<string, string>> = { binance: '2020', gate: '2020', dydx: '2022' }

/** Closes and settlements of three venues, stamped by London's clocks. */
const aha = ['binance', 'bybit', 'okx'].flatMap((venue) =>
  ['BTC', 'ETH'].flatMap((base): File[] => {
    const where = (pair: string) => [AHA, '--where', `exchange=${venue},pair=${pair}`, '--time-zone', 'Europe/London']
    const prices = ['--kind', 'prices', '--columns', 'time=time,price=close', '--shift', '8h']
    const funding = ['--kind', 'funding', '--columns', 'time=time,rate=funding rate']
    const [spot, linear, inverse] = [`${base}/USDT`, `${base}USDT`, `${base}USDCM`].map(where)
    return [
      [`${venue}:${base}/USDT`, [...spot!, ...prices]],
      [`${venue}:${base}/USDT:USDT`, [...linear!, ...prices]],
      [`${venue}:${base}/USDT:USDT`, [...linear!, ...funding]],
      [`${venue}:${base}/USD:${base}`, [...inverse!, ...prices]],
      [`${venue}:${base}/USD:${base}`, [...inverse!, ...funding]]
    ]
  })
)
/** Settlements of seven venues, all but two stamped three hours ahead. */
const supervik = ['binance', 'bybit', 'htx', 'mexc', 'kucoin', 'gate', 'dydx'].flatMap((venue) =>
  ['BTC', 'ETH'].map((base): File => {
    const name = `${base}-USDT_${venue}_${FIRST_YEAR[venue] ?? '2021'}-01-01_2024-01-01_funding_history.csv`
    const zone = venue === 'gate' || venue === 'dydx' ? 'UTC' : 'Etc/GMT-3'
    const columns = ['--kind', 'funding', '--columns', 'time=Date,rate=Funding Rate', '--time-zone', zone]
    return [
      `${venue}:${base}/${venue === 'dydx' ? 'USD:USD' : 'USDT:USDT'}`,
      [`${HISTORY}supervik/${name}`, ...columns]
    ]
  })
)
/** Settlements whose rates are texts. */
const yuchengzhang = ['binance', 'hl'].flatMap((venue) =>
  ['BTC', 'ETH'].map((base): File => {
    const columns = ['--kind', 'funding', '--columns', 'rate=funding_rate']
    const instrument = venue === 'hl' ? `hyperliquid:${base}/USDC:USDC` : `binance:${base}/USDT:USDT`
    return [instrument, [`${HISTORY}yuchengzhang966/${venue}_${base}_funding_rates.json`, ...columns]]
  })
)

type Gap = { readonly from: string; readonly to: string; readonly reason: string; readonly filledAt: string | null }
type Answer = { readonly get: <T>(path: string, query: Record<string, string>) => Promise<T> }

test('every recorded history comes in with its traps, and the API tells what it paid and what it lacks', {
  skip,
  timeout: 600_000
}, async (t) => {
  await using api = await testApi()
  const read: Answer = {
    get: async (path, query) => {
      const { body, status } = await request(api.url).get(path).query(query)
      assert.equal(status, 200, JSON.stringify(body))
      return body.data
    }
  }
  const files = [...aha, ...supervik, ...yuchengzhang]
  const lost = []
  const settled = new Set<string>()
  for (const [instrument, args] of files) {
    const { stored, duplicate, refused, differs, matched } = await importJson(api.db, [
      ...args,
      '--instrument',
      instrument
    ])
    if (stored + duplicate !== matched || refused + differs > 0) lost.push([instrument, args])
    if (args.includes('funding')) settled.add(instrument)
  }
  // Binance comes from three of them and Bybit from two, and they agree to the last digit.
  assert.deepEqual(lost, [], 'every row is usable, and none has another value than another file')
  await t.test('the ledger names every hole and every irregular interval, and no other', () => checkGaps(read, settled))
  await t.test('what a year paid is what was published of it', () => checkYears(read))
  await t.test('every stamp becomes the full hour at which the venue settles', () => checkHours(api, settled))
})

/** London's clocks and those three hours ahead of UTC leave no trace: what is off its venue's hours is an irregular interval. */
async function checkHours({ db }: TestApi, settled: ReadonlySet<string>) {
  const { rows } = await db.query<{ key: string; hours: number[]; intervals: number[]; off: number }>(
    `select key, array_agg(distinct hour order by hour) filter (where not is_odd) as hours,
       array_agg(distinct interval_hours) as intervals, count(*) filter (where is_odd)::int as off
     from (
       select key, interval_hours, extract(hour from settled_at at time zone 'UTC')::int as hour,
         exists (select from gap g where g.instrument_id = i.id and reason = 'irregular_interval' and g.to_at = settled_at
           and not exists (select from gap n where n.instrument_id = i.id and n.reason = g.reason and n.to_at = g.from_at)) as is_odd
       from settlement s join instrument i on i.id = s.instrument_id
     ) s group by key`
  )
  const every = Array.from({ length: 24 }, (_, hour) => hour)
  assert.deepEqual(new Set(rows.map(({ key }) => key)), settled)
  for (const { key, ...found } of rows) {
    const [venue] = key.split(':')
    const isHourly = venue === 'dydx' || venue === 'hyperliquid'
    const hours = isHourly ? every : venue === 'kucoin' ? [4, 12, 20] : [0, 8, 16]
    assert.deepEqual(found, { hours, intervals: [isHourly ? 1 : 8], off: venue === 'htx' ? 7 : 0 }, key)
  }
}

const DAYS_AND_HOURS = 9 * 24 + 4

async function checkGaps({ get }: Answer, settled: ReadonlySet<string>) {
  const gaps = new Map<string, Gap[]>()
  for (const instrument of settled) gaps.set(instrument, await get('/v1/gaps', { instrument, limit: '1000' }))
  const named = (instrument: string) => gaps.get(instrument)!.map(({ from, to, reason }) => [from, to, reason])
  for (const base of ['BTC', 'ETH']) {
    const pages = gaps.get(`hyperliquid:${base}/USDC:USDC`)!
    assert.ok(pages.every(({ reason, filledAt }) => reason === 'absent_from_file' && filledAt === null))
    const lengths = pages.map(({ from, to }) => (Date.parse(to) - Date.parse(from)) / 3_600_000)
    assert.equal(pages.length, 25)
    assert.equal(lengths.filter((hours) => hours === DAYS_AND_HOURS).length, 23)
    assert.deepEqual(pages[7], { ...pages[7], from: '2024-08-15T13:00:00.000Z', to: '2024-08-15T14:00:00.000Z' })
    assert.deepEqual(named(`gate:${base}/USDT:USDT`), [
      ['2020-12-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z', 'absent_from_file']
    ])
    assert.deepEqual(named(`htx:${base}/USDT:USDT`), HTX)
  }
  const others = [...gaps].filter(([key]) => !/^(hyperliquid|gate|htx):/.test(key))
  assert.equal(others.length, 18)
  for (const [key, found] of others) assert.deepEqual(found, [], key)
}

const irregular = (...times: string[]) =>
  times.slice(1).map((to, index) => [`${times[index]}:00:00.000Z`, `${to}:00:00.000Z`, 'irregular_interval'])

/** A settlement is missing; seven came late or early, and the one after each is as much nearer or farther. */
const HTX = [
  ['2021-02-19T16:00:00.000Z', '2021-02-20T08:00:00.000Z', 'absent_from_file'],
  ...irregular('2021-04-07T08', '2021-04-07T18', '2021-04-08T00'),
  ...irregular('2021-05-06T00', '2021-05-06T10', '2021-05-06T16'),
  ...irregular('2021-05-19T08', '2021-05-19T18', '2021-05-20T00'),
  ...irregular('2021-05-30T08', '2021-05-30T18', '2021-05-31T00'),
  ...irregular('2021-10-28T00', '2021-10-28T03', '2021-10-28T08'),
  ...irregular('2022-10-19T08', '2022-10-19T19', '2022-10-20T00'),
  ...irregular('2023-04-12T00', '2023-04-12T09', '2023-04-12T16')
]

const PUBLISHED = [
  [2022, 4.16, 0.79],
  [2023, 7.87, 8.26],
  [2024, 11.92, 12.96]
] as const

async function checkYears({ get }: Answer) {
  for (const [year, ...published] of PUBLISHED) {
    // Published of the settlements of a calendar year; a window of ours has its end and not its beginning.
    const [from, to] = [year, year + 1].map((each) => new Date(Date.UTC(each, 0) - 1).toISOString())
    for (const [index, base] of ['BTC', 'ETH'].entries()) {
      const query = { instrument: `binance:${base}/USDT:USDT`, from: from!, to: to! }
      const paid = await get<{ realisedApr: number; settlements: number; coverage: number }>(
        '/v1/funding/realised',
        query
      )
      assert.equal(Number((paid.realisedApr * 100).toFixed(2)), published[index], `${base} ${year}`)
      assert.deepEqual([paid.settlements, paid.coverage], [year === 2024 ? 1_098 : 1_095, 1])
    }
  }
}
