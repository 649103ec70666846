import type { Maker, Reader, Value } from './answer.ts'
import { booksOf } from './carry-books.ts'
import { largest } from './carry-capacity.ts'
import type { CarryRows, Leg, Listed } from './carry-rows.ts'
import { fraction, text, times } from './fraction.ts'
import { costOf, grossOf } from './spread-paid.ts'

// What a spread of now comes to for a size: a carry whose spot is the long leg.

type Kept = Leg & {
  readonly instrument: Listed & { readonly key: string }
  readonly rate: number
  readonly intervalHours: number
}
type Rows = Pick<CarryRows, 'derivedAt' | 'tradedFx'> & {
  readonly one: Kept
  readonly other: Kept
  readonly short: { readonly instrument: string; readonly nextSettlementAt: string | null }
  readonly long: { readonly instrument: string; readonly nextSettlementAt: string | null }
  readonly terms: Readonly<Record<'notional' | 'horizonHours' | 'margin' | 'bookAgeMs', number>>
}

const legOf = ({ one, other, ...rows }: Rows, side: 'short' | 'long') =>
  one.instrument.key === rows[side].instrument ? one : other

function fillsOf(rows: Rows, read: Reader) {
  const [short, long] = [legOf(rows, 'short'), legOf(rows, 'long')]
  const { derivedAt, tradedFx, terms } = rows
  const books = booksOf(
    {
      derivedAt,
      tradedFx,
      contract: short.instrument,
      spot: long.instrument,
      contractFacts: short,
      spotFacts: long,
      terms: { direction: 'forward', bookAgeMs: terms.bookAgeMs }
    },
    read
  )
  const bps = read.constant('bps')
  const filled = (notional: number) => {
    const fills = books.fillsOf(fraction(notional))
    if (fills === null || fills.contractExitBps === null) return null
    const impactFrac = (books.midBasisBps - fills.entryBasisBps + fills.contractExitBps + fills.spotExitBps) / bps
    return { ...fills, impactFrac }
  }
  return { filled, midBasisBps: books.midBasisBps, own: filled(terms.notional)!, long: long.instrument }
}
type Filled = ReturnType<typeof fillsOf>
const of = (make: (found: Filled, rows: Rows, read: Reader) => Value): Maker => {
  return (read, { rows }) => make(fillsOf(rows as Rows, read), rows as Rows, read)
}

const netOf = (read: Reader, { impactFrac }: { readonly impactFrac: number }) =>
  grossOf(read) - costOf(read) - impactFrac
const yearly = (net: number, { terms }: Rows, read: Reader) =>
  (net * read.constant('hoursPerYear')) / terms.horizonHours
const sizeOf = ({ filled }: Filled, rows: Rows, read: Reader) =>
  largest(
    (notional) => {
      const fills = filled(Math.round(notional * 100) / 100)
      return fills && yearly(netOf(read, fills), rows, read)
    },
    0,
    read
  )

/** Settlement by settlement of both legs, until costs are paid. */
function hoursUntilPaid(cost: number, rows: Rows, read: Reader): number | null {
  if (cost <= 0) return 0
  const [nowMs, hourMs] = [Date.parse(rows.derivedAt), read.constant('hourMs')]
  const times = (side: 'short' | 'long') => {
    const { rate, intervalHours } = legOf(rows, side)
    const step = intervalHours * hourMs
    const told = rows[side].nextSettlementAt === null ? nowMs : Date.parse(rows[side].nextSettlementAt!)
    return { rate, step, first: told > nowMs ? told : (Math.floor(nowMs / step) + 1) * step }
  }
  const [short, long] = [times('short'), times('long')]
  const countAt = ({ first, step }: typeof short, at: number) => (at < first ? 0 : 1 + Math.floor((at - first) / step))
  const end = nowMs + read.constant('hoursPerYear') * hourMs
  const all = [short, long].flatMap(({ first, step }) =>
    Array.from({ length: Math.max(0, Math.floor((end - first) / step) + 1) }, (_, turn) => first + turn * step)
  )
  const paid = all
    .sort((a, b) => a - b)
    .find((at) => short.rate * countAt(short, at) - long.rate * countAt(long, at) >= cost)
  return paid === undefined ? null : (paid - nowMs) / hourMs
}

export const SPREAD_EXECUTION: Readonly<Record<string, Maker>> = {
  executionNotional: ({ raw }) => String(raw('terms.notional')),
  executionFx: of((_, { one, other, tradedFx }) => {
    return one.instrument.quote === other.instrument.quote ? 1 : tradedFx!.rate
  }),
  executionBaseQuantity: of(({ own, long }) => text(times(own.baseQuantity, fraction(long.multiplier)))),
  executionShortVwap: of(({ own }) => text(own.contractVwap)),
  executionLongVwap: of(({ own }) => text(own.spotVwap)),
  executionEntryBasisBps: of(({ own }) => own.entryBasisBps),
  executionMidBasisBps: of(({ midBasisBps }) => midBasisBps),
  executionShortEntrySlippageBps: of(({ own }) => own.contractSlippageBps),
  executionLongEntrySlippageBps: of(({ own }) => own.spotSlippageBps),
  executionShortExitSlippageBps: of(({ own }) => own.contractExitBps),
  executionLongExitSlippageBps: of(({ own }) => own.spotExitBps),
  executionImpactFrac: of(({ own }) => own.impactFrac),
  executionNetFrac: of(({ own }, _, read) => netOf(read, own)),
  executionNetApr: of(({ own }, rows, read) => yearly(netOf(read, own), rows, read)),
  executionNetAprCapital: of(({ own }, rows, read) => yearly(netOf(read, own), rows, read) / (2 * rows.terms.margin)),
  executionBreakEvenHours: of(({ own }, rows, read) => hoursUntilPaid(costOf(read) + own.impactFrac, rows, read)),
  executionSizeLimit: of((found, rows, read) => sizeOf(found, rows, read).size),
  executionSizeBound: of((found, rows, read) => sizeOf(found, rows, read).bound)
}
