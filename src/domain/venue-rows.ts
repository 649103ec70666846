import { annualiseFunding } from './funding.ts'
import { HOUR } from './time.ts'

// Rows of venues whose fields do not say what their names, or ccxt's, promise. Spec 1.6 and 1.6.2.

const BPS = 10_000
/** Bitfinex settles at 00, 08 and 16 UTC; its rows do not say so. */
const BITFINEX_INTERVAL_HOURS = 8

/** Places of Bitfinex's derivative status row, from its first, which is the symbol. */
const [PERP_MID, SPOT_MID, NEXT_SETTLEMENT, NEXT_ACCRUED, CURRENT, MARK, OPEN_INTEREST, DEADBAND, CAP] = [
  3, 4, 8, 9, 12, 15, 18, 22, 23
]

/**
 * Bitfinex: [3] is the perpetual's own mid, which ccxt calls its index; the spot price is [4]. Measured against [3], the premium
 * changes its sign. Prices in the quote, rates fractions per 8 h, open interest in base coins of one side.
 */
export function bitfinexStatus(row: readonly (number | null)[]) {
  const at = (place: number | undefined) => row[place!] ?? null
  const price = (place: number | undefined) => positiveOrNull(at(place))
  const [markPrice, perpMid, spotMid] = [price(MARK), price(PERP_MID), price(SPOT_MID)]
  return {
    markPrice,
    perpMid,
    spotMid,
    markVsSpotBps: premiumBps(markPrice, spotMid),
    perpMidVsSpotBps: premiumBps(perpMid, spotMid),
    fundingCurrent: at(CURRENT),
    fundingNextAccrued: at(NEXT_ACCRUED),
    nextSettlementTs: positiveOrNull(at(NEXT_SETTLEMENT)),
    fundingIntervalHours: BITFINEX_INTERVAL_HOURS,
    openInterestBase: at(OPEN_INTEREST),
    deadband: at(DEADBAND),
    cap: at(CAP)
  }
}

export type KucoinFunding = {
  /** Fraction per current interval; the newer of the two fields that venues' versions use. */
  readonly nextFundingRate: number | null
  readonly value?: number | null
  /** The settlement that the rate is for, epoch milliseconds. */
  readonly fundingTime: number | null
  /** Milliseconds. */
  readonly currentGranularity: number | null
  readonly newGranularity: number | null
}

/**
 * KuCoin: the rate is for `fundingTime`; the interval after it is the new granularity, which is announced when it differs.
 * `newGranularityStartTime`, which ccxt shows as the next settlement, may lie a year back and is left alone.
 */
export function kucoinFunding({
  nextFundingRate,
  value,
  fundingTime,
  currentGranularity,
  newGranularity
}: KucoinFunding) {
  const rate = nextFundingRate ?? value ?? null
  const settlementTs = positiveOrNull(fundingTime)
  const current = positiveOrNull(currentGranularity)
  const coming = positiveOrNull(newGranularity) ?? current
  const intervalHours = current === null ? null : current / HOUR
  return {
    rate,
    settlementTs,
    intervalHours,
    followingSettlementTs: settlementTs === null || coming === null ? null : settlementTs + coming,
    pendingIntervalHours: coming === null || coming === current ? null : coming / HOUR,
    rate8h: rate === null ? null : annualiseFunding({ rate, intervalHours }).rate8h
  }
}

function premiumBps(price: number | null, spot: number | null): number | null {
  return price === null || spot === null ? null : (price / spot - 1) * BPS
}

const positiveOrNull = (value: number | null) => (value !== null && value > 0 ? value : null)
