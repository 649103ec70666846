import type { Reader } from './answer.ts'
import { type CarryRows, sideOf } from './carry-rows.ts'
import { medianOf, slopeOf, sumOf } from './statistics.ts'

// Funding to come, and when it has paid for a cost.

type Path = {
  readonly next: number
  readonly longRun: number
  readonly persistence: number
  readonly cap: number | null
  readonly floor: number | null
}

/** A perpetual's: its path per 8 h, and what is due until the horizon. */
export function fundingOf(rows: CarryRows, read: Reader) {
  const { derivedAt, contractFacts, terms } = rows
  const estimate = contractFacts.latest!.estimate!
  const isTrailing = estimate.kind === 'trailing'
  const rateHours = isTrailing ? 8 : estimate.intervalHours!
  const per8h = (rate: string | null) => (rate === null ? null : (Number(rate) * 8) / rateHours)
  const intervalHours = isTrailing ? 1 : rateHours
  const [now, stepMs] = [Date.parse(derivedAt), intervalHours * read.constant('hourMs')]
  const said = estimate.nextSettlementAt === null ? 0 : Date.parse(estimate.nextSettlementAt)
  const next = said > now ? said : (Math.floor(now / stepMs) + 1) * stepMs
  const until = now + terms.horizonHours * read.constant('hourMs')
  let settlements = 0
  for (let at = next; at <= until; at += stepMs) settlements += 1
  const rate8h = per8h(estimate.rate)!
  const fitted = fittedPath(rows, read, rate8h)
  const path: Path = { ...fitted, cap: per8h(estimate.cap), floor: per8h(estimate.floor) }
  const paid = perSettlement(path, intervalHours, 1, 0)
  const sum = sumOf(Array.from({ length: settlements }, (_, place) => rateAt(paid, place)))
  const toNextHours = (next - now) / read.constant('hourMs')
  return { rate8h, path, used: usedOf(rows).length, intervalHours, settlements, toNextHours, sum }
}
export type Funding = ReturnType<typeof fundingOf>

const usedOf = ({ settlements }: CarryRows) =>
  settlements.flatMap(({ settledAt, rate, intervalHours }) =>
    intervalHours === null ? [] : [{ at: Date.parse(settledAt), rate8h: (Number(rate) * 8) / intervalHours }]
  )

function fittedPath(rows: CarryRows, { constant }: Reader, next8h: number) {
  const settled = usedOf(rows)
  const side = sideOf(rows)
  if (settled.length < constant('settlementsMin')) {
    const anchor = rows.rule?.interest8h ?? constant('interest8h')
    const worse = side * Math.min(side * next8h, side * anchor)
    return { next: worse, longRun: worse, persistence: 0 }
  }
  const since = Date.parse(rows.derivedAt) - constant('longRunDays') * constant('dayMs')
  const rates = settled.map(({ rate8h }) => rate8h)
  const recent = settled.flatMap(({ at, rate8h }) => (at >= since ? [rate8h] : []))
  const [before, after] = [rates.slice(0, -1), rates.slice(1)]
  const mean = sumOf(before) / before.length
  const varies = sumOf(before.map((rate) => (rate - mean) ** 2)) > 1e-24 * sumOf(before.map((rate) => rate * rate))
  return {
    next: next8h,
    longRun: medianOf(recent.length > 0 ? recent : rates),
    persistence: varies
      ? Math.min(Math.max(slopeOf(before, after), 0), constant('persistenceMax'))
      : constant('persistenceFallback')
  }
}

/** What one side is paid at a settlement, less what it pays for the time. */
function perSettlement(path: Path, hours: number, side: number, cost: number): Path {
  const received = (rate: number) => (side * rate * hours) / 8 - cost
  const bound = (rate: number | null) => (rate === null ? null : received(rate))
  const [cap, floor] = side === 1 ? [path.cap, path.floor] : [path.floor, path.cap]
  return {
    next: received(path.next),
    longRun: received(path.longRun),
    persistence: path.persistence,
    cap: bound(cap),
    floor: bound(floor)
  }
}

/** Of the settlement after so many others. */
function rateAt({ next, longRun, persistence, cap, floor }: Path, after: number): number {
  const rate = longRun + persistence ** after * (next - longRun)
  return Math.min(Math.max(rate, floor ?? Number.NEGATIVE_INFINITY), cap ?? Number.POSITIVE_INFINITY)
}

const MOST = 1_000_000
/** The first number of settlements at which what is received meets a cost. */
export function paidAfter(
  { path, intervalHours }: Funding,
  cost: number,
  side: number,
  borrowed: number
): number | null {
  const received = perSettlement(path, intervalHours, side, borrowed)
  const target = cost * (1 - 1e-12)
  const last = rateAt({ ...received, next: received.longRun }, 0)
  let sum = 0
  for (let k = 0; k <= MOST; k += 1) {
    if (sum >= target) return k
    const rate = rateAt(received, k)
    if (Math.abs(rate - last) <= Math.max(1e-12 * Math.abs(last), 1e-18)) {
      const more = last > 0 ? Math.ceil((target - sum) / last) : Number.POSITIVE_INFINITY
      return k + more <= MOST ? k + more : null
    }
    if (rate <= 0 && last <= 0) return null
    sum += rate
  }
  return null
}
