import {
  fundingSpreadParameters,
  fundingSpreadView,
  type SpreadPerpetual,
  type SpreadWindow
} from '../../contract/funding-spreads.ts'
import { takerFeeOf } from '../../domain/fees.ts'
import { formulaVersionAt } from '../../domain/funding-formulas.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { HOUR } from '../../domain/time.ts'
import { listLatest } from '../../store/latest.ts'
import { type PastPerpetual, readPerpetuals } from '../spread-facts.ts'
import type { Read } from './reading.ts'

/** A leg as JSON keeps it: its settlements as times of now and to come. */
type Leg = Omit<SpreadPerpetual, 'blocks' | 'realised'> & {
  readonly taker: number
  readonly quotedAt: number | null
  /** Of its rate. */
  readonly observedAt: number | null
  readonly intervalSource: string | null
  readonly formulaVersion: number | null
}
type Rows = {
  readonly nowMs: number
  readonly window: SpreadWindow
  readonly tier: string
  readonly one: Leg
  readonly other: Leg
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
  const latest = await listLatest(context.db, [instrument.id, against.id])
  const legOf = ({ instrument: of, rate, intervalHours, due, mid, quotedAt, absent }: PastPerpetual): Leg => {
    const estimate = latest.get(of.id)?.estimate
    return {
      instrument: of,
      rate,
      intervalHours,
      due,
      mid,
      quotedAt,
      absent,
      taker: takerFeeOf(of.venue, 'contract', tier).taker,
      observedAt: estimate?.observedAt ?? null,
      intervalSource: estimate?.intervalSource ?? null,
      formulaVersion: estimate ? formulaVersionAt(of.venue, estimate.observedAt) : null
    }
  }
  const rows: Rows = { nowMs, window, tier, one: legOf(one!), other: legOf(other!) }
  const again = ({ observedAt: _, taker: _taker, ...leg }: Leg): SpreadPerpetual => ({
    ...leg,
    blocks: new Map(),
    realised: null
  })
  const remake = (given: Rows) => fundingSpreadView(again(given.one), again(given.other), given.window, given.tier)
  const served = fundingSpreadView(one!, other!, window, tier)
  return { served, remake, rows: { ...rows, ...sidesOf(rows, served) } }
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
function sidesOf({ one, other }: Rows, served: ReturnType<typeof fundingSpreadView>) {
  const [short, long] = served.short === one.instrument.key ? [one, other] : [other, one]
  const { shortSettlements, longSettlements } = served as Readonly<Record<string, unknown>>
  const sideOf = ({ instrument: { key }, mid, quotedAt, absent: _, due: _due, ...rate }: Leg, settlements: unknown) => {
    return { instrument: key, ...rate, quote: { instrument: key, mid, observedAt: quotedAt }, settlements }
  }
  return { short: sideOf(short, shortSettlements), long: sideOf(long, longSettlements) }
}
