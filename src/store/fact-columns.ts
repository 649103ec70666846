import type { Columns } from './copy.ts'

// The columns of the facts that are kept by the tick, as they are written; `revision` and `known_at` are given at writing.

/** What one instrument’s market looked like at one moment. */
export const MARKET_COLUMNS: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  venue_time: 'timestamptz',
  available_at: 'timestamptz',
  bid: 'numeric',
  ask: 'numeric',
  bid_size: 'numeric',
  ask_size: 'numeric',
  last: 'numeric',
  mark: 'numeric',
  index_price: 'numeric',
  mark_observed_at: 'timestamptz',
  mark_venue_time: 'timestamptz',
  premium: 'numeric',
  open_interest_base: 'numeric',
  open_interest_quote: 'numeric',
  open_interest_usd: 'numeric',
  open_interest_sides: 'int2',
  open_interest_unit: 'text',
  open_interest_at: 'timestamptz',
  volume_24h_usd: 'numeric',
  span_ms: 'int4',
  source: 'text',
  adapter_version: 'int2',
  epoch: 'int4',
  reasons: 'text[]'
}

/** The venue’s rate for a settlement still to come. */
export const ESTIMATE_COLUMNS: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  venue_time: 'timestamptz',
  available_at: 'timestamptz',
  rate: 'numeric',
  interval_hours: 'float8',
  interval_source: 'text',
  kind: 'text',
  next_settlement_at: 'timestamptz',
  next_settlement_venue_time: 'timestamptz',
  cap: 'numeric',
  floor: 'numeric',
  determined: 'float8',
  span_ms: 'int4',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4',
  reasons: 'text[]'
}

/** A contract against its spot leg at one moment. */
export const BASIS_COLUMNS: Columns = {
  instrument_id: 'int4',
  spot_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  available_at: 'timestamptz',
  contract_observed_at: 'timestamptz',
  contract_venue_time: 'timestamptz',
  spot_observed_at: 'timestamptz',
  spot_venue_time: 'timestamptz',
  skew_ms: 'int4',
  contract_bid: 'numeric',
  contract_ask: 'numeric',
  contract_mid: 'numeric',
  spot_bid: 'numeric',
  spot_ask: 'numeric',
  spot_mid: 'numeric',
  multiplier: 'numeric',
  fx: 'float8',
  basis_bps: 'float8',
  adjusted_basis_bps: 'float8',
  premium_bps: 'float8',
  carry_entry_bps: 'float8',
  reverse_entry_bps: 'float8',
  price_kind: 'text',
  grade: 'text',
  reasons: 'text[]',
  span_ms: 'int4',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4'
}

/** Quoted spread and depth of one book. */
export const DEPTH_COLUMNS: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  venue_time: 'timestamptz',
  available_at: 'timestamptz',
  mid: 'numeric',
  spread_bps: 'float8',
  bid_depth_10: 'numeric',
  ask_depth_10: 'numeric',
  bid_depth_25: 'numeric',
  ask_depth_25: 'numeric',
  bid_depth_50: 'numeric',
  ask_depth_50: 'numeric',
  span_ms: 'int4',
  source: 'text',
  formula_version: 'int2',
  adapter_version: 'int2',
  epoch: 'int4'
}

/** Account ratio and taker flow of one perpetual. */
export const FLOW_COLUMNS: Columns = {
  instrument_id: 'int4',
  tick_at: 'timestamptz',
  observed_at: 'timestamptz',
  available_at: 'timestamptz',
  long_short_ratio: 'numeric',
  long_short_at: 'timestamptz',
  taker_buy: 'numeric',
  taker_sell: 'numeric',
  taker_at: 'timestamptz',
  window_ms: 'int4',
  span_ms: 'int4',
  source: 'text',
  adapter_version: 'int2',
  epoch: 'int4'
}
