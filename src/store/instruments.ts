import type {
  AssetClass,
  Instrument,
  InstrumentName,
  InstrumentStatus,
  MultiplierSource,
  QuarantineReason,
  SpotReason
} from '../domain/instrument.ts'
import type { Database, Transaction } from './database.ts'

type InstrumentRow = {
  id: number
  key: string
  venue_id: string
  symbol: string
  native_id: string | null
  kind: Instrument['kind']
  asset: string
  asset_class: AssetClass
  base: string
  quote: string
  settle: string | null
  inverse: boolean | null
  multiplier: string | null
  multiplier_source: MultiplierSource
  contract_size: string | null
  expires_at: Date | null
  listed_at: Date | null
  delisted_at: Date | null
  status: InstrumentStatus
  status_since: Date
  delisting_said_at: Date | null
  renamed_from: string | null
  renamed_to: string | null
  source: Instrument['source']
  spot_id: number | null
  spot_reason: SpotReason | null
  tracked: boolean
  founding: boolean
  first_seen_at: Date
  quarantine_reason: QuarantineReason | null
  quarantine_ratio: number | null
  quarantined_at: Date | null
}

const SELECT = `select i.id, key, venue_id, symbol, native_id, kind, asset, asset_class, base, quote, settle, inverse, multiplier,
    multiplier_source, contract_size, expires_at, listed_at, delisted_at, status, status_since, delisting_said_at, renamed_from,
    renamed_to, source, spot_id, spot_reason, tracked, founding, first_seen_at, q.reason as quarantine_reason,
    q.ratio as quarantine_ratio, q.since as quarantined_at
  from instrument i left join identity_check q on q.instrument_id = i.id and q.state = 'quarantined'`

/** Every instrument ever seen, in the order in which they became known. */
export async function listInstruments(db: Pick<Database, 'query'>): Promise<Instrument[]> {
  const { rows } = await db.query<InstrumentRow>(`${SELECT} order by i.id`)
  return rows.map(toInstrument)
}

/** Another text whenever `listInstruments` would answer something else: every row that is written is of a later transaction than before. */
export async function readInstrumentMark(db: Pick<Database, 'query'>): Promise<string> {
  const writtenIn = (table: string) => `(select count(*) || ' ' || coalesce(sum(xmin::text::int8), 0) from ${table})`
  const { rows } = await db.query<{ mark: string }>(
    `select ${writtenIn('instrument')} || ' ' || ${writtenIn('identity_check')} as mark`
  )
  return rows[0]!.mark
}

/** Instruments that were ever polled, fetched of the past, or settled here: followed once, whether they are now or not. */
export async function listOnceFollowed(db: Pick<Database, 'query'>): Promise<Set<number>> {
  const { rows } = await db.query<{ ids: readonly number[] | null }>(
    `select json_agg(instrument_id) as ids from (
       select instrument_id from market_latest union select instrument_id from backfill union select instrument_id from signal_progress
     ) once`
  )
  return new Set(rows[0]!.ids)
}

/** A venue's followed instruments, with every followed coin: its contracts' spot legs and the stablecoins are among those. */
export async function listInstrumentsOf(db: Pick<Database, 'query'>, venue: string): Promise<Instrument[]> {
  const { rows } = await db.query<InstrumentRow>(
    `${SELECT} where tracked and (venue_id = $1 or kind = 'spot') order by i.id`,
    [venue]
  )
  return rows.map(toInstrument)
}

function toInstrument(row: InstrumentRow): Instrument {
  return {
    id: row.id,
    key: row.key,
    venue: row.venue_id,
    symbol: row.symbol,
    nativeId: row.native_id,
    kind: row.kind,
    asset: row.asset,
    assetClass: row.asset_class,
    base: row.base,
    quote: row.quote,
    settle: row.settle,
    inverse: row.inverse,
    multiplier: row.multiplier,
    multiplierSource: row.multiplier_source,
    contractSize: row.contract_size,
    expiresAt: row.expires_at?.getTime() ?? null,
    listedAt: row.listed_at?.getTime() ?? null,
    delistedAt: row.delisted_at?.getTime() ?? null,
    status: row.status,
    statusSince: row.status_since.getTime(),
    delistingAnnouncedAt: row.delisting_said_at?.getTime() ?? null,
    renamedFrom: row.renamed_from,
    renamedTo: row.renamed_to,
    quarantine:
      row.quarantine_reason === null
        ? null
        : { reason: row.quarantine_reason, ratio: row.quarantine_ratio!, since: row.quarantined_at!.getTime() },
    source: row.source,
    spotId: row.spot_id,
    spotReason: row.spot_reason,
    tracked: row.tracked,
    founding: row.founding,
    firstSeenAt: row.first_seen_at.getTime()
  }
}

/** Instruments and assets are written by one at a time: two that write many rows in different orders would wait for each other. */
export async function alone<T>(db: Database, work: (client: Transaction) => Promise<T>): Promise<T> {
  return await db.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtext($1))', ['contango instruments'])
    return await work(client)
  })
}

/** Adds an instrument known only by its name, as imports do; one that exists stays as it is. */
export async function ensureInstrument(db: Database, name: InstrumentName): Promise<void> {
  await db.query(
    `insert into instrument (key, venue_id, symbol, kind, asset, base, quote, settle, inverse, multiplier, multiplier_source,
       expires_at, status, source, founding)
     values ($1, $2, $3, $4, $5, $5, $6, $7, $8, 1, 'import', $9, 'unknown', 'import', true) on conflict (key) do nothing`,
    [
      name.key,
      name.venue,
      name.symbol,
      name.kind,
      name.base,
      name.quote,
      name.settle,
      name.inverse,
      name.expiresAt === null ? null : new Date(name.expiresAt)
    ]
  )
}
