import { DAY, HOUR, MINUTE } from '../src/domain/time.ts'
import type { Database } from '../src/store/database.ts'
import { type Child, startChild } from './child.ts'
import { type BenchDatabase, benchDatabase } from './database.ts'
import { type Figure, inTurn, median } from './figure.ts'
import { fillMarket, fillMonths } from './market-fill.ts'
import { whileAsking } from './waiting.ts'

const RUNS = 3
const NOTIONALS = [10_000, 50_000, 250_000]
const PAGE = 200
/** What one contract costs is measured on so many pages, whatever the number of contracts. */
const PAGES = 2

export type AnalyticsSizes = {
  readonly few: number
  /** The whole board is asked for, at three sizes. */
  readonly board: number
  readonly many: number
}
const SIZES: AnalyticsSizes = { few: 500, board: 5_000, many: 20_000 }

type Rig = { readonly database: BenchDatabase; readonly nowMs: number }

/** Carries, spreads, curves and drivers over markets of different sizes, through the service's own routes. */
export async function measureAnalytics({ few, board, many }: AnalyticsSizes = SIZES): Promise<Figure[]> {
  await using database = await benchDatabase()
  const nowMs = Date.now()
  const rig = { database, nowMs }
  await fillMarket(database.db, { from: 0, to: few }, nowMs)
  const first = await costsOf(rig, few)
  await fillMarket(database.db, { from: few, to: board }, nowMs)
  const whole = await measureBoard(rig, board)
  await fillMonths(database.db, 1, nowMs)
  const refit = await measureRefit(rig)
  await fillMarket(database.db, { from: board, to: many }, nowMs)
  const last = await costsOf(rig, many)
  const growth = Object.keys(first).map((name): Figure => {
    const [ours, value] = [last[name]!, first[name]!]
    return {
      name: `${name}, of ${many.toLocaleString('en')} contracts`,
      unit: 'µs a contract',
      ours,
      yardstick: { name: `of ${few.toLocaleString('en')}`, value },
      ratio: ours / value,
      goal: { atMost: 1.5 },
      runs: RUNS
    }
  })
  return [...whole, refit, ...growth]
}

/** A service of its own for each size: what it knows of the market is that of its size. */
const open = ({ database, nowMs }: Rig) =>
  startChild('serving-process.ts', ['api', database.url, String(nowMs + 2_000)])

async function get(api: Child, path: string): Promise<{ data: unknown[]; page?: { next: string | null } }> {
  const answer = await fetch(api.first + path)
  const body = await answer.json()
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(body)}`)
  return body as never
}

/** Pages of forward carries, at most so many; answers how many rows there were. */
async function carries(api: Child, notional: number, pages = Number.POSITIVE_INFINITY): Promise<number> {
  let rows = 0
  let cursor = ''
  for (let page = 0; page < pages; page += 1) {
    const { data, page: paging } = await get(
      api,
      `/v1/carry?direction=forward&limit=${PAGE}&notional=${notional}${cursor}`
    )
    rows += data.length
    const told = (data as { refusal: string | null }[]).filter(({ refusal }) => refusal === null)
    if (told.length < data.length / 2) throw new Error(`${data.length - told.length} of ${data.length} carries refused`)
    if (paging?.next == null) break
    cursor = `&cursor=${paging.next}`
  }
  return rows
}

async function measureBoard(rig: Rig, contracts: number): Promise<Figure[]> {
  await using api = await open(rig)
  await carries(api, 20_000, 1)
  const waits: number[] = []
  const measured = await inTurn(
    RUNS,
    async () => {
      const { ms, longestMs } = await whileAsking(api.first, async () => {
        for (const notional of NOTIONALS) await carries(api, notional)
      })
      waits.push(longestMs)
      return ms
    },
    () => rawRows(rig, contracts)
  )
  return [
    {
      name: `carries of ${contracts.toLocaleString('en')} contracts × ${NOTIONALS.length} sizes, every page of them`,
      unit: 'ms',
      ours: measured.ours,
      yardstick: { name: 'the rows they are made of, once, by primary key', value: measured.yardstick },
      ratio: measured.ours / measured.yardstick,
      goal: null,
      runs: RUNS
    },
    {
      name: 'the longest that another caller waits meanwhile',
      unit: 'ms',
      ours: median(waits),
      yardstick: null,
      ratio: median(waits),
      goal: { atMost: 50 },
      runs: RUNS
    }
  ]
}

/** What carries are made of, as it lies there, a page's contracts at a time. */
async function rawRows({ database: { db }, nowMs }: Rig, contracts: number): Promise<number> {
  const startedAt = performance.now()
  for (let first = 1; first <= contracts; first += PAGE) {
    const ids = Array.from({ length: Math.min(PAGE, contracts - first + 1) }, (_, index) => 2 * (first + index) + 1)
    const since = (days: number) => [ids, new Date(nowMs - days * DAY)]
    await db.query('select * from settlement where instrument_id = any ($1) and settled_at >= $2', since(90))
    for (const [lengthMs, days] of [
      [DAY, 60],
      [HOUR, 30]
    ] as const)
      await db.query(
        `select * from basis_bucket where instrument_id = any ($1) and start >= $2 and length_ms = ${lengthMs}`,
        since(days)
      )
    const legs = ids.flatMap((id) => [id, id - 1])
    await db.query('select * from market_latest where instrument_id = any ($1)', [legs])
    await db.query('select * from depth_snapshot where instrument_id = any ($1) and tick_at >= $2', [
      legs,
      new Date(nowMs - 3 * MINUTE)
    ])
  }
  return performance.now() - startedAt
}

async function measureRefit(rig: Rig): Promise<Figure> {
  await using api = await open(rig)
  const { db } = rig.database
  const { rows } = await db.query<{ key: string }>('select key from instrument where id = 3')
  const path = `/v1/drivers?instrument=${encodeURIComponent(rows[0]!.key)}`
  const asked = async () => {
    const startedAt = performance.now()
    const { data } = (await get(api, path)) as unknown as { data: { diagnostics: unknown } }
    if (data.diagnostics === null) throw new Error('no model was fitted')
    return performance.now() - startedAt
  }
  await asked()
  const measured = await inTurn(RUNS, asked, () => rawMonths(db, rig.nowMs))
  return {
    name: 'drivers of one basis: a month of models, each of 30 days, from minutes',
    unit: 'ms',
    ours: measured.ours,
    yardstick: { name: 'the rows they are made of by primary key', value: measured.yardstick },
    ratio: measured.ours / measured.yardstick,
    goal: { atMost: 2 },
    runs: RUNS
  }
}

async function rawMonths(db: Database, nowMs: number): Promise<number> {
  const startedAt = performance.now()
  const since = new Date(nowMs - 63 * DAY)
  const read = (columns: string, table: string, id: number) =>
    db.query(`select tick_at, ${columns} from ${table} where instrument_id = $1 and tick_at >= $2`, [id, since])
  await read('basis_bps, adjusted_basis_bps, carry_entry_bps, skew_ms, contract_mid, spot_mid', 'basis_snapshot', 3)
  for (const id of [3, 2]) await read('bid_depth_25, ask_depth_25', 'depth_snapshot', id)
  await read('open_interest_base, open_interest_usd, volume_24h_usd', 'market_snapshot', 3)
  await read('long_short_ratio, taker_buy, taker_sell, taker_at', 'flow_snapshot', 3)
  return performance.now() - startedAt
}

/** Microseconds that each contract of an answer costs, or each of the market where an answer is of all of it. */
async function costsOf(rig: Rig, contracts: number): Promise<Record<string, number>> {
  await using api = await open(rig)
  const costOf = async (work: () => Promise<number>) => {
    await work()
    const costs: number[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const startedAt = performance.now()
      const count = await work()
      costs.push(((performance.now() - startedAt) * 1_000) / count)
    }
    return median(costs)
  }
  const ofMarket = (path: string) => async () => {
    if ((await get(api, path)).data.length === 0) throw new Error(`${path} is empty`)
    return contracts
  }
  return {
    'a page of carries': await costOf(() => carries(api, 50_000, PAGES)),
    'funding spreads of the market': await costOf(ofMarket('/v1/funding/spreads?limit=100')),
    'a page of curves': await costOf(async () => (await get(api, '/v1/term-structure?limit=50')).data.length)
  }
}
