import { type CarryOutcome, carryOutcomeOf, tradingWindows } from '../contract/carry-outcome.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { HOUR } from '../domain/time.ts'
import type { Database } from '../store/database.ts'
import { listSettlementsOfMany } from '../store/funding-history.ts'
import { listFirstQuotes } from '../store/pair-quotes.ts'
import type { ListedSignal } from '../store/signal-list.ts'

/** A carry opportunity with whom it is about. */
export type ListedCarry = Omit<ListedSignal, 'signal'> & { readonly signal: BucketSignal }

/** Settlements of one perpetual that are read at the most: a year of hourly ones. */
const SETTLEMENTS_MAX = 9_000

/** What these episodes came to, in their order: their prices in two questions, their settlements in one. */
export async function readOutcomes(
  db: Pick<Database, 'query'>,
  episodes: readonly ListedCarry[]
): Promise<CarryOutcome[]> {
  const closed = episodes.flatMap(({ signal, subject }) => {
    const windows = tradingWindows(signal)
    return windows === null ? [] : [{ signal, windows, isPerpetual: subject.kind === 'perpetual' }]
  })
  const ask = ({ signal, windows }: (typeof closed)[number], side: 'entry' | 'exit') => ({
    instrumentId: signal.instrumentId!,
    spotId: signal.spotId,
    ...windows[side]
  })
  const entries = await listFirstQuotes(
    db,
    closed.map((one) => ask(one, 'entry'))
  )
  const exits = await listFirstQuotes(
    db,
    closed.map((one) => ask(one, 'exit'))
  )
  const paying = closed.filter(({ isPerpetual }) => isPerpetual)
  const settled =
    paying.length === 0
      ? new Map()
      : await listSettlementsOfMany(db, [...new Set(paying.map(({ signal }) => signal.instrumentId!))], {
          fromMs: Math.min(...paying.map(({ signal }) => signal.openedAt)),
          toMs: Math.max(...paying.map(({ signal }) => signal.closedAt!)) + HOUR,
          knownAtMs: null,
          limit: SETTLEMENTS_MAX
        })
  const outcomes = new Map(
    closed.map(({ signal, isPerpetual }, index) => {
      const facts = { entry: entries[index], exit: exits[index], settled: settled.get(signal.instrumentId!) ?? [] }
      return [signal.id, carryOutcomeOf(signal, { isPerpetual, ...facts })]
    })
  )
  return episodes.map(({ signal }) => outcomes.get(signal.id) ?? { absent: 'still_open' })
}
