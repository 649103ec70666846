import {
  fundingSpreadParameters,
  fundingSpreadView,
  type SpreadPerpetual,
  type SpreadWindow
} from '../../contract/funding-spreads.ts'
import { takerFeeOf } from '../../domain/fees.ts'
import { formulaVersionAt } from '../../domain/funding-formulas.ts'
import { wholeBlocks } from '../../domain/funding-spread.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { LatestEstimate } from '../../domain/latest.ts'
import { HOUR } from '../../domain/time.ts'
import { blocksUntil, type PastPerpetual, readPerpetuals } from '../spread-facts.ts'
import { madeOf, type Read } from './reading.ts'
import { type SettlementRow, settlementsUntil } from './trailing.ts'

type Shown = 'rate' | 'intervalHours' | 'intervalSource' | 'kind' | 'nextSettlementAt' | 'observedAt'
/** A leg as JSON keeps it, with the venue's own word. */
type Leg = Omit<SpreadPerpetual, 'blocks' | 'realised'> & {
  readonly taker: number
  readonly estimate: Pick<LatestEstimate, Shown> | null
  readonly quotedAt: number | null
  readonly formulaVersion: number | null
}
type Rows = {
  readonly nowMs: number
  readonly window: SpreadWindow
  readonly tier: string
  readonly one: Leg
  readonly other: Leg
  /** The whole blocks that were looked at, and what both settled in them, each with whose it is. */
  readonly blocksFromAt: number
  readonly blocksToAt: number
  readonly settlements: readonly (SettlementRow & { readonly instrument: string })[]
}

/** Of a perpetual against another one of its asset, by the rates of now over the horizon and the fees unless told. */
export const readSpread: Read = async (context, { instrument, against, moment: { nowMs, isPast }, budget }) => {
  if (instrument.kind === 'perpetual' && isPast) return 'not_stored'
  const absence = pairAbsence(instrument, against)
  if (absence !== null || against === undefined) return absence ?? 'against_not_given'
  const hours = fundingSpreadParameters.horizonHours.fallback!
  const tier = fundingSpreadParameters.feeTier.fallback!
  const window: SpreadWindow = { kind: 'now', fromMs: nowMs, toMs: nowMs + hours * HOUR }
  // As the answer pairs them: which of two equal ones is short depends on it.
  const inOrder = [instrument, against].toSorted((a, b) => a.id - b.id)
  const [one, other] = await readPerpetuals(context, inOrder, { window, nowMs, budget })
  const blocks = blocksUntil(nowMs)
  const settled = await Promise.all(inOrder.map(({ id }) => settlementsUntil(context, id, blocks, budget)))
  const legOf = ({ instrument: of, rate, intervalHours, due, mid, quotedAt, absent, estimate }: PastPerpetual): Leg => {
    const { taker } = takerFeeOf(of.venue, 'contract', tier)
    const formulaVersion = estimate ? formulaVersionAt(of.venue, estimate.observedAt) : null
    return { instrument: of, rate, intervalHours, due, mid, quotedAt, absent, taker, estimate, formulaVersion }
  }
  const rows: Rows = {
    nowMs,
    window,
    tier,
    one: legOf(one!),
    other: legOf(other!),
    blocksFromAt: blocks.fromMs,
    blocksToAt: blocks.toMs,
    settlements: settled.flatMap((own, place) => own.map((row) => ({ instrument: inOrder[place]!.key, ...row })))
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...sidesOf(rows, viewOf(rows)) } }
}

function viewOf({ one, other, window, tier, settlements, blocksFromAt, blocksToAt }: Rows) {
  const perpetualOf = ({ estimate: _, taker: _taker, ...leg }: Leg): SpreadPerpetual => {
    const settled = settlements.filter(({ instrument }) => instrument === leg.instrument.key)
    return { ...leg, blocks: wholeBlocks(settled, { fromMs: blocksFromAt, toMs: blocksToAt }), realised: null }
  }
  return fundingSpreadView(perpetualOf(one), perpetualOf(other), window, tier)
}

/** Why two contracts make no spread of funding. */
export function pairAbsence(instrument: Instrument, against: Instrument | undefined): string | null {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  if (against === undefined) return 'against_not_given'
  if (against.kind !== 'perpetual' || against.asset !== instrument.asset || against.venue === instrument.venue)
    return 'not_of_one_asset_on_two_venues'
  return instrument.quarantine !== null || against.quarantine !== null ? 'quarantined' : null
}

/** Which of the two is short, with the settlements of its clock or its grid inside the window. */
function sidesOf({ one, other, window }: Rows, served: ReturnType<typeof fundingSpreadView>) {
  const [short, long] = served.short === one.instrument.key ? [one, other] : [other, one]
  const { shortSettlements, longSettlements } = served as Readonly<Record<string, unknown>>
  const sideOf = ({ instrument: { key }, ...leg }: Leg, settlements: unknown) => ({
    instrument: key,
    rate: leg.rate,
    intervalHours: leg.intervalHours,
    intervalSource: leg.estimate?.intervalSource ?? null,
    formulaVersion: leg.formulaVersion,
    taker: leg.taker,
    settlements,
    quote: { instrument: key, mid: leg.mid, observedAt: leg.quotedAt },
    venueRate: leg.estimate?.rate ?? null,
    venueIntervalHours: leg.estimate?.intervalHours ?? null,
    kind: leg.estimate?.kind ?? null,
    nextSettlementAt: leg.estimate?.nextSettlementAt ?? null,
    observedAt: leg.estimate?.observedAt ?? null
  })
  return {
    short: sideOf(short, shortSettlements),
    long: sideOf(long, longSettlements),
    fromAt: window.fromMs,
    toAt: window.toMs
  }
}
