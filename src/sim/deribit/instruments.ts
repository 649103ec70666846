import { DAY } from '../../domain/time.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Listings } from '../market/listings.ts'
import { saltOf } from '../market/noise.ts'
import { codeOf, lifeOf, nextExpiries } from './calendar.ts'
import { amountOf, type DeribitRequest, instrumentOf, invalidParam, priceOf } from './context.ts'

const KINDS = ['future', 'option', 'spot', 'future_combo', 'option_combo'] as const
/** What a perpetual and a spot pair have for an expiry: the year 3000. */
const NEVER = 32_503_708_800_000
const BLOCK_FEE = 0.0001

/** Listing time of what is listed for its shape only. */
const INVENTED_AT = Date.UTC(2026, 0, 5, 8)

const CURRENCIES = ['BTC', 'ETH', 'USDC', 'USDT', 'SOL', 'XRP'] as const

/** `currency`, checked: what get_currencies names, and `any` where a method takes it. */
export function currencyOf({ params }: DeribitRequest, takesAny: boolean): string | null {
  const currency = params.get('currency')
  if (currency === null || currency === '') {
    if (takesAny) return null
    throw invalidParam('currency', 'value is required')
  }
  if (currency === 'any' && takesAny) return null
  if (!CURRENCIES.some((known) => known === currency)) throw invalidParam('currency', 'invalid currency')
  return currency
}

export function kindOf({ params }: DeribitRequest): (typeof KINDS)[number] | null {
  const kind = params.get('kind')
  if (kind === null || kind === '' || kind === 'any') return null
  const known = KINDS.find((each) => each === kind)
  if (!known) throw invalidParam('kind', 'invalid kind')
  return known
}

/** Contracts go by their settlement currency, spot pairs by either of theirs. */
export function belongsTo(currency: string | null, { kind, base, quote, settle }: SimInstrument): boolean {
  if (currency === null) return true
  return kind === 'spot' ? base === currency || quote === currency : settle === currency
}

export function instruments(request: DeribitRequest): unknown {
  const { listings, params, nowMs } = request
  const currency = currencyOf(request, true)
  const kind = kindOf(request)
  if (params.get('expired') === 'true') return []
  const ours = (wireKind: 'future' | 'spot', rows: readonly SimInstrument[]) =>
    kind === null || kind === wireKind ? rows.filter((each) => belongsTo(currency, each)).map(instrumentRow) : []
  const others = foreignRows(currency, nowMs)
  return [
    ...ours('future', futuresOf(listings)),
    ...ours('spot', listings.spot),
    ...others.filter((row) => kind === null || row.kind === kind)
  ]
}

export function instrument(request: DeribitRequest): unknown {
  return instrumentRow(instrumentOf(request))
}

const futures = new WeakMap<Listings, readonly SimInstrument[]>()

/** Inverse and linear contracts together, the same list every time. */
export function futuresOf(listings: Listings): readonly SimInstrument[] {
  let known = futures.get(listings)
  if (!known) {
    known = [...listings.inverse, ...listings.linear]
    futures.set(listings, known)
  }
  return known
}

function instrumentRow(instrument: SimInstrument): Record<string, unknown> {
  const { id, kind, section, base, quote, settle, listedAt, expiry, salt } = instrument
  const isSpot = kind === 'spot'
  const tick = priceOf(instrument, 1)
  const step = amountOf(instrument, 1)
  const type = section === 'inverse' ? 'reversed' : 'linear'
  return {
    price_index: indexNameOf(instrument),
    kind: isSpot ? 'spot' : 'future',
    state: 'open',
    instrument_name: id,
    maker_commission: 0,
    taker_commission: isSpot ? 0 : 0.0005,
    instrument_type: type,
    expiration_timestamp: expiry ?? NEVER,
    creation_timestamp: listedAt,
    is_active: true,
    tick_size: tick,
    contract_size: step,
    instrument_id: (salt >>> 0) % 1_000_000,
    min_trade_amount: step,
    block_trade_commission: BLOCK_FEE,
    block_trade_min_trade_amount: 200_000,
    block_trade_tick_size: tick,
    base_currency: base,
    counter_currency: quote,
    quote_currency: quote,
    tick_size_steps: [],
    ...(isSpot
      ? {}
      : {
          rfq: false,
          settlement_period: periodOf(instrument),
          future_type: type,
          max_leverage: 50,
          max_non_default_leverage: 5,
          max_liquidation_commission: 0.0075,
          settlement_currency: settle,
          underlying_type: 'crypto'
        })
  }
}

function periodOf({ expiry }: SimInstrument): string {
  if (expiry === null) return 'perpetual'
  return lifeOf(expiry) < 30 * DAY ? 'week' : 'month'
}

export function indexNameOf({ base, quote }: SimInstrument): string {
  return `${base.toLowerCase()}_${quote.toLowerCase()}`
}

/** What the service must pass over: options, a spread and a share, which nobody quotes here. */
function foreignRows(currency: string | null, nowMs: number): { readonly kind: string }[] {
  const expiries = nextExpiries(nowMs)
  const rows = [...optionRows(expiries.at(-1)!), spreadRow(expiries[0]!), shareRow()]
  return rows.filter((row) => currency === null || row.settlement_currency === currency)
}

function optionRows(expiry: number) {
  return [80_000, 100_000].flatMap((strike) =>
    (['call', 'put'] as const).map((side) => ({
      ...foreignRow('option', `BTC-${codeOf(expiry)}-${strike}-${side === 'call' ? 'C' : 'P'}`, expiry),
      ...{ strike, option_type: side, quote_currency: 'BTC', settlement_period: 'month' }
    }))
  )
}

function spreadRow(expiry: number) {
  return { ...foreignRow('future_combo', `BTC-FS-${codeOf(expiry)}_PERP`, expiry), settlement_period: 'week' }
}

function shareRow() {
  return {
    ...foreignRow('future', 'NVDA_USDC-PERPETUAL', NEVER),
    ...{ settlement_period: 'perpetual', instrument_type: 'linear', future_type: 'linear', underlying_type: 'equity' },
    ...{ base_currency: 'NVDA', quote_currency: 'USDC', counter_currency: 'USDC', settlement_currency: 'USDC' },
    price_index: 'nvda_usdc'
  }
}

function foreignRow(kind: (typeof KINDS)[number], name: string, expiry: number) {
  return {
    kind,
    instrument_name: name,
    instrument_id: saltOf(0, name) >>> 0,
    instrument_type: 'reversed',
    state: 'open',
    is_active: true,
    base_currency: 'BTC',
    quote_currency: 'USD',
    counter_currency: 'USD',
    settlement_currency: 'BTC',
    price_index: 'btc_usd',
    tick_size: 0.5,
    min_trade_amount: 10,
    contract_size: 10,
    creation_timestamp: INVENTED_AT,
    expiration_timestamp: expiry
  }
}

const NAMES: Readonly<Record<(typeof CURRENCIES)[number], string>> = {
  BTC: 'Bitcoin',
  ETH: 'Ethereum',
  USDC: 'USD Coin',
  USDT: 'Tether USD',
  SOL: 'Solana',
  XRP: 'XRP'
}

export function currencies(): unknown {
  return CURRENCIES.map((currency) => ({
    currency,
    currency_long: NAMES[currency],
    coin_type: currency,
    network_currency: currency,
    network_fee: 0.00001,
    min_withdrawal_fee: 0.0001,
    withdrawal_fee: 0.0001,
    withdrawal_priorities: [],
    min_confirmations: 1,
    fee_precision: 4,
    decimals: 6,
    apr: 0,
    in_cross_collateral_pool: currency !== 'XRP'
  }))
}
