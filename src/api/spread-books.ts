import type { ExecutionAsked, ExecutionTerms } from '../contract/spread-execution.ts'
import type { PairLeg } from '../domain/spread-execution.ts'
import { fxPairsOf, fxQuotesOf, tradedFxOf } from '../domain/traded-fx.ts'
import { knownDepthOf, listLatestDepths } from '../store/depth.ts'
import { listLatest } from '../store/latest.ts'
import { bookAgeOf, quoteAgeOf } from './carry-facts.ts'
import type { ApiContext } from './context.ts'
import type { PastPerpetual } from './spread-facts.ts'

type Asked = Pick<ExecutionTerms, 'notional' | 'horizonHours' | 'margin'> & { readonly nowMs: number }

/** What filling spreads of these perpetuals takes: their best prices, what rests behind them and what their currencies trade at. */
export async function readSpreadBooks(
  context: ApiContext,
  perpetuals: readonly PastPerpetual[],
  { nowMs, ...asked }: Asked
): Promise<(short: PastPerpetual, long: PastPerpetual) => ExecutionAsked> {
  const { db, catalogue, config } = context
  const terms = { ...asked, quoteAgeMs: quoteAgeOf(config, false), bookAgeMs: bookAgeOf(config) }
  const ids = [...new Set(perpetuals.map(({ instrument }) => instrument.id))]
  const fxPairs = fxPairsOf((await catalogue.read()).instruments)
  const [depths, traded] = await Promise.all([
    listLatestDepths(db, ids, nowMs - terms.bookAgeMs),
    listLatest(
      db,
      fxPairs.map(({ id }) => id)
    )
  ])
  const legOf = ({ instrument, rate, intervalHours, latest }: PastPerpetual): PairLeg => {
    return { instrument, rate, intervalHours, latest, depth: knownDepthOf(depths.get(instrument.id)) }
  }
  return (short, long) => {
    const [to, from] = [short.instrument, long.instrument]
    const tradedFx =
      to.quote === from.quote ? null : tradedFxOf(to.quote, from.quote, fxQuotesOf(fxPairs, to.venue, traded), nowMs)
    return { facts: { nowMs, short: legOf(short), long: legOf(long), tradedFx }, terms }
  }
}
