import type { Book, Level } from '../domain/book.ts'
import { enterCarry } from '../domain/carry-entry.ts'
import { ONE } from '../domain/decimal.ts'
import { depthOf } from '../domain/depth.ts'
import { flowMetrics, speculationRatios } from '../domain/flow.ts'
import { exactOf, type Fields, listOf, plain } from './vector-values.ts'

/** Books, flow and leverage, by the vectors' `fn`. */
export const LIQUIDITY_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'liquidity.entryVwap': (input) =>
    plain(
      enterCarry({
        spot: bookFrom(input.spotBids, input.spotAsks),
        contract: bookFrom(input.perpBids, input.perpAsks),
        notionalQuote: exactOf(input.notionalQuote),
        multiplier: input.multiplier === undefined ? ONE : exactOf(input.multiplier)
      })
    ),
  'liquidity.depth': ({ bids, asks, bandsBps }) =>
    plain(
      depthOf(
        bookFrom(bids, asks),
        listOf(bandsBps).flatMap((band) => exactOf(band) ?? [])
      )
    ),
  'flow.metrics': (input) =>
    plain(
      flowMetrics({
        takerBuyVolume: exactOf(input.takerBuyVolume),
        takerSellVolume: exactOf(input.takerSellVolume),
        longShortAccountRatio: exactOf(input.longShortAccountRatio)
      })
    ),
  'speculation.ratios': (input) =>
    plain(
      speculationRatios({
        oiUsd: exactOf(input.oiUsd),
        marketCapUsd: exactOf(input.marketCapUsd),
        adv24hUsd: exactOf(input.adv24hUsd),
        exchangeReserveUsd: exactOf(input.exchangeReserveUsd)
      })
    )
}

function bookFrom(bids: unknown, asks: unknown): Book {
  return { bids: levelsOf(bids), asks: levelsOf(asks) }
}

function levelsOf(levels: unknown): Level[] {
  return listOf(levels).flatMap((level) => {
    const [price, size] = listOf(level).map(exactOf)
    return price && size ? [{ price, size }] : []
  })
}
