import { driversParameters } from '../../contract/drivers.ts'
import { identityView } from '../../contract/drivers-view.ts'
import type { HourFacts } from '../../domain/driver-features.ts'
import { baseRateOf } from '../../domain/fair-premium.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { floorTo, HOUR } from '../../domain/time.ts'
import { countHourFacts, listHourFacts } from '../../store/hour-facts.ts'
import { fairRangeOf, partsOf, splitAt } from '../basis-parts.ts'
import { driversWindow } from '../operations/drivers.ts'
import { takeStored } from '../row-budget.ts'
import { madeOf, type Read } from './reading.ts'
import { FEWER } from './trailing.ts'

type Basis = NonNullable<HourFacts['basis']>
/** The last basis of an hour; `tickAt` is its time on the grid. */
type HourRow = Pick<Basis, 'observedBps' | 'adjustedBps' | 'priceKind'> & { readonly tickAt: number }
type Rows = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly quoteRate: number
  readonly baseRate: number
  readonly startAt: number
  readonly hours: readonly (HourRow | null)[]
}

/** What a contract's basis is made of at the ends of the day before, or from `from` on, with the rates unless told. */
export const readIdentity: Read = async (context, { instrument, fromMs, moment: { nowMs }, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  const { id, spotId, asset } = instrument
  if (spotId === null) return 'no_spot_leg'
  const window = driversWindow(context, { from: fromMs, to: nowMs }, nowMs)
  const range = { fromMs: floorTo(window.fromMs, HOUR), toMs: floorTo(nowMs, HOUR), knownAtMs: null }
  if (range.fromMs >= range.toMs) return 'no_basis'
  const pair = { instrumentId: id, spotId }
  await takeStored(budget, {
    most: Number.POSITIVE_INFINITY,
    count: (most) => countHourFacts(context.db, pair, range, most),
    path: 'metric',
    narrow: FEWER
  })
  const hours = await listHourFacts(context.db, pair, range)
  const rows: Rows = {
    nowMs,
    contract: instrument,
    quoteRate: driversParameters.quoteRate.fallback!,
    baseRate: baseRateOf(asset),
    startAt: range.fromMs,
    hours: hours.map(({ basis }) => basis && rowOf(basis))
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...shownParts(rows) } }
}

const rowOf = ({ at, observedBps, adjustedBps, priceKind }: Basis): HourRow => {
  return { tickAt: at, observedBps, adjustedBps, priceKind }
}

const NOTHING = { depth: null, spotDepth: null, flow: null, size: null }
/** Of what is known of an hour the parts need its basis; the noise of its price is no number here. */
const NO_PRICES = { crossCostBps: null, skewMs: 0, contractMid: '', spotMid: '' }

function splitsOf({ contract, quoteRate, baseRate, startAt, hours: rows }: Rows) {
  const rates = { rQuote: quoteRate, rBase: baseRate }
  const hours = rows.map((row): HourFacts => {
    if (row === null) return { ...NOTHING, basis: null }
    const { tickAt, ...basis } = row
    return { ...NOTHING, basis: { ...NO_PRICES, ...basis, at: tickAt } }
  })
  const funding = hours.map(() => null)
  const { made, ends } = partsOf({ instrument: contract, rates, startMs: startAt, first: 0, hours, funding })
  if (typeof ends === 'string') return ends
  return { ...ends, of: (hour: number) => splitAt(made, hours, hour) }
}

function viewOf(rows: Rows) {
  const splits = splitsOf(rows)
  if (typeof splits === 'string') return { identity: null, absent: { identity: splits } }
  return { identity: identityView(splits.of(splits.start), splits.of(splits.end)) }
}

/** The two hours that the parts are of, and between what a perpetual's fair premium lies. */
function shownParts(rows: Rows) {
  const splits = splitsOf(rows)
  if (typeof splits === 'string') return {}
  const { contract, quoteRate, baseRate, hours } = rows
  const fair = contract.kind === 'future' ? null : fairRangeOf(contract, { rQuote: quoteRate, rBase: baseRate })
  return {
    start: hours[splits.start],
    end: hours[splits.end],
    fairLowBps: fair?.low ?? null,
    fairHighBps: fair?.high ?? null,
    expiresAt: contract.expiresAt
  }
}
