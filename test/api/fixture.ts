import { pino } from 'pino'
import type { ApiDeps } from '../../src/api/context.ts'
import { startApi } from '../../src/api/server.ts'
import { loadConfig } from '../../src/config.ts'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { isoOf } from '../../src/domain/time.ts'
import type { Database } from '../../src/store/database.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { testDatabase } from '../support/database.ts'

export const NOW_MS = Date.UTC(2026, 5, 15, 12)

/** A clock that only moves when told. */
export function manualClock(startMs = NOW_MS) {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms
    }
  }
}

export type TestApi = AsyncDisposable & {
  readonly url: string
  readonly db: Database
  readonly clock: ReturnType<typeof manualClock>
  /** From now on the server's database refuses every connection. */
  cutDatabase(): void
  /** What was logged, line by line. */
  readonly lines: Record<string, unknown>[]
  /** The statements that the server has asked its database. */
  readonly statements: string[]
}

/** Asks until the answer is as wanted; fails after a minute. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const untilMs = Date.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (Date.now() > untilMs) throw new Error(`still not as wanted: ${JSON.stringify(answer)?.slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A listening server on a database of its own. */
export async function testApi({
  config = {},
  storedRowsMax,
  capabilities,
  seed = async () => {}
}: {
  config?: Partial<ApiDeps['config']>
  storedRowsMax?: number
  capabilities?: ApiDeps['capabilities']
  /** Runs before the server does. */
  seed?: (db: Database) => Promise<unknown>
} = {}): Promise<TestApi> {
  const database = await testDatabase()
  const { db } = database
  await seed(db)
  const line = cuttable(db)
  const clock = manualClock()
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const deps = { db: line.db, clock, log, kind: 'simulated', storedRowsMax, capabilities } as const
  const api = await startApi({ config: { ...CONFIG, ...config }, ...deps })
  return {
    url: api.address,
    db,
    clock,
    cutDatabase: line.cut,
    lines,
    statements: line.statements,
    async [Symbol.asyncDispose]() {
      await api.close()
      await database[Symbol.asyncDispose]()
    }
  }
}

function cuttable(db: Database): { db: Database; cut(): void; readonly statements: string[] } {
  let isCut = false
  const statements: string[] = []
  const refused = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
  return {
    db: {
      ...db,
      query: (text, values) => {
        statements.push(text)
        return isCut ? refused() : db.query(text, values)
      },
      openSession: (options) => (isCut ? refused() : db.openSession(options))
    },
    cut: () => {
      isCut = true
    },
    statements
  }
}

export const CONFIG: ApiDeps['config'] = {
  host: '127.0.0.1',
  port: 0,
  roles: ['collect', 'derive', 'deliver', 'api'],
  pollMs: 10_000,
  storeMs: 60_000,
  openInterestMs: 300_000,
  depth: { contracts: 10, everyMs: 60_000 },
  flow: { contracts: 10, everyMs: 300_000 },
  liquidation: { contracts: 10, everyMs: 60_000 },
  marketsMs: 3_600_000,
  fundingRegime: loadConfig({}).fundingRegime,
  bucketParameters: loadConfig({}).bucketParameters,
  bootstrapKeyFile: null,
  rateLimitPerMinute: 100_000,
  webhookPrivateTargets: 'refuse',
  maxDiskBytes: null,
  rawDays: null
}

type InstrumentFields = {
  readonly key: string
  readonly asset?: string
  readonly spotId?: number | null
  readonly multiplier?: string
}

/** Inserts an instrument by its key; answers its id. */
export async function insertInstrument(db: Database, fields: InstrumentFields): Promise<number> {
  const [venue = '', symbol = ''] = fields.key.split(/:(.*)/s)
  const [pair = '', settle] = symbol.split(/:(.*)/s)
  const [base = '', quote = ''] = pair.split('/')
  const kind = settle === undefined ? 'spot' : settle.includes('-') ? 'future' : 'perpetual'
  const { rows } = await db.query<{ id: number }>(
    `insert into instrument (key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, spot_id,
       spot_reason, tracked)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true) returning id`,
    [
      fields.key,
      venue,
      symbol,
      kind,
      fields.asset ?? base,
      base,
      quote,
      settle?.split('-')[0] ?? null,
      settle === undefined ? null : settle.startsWith(base),
      fields.multiplier ?? '1',
      fields.spotId ?? null,
      fields.spotId ? 'same_venue_same_quote' : null
    ]
  )
  await db.query(`insert into venue (id, name) values ($1, $1) on conflict do nothing`, [venue])
  return rows[0]!.id
}

export function boardRow(fields: Partial<BoardRow> & Pick<BoardRow, 'instrument'>): BoardRow {
  const observedAt = isoOf(NOW_MS - 1_000)
  return {
    spot: 'binance:BTC/USDT',
    venue: fields.instrument.split(':')[0]!,
    asset: 'BTC',
    kind: 'perpetual',
    quote: 'USDT',
    settle: 'USDT',
    inverse: false,
    multiplier: 1,
    fx: 1,
    contractBid: '100.1',
    contractAsk: '100.2',
    contractMid: '100.15',
    spotBid: '100',
    spotAsk: '100.1',
    spotMid: '100.05',
    mark: '100.15',
    index: '100.06',
    basisAbs: '0.1',
    basisBps: 9.995,
    premiumBps: 8.9946,
    carryEntryBps: 0,
    reverseEntryBps: 20,
    fxBps: 0,
    adjustedBasisBps: 9.995,
    expiresAt: null,
    daysToExpiry: null,
    basisApr: null,
    fundingRate: 0.0001,
    fundingIntervalHours: 8,
    fundingIntervalSource: 'declared',
    fundingKind: 'indicative',
    fundingRate8h: 0.0001,
    fundingApr: 0.1095,
    nextSettlementAt: isoOf(NOW_MS + 3_600_000),
    nextSettlementVenueTime: isoOf(NOW_MS + 3_600_000),
    cap: 0.02,
    floor: -0.02,
    determined: 0.5,
    fundingFormulaVersion: 1,
    fundingAdapterVersion: 1,
    openInterestUsd: '1000000',
    volume24hUsd: '5000000',
    priceKind: 'mid',
    grade: 'signal',
    reasons: [],
    ageMs: 0,
    skewMs: 40,
    absent: {},
    observedAt,
    contractObservedAt: observedAt,
    spotObservedAt: observedAt,
    contractVenueTime: observedAt,
    spotVenueTime: null,
    markObservedAt: observedAt,
    fundingObservedAt: observedAt,
    openInterestObservedAt: observedAt,
    volumeObservedAt: observedAt,
    ...fields
  }
}

/** Puts a row on the board; its instrument is made when it is new. */
export async function putOnBoard(db: Database, row: BoardRow): Promise<void> {
  const { rows } = await db.query<{ id: number }>('select id from instrument where key = $1', [row.instrument])
  const id = rows[0]?.id ?? (await insertInstrument(db, { key: row.instrument, asset: row.asset }))
  await db.query(
    `insert into board (instrument_id, venue_id, tick_at, row, inputs, updated_at) values ($1, $2, $3, $4, '{}', $5)
     on conflict (instrument_id) do update set row = excluded.row, updated_at = clock_timestamp()`,
    [id, row.venue, new Date(NOW_MS), JSON.stringify(row), new Date(NOW_MS)]
  )
  await db.query(`select pg_notify('contango', $1)`, [`board:${row.venue}`])
}

type BasisFields = {
  readonly atMs: number
  readonly basisBps: number
  readonly revision?: number
  readonly knownAtMs?: number
  readonly spanMs?: number
  readonly grade?: string
}

export async function insertBasis(
  db: Database,
  instrumentId: number,
  spotId: number,
  rows: readonly BasisFields[]
): Promise<void> {
  await ensurePartitions(
    db,
    'basis_snapshot',
    rows.map(({ atMs }) => atMs),
    NOW_MS
  )
  const columns = rows.map(({ atMs, basisBps, revision = 0, knownAtMs = atMs, spanMs = 60_000, grade = 'signal' }) => ({
    ...{ at: isoOf(atMs), known_at: isoOf(knownAtMs), basis_bps: String(basisBps) },
    ...{ revision, span_ms: spanMs, grade }
  }))
  await db.query(
    `insert into basis_snapshot (instrument_id, spot_id, tick_at, revision, observed_at, known_at, available_at,
       contract_observed_at, spot_observed_at, skew_ms, contract_mid, spot_mid, multiplier, fx, basis_bps,
       adjusted_basis_bps, price_kind, grade, span_ms, source, formula_version, adapter_version)
     select $1, $2, at, revision, at, known_at, at, at, at, 0, 100.1, 100, 1, 1, basis_bps, basis_bps, 'mid', grade,
       span_ms, 'polled', 1, 1
     from json_to_recordset($3) as r (at timestamptz, known_at timestamptz, basis_bps float8, revision int, span_ms int, grade text)`,
    [instrumentId, spotId, JSON.stringify(columns)]
  )
}

type SettlementFields = {
  readonly atMs: number
  readonly rate: string
  readonly intervalHours?: number | null
  readonly revision?: number
  readonly knownAtMs?: number
}

export async function insertSettlements(
  db: Database,
  instrumentId: number,
  rows: readonly SettlementFields[]
): Promise<void> {
  await ensurePartitions(
    db,
    'settlement',
    rows.map(({ atMs }) => atMs),
    NOW_MS
  )
  const columns = rows.map(({ atMs, rate, intervalHours = 8, revision = 0, knownAtMs = atMs }) => ({
    ...{ at: isoOf(atMs), known_at: isoOf(knownAtMs), rate, revision },
    ...{ interval_hours: intervalHours, interval_source: intervalHours === null ? null : 'declared' }
  }))
  await db.query(
    `insert into settlement (instrument_id, settled_at, revision, venue_time, observed_at, known_at, available_at, rate,
       interval_hours, interval_source, source, formula_version, adapter_version)
     select $1, at, revision, at, at, known_at, at, rate, interval_hours, interval_source, 'backfill', 1, 1
     from json_to_recordset($2) as r (at timestamptz, known_at timestamptz, rate numeric, revision int,
       interval_hours float8, interval_source text)`,
    [instrumentId, JSON.stringify(columns)]
  )
}
