import { carryParameters } from '../../contract/carry-parameters.ts'
import {
  fundingSpreadParameters,
  fundingSpreadView,
  inSides,
  type SpreadPerpetual,
  type SpreadWindow
} from '../../contract/funding-spreads.ts'
import { type ExecutionTerms, withExecution } from '../../contract/spread-execution.ts'
import { bookOfLeg } from '../../domain/carry-case.ts'
import { takerFeeOf } from '../../domain/fees.ts'
import { formulaVersionAt } from '../../domain/funding-formulas.ts'
import { wholeBlocks } from '../../domain/funding-spread.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { PairLeg } from '../../domain/spread-execution.ts'
import { HOUR } from '../../domain/time.ts'
import type { TradedFx } from '../../domain/traded-fx.ts'
import { readSpreadBooks } from '../spread-books.ts'
import { blocksUntil, readPerpetuals } from '../spread-facts.ts'
import { levelsOf } from './carry-parts.ts'
import { type KeptLeg, keptLeg, legAgain } from './kept-carry.ts'
import { madeOf, type Read } from './reading.ts'
import { type SettlementRow, settlementsUntil } from './trailing.ts'

/** A leg as JSON keeps it, with the venue's own words. */
type Leg = Omit<SpreadPerpetual, 'blocks' | 'realised'> &
  KeptLeg & { readonly taker: number; readonly formulaVersion: number | null }
type Rows = {
  readonly nowMs: number
  readonly window: SpreadWindow
  readonly tier: string
  readonly one: Leg
  readonly other: Leg
  /** The long leg's currency in the short one's, and the size with what else the caller decides. */
  readonly tradedFx: TradedFx | null
  readonly terms: ExecutionTerms
  /** The whole blocks that were looked at, and what both settled in them, each with whose it is. */
  readonly blocksFromAt: number
  readonly blocksToAt: number
  readonly settlements: readonly (SettlementRow & { readonly instrument: string })[]
}

/** What a caller decides who decides nothing; the size is that of a carry. */
const TIER = fundingSpreadParameters.feeTier.fallback!
const ASKED = {
  notional: carryParameters.notional.fallback!,
  horizonHours: fundingSpreadParameters.horizonHours.fallback!,
  margin: fundingSpreadParameters.margin.fallback!
}

/** Of a perpetual against another one of its asset, by the rates and books of now, over the horizon and for the fees and size unless told. */
export const readSpread: Read = async (context, { instrument, against, moment: { nowMs, isPast }, budget }) => {
  if (instrument.kind === 'perpetual' && isPast) return 'not_stored'
  const absence = pairAbsence(instrument, against)
  if (absence !== null || against === undefined) return absence ?? 'against_not_given'
  const window: SpreadWindow = { kind: 'now', fromMs: nowMs, toMs: nowMs + ASKED.horizonHours * HOUR }
  // As the answer pairs them: which of two equal ones is short depends on it.
  const inOrder = [instrument, against].toSorted((a, b) => a.id - b.id)
  const [one, other] = await readPerpetuals(context, inOrder, { window, nowMs, budget })
  const booksOf = await readSpreadBooks(context, [one!, other!], { nowMs, ...ASKED })
  const { facts, terms } = booksOf(...inSides(fundingSpreadView(one!, other!, window, TIER), one!, other!))
  const blocks = blocksUntil(nowMs)
  const settled = await Promise.all(inOrder.map(({ id }) => settlementsUntil(context, id, blocks, budget)))
  const [own, others] = [one!, other!].map(({ settled: _, blocks: _blocks, realised: _realised, ...leg }): Leg => {
    const { venue, key } = leg.instrument
    const { estimate } = leg.latest ?? {}
    const formulaVersion = estimate ? formulaVersionAt(venue, estimate.observedAt) : null
    const kept = keptLeg(key === facts.short.instrument.key ? facts.short : facts.long)
    return { ...leg, ...kept, taker: takerFeeOf(venue, 'contract', TIER).taker, formulaVersion }
  })
  const rows: Rows = {
    nowMs,
    window,
    tier: TIER,
    one: own!,
    other: others!,
    tradedFx: facts.tradedFx,
    terms,
    blocksFromAt: blocks.fromMs,
    blocksToAt: blocks.toMs,
    settlements: settled.flatMap((rowsOf, place) => rowsOf.map((row) => ({ instrument: inOrder[place]!.key, ...row })))
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...sidesOf(rows, viewOf(rows)) } }
}

function viewOf({ one, other, window, tier, settlements, blocksFromAt, blocksToAt, ...rows }: Rows) {
  const perpetualOf = (leg: Leg): SpreadPerpetual => {
    const settled = settlements.filter(({ instrument }) => instrument === leg.instrument.key)
    return { ...leg, blocks: wholeBlocks(settled, { fromMs: blocksFromAt, toMs: blocksToAt }), realised: null }
  }
  const row = fundingSpreadView(perpetualOf(one), perpetualOf(other), window, tier)
  const { nowMs, tradedFx, terms } = rows
  const [short, long] = inSides(row, one, other).map(pairLegOf)
  return withExecution(row, { facts: { nowMs, short: short!, long: long!, tradedFx }, terms })
}

const pairLegOf = ({ instrument, rate, intervalHours, ...kept }: Leg): PairLeg => {
  return { instrument, rate, intervalHours, ...legAgain(kept) }
}

/** Why two contracts make no spread of funding. */
export function pairAbsence(instrument: Instrument, against: Instrument | undefined): string | null {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  if (against === undefined) return 'against_not_given'
  if (against.kind !== 'perpetual' || against.asset !== instrument.asset || against.venue === instrument.venue)
    return 'not_of_one_asset_on_two_venues'
  return instrument.quarantine !== null || against.quarantine !== null ? 'quarantined' : null
}

/** Which of the two is short, with its quote and its book by levels, and the settlements of its clock or its grid inside the window. */
function sidesOf({ one, other, window, nowMs, terms }: Rows, served: ReturnType<typeof viewOf>) {
  const { shortSettlements, longSettlements } = served as Readonly<Record<string, unknown>>
  const sideOf = (leg: Leg, settlements: unknown) => {
    const { instrument: of, latest } = leg
    const { estimate, quote } = latest ?? {}
    const book = bookOfLeg(of, pairLegOf(leg), { nowMs }, terms)
    return {
      instrument: of.key,
      units: of.multiplier,
      rate: leg.rate,
      intervalHours: leg.intervalHours,
      intervalSource: estimate?.intervalSource ?? null,
      formulaVersion: leg.formulaVersion,
      taker: leg.taker,
      settlements,
      quote: { instrument: of.key, ...quote, mid: leg.mid, observedAt: quote?.observedAt ?? null },
      book: typeof book === 'string' ? null : levelsOf(book),
      venueRate: estimate?.rate ?? null,
      venueIntervalHours: estimate?.intervalHours ?? null,
      kind: estimate?.kind ?? null,
      nextSettlementAt: estimate?.nextSettlementAt ?? null,
      observedAt: estimate?.observedAt ?? null
    }
  }
  const [short, long] = inSides(served, one, other)
  return {
    short: sideOf(short, shortSettlements),
    long: sideOf(long, longSettlements),
    fromAt: window.fromMs,
    toAt: window.toMs
  }
}
