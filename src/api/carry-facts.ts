import { freshActivity } from '../domain/board-facts.ts'
import { type CarryFacts, HISTORY_MS, PERIOD_DAYS, periodDeviation, weeklyDeviation } from '../domain/carry-case.ts'
import { polledMaxAgeMs } from '../domain/expiry.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Latest } from '../domain/latest.ts'
import { DAY, floorTo, MINUTE } from '../domain/time.ts'
import { fxPairsOf, fxQuotesOf, tradedFxOf } from '../domain/traded-fx.ts'
import { type BasisPast, countBasisPasts, listBasisPasts } from '../store/basis-pasts.ts'
import { knownDepthOf, listLatestDepths } from '../store/depth.ts'
import { listLatest } from '../store/latest.ts'
import { listDepthsAt, listMarketsAt } from '../store/markets-at.ts'
import type { PaidRate } from '../store/realised.ts'
import { countSettlementRows } from '../store/row-counts.ts'
import { listSettledRates, rate8hOf } from '../store/settled-rates.ts'
import type { Moment } from './at.ts'
import type { ApiContext } from './context.ts'
import { newBudget, type RowBudget, takeStored } from './row-budget.ts'

/** Ninety days of hourly settlements. */
const SETTLEMENTS_MAX = 2_200
/** How far back a kept fact of the past is looked for. */
const KEPT_WITHIN_MS = 10 * MINUTE
const DEPTH_ROUNDS = 3

/** Days over which changes of basis are looked at, and the grades that count. */
const DEVIATION_DAYS = 60
const COUNTED = ['display', 'signal'] as const
/** Of the past, a basis that was corrected later is what it had been by then. */
const closesOf = ({ nowMs, isPast }: Moment) => ({ grades: COUNTED, toldAtMs: isPast ? nowMs : null })
const lastDays = (nowMs: number) => {
  const toMs = floorTo(nowMs, DAY)
  return { fromMs: toMs - DEVIATION_DAYS * DAY, periodsFromMs: toMs - PERIOD_DAYS * DAY, toMs }
}

/** As the board's: older best prices are not of now. Of the past, what was kept is further apart. */
export function quoteAgeOf({ pollMs, storeMs }: ApiContext['config'], isPast: boolean): number {
  return polledMaxAgeMs(isPast ? Math.max(storeMs, pollMs) : pollMs)
}

/** Depth is that of now for so many rounds. */
export const bookAgeOf = ({ depth }: ApiContext['config']) => DEPTH_ROUNDS * depth.everyMs

export type ReadCarry = { readonly facts: CarryFacts; readonly intervalChanges: number; readonly past: CarryPast }

/** Facts of so many contracts are brought together at once: months of settlements of more would keep others waiting. */
const CONTRACTS_AT_ONCE = 20

/** Everything that the carries of these contracts are made of, now or as it was kept of a moment of the past; by contract. */
export async function readCarryFacts(
  context: ApiContext,
  contracts: readonly Instrument[],
  moment: Moment,
  budget: RowBudget = newBudget(context)
): Promise<ReadonlyMap<number, ReadCarry>> {
  const { db } = context
  const { pairs, perpetuals } = legsOf(contracts)
  const range = settledUntil(moment.nowMs)
  await takeStored(budget, {
    most: Number.POSITIVE_INFINITY,
    count: async (most) =>
      (await countSettlementRows(db, perpetuals, range, most)) +
      (await countBasisPasts(db, pairs, closesOf(moment), lastDays(moment.nowMs), most)),
    path: 'asset',
    narrow: 'name fewer assets or venues, or ask for fewer rows'
  })
  const read = new Map<number, ReadCarry>()
  for (let first = 0; first < contracts.length; first += CONTRACTS_AT_ONCE) {
    const some = contracts.slice(first, first + CONTRACTS_AT_ONCE)
    for (const [id, facts] of await readSome(context, some, moment)) read.set(id, facts)
  }
  return read
}

// Settled by then and told later was not known then.
const settledUntil = (nowMs: number) => ({
  fromMs: nowMs - HISTORY_MS,
  toMs: nowMs + 1,
  toldAtMs: nowMs,
  limit: SETTLEMENTS_MAX
})

const legsOf = (contracts: readonly Instrument[]) => ({
  pairs: contracts.flatMap(({ id, spotId }) => (spotId === null ? [] : [{ instrumentId: id, spotId }])),
  perpetuals: contracts.filter(({ kind }) => kind === 'perpetual').map(({ id }) => id)
})

async function readSome(
  context: ApiContext,
  contracts: readonly Instrument[],
  moment: Moment
): Promise<readonly (readonly [number, ReadCarry])[]> {
  const { db, catalogue, config } = context
  const { byId, instruments } = await catalogue.read()
  const { pairs } = legsOf(contracts)
  const fxPairs = fxPairsOf(instruments)
  const legs = [...new Set([...contracts.map(({ id }) => id), ...pairs.map(({ spotId }) => spotId)])]
  const { nowMs } = moment
  const depthSince = nowMs - bookAgeOf(config)
  const [latest, depths, pastOf] = await Promise.all([
    readLatest(context, [...legs, ...fxPairs.map(({ id }) => id)], moment),
    moment.isPast
      ? listDepthsAt(db, legs, { atMs: nowMs, sinceMs: depthSince })
      : listLatestDepths(db, legs, depthSince),
    readCarryPasts(context, contracts, moment)
  ])
  return contracts.map((contract) => {
    const spot = contract.spotId === null ? null : (byId.get(contract.spotId) ?? null)
    const past = pastOf(contract)
    const { intervalChanges, ...made } = madeOfPast(past)
    const legOf = (id: number | undefined) => ({
      latest: id === undefined ? undefined : currentSizes(context, latest.get(id), moment),
      depth: id === undefined ? undefined : knownDepthOf(depths.get(id))
    })
    const facts: CarryFacts = {
      nowMs,
      contract,
      spot,
      contractFacts: legOf(contract.id),
      spotFacts: legOf(spot?.id),
      tradedFx:
        spot === null
          ? null
          : tradedFxOf(contract.quote, spot.quote, fxQuotesOf(fxPairs, contract.venue, latest), nowMs),
      ...made
    }
    return [contract.id, { facts, intervalChanges, past }] as const
  })
}

/** What a contract settled in 90 d, how its basis closed each of the last 60 d, and its means of 8 h in the last 30 d. */
export type CarryPast = BasisPast & { readonly settlements: readonly PaidRate[] }

const NO_BASES: BasisPast = { closes: [], periodMeans: [] }

async function readCarryPasts(
  { db }: Pick<ApiContext, 'db'>,
  contracts: readonly Instrument[],
  moment: Moment
): Promise<(contract: Instrument) => CarryPast> {
  const { pairs, perpetuals } = legsOf(contracts)
  const [settlements, pasts] = await Promise.all([
    listSettledRates(db, perpetuals, settledUntil(moment.nowMs)),
    listBasisPasts(db, pairs, closesOf(moment), lastDays(moment.nowMs))
  ])
  return ({ id }) => ({ settlements: settlements.get(id) ?? [], ...(pasts.get(id) ?? NO_BASES) })
}

/** What a carry takes of that. */
export function madeOfPast({ settlements, closes, periodMeans }: CarryPast) {
  return {
    settled: settlements.flatMap(rate8hOf),
    sigmaBps: weeklyDeviation(closes),
    periodSigmaBps: periodDeviation(periodMeans),
    intervalChanges: changesOf(settlements)
  }
}

function readLatest(
  { db }: ApiContext,
  ids: readonly number[],
  { nowMs, isPast }: Moment
): Promise<Map<number, Latest>> {
  const wanted = [...new Set(ids)]
  return isPast ? listMarketsAt(db, wanted, { atMs: nowMs, sinceMs: nowMs - KEPT_WITHIN_MS }) : listLatest(db, wanted)
}

/** Open interest and volume as long as they are those of the moment: capacity is made of nothing else. */
function currentSizes(
  { config }: ApiContext,
  latest: Latest | undefined,
  { nowMs, isPast }: Moment
): Latest | undefined {
  const rhythm = { pollMs: isPast ? config.storeMs : config.pollMs, openInterestMs: config.openInterestMs }
  const { open, traded } = freshActivity(latest, rhythm, nowMs)
  const [openInterest, volume] = [typeof open === 'string' ? null : open, typeof traded === 'string' ? null : traded]
  return latest && { ...latest, openInterest, volume }
}

function changesOf(settled: readonly PaidRate[]): number {
  const hours = settled.flatMap(({ intervalHours }) => intervalHours ?? [])
  return hours.slice(1).filter((own, index) => own !== hours[index]).length
}
