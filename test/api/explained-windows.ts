import request from 'supertest'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { rollUp } from '../support/rolled-up.ts'
import { aLiquidation, observeLiquidations, observeQuote } from '../support/sizes.ts'
import { insertInstrument, NOW_MS } from './fixture.ts'

// Numbers of windows and of past moments, and the rows that answer them: by what is asked of `/v1/explain`, without the metric.

type Fields = Record<string, unknown>
export type Asked = { instrument: string; against?: string; at?: string; from?: string }
type Family = {
  readonly asked: (instruments: readonly string[]) => Asked[]
  readonly row: (url: string, asked: Asked) => Promise<Fields | undefined>
}

const HOUR = 3_600_000
const CURVES = /^(binance|bybit):BTC\/USDT:/

const rowsOf = async (url: string, path: string, query: object): Promise<Fields[]> => {
  const { body, status } = await request(url).get(path).query(query)
  if (status !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${JSON.stringify(body)}`)
  return body.data
}
const venueOf = ({ instrument }: Asked) => instrument.split(':')[0]
const endOf = ({ at }: Asked) => Number(at ?? NOW_MS)

const termStructureHistory: Family = {
  asked: (instruments) =>
    instruments
      .filter((key) => CURVES.test(key))
      .flatMap((instrument) => [{ instrument }, { instrument, at: String(NOW_MS - 7.5 * HOUR) }]),
  row: async (url, asked) => {
    const to = Math.floor(endOf(asked) / HOUR) * HOUR
    const curve = { asset: 'BTC', venue: venueOf(asked), from: to - HOUR, to }
    const [row] = await rowsOf(url, '/v1/term-structure/history', curve)
    const contracts = row!.contracts as Fields[]
    return { ...row, point: contracts.find(({ instrument }) => instrument === asked.instrument) }
  }
}

const termStructureRolled: Family = {
  asked: (instruments) =>
    instruments
      .filter((key) => /^binance:BTC\/USDT:/.test(key))
      .flatMap((instrument) => [
        { instrument },
        { instrument, from: String(NOW_MS - 8 * HOUR) },
        { instrument, at: String(NOW_MS - 5.5 * HOUR) }
      ]),
  row: async (url, asked) => {
    const to = Math.floor(endOf(asked) / HOUR) * HOUR
    const from = asked.from ?? endOf(asked) - 24 * HOUR
    const chain = { asset: 'BTC', venue: venueOf(asked), settle: 'USDT', from, to }
    const rows = await rowsOf(url, '/v1/term-structure/rolled', chain)
    const rolls = rows.flatMap((row) => row.rolls as Fields[])
    return { ...rows.at(-1), roll: rolls.at(-1) }
  }
}

const fundingRealised: Family = {
  asked: (instruments) =>
    perpetualsOf(instruments).flatMap((instrument) => [{ instrument }, ...windowsOf({ instrument })]),
  row: async (url, asked) => {
    const { body } = await request(url)
      .get('/v1/funding/realised')
      .query({ instrument: asked.instrument, from: asked.from, to: asked.at })
    return body.data
  }
}

const fundingSpreadsRealised: Family = {
  asked: (instruments) =>
    perpetualsOf(instruments)
      .flatMap((instrument, place, all) => all.slice(place + 1).map((against) => ({ instrument, against })))
      .filter(({ instrument, against }) => instrument.split(':')[0] !== against.split(':')[0])
      .flatMap((pair) => [pair, ...windowsOf(pair)]),
  row: async (url, asked) => {
    const query = { asset: 'BTC', from: asked.from, to: asked.at ?? NOW_MS, limit: 1_000 }
    const rows = await spreadsOf(url, query)
    return rows.find(({ short, long }) => new Set([short, long, asked.instrument, asked.against]).size === 2)
  }
}

const liquidations: Family = {
  asked: (instruments) =>
    instruments
      .filter((key) => /^(okx|binance):BTC\/.+:/.test(key))
      .flatMap((instrument) => [{ instrument }, { instrument, from: String(NOW_MS - 30 * HOUR) }]),
  row: async (url, asked) => {
    const query = { instrument: asked.instrument, from: asked.from, to: asked.at }
    const [row] = await rowsOf(url, '/v1/liquidations', query)
    return row
  }
}

const perpetualsOf = (instruments: readonly string[]) => instruments.filter((key) => /:BTC\/[A-Z]+:[A-Z]+$/.test(key))
const windowsOf = <Of extends Asked>(of: Of) => [
  { ...of, from: String(NOW_MS - 60 * HOUR), at: String(NOW_MS - 4 * HOUR) },
  { ...of, from: String(NOW_MS - 33.5 * HOUR) }
]
/** Each window is asked for once, whatever the pair. */
const asking = new Map<string, Promise<Fields[]>>()
const spreadsOf = (url: string, query: object) => {
  const key = `${url} ${JSON.stringify(query)}`
  const asked = asking.get(key) ?? rowsOf(url, '/v1/funding/spreads', query)
  asking.set(key, asked)
  return asked
}

export const WINDOWS: Readonly<Record<string, Family>> = {
  termStructureHistory,
  termStructureRolled,
  liquidations,
  fundingRealised,
  fundingSpreadsRealised
}

/** What the answers say, by answer and by what is asked. */
export async function readWindows(url: string, instruments: readonly string[]) {
  const told = new Map<string, Fields | undefined>()
  const keyOf = (answer: string, { instrument, against, at, from }: Asked) =>
    JSON.stringify([answer, instrument, against, at, from])
  for (const [answer, { asked, row }] of Object.entries(WINDOWS)) {
    for (const each of asked(instruments)) told.set(keyOf(answer, each), await row(url, each))
  }
  return (answer: string, asked: Asked) => told.get(keyOf(answer, asked))
}

/** Dated contracts that expire later than any maturity, of both venues whose bases are kept. */
export async function seedFar(db: Database): Promise<void> {
  for (const venue of ['binance', 'bybit']) {
    const { rows } = await db.query<{ id: number }>('select id from instrument where key = $1', [`${venue}:BTC/USDT`])
    const expiresAt = new Date(NOW_MS + 200 * 24 * HOUR)
    const key = `${venue}:BTC/USDT:USDT-${expiresAt.toISOString().slice(2, 10).replaceAll('-', '')}`
    const id = await insertInstrument(db, { key, spotId: rows[0]!.id })
    await db.query('update instrument set expires_at = $2 where id = $1', [id, expiresAt])
    await observeQuote(db, id, { bid: '65101', ask: '65104' })
  }
}

/** Looks at contracts, of which one has shown something now and a day ago, and another nothing. */
export async function seedLooks(db: Database): Promise<void> {
  const { rows } = await db.query<{ id: number }>(
    `select id from instrument where key ~ '^okx:BTC/.+:' order by id limit 2`
  )
  const shown = (atMs: number) =>
    [
      ['long', '1.25', '80001.5'],
      ['long', '0.75', '47999.5'],
      ['short', '2.5', '160000']
    ].map(([position, base, quote], place) =>
      aLiquidation({
        nativeId: `${atMs}-${place}`,
        occurredAt: atMs - (place + 1) * 60_000,
        position: position as 'long',
        base: base!,
        quote: quote!
      })
    )
  for (const observedAt of [NOW_MS - 10_000, NOW_MS - 40_000, NOW_MS - 25 * HOUR]) {
    for (const [place, { id }] of rows.entries())
      await observeLiquidations(db, id, { observedAt, liquidations: place === 0 ? shown(observedAt) : [] })
  }
}

/** Two hours of the dated contracts of both venues as they are rolled up, one of them without a price at the second. */
export async function seedHours(db: Database): Promise<void> {
  const { rows } = await db.query<{ id: number; spot: number }>(
    `select id, spot_id as spot from instrument where key ~ '^(binance|bybit):BTC/USDT:USDT-' and spot_id is not null order by id`
  )
  for (const [place, { id, spot }] of rows.entries()) {
    const hours = [1, 9].map((hour) => ({
      start: NOW_MS - hour * HOUR,
      close: 7.7 + 31.3 * place - hour,
      minute: 59 - place
    }))
    await rollUp(db, id, spot, place === 1 ? hours.slice(0, 1) : hours)
  }
}

/** The nearest dated contracts of binance, each from when the one before is priced no longer alone: two rolls within the day. */
export async function seedWindows(db: Database): Promise<void> {
  const { rows } = await db.query<{ id: number }>(
    `select id from instrument where key ~ '^binance:BTC/USDT:USDT-' order by expires_at limit 3`
  )
  for (const [place, { id }] of rows.entries()) {
    const hours = Array.from({ length: 30 - 10 * place }, (_, hour) => NOW_MS - (hour + 1) * HOUR + 3_540_000)
    await ensurePartitions(db, 'market_snapshot', hours, NOW_MS)
    await db.query(
      `insert into market_snapshot (instrument_id, tick_at, observed_at, known_at, available_at, bid, ask, span_ms, source, adapter_version)
       select $1, at, at, at, at, $3::numeric - 1, $3::numeric + 2, 60000, 'polled', 1 from unnest($2::timestamptz[]) at`,
      [id, hours.map((at) => new Date(at)), 64_000 + 321 * place]
    )
  }
}
