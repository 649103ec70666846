/** A table whose rows are told as they became known, and how its rows are named and ordered. All but `fact` is SQL over the row `t`. */
export type ChangeSource = {
  readonly table: string
  readonly fact: string
  /** The time that a row is about. */
  readonly at: string
  /** With instrument and `at` the key of a row; 0 and '' where there is no such part. */
  readonly spot: string
  readonly revision: string
  readonly tie: string
  /** How a row came here; '' where a row does not say. */
  readonly source: string
  /** Which rows of the table; all of them unless told. */
  readonly where?: string
  /** What the rest of a row is made of where it is kept as one value: SQL that gives the record `r`. */
  readonly record?: string
}

const plain = { at: 't.tick_at', spot: '0', revision: 't.revision', tie: `''`, source: 't.source' }

/**
 * In the order in which rows of one moment are told: positions in it are part of cursors, so that new ones go to the end. What is sealed
 * became known before the horizon (`known_horizon`).
 */
export const CHANGE_SOURCES: readonly ChangeSource[] = [
  { ...plain, table: 'market_snapshot', fact: `'market'` },
  { ...plain, table: 'funding_estimate', fact: `'funding_estimate'` },
  { ...plain, table: 'basis_snapshot', fact: `'basis'`, spot: 't.spot_id' },
  { ...plain, table: 'depth_snapshot', fact: `'depth'` },
  { ...plain, table: 'flow_snapshot', fact: `'flow'` },
  { ...plain, table: 'settlement', fact: `'settlement'`, at: 't.settled_at' },
  { ...plain, table: 'funding_interval', fact: `'funding_interval'`, at: 't.effective_from' },
  {
    ...plain,
    table: 'gap',
    fact: `'gap'`,
    at: 't.from_at',
    revision: '0',
    tie: `concat_ws(' ', t.venue_id, t.fact, t.reason)`,
    source: `''`
  },
  {
    ...plain,
    table: 'liquidation',
    fact: `'liquidation'`,
    at: 't.occurred_at',
    revision: '0',
    tie: `concat_ws(' ', t.native_id, t.position)`
  }
]

const listed = (fact: string, table: string): ChangeSource => ({
  ...plain,
  table: 'correction',
  fact: `'${fact}'`,
  at: 't.at',
  spot: 't.spot_id',
  source: 'r.source',
  where: `t.fact = '${fact}'`,
  record: `jsonb_populate_record(null::${table}, t.body)`
})

/** Where an earlier value was corrected, for good: rows that are sealed in time have a list of their own. New ones go to the end. */
export const CORRECTION_SOURCES: readonly ChangeSource[] = [
  listed('market', 'market_snapshot'),
  listed('basis', 'basis_snapshot'),
  { ...plain, table: 'settlement', fact: `'settlement'`, at: 't.settled_at', where: 't.revision > 0' },
  { ...plain, table: 'funding_interval', fact: `'funding_interval'`, at: 't.effective_from', where: 't.revision > 0' }
]

/** Columns that say where a row belongs and not what it says; the rest is its body. */
export const KEY_COLUMNS: ReadonlySet<string> = new Set(['instrument_id', 'spot_id', 'revision', 'known_at', 'epoch'])

/** Ratios, which are numbers outside; other numerics are prices and sizes, and stay exact. */
export const RATIO_COLUMNS: ReadonlySet<string> = new Set([
  'rate',
  'cap',
  'floor',
  'estimate_rate',
  'multiplier',
  'long_short_ratio'
])

/** Where the word outside is another than the column's. */
export const OUTSIDE_NAMES: Readonly<Record<string, string>> = {
  index_price: 'index',
  from_at: 'from',
  to_at: 'to',
  venue_id: 'venue',
  taker_buy: 'takerBuyVolume',
  taker_sell: 'takerSellVolume',
  long_short_ratio: 'longShortAccountRatio'
}
