import { isWhole, type Quotes } from '../domain/carry-return.ts'
import { decimalOf, multiply, parseDecimal } from '../domain/decimal.ts'
import type { Grade } from '../domain/quality.ts'
import { DAY, floorTo } from '../domain/time.ts'
import type { Database } from './database.ts'
import { FACTS } from './sealed/facts.ts'
import { listRowsOfMany } from './sealed/rows.ts'

type Queryable = Pick<Database, 'query'>

/** The first quotes of a pair from a time on, before another. */
export type QuoteQuestion = {
  readonly instrumentId: number
  readonly spotId: number
  readonly fromMs: number
  readonly toMs: number
}

type QuoteRow = {
  tick_at: Date
  revision: number
  contract_bid: string | null
  contract_ask: string | null
  spot_bid: string | null
  spot_ask: string | null
  multiplier: string | null
  fx: number | null
  grade: Grade
  source: string
}
const COLUMNS = [
  'tick_at',
  'revision',
  'contract_bid',
  'contract_ask',
  'spot_bid',
  'spot_ask',
  'multiplier',
  'fx',
  'grade',
  'source'
] as const satisfies readonly (keyof QuoteRow)[]

/**
 * The first whole best prices of both legs that were polled in each window, as they were observed, whatever was corrected later; spot in
 * the contract's own unit and currency. In the order of the questions; undefined where there are none.
 */
export async function listFirstQuotes(
  db: Queryable,
  questions: readonly QuoteQuestion[]
): Promise<(Quotes | undefined)[]> {
  const found = await listHot(db, questions)
  const open = questions.map((question, index) => ({ question, index })).filter(({ index }) => !found.has(index))
  // What may have been sealed is read a day at a time, around midnight two: the days of a page are few.
  const byDay = Map.groupBy(open, ({ question }) =>
    [question.fromMs, question.toMs].map((ms) => floorTo(ms, DAY)).join()
  )
  for (const ofDay of byDay.values()) {
    for (const some of apart(ofDay)) {
      const fromMs = Math.min(...some.map(({ question }) => question.fromMs))
      const toMs = Math.max(...some.map(({ question }) => question.toMs))
      const series = some.map(({ question }) => question)
      const range = { fromMs, toMs, knownAtMs: null, isAsFirst: true, columns: COLUMNS } as const
      const rows = await listRowsOfMany<QuoteRow>(db, FACTS.basis, series, range)
      for (const { question, index } of some) {
        const own = rows.get(question.instrumentId) ?? []
        const within = own.filter(({ tick_at: at }) => +at >= question.fromMs && +at < question.toMs)
        const first = within.flatMap((row) => quotesOf(row) ?? [])[0]
        if (first !== undefined) found.set(index, first)
      }
    }
  }
  return questions.map((_, index) => found.get(index))
}

/** How many stored rows may have to be read for these, revisions included; a sealed day counts whole each time. Counting ends at `most`. */
export async function countFirstQuotes(
  db: Queryable,
  questions: readonly QuoteQuestion[],
  most: number
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select ((select count(*) from (
         select 1 from ${ASKED} cross join lateral (
           select 1 from basis_snapshot f where f.instrument_id = q.instrument_id and f.spot_id = q.spot_id
             and f.tick_at >= q.from_at and f.tick_at < q.to_at limit $5
         ) f limit $5) c)
       + (select coalesce(sum(s.rows), 0) from ${ASKED} cross join lateral (
           select sum(d.rows) as rows from sealed_day d where d.instrument_id = q.instrument_id and d.spot_id = q.spot_id
             and d.fact = $6 and d.day > q.from_at - interval '24 hours' and d.day < q.to_at
         ) s))::int as count`,
    [...askedValues(questions), most, FACTS.basis.name]
  )
  return Math.min(rows[0]!.count, most)
}

const ASKED = `unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[])
  with ordinality as q (instrument_id, spot_id, from_at, to_at, place)`

const askedValues = (questions: readonly QuoteQuestion[]) => [
  questions.map(({ instrumentId }) => instrumentId),
  questions.map(({ spotId }) => spotId),
  questions.map(({ fromMs }) => new Date(fromMs)),
  questions.map(({ toMs }) => new Date(toMs))
]

/** Lots in which no contract is twice: rows are told apart by that. */
function apart<Asked extends { readonly question: QuoteQuestion }>(asked: readonly Asked[]): Asked[][] {
  const seen = new Map<number, number>()
  const turns = Map.groupBy(asked, ({ question: { instrumentId } }) => {
    const turn = (seen.get(instrumentId) ?? -1) + 1
    seen.set(instrumentId, turn)
    return turn
  })
  return [...turns.values()]
}

async function listHot(db: Queryable, questions: readonly QuoteQuestion[]): Promise<Map<number, Quotes>> {
  const { rows } = await db.query<QuoteRow & { place: string }>(
    `select q.place, b.* from ${ASKED} cross join lateral (
         select ${COLUMNS.join(', ')} from basis_snapshot f
         where f.instrument_id = q.instrument_id and f.spot_id = q.spot_id and f.tick_at >= q.from_at and f.tick_at < q.to_at
           and f.revision = 0 and ${USABLE} order by f.tick_at limit 1
       ) b`,
    askedValues(questions)
  )
  return new Map(
    rows.flatMap((row) => {
      const [place, quotes] = [Number(row.place) - 1, quotesOf(row)]
      return quotes === null || !isFirst(quotes, questions[place]!) ? [] : [[place, quotes] as const]
    })
  )
}

/** After midnight it need not be: days are sealed one after the other, and the day before may be while this one is not. */
const isFirst = ({ ts }: Quotes, { fromMs }: QuoteQuestion) => floorTo(ts, DAY) === floorTo(fromMs, DAY)

/** The same as `quotesOf` asks for. */
const USABLE = `f.source = 'polled' and f.grade <> 'none' and f.spot_bid > 0 and f.spot_bid < f.spot_ask
  and f.contract_bid > 0 and f.contract_bid < f.contract_ask and f.multiplier > 0 and f.fx > 0`

function quotesOf(row: QuoteRow): Quotes | null {
  if (row.source !== 'polled' || row.grade === 'none') return null
  const [perpBid, perpAsk, spotBid, spotAsk, multiplier] = [
    row.contract_bid,
    row.contract_ask,
    row.spot_bid,
    row.spot_ask,
    row.multiplier
  ].map((text) => (text === null ? undefined : parseDecimal(text)))
  const fx = row.fx === null ? undefined : decimalOf(row.fx)
  if (!perpBid || !perpAsk || !spotBid || !spotAsk || !multiplier || !fx) return null
  const inContract = (price: typeof spotBid) => multiply(fx, multiply(multiplier, price))
  const quotes = {
    ts: row.tick_at.getTime(),
    perpBid,
    perpAsk,
    spotBid: inContract(spotBid),
    spotAsk: inContract(spotAsk)
  }
  return isWhole(quotes) ? quotes : null
}
