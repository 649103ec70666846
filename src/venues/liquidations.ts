import { parseDecimal } from '../domain/decimal.ts'
import { type LiquidatedPosition, type LiquidationSample, liquidationAmounts } from '../domain/liquidation.ts'
import { DAY, plausibleTime } from '../domain/time.ts'
import type { BookUnit } from './books.ts'
import { contractSizeOf, positive, skip } from './normalise.ts'
import { keep, times } from './reading.ts'
import type { Call, CcxtExchange, CcxtMarket, LiquidationLook, Skipped, Untrusted } from './venue.ts'

/** One liquidation as a venue tells it: `amount` in the call's unit, `price` as the venue gives it. */
export type ToldLiquidation = {
  readonly id: Untrusted
  readonly at: Untrusted
  readonly position: LiquidatedPosition
  readonly price: Untrusted
  readonly amount: Untrusted
}

/** What a venue answers for one contract: its liquidations, and the time of the oldest thing that was looked at, null where nothing was. */
export type LiquidationAnswer = {
  readonly symbol: string
  readonly told: readonly ToldLiquidation[]
  readonly reachesFrom: Untrusted
}

type LiquidationCall = Pick<Call, 'name' | 'method' | 'covers'> & {
  readonly sampleOf: LiquidationSample
  readonly unit: BookUnit
  readonly ccxtId?: string
  readonly ask: (exchange: CcxtExchange, symbol: string) => Promise<LiquidationAnswer>
}

/** The call for the liquidations that a venue shows of one contract. */
export function liquidationCall({ name, method, covers, sampleOf, unit, ccxtId, ask }: LiquidationCall): Call {
  return {
    name,
    method,
    facts: ['liquidation'],
    cadence: 'liquidation',
    covers,
    ...(ccxtId === undefined ? {} : { ccxtId }),
    reach: 'single',
    ask,
    read: (answer, context) => {
      const market = context.exchange.markets?.[answer.symbol] ?? {}
      const look = readLiquidations(answer, { market, unit, sampleOf, observedAt: context.observedAt })
      keep(look, context.reading.liquidations, context)
    }
  }
}

type Circumstances = {
  readonly market: CcxtMarket
  readonly unit: BookUnit
  readonly sampleOf: LiquidationSample
  readonly observedAt: number
}

/** Older ones were told before, or are of a time that nobody looked at. */
const TOLD_FOR_MS = DAY

/** A look at a contract; refused as a whole where its sizes cannot be read. */
export function readLiquidations(
  { symbol, told, reachesFrom }: LiquidationAnswer,
  { market, unit, sampleOf, observedAt }: Circumstances
): LiquidationLook | Skipped {
  const size = unit === 'contracts' ? contractSizeOf(market) : '1'
  if (size === null) return skip(symbol, 'contract_size_unknown')
  const isDollars = unit === 'usd' || (unit === 'contracts' && market.inverse === true)
  const liquidations = told.flatMap(({ id, at, position, price, amount }) => {
    const nativeId = typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, 100) : ''
    const occurredAt = plausibleTime(Number(at), observedAt)
    const paid = positive(price)
    const counted = times(positive(amount), size)
    const isRecent = occurredAt !== null && occurredAt <= observedAt && occurredAt > observedAt - TOLD_FOR_MS
    if (nativeId === '' || !isRecent || paid === null || counted === null) return []
    const amounts = liquidationAmounts(parseDecimal(paid)!, parseDecimal(counted)!, isDollars ? 'quote' : 'base')
    return [{ nativeId, occurredAt, position, price: paid, ...amounts }]
  })
  if (told.length > 0 && liquidations.length === 0 && !isAllOld(told, observedAt)) {
    return skip(symbol, 'liquidations_unusable')
  }
  return {
    symbol,
    sampleOf,
    reachesFrom: plausibleTime(Number(reachesFrom), observedAt),
    liquidations,
    observedAt,
    venueTime: null
  }
}

const isAllOld = (told: readonly ToldLiquidation[], observedAt: number) =>
  told.every(({ at }) => (plausibleTime(Number(at), observedAt) ?? observedAt) <= observedAt - TOLD_FOR_MS)

/** The least of the times that a venue wrote; null where there is none. */
export function oldestOf(times: readonly Untrusted[]): number | null {
  const known = times.map(Number).filter((at) => at > 0)
  return known.length === 0 ? null : known.reduce((least, at) => Math.min(least, at))
}
