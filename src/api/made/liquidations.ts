import { liquidationView } from '../../contract/liquidations.ts'
import { add, compare, type Decimal, decimalToString, parseDecimal, ZERO } from '../../domain/decimal.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { LiquidatedPosition } from '../../domain/liquidation.ts'
import { InvalidInputError } from '../../errors.ts'
import { listLiquidations, listLooks, type ShownLiquidation, type ShownLook } from '../../store/liquidations.ts'
import { countLiquidationRows } from '../../store/row-counts.ts'
import { isShownBy, liquidationWindow } from '../operations/liquidations.ts'
import { takeStored } from '../row-budget.ts'
import { madeOf, type Read } from './reading.ts'
import { FEWER } from './trailing.ts'

/** A look each minute of a week, and room. */
const ROWS_MAX = 20_000

type Rows = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly isShown: boolean
  readonly fromAt: number
  readonly toAt: number
  readonly looks: readonly ShownLook[]
  readonly liquidations: readonly ShownLiquidation[]
}

/** What looks at a contract have shown from `from` until then, an hour unless told. */
export const readLiquidations: Read = async (context, { instrument, fromMs, moment: { nowMs }, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  const { db } = context
  const window = liquidationWindow({ from: fromMs, to: nowMs }, nowMs)
  await takeStored(budget, {
    most: Number.POSITIVE_INFINITY,
    count: (most) => countLiquidationRows(db, [instrument.id], window, most),
    path: 'metric',
    narrow: FEWER
  })
  const looks = await listLooks(db, instrument.id, window, ROWS_MAX + 1)
  const liquidations = await listLiquidations(db, instrument.id, window, ROWS_MAX + 1)
  if (Math.max(looks.length, liquidations.length) > ROWS_MAX) {
    const message = `more than ${ROWS_MAX.toLocaleString('en')} rows behind one number; ask for a shorter window`
    throw new InvalidInputError([{ path: 'from', message }], 'range_too_long')
  }
  const rows: Rows = {
    nowMs,
    contract: instrument,
    isShown: isShownBy(context, instrument.venue),
    fromAt: window.fromMs,
    toAt: window.toMs,
    looks,
    liquidations
  }
  return madeOf(rows, ({ contract, isShown, ...seen }) => liquidationView(contract, sumsOf(seen), { isShown }))
}

/** Ascending looks; without one nothing is known. */
function sumsOf({ looks, liquidations }: Pick<Rows, 'looks' | 'liquidations'>) {
  const newest = looks.at(-1)
  if (newest === undefined) return undefined
  const received = looks.map(({ observedAt }) => observedAt)
  const of = (position: LiquidatedPosition) => liquidations.filter((each) => each.position === position)
  const amounts = (what: 'base' | 'quote') => {
    const sum = (own: readonly ShownLiquidation[]) =>
      decimalToString(own.reduce((total, each) => add(total, exact(each[what])), ZERO))
    return { long: sum(of('long')), short: sum(of('short')), unknown: sum(of('unknown')), total: sum(liquidations) }
  }
  const quotes = liquidations.map(({ quote }) => exact(quote)).sort(compare)
  const largest = quotes.at(-1)
  return {
    looks: looks.length,
    firstLookAt: Math.min(...received),
    lastLookAt: Math.max(...received),
    sampleOf: newest.sampleOf,
    count: liquidations.length,
    unknown: of('unknown').length,
    base: amounts('base'),
    quote: amounts('quote'),
    largestQuote: largest === undefined ? null : decimalToString(largest),
    lastAt: liquidations.at(-1)?.occurredAt ?? null
  }
}

const exact = (text: string): Decimal => parseDecimal(text)!
