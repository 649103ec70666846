import { carrySchema } from '../../contract/carry.ts'
import { carryParameters } from '../../contract/carry-parameters.ts'
import { type CarryAnswer, carryView, type FeesUsed } from '../../contract/carry-view.ts'
import { timeOrNull } from '../../contract/schema.ts'
import { CARRY_DIRECTIONS, type CarryDirection } from '../../domain/carry.ts'
import { type CarryFacts, type CarryTerms, carryCaseOf } from '../../domain/carry-case.ts'
import { quoteCarry } from '../../domain/carry-quote.ts'
import { type Decimal, decimalOf } from '../../domain/decimal.ts'
import { baseRateOf } from '../../domain/fair-premium.ts'
import { deliveryFeeOf, takerFeeOf } from '../../domain/fees.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { goneSince, keptMoment, type Moment } from '../at.ts'
import { bookAgeOf, quoteAgeOf, readCarryFacts } from '../carry-facts.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { heldAgainst } from '../spot-legs.ts'
import { mapInTurns } from '../turns.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

type CarryQuestion = Question<typeof carryParameters>

/** What a carry comes to for the caller's own size, fees, borrow and horizon. */
export function carryOperation(context: ApiContext): Operation {
  return operation({
    name: 'carry',
    url: '/v1/carry',
    tag: 'carry',
    summary: 'Executable carry of every contract of an asset, for this size, fees, borrow and horizon',
    description:
      'Each contract against its spot leg, both ways: VWAP of both books for the same base, expected funding at the settlements ' +
      'inside the horizon, costs once, net for each assumption of the end, break-even, capacity, risks. Perpetuals are harvested, ' +
      'dated contracts lock. What cannot be said has a `refusal`. Books are built from best prices and band depths, never better ' +
      'than what was seen (`books`). `spot` holds one contract against a spot of another venue.',
    parameters: carryParameters,
    type: 'CarryRow',
    row: carrySchema,
    // A row of the board is written in some microseconds; this one walks its books for a hundred sizes.
    rowCost: 50,
    meta: { at: timeOrNull('The moment that was asked for; null for now') },
    read: (question) => readCarry(context, question)
  })
}

async function readCarry(context: ApiContext, question: CarryQuestion) {
  const { values } = question
  const asOfMs = context.clock.now()
  const moment = keptMoment(context, values.at, asOfMs)
  const contracts = await legsOf(context, values, moment)
  const directions = values.direction === undefined ? CARRY_DIRECTIONS : [values.direction]
  const wanted = contracts.flatMap((contract) => directions.map((direction) => ({ contract, direction })))
  const { page, ...paging } = pageByName(wanted, ({ contract, direction }) => `${contract.key} ${direction}`, question)
  const read = await readCarryFacts(
    context,
    [...new Set(page.map(({ contract }) => contract))],
    moment,
    question.budget
  )
  const data = await mapInTurns(page, ({ contract, direction }) => {
    const { facts, intervalChanges } = read.get(contract.id)!
    return rowOf(context, facts, { direction, intervalChanges, isPast: moment.isPast }, values)
  })
  return { data, ...paging, meta: { at: isoOrNull(values.at ?? null) }, asOfMs }
}

/** The contracts asked for, all that are followed unless told; an asset that has no contract with a spot leg has no carry. */
async function legsOf(context: ApiContext, values: CarryQuestion['values'], moment: Moment): Promise<Instrument[]> {
  const held = values.spot === undefined ? undefined : await heldContract(context, values.instrument, values.spot)
  const followed = await contractsOf(context, values, goneSince(moment))
  const contracts = followed.map((contract) => (contract.id === held?.id ? held : contract))
  if (values.asset === undefined) return contracts
  const assets = values.asset.join(', ')
  const isFiltered = [values.instrument, values.venue, values.kind].some((filter) => filter !== undefined)
  if (contracts.length === 0 && !isFiltered)
    throw invalid('asset', `no contract of ${assets} is followed here`, 'no_contract')
  if (contracts.length === 0 || contracts.some(({ spotId }) => spotId !== null)) return contracts
  throw invalid('asset', `no contract of ${assets} has a spot leg here: a carry needs one`, 'no_spot_leg')
}

/** The one contract that is named, against the spot leg that the caller chose. */
async function heldContract(
  context: ApiContext,
  [key, ...more]: readonly string[] = [],
  spot: string
): Promise<Instrument> {
  if (key === undefined || more.length > 0)
    throw invalid('spot', 'is the leg of one contract: `instrument` must name that one')
  return await heldAgainst(context, await context.catalogue.getInstrument(key), spot)
}

const invalid = (path: string, message: string, code = 'invalid_parameter') =>
  new InvalidInputError([{ path, message }], code)

export type CarryAsked = {
  readonly direction: CarryDirection
  readonly intervalChanges: number
  readonly isPast: boolean
}

function rowOf(context: ApiContext, facts: CarryFacts, asked: CarryAsked, values: CarryQuestion['values']) {
  return carryView(answerOf(context, facts, asked, values))
}

/** A carry of these facts, for what the caller decides. */
export function answerOf(
  { config }: Pick<ApiContext, 'config'>,
  facts: CarryFacts,
  asked: CarryAsked,
  values: CarryQuestion['values']
): CarryAnswer {
  const { contract, spot } = facts
  const used: FeesUsed = {
    spot: values.spotTaker === undefined ? takerFeeOf(spot?.venue ?? contract.venue, 'spot', values.feeTier) : null,
    contract: values.contractTaker === undefined ? takerFeeOf(contract.venue, 'contract', values.feeTier) : null
  }
  const fees = {
    spotTaker: values.spotTaker ?? used.spot!.taker,
    perpTaker: values.contractTaker ?? used.contract!.taker
  }
  const terms: CarryTerms = {
    direction: asked.direction,
    horizonHours: values.horizonHours,
    fees,
    deliveryFrac: deliveryFeeOf(contract.venue, fees),
    perpMarginFrac: values.margin,
    borrowApr: values.borrowApr ?? null,
    rQuote: values.quoteRate,
    rBase: values.baseRate ?? baseRateOf(contract.asset),
    quoteAgeMs: quoteAgeOf(config, asked.isPast),
    bookAgeMs: bookAgeOf(config)
  }
  const notional = decimalOf(values.notional)!
  const { minNetApr } = values
  const { intervalChanges } = asked
  return { facts, terms, fees: used, notional, minNetApr, intervalChanges, quoted: quoteOf(facts, terms, notional) }
}

export function quoteOf(facts: CarryFacts, terms: CarryTerms, notional: Decimal) {
  const input = carryCaseOf(facts, terms)
  if (typeof input === 'string') return input
  const sized = quoteCarry(input, notional)
  if (typeof sized !== 'string') return { input, sized }
  const isBlind = [facts.contractFacts, facts.spotFacts].some(({ depth }) => depth === undefined)
  return sized === 'book_too_thin' && isBlind ? 'no_book' : sized
}
