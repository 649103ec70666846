import { EXITS } from '../domain/carry-quote.ts'
import { count, decimal, number, numberOrNull, object, oneOf } from './schema.ts'

/** What is kept of a quote, with its signal. */
export const quotedCarrySchema = object(
  {
    notional: number('The size, in the quote currency of spot', 50_000),
    baseQuantity: decimal('Base bought, and sold by the contract', '0.78125'),
    spotVwap: decimal('What spot would have been bought at', '64000.5'),
    contractVwap: decimal('What the contract would have been sold at, in its own unit', '64101'),
    exit: oneOf(EXITS, 'What basis was taken to be in the end: perpetuals `unchanged`, dated contracts `locked`'),
    hours: number('After so many hours', 168),
    entryBasisBps: number('Between both fills, bps', 15.7),
    midBasisBps: number('Between both mids, bps', 16.2),
    fundingSum: number('Σ of the rates expected at the settlements until then; 0 for dated contracts', 0.0105),
    settlements: count('How many those are', 21),
    intervalHours: numberOrNull('Hours between them; null for dated contracts', 8),
    spotTaker: number('Taker fee of the spot leg, fraction', 0.001),
    contractTaker: number('Taker fee of the contract, fraction', 0.0005),
    feeTableVersion: count('Of the table that the fees are from', 1),
    impactFrac: number('What the size costs beyond the best prices of both books, in and out', 0.0001),
    grossFrac: number('Convergence and expected funding', 0.0105),
    costFrac: number('Fees both ways and what leaving costs', 0.0031),
    netFrac: number('Gross less cost', 0.0074),
    netAprNotional: number('Net a year', 0.386),
    netAprCapital: number('Net a year, on notional with margin: the value of the signal', 0.321),
    breakEvenHours: numberOrNull('Until expected funding has paid for all of it; 0 for dated contracts', 62)
  },
  { description: 'A carry as it was quoted when a bucket closed; fractions of notional' }
)
