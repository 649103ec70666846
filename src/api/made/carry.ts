import { carryParameters } from '../../contract/carry-parameters.ts'
import { type CarryAnswer, carryView } from '../../contract/carry-view.ts'
import { readQuery } from '../../contract/read-query.ts'
import type { CarryFacts, KnownDepth, LegFacts } from '../../domain/carry-case.ts'
import { headlineOf, wholeCostBps } from '../../domain/carry-quote.ts'
import { type Decimal, decimalOrNull, decimalToString } from '../../domain/decimal.ts'
import { readCarryFacts } from '../carry-facts.ts'
import { answerOf, quoteOf } from '../operations/carry.ts'
import type { Read } from './reading.ts'

/** What a caller decides who decides nothing. */
const DEFAULTS = readQuery(carryParameters, { direction: 'forward' })

type KeptDepth = Omit<KnownDepth, 'bids' | 'asks'> & {
  readonly bids: readonly (string | null)[]
  readonly asks: readonly (string | null)[]
}
type KeptLeg = Omit<LegFacts, 'depth'> & { readonly depth?: KeptDepth | undefined }
type KeptFacts = Omit<CarryFacts, 'contractFacts' | 'spotFacts'> & {
  readonly contractFacts: KeptLeg
  readonly spotFacts: KeptLeg
}
type Rows = Pick<CarryAnswer, 'terms' | 'fees' | 'minNetApr' | 'intervalChanges'> & {
  readonly nowMs: number
  readonly facts: KeptFacts
  readonly notional: string
}

/** The forward carry of a contract for the size, horizon and fees unless told. */
export const readCarry: Read = async (context, { instrument, moment }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  if (!DEFAULTS.isUsable) return 'not_known'
  const { facts, intervalChanges } = (await readCarryFacts(context, [instrument], moment)).get(instrument.id)!
  const asked = { direction: 'forward', intervalChanges, isPast: moment.isPast } as const
  const answer = answerOf(context, facts, asked, DEFAULTS.values)
  const { terms, fees, minNetApr } = answer
  const rows: Rows = {
    nowMs: moment.nowMs,
    facts: { ...facts, contractFacts: keptLeg(facts.contractFacts), spotFacts: keptLeg(facts.spotFacts) },
    terms,
    fees,
    minNetApr,
    intervalChanges,
    notional: decimalToString(answer.notional)
  }
  return { served: viewOf(answer), remake, rows: { ...rows, ...shownParts(answer) } }
}

function remake({ facts, notional, nowMs: _, ...rest }: Rows): object {
  const known = { ...facts, contractFacts: legAgain(facts.contractFacts), spotFacts: legAgain(facts.spotFacts) }
  const size = decimalOrNull(notional)!
  return viewOf({ ...rest, facts: known, notional: size, quoted: quoteOf(known, rest.terms, size) })
}

const viewOf = (answer: CarryAnswer) => ({ ...carryView(answer), end: endOf(answer) })

function endOf({ quoted }: CarryAnswer) {
  if (typeof quoted === 'string') return null
  return quoted.sized.exits.find(({ exit }) => exit === headlineOf(quoted.input)) ?? null
}

/** The steps between the rows and a net, each of which is served too. */
function shownParts(answer: CarryAnswer) {
  const { quoted, terms } = answer
  const shared = {
    ...terms,
    spotTaker: terms.fees.spotTaker,
    contractTaker: terms.fees.perpTaker,
    margin: terms.perpMarginFrac
  }
  const end = endOf(answer)
  if (typeof quoted === 'string' || end === null) return { terms: shared, parts: {} }
  const { input, sized } = quoted
  const { entry } = sized
  const isLocked = end.exit === 'locked'
  const text = (value: Decimal | null) => value && decimalToString(value)
  return {
    terms: shared,
    parts: {
      spotVwap: text(entry.spotVwap),
      contractVwap: text(entry.perpVwap),
      units: text(input.multiplier),
      fx: text(input.fx),
      entryBasisBps: entry.entryBasisBps,
      midBasisBps: sized.midBasisBps,
      exitBasisBps: end.exitBasisBps,
      exitSlippageBps: sized.spotExitSlippageBps + sized.perpExitSlippageBps,
      fundingSum: sized.fundingSum,
      borrowFrac: 0,
      deliveryFrac: isLocked ? terms.deliveryFrac - terms.fees.perpTaker : 0,
      hours: end.hours,
      fairBps: input.fairBps,
      costBps: wholeCostBps(input, sized),
      observedAt: carryView(answer).observedAt
    }
  }
}

const texts = (amounts: KnownDepth['bids']) => amounts.map((amount) => amount && decimalToString(amount))
const keptLeg = ({ latest, depth }: LegFacts): KeptLeg => ({
  latest,
  depth: depth && { observedAt: depth.observedAt, bids: texts(depth.bids), asks: texts(depth.asks) }
})
const legAgain = ({ latest, depth }: KeptLeg): LegFacts => ({
  latest,
  depth: depth && {
    observedAt: depth.observedAt,
    bids: depth.bids.map(decimalOrNull),
    asks: depth.asks.map(decimalOrNull)
  }
})
