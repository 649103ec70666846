import { compare, parseDecimal } from '../domain/decimal.ts'
import { type SettledInterval, settledIntervals } from '../domain/settled-intervals.ts'
import { DAY } from '../domain/time.ts'
import type { Row } from './copy.ts'
import type { Transaction } from './database.ts'
import { type LastEstimate, listLastEstimates } from './last-estimates.ts'
import { lockPast } from './past-observations.ts'
import {
  type KnownSettlement,
  listKnown,
  reviseInterval,
  type SettledRate,
  type SettlementStamp,
  settlementRow,
  writeSettlements
} from './settlements.ts'

/** Neighbours within this distance tell the interval at the ends of what is written. */
const NEIGHBOURHOOD_MS = 8 * DAY
/** A new settlement says something about so many of those before and after it; further off the window's edge would speak. */
const REACH = 2

/** What an answer about settlements has brought: the times of those that are new, and of those whose rate is another now. */
export type Intake = { readonly fresh: readonly number[]; readonly corrected: readonly number[] }

/**
 * Stores an instrument's settlements, each with its interval (`settledIntervals`) and the last estimate before it. One that is there
 * stays, but for a revision where the venue now says another rate; a neighbour whose interval shows only now gets a revision.
 */
export async function insertSettlements(
  client: Transaction,
  instrumentId: number,
  rates: readonly SettledRate[],
  stamp: SettlementStamp
): Promise<Intake> {
  if (rates.length === 0) return { fresh: [], corrected: [] }
  // Whoever else corrects them, as an import does, would write the same revision.
  await lockPast(client, instrumentId)
  const times = rates.map(({ settledAt }) => settledAt)
  const known = await listKnown(client, instrumentId, {
    from: Math.min(...times) - NEIGHBOURHOOD_MS,
    to: Math.max(...times) + NEIGHBOURHOOD_MS
  })
  const before = new Map(known.map((row) => [row.settledAt, row]))
  const news = rates.filter(({ settledAt }) => !before.has(settledAt))
  const corrections = rates.filter((rate) => isCorrection(rate, before.get(rate.settledAt)))
  if (news.length + corrections.length === 0) return { fresh: [], corrected: [] }
  const estimates = await listLastEstimates(
    client,
    instrumentId,
    news.map(({ settledAt }) => settledAt)
  )
  const rows = rowsWithIntervals(instrumentId, { news, corrections, before, estimates, stamp })
  const written = await writeSettlements(client, instrumentId, rows)
  const isNews = new Set(news.map(timeOf))
  const isCorrected = new Set(corrections.map(timeOf))
  return {
    fresh: written.filter(({ settledAt, revision }) => revision === 0 && isNews.has(settledAt)).map(timeOf),
    corrected: written.filter(({ settledAt }) => isCorrected.has(settledAt)).map(timeOf)
  }
}

const timeOf = ({ settledAt }: { readonly settledAt: number }) => settledAt

/** The venue contradicts what it said itself; what was imported is somebody else's word and stays. */
function isCorrection({ rate }: SettledRate, before: KnownSettlement | undefined): boolean {
  if (before === undefined || before.source === 'import') return false
  return compare(parseDecimal(rate)!, parseDecimal(before.rate)!) !== 0
}

type Surroundings = {
  readonly news: readonly SettledRate[]
  readonly corrections: readonly SettledRate[]
  readonly before: ReadonlyMap<number, KnownSettlement>
  readonly estimates: ReadonlyMap<number, LastEstimate>
  readonly stamp: SettlementStamp
}

function rowsWithIntervals(instrumentId: number, { news, corrections, before, estimates, stamp }: Surroundings): Row[] {
  const byTime = (rates: readonly SettledRate[]) => new Map(rates.map((rate) => [rate.settledAt, rate]))
  const [fresh, corrected] = [byTime(news), byTime(corrections)]
  const ascending = [...before.keys(), ...fresh.keys()].sort((a, b) => a - b)
  const declaredOf = (settledAt: number) =>
    before.has(settledAt) ? declaredHoursOf(before.get(settledAt)!) : (estimates.get(settledAt)?.declaredHours ?? null)
  const intervals = settledIntervals(
    ascending.map((settledAt) => ({ settledAt, declaredHours: declaredOf(settledAt) }))
  )
  const isNear = (index: number) =>
    ascending.slice(Math.max(index - REACH, 0), index + REACH + 1).some((time) => fresh.has(time))
  const edge = ascending.length - 1
  return ascending.flatMap((settledAt, index) => {
    const interval = intervals[index] ?? null
    const added = fresh.get(settledAt)
    if (added)
      return [settlementRow(instrumentId, { ...added, ...foretold(estimates.get(settledAt)) }, interval, stamp)]
    const known = before.get(settledAt)!
    // At the edges of what was read the gaps beyond are not seen: what is known there stays.
    const isSeen = isNear(index) && index !== 0 && index !== edge
    const isOther = interval !== null && known.intervalHours !== interval.hours
    const isRevised = isOther && (isSeen || known.intervalHours === null)
    const said = corrected.get(settledAt)
    if (said) return [correctionRow(instrumentId, known, said, stamp, isRevised ? interval : intervalOf(known))]
    return isRevised ? [reviseInterval(instrumentId, known, interval, stamp)] : []
  })
}

/** The next revision of a stored settlement: what is said of it now. */
export function correctionRow(
  instrumentId: number,
  known: KnownSettlement,
  { rate, venueTime, mark, availableAt }: SettledRate,
  stamp: SettlementStamp,
  interval: SettledInterval = intervalOf(known)
): Row {
  const corrected = { ...known, rate, venueTime, mark, availableAt, revision: known.revision + 1 }
  return settlementRow(instrumentId, corrected, interval, stamp)
}

function intervalOf({ intervalHours, intervalSource }: KnownSettlement): SettledInterval {
  if (intervalHours === null) return null
  return { hours: intervalHours, source: intervalSource === 'declared' ? 'declared' : 'observed' }
}

/** What the venue had declared of a stored settlement's period, where that was borne out. */
export function declaredHoursOf({ intervalHours, intervalSource }: KnownSettlement): number | null {
  return intervalSource === 'declared' ? intervalHours : null
}

function foretold(estimate: LastEstimate | undefined) {
  const { rate = null, observedAt = null, cap = null, floor = null } = estimate ?? {}
  return { cap, floor, estimateRate: rate, estimateAt: observedAt }
}
