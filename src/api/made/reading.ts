import type { CarryDirection } from '../../domain/carry.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { ListedSignal } from '../../store/signal-list.ts'
import type { Moment } from '../at.ts'
import type { ApiContext } from '../context.ts'
import type { RowBudget } from '../row-budget.ts'

/** What was asked for: of which instrument, against which other, of which moment or the window that ends there, with the coin borrowed at which rate a year, and which way the carry. */
export type Asked = {
  readonly instrument: Instrument
  readonly against: Instrument | undefined
  readonly borrowApr?: number | undefined
  readonly direction: CarryDirection
  readonly moment: Moment
  /** Of a window, its beginning, epoch ms. */
  readonly fromMs: number | undefined
  /** What the request may still bring together. */
  readonly budget: RowBudget
}

/** The row that an answer has, all that it was made of as JSON keeps it, and the way from one to the other. */
export type MadeReading = {
  readonly served: object
  readonly rows: object
  readonly remake: (rows: never) => object | Promise<object>
}

/** Reads what a number of an answer is made of; a word where there is nothing, and why. */
export type Read = (context: ApiContext, asked: Asked) => Promise<MadeReading | string>

/** Which number of which signal was asked for. */
export type AskedOfSignal = ListedSignal & { readonly field: string; readonly nowMs: number }
export type ReadOfSignal = (context: ApiContext, asked: AskedOfSignal) => Promise<MadeReading | string>

/** What is served was made of the rows as they are now. */
export function madeOf<Rows extends object>(rows: Rows, remake: (rows: Rows) => object): MadeReading {
  return { rows, remake: remake as MadeReading['remake'], served: remake(rows) }
}
