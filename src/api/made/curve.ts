import { realisedOf } from '../../contract/realised.ts'
import { type CurveContract, termStructureParameters, termStructureView } from '../../contract/term-structure.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Latest } from '../../domain/latest.ts'
import type { PaidRate } from '../../store/realised.ts'
import { goneSince } from '../at.ts'
import { quoteAgeOf, readCarryFacts } from '../carry-facts.ts'
import { contractsOf } from '../contracts.ts'
import { fundingWindow, readFundingOf } from '../operations/term-structure.ts'
import { madeOf, type Read } from './reading.ts'

type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly venue: string
  readonly instrument: string
  readonly quoteRate: number
  readonly quoteAgeMs: number
  readonly contracts: readonly CurveContract[]
  /** The week over which a perpetual's funding is told, and what it settled in it. */
  readonly fromAt: number
  readonly toAt: number
  readonly settlements: readonly PaidRate[]
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
  const week = fundingWindow(moment.nowMs)
  const paid = instrument.kind === 'perpetual' ? await readFundingOf(context, [instrument.id], week) : undefined
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
    }),
    fromAt: week.fromMs,
    toAt: week.toMs,
    settlements: paid?.get(instrument.id) ?? []
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, ...shownParts(rows) } }
}

const NOT_OF_PRICES = { last: null, mark: null, estimate: null, openInterest: null, volume: null }
const NO_FACTS = { quote: null, ...NOT_OF_PRICES }

function viewOf({ asset, venue, instrument, contracts, quoteAgeMs, quoteRate, ...week }: Rows) {
  const { points, ...curve } = termStructureView({ asset, venue, contracts }, quoteAgeMs, quoteRate)
  const point = points.find((each) => each.instrument === instrument)!
  const isLater = ({ toDays }: { readonly toDays: number }) => point.isFitted && toDays === point.days
  const forward = curve.forwards.find(isLater) ?? { absent: point.isFitted ? 'first_expiry' : 'not_fitted' }
  return {
    ...point,
    curve,
    forward,
    funding: point.kind === 'perpetual' ? fundingOf(week) : { absent: 'not_a_perpetual' },
    // Of its mids; why it has no rate is its own word.
    mids: {
      ...pricesOf(point),
      absent: { contractMid: 'missing_quote', spotMid: point.absent === 'perpetual' ? 'missing_quote' : point.absent }
    },
    maturities: Object.fromEntries(curve.constantMaturities.map((of) => [of.days, of]))
  }
}

const pricesOf = ({ contractMid, spotMid }: { contractMid: string | null; spotMid: string | null }) => {
  return { contractMid, spotMid }
}

function fundingOf({ settlements, fromAt, toAt }: Pick<Rows, 'settlements' | 'fromAt' | 'toAt'>) {
  const { realisedApr, absent } = realisedOf(settlements, { fromMs: fromAt, toMs: toAt }, null)
  return { realisedFundingApr: realisedApr, absent: { realisedFundingApr: absent.realisedApr } }
}

/** The best prices of a leg, by which its mid may be made again. */
function quoteOf(leg: Instrument | null, latest: Latest | undefined) {
  const { bid = null, ask = null, observedAt = null, venueTime = null } = latest?.quote ?? {}
  return { instrument: leg?.key ?? null, multiplier: leg?.multiplier ?? null, bid, ask, observedAt, venueTime }
}

/** The curve's steps between its rows and a number, by which that may be made again: mids after multiplier and fx, rates by days. */
function shownParts({ asset, venue, instrument, contracts, quoteAgeMs, quoteRate }: Rows) {
  const { points } = termStructureView({ asset, venue, contracts }, quoteAgeMs, quoteRate)
  const { contractMid, spotMid, expiresAt, days } = points.find((each) => each.instrument === instrument)!
  const { contract, spot, contractFacts, spotFacts, tradedFx } = contracts.find(
    ({ facts }) => facts.contract.key === instrument
  )!.facts
  const fitted = points.filter(({ isFitted }) => isFitted)
  return {
    point: { contractMid, spotMid, expiresAt, days },
    contractQuote: quoteOf(contract, contractFacts.latest),
    spotQuote: quoteOf(spot, spotFacts.latest),
    // What one unit of the spot leg's currency is in the contract's.
    fx: spot?.quote === contract.quote ? { rate: 1 } : tradedFx,
    rates: fitted.map((each) => ({ instrument: each.instrument, days: each.days, aprContinuous: each.aprContinuous }))
  }
}
