import { type CurveContract, termStructureParameters, termStructureView } from '../../contract/term-structure.ts'
import { goneSince } from '../at.ts'
import { quoteAgeOf, readCarryFacts } from '../carry-facts.ts'
import { contractsOf } from '../contracts.ts'
import { madeOf, type Read } from './reading.ts'

type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly venue: string
  readonly instrument: string
  readonly quoteRate: number
  readonly quoteAgeMs: number
  readonly contracts: readonly CurveContract[]
}

/** A contract's place on the curve of its asset and venue, and that curve, with what cash earns unless told. */
export const readCurve: Read = async (context, { instrument, moment, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  // What is under quarantine may be another coin with this name: it is on no curve of the asset's.
  if (instrument.quarantine !== null) return 'quarantined'
  const { asset, venue, key } = instrument
  const placed = await contractsOf(context, { asset: [asset], venue: [venue] }, goneSince(moment))
  const dated = placed.filter(({ kind, expiresAt }) => kind === 'future' && (expiresAt ?? 0) > moment.nowMs)
  if (dated.length === 0) return 'no_dated_contracts'
  const contracts = dated.some(({ id }) => id === instrument.id) ? dated : [...dated, instrument]
  const read = await readCarryFacts(context, contracts, moment, budget)
  const none = { latest: undefined, depth: undefined }
  const rows: Rows = {
    nowMs: moment.nowMs,
    asset,
    venue,
    instrument: key,
    quoteRate: termStructureParameters.quoteRate.fallback!,
    quoteAgeMs: quoteAgeOf(context.config, moment.isPast),
    // Of what is known of a contract only its best prices are on a curve.
    contracts: contracts.map(({ id }) => {
      const { contractFacts, spotFacts, ...facts } = read.get(id)!.facts
      const pricesOf = ({ latest }: typeof contractFacts) =>
        latest === undefined ? none : { latest: { ...NO_FACTS, ...latest, ...NOT_OF_PRICES }, depth: undefined }
      return {
        facts: { ...facts, settled: [], contractFacts: pricesOf(contractFacts), spotFacts: pricesOf(spotFacts) },
        realised: null
      }
    })
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...shownParts(rows) } }
}

const NOT_OF_PRICES = { last: null, mark: null, estimate: null, openInterest: null, volume: null }
const NO_FACTS = { quote: null, ...NOT_OF_PRICES }

function viewOf({ asset, venue, instrument, contracts, quoteAgeMs, quoteRate }: Rows) {
  const { points, ...curve } = termStructureView({ asset, venue, contracts }, quoteAgeMs, quoteRate)
  const point = points.find((each) => each.instrument === instrument)!
  const isLater = ({ toDays }: { readonly toDays: number }) => point.isFitted && toDays === point.days
  const forward = curve.forwards.find(isLater) ?? { absent: point.isFitted ? 'first_expiry' : 'not_fitted' }
  return {
    ...point,
    curve,
    forward,
    maturities: Object.fromEntries(curve.constantMaturities.map((of) => [of.days, of]))
  }
}

/** The curve's steps between its rows and a number, by which that may be made again: mids after multiplier and fx, rates by days. */
function shownParts({ asset, venue, instrument, contracts, quoteAgeMs, quoteRate }: Rows) {
  const { points } = termStructureView({ asset, venue, contracts }, quoteAgeMs, quoteRate)
  const { contractMid, spotMid, expiresAt, days } = points.find((each) => each.instrument === instrument)!
  const fitted = points.filter(({ isFitted }) => isFitted)
  return {
    point: { contractMid, spotMid, expiresAt, days },
    rates: fitted.map((each) => ({ instrument: each.instrument, days: each.days, aprContinuous: each.aprContinuous }))
  }
}
