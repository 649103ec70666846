import { circularBlocks, drawStarts } from '../../src/domain/inference.ts'
import { createRandom } from '../../src/domain/random.ts'
import { meanOf, quantileOf } from '../../src/domain/statistics.ts'
import { DAY, HOUR, isoOf } from '../../src/domain/time.ts'
import type { Ask } from './ask.ts'
import { PRICED } from './recorded.ts'
import { fixed, percent, sharePercent, tableOf } from './table.ts'

/** One settlement with the basis and the spot price at its moment. */
export type Moment = { readonly at: number; readonly rate: number; readonly basisBps: number; readonly spot: number }

const STEP_MS = 8 * HOUR
/** A week, the quarter before it that a value is held against, and blocks of three weeks for the interval. */
const AHEAD = 7 * 3
const BEFORE = 90 * 3
const BLOCK = 63
const RESAMPLES = 1_000

export async function readMoments(ask: Ask, instrument: string): Promise<Moment[]> {
  const range = { instrument, from: isoOf(PRICED.fromMs), to: isoOf(PRICED.toMs + 1), limit: '5000' }
  const settled = await ask<{ settledAt: string; rate: number }[]>('/v1/funding/history', range)
  const points = await ask<{ tickAt: string; basisBps: number; spotMid: string }[]>('/v1/basis/history', range)
  const bases = new Map(points.map((point) => [point.tickAt, point]))
  return settled.flatMap(({ settledAt, rate }) => {
    const point = bases.get(settledAt)
    if (point === undefined) return []
    return [{ at: Date.parse(settledAt), rate, basisBps: point.basisBps, spot: Number(point.spotMid) }]
  })
}

/** How often the sign of the basis is that of the funding which is settled at its moment. */
export function signsTable(series: ReadonlyMap<string, readonly Moment[]>): string[] {
  return tableOf(
    [
      'perpetual',
      'settlements',
      'funding > 0',
      'basis > 0',
      'same sign',
      'of those below spot, funding > 0 all the same'
    ],
    [...series].map(([instrument, moments]) => {
      const below = moments.filter(({ basisBps }) => basisBps < 0)
      return [
        `\`${instrument}\``,
        moments.length,
        sharePercent(moments, ({ rate }) => rate > 0),
        sharePercent(moments, ({ basisBps }) => basisBps > 0),
        sharePercent(moments, ({ rate, basisBps }) => Math.sign(rate) === Math.sign(basisBps)),
        sharePercent(below, ({ rate }) => rate > 0)
      ]
    })
  )
}

type Judged = { readonly isMeant: boolean; readonly ahead: number }
type Claim = {
  readonly says: string
  readonly isMeant: (now: Moment, before: readonly Moment[]) => boolean
}

const level = (before: readonly Moment[], field: 'rate' | 'basisBps', share: number) =>
  quantileOf(
    before.map((each) => each[field]),
    share
  )

const CLAIMS: readonly Claim[] = [
  {
    says: 'funding is high (above nine tenths of 90 d): a fall',
    isMeant: ({ rate }, before) => rate > level(before, 'rate', 0.9)
  },
  { says: 'funding is negative: a rebound', isMeant: ({ rate }) => rate < 0 },
  {
    says: 'the contract is high above spot (nine tenths): a rise',
    isMeant: ({ basisBps }, before) => basisBps > level(before, 'basisBps', 0.9)
  },
  {
    says: 'the contract is far below spot (one tenth): a fall',
    isMeant: ({ basisBps }, before) => basisBps < level(before, 'basisBps', 0.1)
  }
]

/** What spot did in the week after such moments, less what it did after any. */
export function claimsTable(series: ReadonlyMap<string, readonly Moment[]>): string[] {
  return tableOf(
    ['the essay says', ...[...series.keys()].map((instrument) => `\`${instrument}\``)],
    CLAIMS.map((claim) => [claim.says, ...[...series.values()].map((moments) => cellOf(judge(moments, claim)))])
  )
}

function cellOf(judged: readonly Judged[]): string {
  const meant = judged.filter(({ isMeant }) => isMeant)
  const bounds = intervalOf(judged)
  if (meant.length === 0 || bounds === null) return `${meant.length}: too few`
  const [low, high] = bounds
  const difference = meanAhead(meant) - meanAhead(judged)
  const text = `${percent(difference)} (${percent(low)} to ${percent(high)}) of ${meant.length}`
  return low <= 0 && high >= 0 ? text : `**${text}**`
}

const meanAhead = (judged: readonly Judged[]) => meanOf(judged.map(({ ahead }) => ahead))

function judge(moments: readonly Moment[], { isMeant }: Claim): Judged[] {
  return moments.flatMap((now, index) => {
    const [later, before] = [moments[index + AHEAD], moments.slice(Math.max(0, index - BEFORE), index)]
    if (before.length < BEFORE || later === undefined || later.at - now.at !== AHEAD * STEP_MS) return []
    return [{ isMeant: isMeant(now, before), ahead: later.spot / now.spot - 1 }]
  })
}

/** 90 % of that difference, from seeded resamples of circular blocks: weeks that overlap are no news. Null where many resamples have none. */
function intervalOf(judged: readonly Judged[]): [number, number] | null {
  const next = createRandom(1)
  const differences = Array.from({ length: RESAMPLES }, () => {
    const drawn = circularBlocks(judged, BLOCK, drawStarts(judged.length, BLOCK, next))
    const meant = drawn.filter(({ isMeant }) => isMeant)
    return meant.length === 0 ? null : meanAhead(meant) - meanAhead(drawn)
  }).filter((difference) => difference !== null)
  return differences.length < RESAMPLES * 0.95 ? null : [quantileOf(differences, 0.05), quantileOf(differences, 0.95)]
}

/** What a perpetual above its spot leg could have been sold for, against what in and out cost: taker on both legs, twice, no impact. */
export function premiumTable(
  series: ReadonlyMap<string, readonly Moment[]>,
  costOf: (instrument: string) => number
): string[] {
  const days = (PRICED.toMs - PRICED.fromMs) / DAY
  return tableOf(
    [
      'perpetual',
      'cost in and out, bps',
      'closes further from spot than that',
      'largest premium, bps',
      'largest discount',
      `funding of ${fixed(days, 0)} d, bps`
    ],
    [...series].map(([instrument, moments]) => {
      const cost = costOf(instrument) * 10_000
      const bases = moments.map(({ basisBps }) => basisBps)
      const [lowest, highest] = [0, 1].map((share) => fixed(level(moments, 'basisBps', share), 1))
      return [
        `\`${instrument}\``,
        fixed(cost, 0),
        `${bases.filter((basis) => Math.abs(basis) > cost).length} of ${bases.length}`,
        highest!,
        lowest!,
        fixed(moments.slice(1).reduce((sum, { rate }) => sum + rate, 0) * 10_000, 0)
      ]
    })
  )
}
