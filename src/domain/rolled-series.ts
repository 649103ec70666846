import { DAY } from './time.ts'

/** One dated contract's price at one moment, epoch ms. */
export type DatedPrice = { readonly at: number; readonly price: number }
export type DatedSeries = {
  readonly instrument: string
  readonly expiresAt: number
  /** Ascending. */
  readonly prices: readonly DatedPrice[]
}

/** Where the series changed contract: both prices of one moment, so that anybody can undo it. */
export type Roll = {
  readonly rollAt: number
  readonly from: string
  readonly to: string
  readonly fromPrice: number
  readonly toPrice: number
  /** toPrice/fromPrice: what every price before is multiplied by in the adjusted series. */
  readonly ratio: number
}

export type RolledPoint = {
  readonly at: number
  readonly instrument: string
  readonly price: number
  /** In terms of the last contract: its returns are those of holding and rolling, without the jump between contracts. */
  readonly adjusted: number
}

export type RolledSeries = { readonly points: readonly RolledPoint[]; readonly rolls: readonly Roll[] }

/** The nearest contract is left so long before it expires: the last day is an average on its way to the index. */
export const ROLL_BEFORE_MS = 2 * DAY

/**
 * One series of the nearest contract, rolled `before` its expiry at the last moment at which both contracts have a price, and
 * back-adjusted by the ratio of the two. Where they never have one together the series ends and begins anew: it is not spliced.
 * Answers one series for each unbroken stretch, oldest first. Spec 1.9.
 */
export function rollSeries(contracts: readonly DatedSeries[], beforeMs: number = ROLL_BEFORE_MS): RolledSeries[] {
  const sorted = [...contracts].sort((a, b) => a.expiresAt - b.expiresAt)
  const stretches: RolledSeries[] = []
  let points: RolledPoint[] = []
  let rolls: Roll[] = []
  let since = Number.NEGATIVE_INFINITY
  const end = () => {
    if (points.length > 0) stretches.push({ points, rolls })
    points = []
    rolls = []
  }
  for (const [index, front] of sorted.entries()) {
    const until = front.expiresAt - beforeMs
    const held = front.prices.filter(({ at }) => at > since && at <= until)
    const next = sorted[index + 1]
    const meeting = next && lastMeeting(held, next.prices)
    const kept = meeting === undefined ? held : held.filter(({ at }) => at <= meeting.at)
    for (const { at, price } of kept) points.push({ at, instrument: front.instrument, price, adjusted: price })
    since = meeting?.at ?? kept.at(-1)?.at ?? since
    if (next === undefined || (meeting === undefined && points.length > 0)) end()
    if (next === undefined || meeting === undefined) continue
    const { at: rollAt, fromPrice, toPrice } = meeting
    const ratio = toPrice / fromPrice
    points = points.map((point) => ({ ...point, adjusted: point.adjusted * ratio }))
    rolls.push({ rollAt, from: front.instrument, to: next.instrument, fromPrice, toPrice, ratio })
  }
  return stretches
}

function lastMeeting(held: readonly DatedPrice[], next: readonly DatedPrice[]) {
  const prices = new Map(next.map(({ at, price }) => [at, price]))
  const last = held.findLast(({ at }) => prices.has(at))
  return last && { at: last.at, fromPrice: last.price, toPrice: prices.get(last.at)! }
}
