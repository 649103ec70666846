import { carryParameters } from '../../contract/carry-parameters.ts'
import { type CarryAnswer, carryView } from '../../contract/carry-view.ts'
import { readQuery } from '../../contract/read-query.ts'
import type { CarryFacts } from '../../domain/carry-case.ts'
import { EXITS, type Exit, headlineOf } from '../../domain/carry-quote.ts'
import { decimalOrNull, decimalToString } from '../../domain/decimal.ts'
import { FEE_TABLE_VERSION } from '../../domain/fees.ts'
import { DAY, floorTo, HOUR } from '../../domain/time.ts'
import { PERIOD_MS } from '../../store/basis-pasts.ts'
import { type CarryPast, madeOfPast, readCarryFacts } from '../carry-facts.ts'
import { answerOf, quoteOf } from '../operations/carry.ts'
import { partsOf } from './carry-parts.ts'
import { type KeptLeg, keptLeg, legAgain } from './kept-carry.ts'
import type { Read } from './reading.ts'

/** What a caller decides who decides nothing. */
const DEFAULTS = readQuery(carryParameters, {})

type Rows = Pick<CarryAnswer, 'terms' | 'fees' | 'minNetApr'> &
  Pick<CarryFacts, 'nowMs' | 'contract' | 'spot' | 'tradedFx'> &
  Pick<CarryPast, 'settlements'> & {
    readonly closes: readonly { readonly dayAt: number; readonly basisBps: number | null }[]
    readonly periods: readonly { readonly startAt: number; readonly meanBps: number | null }[]
    readonly contractFacts: KeptLeg
    readonly spotFacts: KeptLeg
    readonly notional: string
    readonly feeTableVersion: number
  }

/** The carry of a contract for the size, horizon and fees unless told, either way. */
export const readCarry: Read = async (context, { instrument, moment, direction, borrowApr, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  if (!DEFAULTS.isUsable) return 'not_known'
  const read = await readCarryFacts(context, [instrument], moment, budget)
  const { facts, intervalChanges, past } = read.get(instrument.id)!
  const asked = { direction, intervalChanges, isPast: moment.isPast }
  const answer = answerOf(context, facts, asked, { ...DEFAULTS.values, borrowApr })
  const { contract, spot, tradedFx, nowMs } = facts
  const { terms, fees, minNetApr } = answer
  const rows: Rows = {
    nowMs,
    contract,
    spot,
    contractFacts: keptLeg(facts.contractFacts),
    spotFacts: keptLeg(facts.spotFacts),
    tradedFx,
    settlements: past.settlements,
    closes: past.closes.map((basisBps, place, { length }) => {
      return { dayAt: floorTo(nowMs, DAY) - (length - place) * DAY, basisBps }
    }),
    periods: past.periodMeans.map((meanBps, place, { length }) => {
      return { startAt: floorTo(nowMs, DAY) - (length - place) * PERIOD_MS, meanBps }
    }),
    terms,
    fees,
    feeTableVersion: FEE_TABLE_VERSION,
    minNetApr,
    notional: decimalToString(answer.notional)
  }
  const served = viewOf(answer)
  return { served, remake, rows: { ...rows, ...partsOf(answer, served) } }
}

function remake({ terms, fees, minNetApr, notional, settlements, closes, periods, ...rows }: Rows): object {
  const { intervalChanges, ...past } = madeOfPast({
    settlements,
    closes: closes.map(({ basisBps }) => basisBps),
    periodMeans: periods.map(({ meanBps }) => meanBps)
  })
  const [contractFacts, spotFacts] = [legAgain(rows.contractFacts), legAgain(rows.spotFacts)]
  const { nowMs, contract, spot, tradedFx } = rows
  const facts = { nowMs, contract, spot, tradedFx, contractFacts, spotFacts, ...past }
  const size = decimalOrNull(notional)!
  const quoted = quoteOf(facts, terms, size)
  return viewOf({ facts, terms, fees, minNetApr, intervalChanges, notional: size, quoted })
}

/** A row of `/v1/carry` whose ends and sizes have names, and its own end. */
function viewOf(answer: CarryAnswer) {
  const row = carryView(answer)
  const { quoted, facts } = answer
  const { exits, capacity } = row
  const endOf = (exit: Exit) => exits.find((each) => each.exit === exit)
  const ends =
    typeof quoted === 'string'
      ? {}
      : Object.fromEntries(EXITS.map((exit) => [exit, endOf(exit) ?? { absent: noEnd(exit, quoted.input) }]))
  const sizeOf = ({ notional, netAprCapital }: { notional: number; netAprCapital: number | null }) =>
    [notional, netAprCapital === null ? { absent: 'book_ends' } : { netAprCapital }] as const
  return {
    ...row,
    end: typeof quoted === 'string' ? null : (endOf(headlineOf(quoted.input)) ?? null),
    exits: ends,
    capacity: capacity && { ...capacity, sizes: Object.fromEntries(capacity.curve.map(sizeOf)) },
    absent: { ...NOT_OF_KIND[facts.contract.kind], ...row.absent }
  }
}

const NOT_OF_DATED = [
  'funding',
  'costToRecoverFrac',
  'breakEvenSettlements',
  'breakEvenHours',
  'fair.noisyFairBps',
  'fair.premiumSigmaBps'
]
/** What contracts of a kind never have. */
const NOT_OF_KIND: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  perpetual: { 'fees.deliveryFrac': 'no_expiry' },
  future: Object.fromEntries(NOT_OF_DATED.map((field) => [field, 'not_a_perpetual']))
}

type Case = Exclude<CarryAnswer['quoted'], string>['input']

/** Why a carry has no such end. */
function noEnd(exit: Exit, { expiryMs, nowMs, horizonHours, fairBps, sigmaBps }: Case): string {
  if (exit === 'locked') return 'no_expiry'
  if (expiryMs !== null && (expiryMs - nowMs) / HOUR <= horizonHours) return 'expires_within_horizon'
  if (exit === 'fair' && fairBps === null) return 'formula_unverified'
  return exit === 'adverse' && sigmaBps === null ? 'short_history' : 'book_ends'
}
