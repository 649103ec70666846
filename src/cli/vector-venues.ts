import { bybitOpenInterest } from '../domain/open-interest.ts'
import {
  coinbaseIntlFunding,
  deribitPayment,
  deribitRealised,
  dydxHourlyRate,
  hyperliquidFunding,
  krakenRelativeInverse,
  krakenRelativeLinear,
  okxIntervals
} from '../domain/venue-funding.ts'
import { bitfinexStatus, kucoinFunding } from '../domain/venue-rows.ts'
import { exactOf, type Fields, fieldsOf, listOf, numberOf, plain, requiredOf, wordOf } from './vector-values.ts'

/** The venues' own funding formulas, by the vectors' `fn`. */
export const VENUE_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'venue.kraken.relativeLinear': (input) => plain(krakenRelativeLinear(krakenRate(input))),
  'venue.kraken.relativeInverse': (input) => plain(krakenRelativeInverse(krakenRate(input))),
  'venue.deribit.realised': ({ rows }) =>
    plain(deribitRealised(listOf(rows).map((row) => requiredOf(fieldsOf(row).interest_1h)))),
  'venue.deribit.fundingPayment': (input) =>
    plain(
      deribitPayment({
        markPrice: numberOf(input.markPrice),
        indexPrice: numberOf(input.indexPrice),
        cap8h: numberOf(input.cap8h),
        longPositionUsd: requiredOf(input.longPositionUsd),
        minutes: requiredOf(input.minutes)
      })
    ),
  'venue.hyperliquid.funding': (input) =>
    plain(
      hyperliquidFunding({
        impactBid: numberOf(input.impactBid),
        impactAsk: numberOf(input.impactAsk),
        oracle: numberOf(input.oracle),
        longPositionBase: requiredOf(input.longPositionBase)
      })
    ),
  'venue.okx.intervals': (input) =>
    plain(
      okxIntervals({
        prevFundingTime: timeOf(input.prevFundingTime),
        fundingTime: timeOf(input.fundingTime),
        nextFundingTime: timeOf(input.nextFundingTime)
      })
    ),
  'venue.bitfinex.normalize': ({ raw }) => plain(bitfinexStatus(listOf(raw).map(numberOf))),
  'venue.kucoin.normalize': (input) =>
    plain(
      kucoinFunding({
        nextFundingRate: numberOf(input.nextFundingRate),
        value: numberOf(input.value),
        fundingTime: numberOf(input.fundingTime),
        currentGranularity: numberOf(input.currentGranularity),
        newGranularity: numberOf(input.newGranularity)
      })
    ),
  'venue.bybit.openInterest': (input) =>
    plain(
      bybitOpenInterest({
        category: wordOf(input.category, ['linear', 'inverse']),
        openInterest: exactOf(input.openInterest),
        singleOpenInterest: exactOf(input.singleOpenInterest),
        mark: exactOf(input.mark)
      })
    ),
  'venue.dydx.hourlyRate': ({ fundingPpm8h }) => plain(dydxHourlyRate(numberOf(fundingPpm8h))),
  'venue.coinbaseIntl.funding': ({ twapPremium1h, previousFunding }) =>
    plain(coinbaseIntlFunding({ twapPremium1h: numberOf(twapPremium1h), previousFunding: numberOf(previousFunding) }))
}

function krakenRate(input: Fields) {
  return {
    absoluteRate: numberOf(input.absoluteRate),
    indexPrice: numberOf(input.indexPrice),
    capPerHour: numberOf(input.capPerHour)
  }
}

/** OKX writes 0 or nothing where there is no such settlement. */
function timeOf(value: unknown): number | null {
  return numberOf(value) || null
}
