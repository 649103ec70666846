import { type CarryOutcome, carryOutcomeOf, tradingWindows } from '../contract/carry-outcome.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { HOUR } from '../domain/time.ts'
import type { Database } from '../store/database.ts'
import { countFirstQuotes, listFirstQuotes } from '../store/pair-quotes.ts'
import { countSettledOfWindows, listSettledRatesOfWindows } from '../store/settled-rates.ts'
import type { ListedSignal } from '../store/signal-list.ts'
import { type RowBudget, takeStored } from './row-budget.ts'

/** A carry opportunity with whom it is about. */
export type ListedCarry = Omit<ListedSignal, 'signal'> & { readonly signal: BucketSignal }

const REFUSAL = { path: 'from', narrow: 'ask for fewer rows, or give a shorter range (`from`, `to`)' } as const

/** What these episodes came to, in their order: their prices in two questions, their settlements in one. Refused with `range_too_long` when the budget does not allow it. */
export async function readOutcomes(
  db: Pick<Database, 'query'>,
  episodes: readonly ListedCarry[],
  budget: RowBudget
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
  const [atEntry, atExit] = [closed.map((one) => ask(one, 'entry')), closed.map((one) => ask(one, 'exit'))]
  const windows = [...atEntry, ...atExit]
  await takeStored(budget, {
    // A window is of minutes, but the sealed days that it lies in are read whole: how long they are has to be seen.
    most: windows.length === 0 ? 0 : Number.POSITIVE_INFINITY,
    count: (most) => countFirstQuotes(db, windows, most),
    ...REFUSAL
  })
  const entries = await listFirstQuotes(db, atEntry)
  const exits = await listFirstQuotes(db, atExit)
  const settled = await readSettled(
    db,
    closed.filter(({ isPerpetual }) => isPerpetual).map(({ signal }) => signal),
    budget
  )
  const outcomes = new Map(
    closed.map(({ signal, isPerpetual }, index) => {
      const facts = { entry: entries[index], exit: exits[index], settled: settled.get(signal.id) ?? [] }
      return [signal.id, carryOutcomeOf(signal, { isPerpetual, ...facts })]
    })
  )
  return episodes.map(({ signal }) => outcomes.get(signal.id) ?? { absent: 'still_open' })
}

/** What was paid while each of these was open, and until it could be left. */
async function readSettled(db: Pick<Database, 'query'>, signals: readonly BucketSignal[], budget: RowBudget) {
  const windows = signals.map(({ instrumentId, openedAt, closedAt }) => ({
    instrumentId: instrumentId!,
    fromMs: openedAt,
    toMs: closedAt! + HOUR
  }))
  await takeStored(budget, {
    // No venue settles more often than each hour.
    most: windows.reduce((sum, { fromMs, toMs }) => sum + Math.ceil((toMs - fromMs) / HOUR), 0),
    count: (most) => countSettledOfWindows(db, windows, most),
    ...REFUSAL
  })
  const rates = await listSettledRatesOfWindows(db, windows)
  return new Map(signals.map(({ id }, index) => [id, rates[index]!]))
}
