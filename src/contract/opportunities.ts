import { CARRY_TYPES, carryTypeOf } from '../domain/carry-type.ts'
import { doubtsOf } from '../domain/instrument.ts'
import { type BucketSignal, CLOSE_REASONS, SIGNAL_STATES, type SignalSubject } from '../domain/signal.ts'
import { HOUR, isoOf, isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import type { CarryOutcome } from './carry-outcome.ts'
import { doubts } from './histories.ts'
import { tableParameters } from './history-parameters.ts'
import { choice, list, listOf, sort, time } from './parameters.ts'
import { quotedCarrySchema } from './quoted-carry.ts'
import {
  absences,
  count,
  countOrNull,
  decimal,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  time as timeField,
  timeOrNull
} from './schema.ts'
import { SIGNAL_SORTS } from './signal-parameters.ts'

export const opportunityParameters = {
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues of the contract', 'binance,bybit'),
  instrument: list('Contracts', 'binance:BTC/USDT:USDT'),
  type: listOf(CARRY_TYPES, 'What is carried; `cross_venue`: the spot leg is on another venue'),
  open: choice(['true', 'false'] as const, 'Only what goes on, or only what is over; both unless given'),
  from: time('Episodes that were open after this'),
  to: time('Episodes that opened before this'),
  sort: sort(SIGNAL_SORTS),
  ...tableParameters
}

const heldSchema = object(
  {
    entryAt: timeField('The first best prices of both legs after it was told of: spot bought, contract sold'),
    exitAt: timeField('The first after its close: spot sold, contract bought back'),
    hours: number('Between the two', 31.5),
    entrySpot: decimal('What spot was bought at, in the unit and currency of the contract', '64010.5'),
    entryContract: decimal('What the contract was sold at', '64102.1'),
    exitSpot: decimal('What spot was sold at, in the unit and currency of the contract', '64530'),
    exitContract: decimal('What the contract was bought back at', '64551.3'),
    priceFrac: number(
      'What both legs gained by price at the best prices: the change of basis, less both spreads',
      -0.0004
    ),
    fundingFrac: numberOrNull('Σ of the rates that settled in (entryAt, exitAt], as far as they are known', 0.0012),
    settlements: countOrNull('How many are known', 4),
    expectedSettlements: countOrNull('How many were due', 4),
    coverage: numberOrNull('Known of due, 0 to 1', 1),
    feesFrac: number('Taker fees of both legs, in and out, of what was traded', 0.003),
    impactFrac: number('What the size costs beyond the best prices, as it was quoted', 0.0001),
    costFrac: number('Fees and impact', 0.0031),
    netFrac: numberOrNull('Price and funding less cost; null where a settlement is missing', -0.0023),
    netAprNotional: numberOrNull('Net a year', -0.64),
    netAprCapital: numberOrNull('Net a year, on notional with margin', -0.533),
    revision: count('Raised whenever prices or settlements of it were corrected or came later', 0),
    knownAt: timeField('When this revision was worked out')
  },
  { description: 'What a carry came to: parts of what the spot leg cost' }
)

export const opportunitySchema = object(
  {
    id: text('The id of its signal', 'sig_4f1d9c2b7a6e5d3c8b9a0f1e'),
    type: oneOf(CARRY_TYPES, 'What is carried; `cross_venue`: the spot leg is on another venue'),
    state: oneOf(SIGNAL_STATES, 'Whether it goes on'),
    instrument: textOrNull('The contract that is sold', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('The spot leg that is bought', 'binance:BTC/USDT'),
    venue: text('Where the contract is', 'binance'),
    asset: textOrNull('What it is about', 'BTC'),
    kind: oneOfOrNull(CONTRACT_KINDS, 'Of the contract'),
    openedAt: timeField('The end of the bucket at which it opened'),
    closedAt: timeOrNull('The bucket, or the time without one, at which it closed; null while it is open'),
    closeReason: oneOfOrNull(CLOSE_REASONS, 'Why it closed; null while it is open'),
    hours: number('For how long: until its close, or the last bucket seen', 31.4),
    value: number('Net a year on capital at its opening, fraction', 0.112),
    lastValue: number('The last', 0.038),
    lastAt: timeField('The bucket of that'),
    peakValue: number('The highest', 0.19),
    peakAt: timeOrNull('When that was'),
    halfLifeHours: numberOrNull('Hours from its peak until half of that was gone', 3.25),
    quoted: nullable(quotedCarrySchema),
    realised: nullable(heldSchema),
    parametersId: text('The hash of the parameters that it was found with', '4f1d9c2b7a6e5d3c8b9a0f1e'),
    knownAt: timeField('When we first knew of it'),
    reasons: doubts,
    absent: absences()
  },
  { description: 'A carry from its opening to its end: what it was quoted at, and what it came to' }
)

/** What a carry came to, and as what it was kept; null: it was not yet. Prices are decimal text. */
export type RealisedCarry = {
  readonly outcome: CarryOutcome
  readonly kept: {
    readonly revision: number
    readonly knownAt: number
    readonly entry: { readonly spotAsk: string; readonly contractBid: string } | null
    readonly exit: { readonly spotBid: string; readonly contractAsk: string } | null
  } | null
}

/** A row of `/v1/opportunities`. */
export function opportunityView(signal: BucketSignal, subject: SignalSubject, realised: RealisedCarry) {
  const { openedAt, closedAt, lastAt, opening, peakAt, halvedAt } = signal
  const quoted = opening.carry ?? null
  return {
    id: signal.id,
    type: carryTypeOf(subject),
    state: closedAt === null ? ('open' as const) : ('closed' as const),
    instrument: subject.instrument,
    spot: subject.spot,
    venue: subject.venue,
    asset: subject.asset,
    kind: subject.kind,
    openedAt: isoOf(openedAt),
    closedAt: isoOrNull(closedAt),
    closeReason: signal.closeReason,
    hours: ((closedAt ?? lastAt) - openedAt) / HOUR,
    value: signal.value,
    lastValue: signal.lastValue,
    lastAt: isoOf(lastAt),
    peakValue: signal.peakValue,
    peakAt: isoOrNull(peakAt),
    halfLifeHours: peakAt === null || halvedAt === null ? null : (halvedAt - peakAt) / HOUR,
    quoted,
    realised: realisedView(realised),
    parametersId: signal.parameters,
    knownAt: isoOf(signal.knownAt),
    reasons: doubtsOf(subject),
    absent: absentIn(signal, realised.outcome)
  }
}

function realisedView({ outcome, kept }: RealisedCarry) {
  if (outcome.absent !== null || !kept?.entry || !kept.exit) return null
  const { held, funding, netAbsent } = outcome
  const isKnown = netAbsent === null
  return {
    entryAt: isoOf(held.entryAt),
    exitAt: isoOf(held.exitAt),
    hours: held.hours,
    entrySpot: kept.entry.spotAsk,
    entryContract: kept.entry.contractBid,
    exitSpot: kept.exit.spotBid,
    exitContract: kept.exit.contractAsk,
    priceFrac: held.priceFrac,
    fundingFrac: funding === null ? 0 : funding.sumRate,
    settlements: funding?.settlements ?? null,
    expectedSettlements: funding?.expected ?? null,
    coverage: funding?.coverage ?? null,
    feesFrac: held.feesFrac,
    impactFrac: held.impactFrac,
    costFrac: held.costFrac,
    netFrac: isKnown ? held.netFrac : null,
    netAprNotional: isKnown ? held.netAprNotional : null,
    netAprCapital: isKnown ? held.netAprCapital : null,
    revision: kept.revision,
    knownAt: isoOf(kept.knownAt)
  }
}

function absentIn(
  { opening, peakAt, halvedAt, closedAt }: BucketSignal,
  outcome: CarryOutcome
): Record<string, string> {
  const absent: Record<string, string> = {}
  if (opening.carry === undefined) absent.quoted = 'quote_not_kept'
  else if (opening.carry.breakEvenHours === null) absent['quoted.breakEvenHours'] = 'never'
  if (peakAt === null) absent.peakAt = 'not_kept'
  if (halvedAt === null)
    absent.halfLifeHours = peakAt === null ? 'not_kept' : closedAt === null ? 'not_yet' : 'closed_before'
  if (outcome.absent !== null) return { ...absent, realised: outcome.absent }
  const { funding, netAbsent } = outcome
  if (funding === null) {
    for (const field of ['settlements', 'expectedSettlements', 'coverage']) absent[`realised.${field}`] = 'no_funding'
  } else {
    if (funding.sumRate === null) absent['realised.fundingFrac'] = 'no_settlements'
    if (funding.expected === null) absent['realised.expectedSettlements'] = 'interval_unknown'
    if (funding.coverage === null)
      absent['realised.coverage'] = funding.expected === 0 ? 'nothing_due' : 'interval_unknown'
  }
  for (const field of ['netFrac', 'netAprNotional', 'netAprCapital'])
    if (netAbsent !== null) absent[`realised.${field}`] = netAbsent
  return absent
}
