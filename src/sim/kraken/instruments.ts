import type { SimInstrument } from '../market/instrument.ts'
import type { KrakenRequest } from './context.ts'
import { COEFFICIENT } from './funding.ts'
import { CAP_PER_HOUR } from './listings.ts'

/** `instruments`: every contract in one list. */
export function instruments({ listings, nowMs }: KrakenRequest): Record<string, unknown> {
  const contracts = [...listings.linear, ...listings.inverse]
  return { instruments: contracts.map(instrumentRow), result: 'success', serverTime: new Date(nowMs).toISOString() }
}

function instrumentRow(instrument: SimInstrument): unknown {
  const { id, asset, section, kind, expiry, tickDecimals, stepDecimals, listedAt } = instrument
  const isInverse = section === 'inverse'
  const coin = asset.name === 'BTC' ? 'XBT' : asset.name
  // Only single-collateral contracts have a reference rate as underlying.
  const underlying = isInverse ? { underlying: `rr_${coin.toLowerCase()}usd` } : {}
  const lastTradingTime = expiry === null ? {} : { lastTradingTime: new Date(expiry).toISOString() }
  const funding =
    kind === 'perpetual' ? { fundingRateCoefficient: COEFFICIENT, maxRelativeFundingRate: CAP_PER_HOUR } : {}
  return {
    symbol: id,
    pair: `${coin}:USD`,
    base: isInverse ? coin : asset.name,
    quote: 'USD',
    type: isInverse ? 'futures_inverse' : 'flexible_futures',
    ...underlying,
    ...lastTradingTime,
    tickSize: Number((10 ** -tickDecimals).toFixed(tickDecimals)),
    contractSize: 1,
    tradeable: true,
    impactMidSize: isInverse ? 1000 : Math.max(10 ** -stepDecimals, Number((600 / asset.usd).toPrecision(1))),
    maxPositionSize: 1_000_000,
    openingDate: new Date(listedAt).toISOString(),
    marginLevels: marginLevels(isInverse),
    ...funding,
    ...(isInverse ? { isin: 'GB00J62YGL67' } : {}),
    contractValueTradePrecision: stepDecimals,
    postOnly: false,
    feeScheduleUid: '5b755fea-c5b0-4307-a66e-b392cd5bd931',
    retailMarginLevels: marginLevels(isInverse),
    category: '',
    tags: [],
    tradfi: false,
    mtf: isInverse && kind === 'perpetual'
  }
}

const LEVELS: readonly (readonly [number, number])[] = [
  [0, 0.02],
  [500_000, 0.04],
  [2_000_000, 0.1],
  [5_000_000, 0.2],
  [10_000_000, 0.3],
  [30_000_000, 0.5]
]

/** Inverse contracts count contracts, linear ones dollars. */
function marginLevels(isInverse: boolean): unknown[] {
  const unit = isInverse ? 'contracts' : 'numNonContractUnits'
  return LEVELS.map(([from, initial]) => ({
    [unit]: from,
    initialMargin: initial,
    maintenanceMargin: initial / 2
  }))
}
