import { type CarryOutcome, carryOutcomeOf } from '../../contract/carry-outcome.ts'
import { opportunityView, type RealisedCarry } from '../../contract/opportunities.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { BucketSignal, SignalSubject } from '../../domain/signal.ts'
import { isByFormulaOfNow } from '../../domain/signal-types.ts'
import { type KeptPrices, listCarryOutcomes, quotesOfKept, type StoredOutcome } from '../../store/carry-outcomes.ts'
import { listSettlementRevisions, revisionsAt, type SettlementRevision } from '../../store/settlement-revisions.ts'
import { realisedOf } from '../carry-outcomes.ts'
import type { ApiContext } from '../context.ts'
import type { KeptFacts } from './kept-carry.ts'
import type { ReadOfSignal } from './reading.ts'
import { readSignalFacts, signalCarryAgain, signalCarryParts } from './signal-carry.ts'

/** What an outcome was worked out of; prices of spot in the unit and currency of the contract. */
type Worked = {
  readonly isPerpetual: boolean
  readonly revision: number
  readonly knownAt: number
  readonly entry: KeptPrices | null
  readonly exit: KeptPrices | null
  readonly settled: readonly SettlementRevision[]
}
type Rows = {
  readonly nowMs: number
  readonly subject: SignalSubject
  readonly contract: Instrument
  readonly spot: Instrument
  readonly signal: BucketSignal
  /** The end of the bucket that `facts` are of; null: it is not known. */
  readonly bucketAt: number | null
  /** Null: nothing of it is kept any more. */
  readonly facts: KeptFacts | null
  /** Null until it is worked out. */
  readonly outcome: Worked | null
}

/** A carry opportunity: as it was quoted in a bucket, and what it came to. */
export const readOpportunity: ReadOfSignal = async (context, { signal, subject, field, nowMs }) => {
  if (signal.type !== 'carry_opportunity') return 'not_a_carry'
  const bucketAt = field.startsWith('last') ? signal.lastAt : field.startsWith('peak') ? signal.peakAt : signal.openedAt
  const { byId } = await context.catalogue.read()
  const stored = (await listCarryOutcomes<CarryOutcome>(context.db, [signal.id])).get(signal.id)
  const facts = bucketAt === null ? null : await readSignalFacts(context, signal, bucketAt)
  const rows: Rows = {
    nowMs,
    subject,
    contract: byId.get(signal.instrumentId!)!,
    spot: byId.get(signal.spotId)!,
    signal,
    bucketAt,
    facts,
    outcome: stored === undefined ? null : await readWorked(context, signal, subject, stored)
  }
  return {
    served: opportunityView(signal, subject, realisedOf(signal, stored)),
    remake,
    rows: { ...rows, ...shownOutcome(rows), ...(facts && signalCarryParts(facts)) }
  }
}

/** The prices that are kept with the outcome, and what had settled between them when it was worked out. */
async function readWorked(
  { db }: ApiContext,
  signal: BucketSignal,
  { kind }: SignalSubject,
  { revision, knownAt, entry, exit }: StoredOutcome<CarryOutcome>
): Promise<Worked> {
  const isPerpetual = kind === 'perpetual'
  const common = { isPerpetual, revision, knownAt, entry, exit }
  if (!isPerpetual || entry === null || exit === null) return { ...common, settled: [] }
  const range = { fromMs: entry.at + 1, toMs: exit.at + 1, knownAtMs: knownAt }
  const found = await listSettlementRevisions(db, [signal.instrumentId!], range)
  return { ...common, settled: revisionsAt(found.get(signal.instrumentId!) ?? [], Number.POSITIVE_INFINITY) }
}

/** What its facts are of is made again of them; what they are not of is nobody's number here. */
function remake({ signal, subject, facts, outcome }: Rows): object {
  const view = opportunityView(signal, subject, realisedAgain(signal, outcome))
  const isAgain = isByFormulaOfNow(signal)
  const carry = isAgain ? facts && signalCarryAgain(facts) : null
  const value = carry?.value ?? null
  const reason = isAgain ? 'inputs_not_kept' : 'formula_changed'
  const absent = carry === null ? { value: reason, lastValue: reason, peakValue: reason, quoted: reason } : {}
  return {
    ...view,
    value,
    lastValue: value,
    peakValue: value,
    quoted: view.quoted === null ? null : (carry?.quoted ?? null),
    absent: { ...absent, ...view.absent }
  }
}

function realisedAgain(signal: BucketSignal, outcome: Worked | null): RealisedCarry {
  if (outcome === null) return realisedOf(signal, undefined)
  const { isPerpetual, entry, exit, settled } = outcome
  const quotes = { entry: entry && quotesOfKept(entry), exit: exit && quotesOfKept(exit) }
  return { outcome: carryOutcomeOf(signal, { isPerpetual, ...quotes, settled }), kept: outcome }
}

/** The prices at both ends by leg, and what was paid between them. */
function shownOutcome({ outcome }: Rows) {
  if (outcome === null) return {}
  const { entry, exit, settled } = outcome
  if (entry === null || exit === null) return {}
  const spotOf = ({ at, spotBid, spotAsk }: KeptPrices) => ({ tickAt: at, bid: spotBid, ask: spotAsk })
  const contractOf = ({ at, contractBid, contractAsk }: KeptPrices) => ({
    tickAt: at,
    bid: contractBid,
    ask: contractAsk
  })
  return {
    spotEntry: spotOf(entry),
    contractEntry: contractOf(entry),
    spotExit: spotOf(exit),
    contractExit: contractOf(exit),
    settlements: settled
  }
}
