import type { Clock } from '../clock.ts'
import { SECOND } from '../domain/time.ts'
import type { Try } from './try.ts'

/** Tries of one subscription under way at once, if it answers; if it does not, or nobody knows yet, it is one. */
export const PER_SUBSCRIPTION_MAX = 16
/** An answer within this long is prompt, and a try under way for longer is not. */
export const PROMPT_MS = 2 * SECOND
/** Tries under way at once. Those who are slow have places of their own, so that they never take those of who is prompt. */
export const PLACES = { prompt: 256, slow: 128 } as const
/** Subscriptions of which it is remembered how their last try went. */
const REMEMBERED_MAX = 10_000

type Lane = keyof typeof PLACES

/** A subscription that something is due for. */
export type Due = {
  readonly id: string
  /** Nothing has arrived of late: until a try from here says otherwise, it is taken for slow. */
  readonly isFailing: boolean
}

export type Places = {
  /** How many tries of each of these may begin now: in turn, those with the fewest under way first. */
  share(due: readonly Due[]): ReadonlyMap<string, number>
  /** Begins a try; call what it answers when the try has ended, with null when nobody knows how. */
  take(subscriptionId: string): (ended: Pick<Try, 'outcome' | 'durationMs'> | null) => void
}

/** What is known of a subscription from its tries here. */
type Manner = { lane: Lane; isAnswering: boolean }
type UnderWay = { readonly subscriptionId: string; readonly startedAt: number; lane: Lane }

/** Shares out the places of tries, so that no subscription holds up another. */
export function createPlaces(clock: Clock): Places {
  const underWay = new Set<UnderWay>()
  /** Whose turn was longest ago comes first. */
  const manners = new Map<string, Manner>()
  return {
    share: (due) => {
      slowDown(underWay, manners, clock.now())
      for (const { id, isFailing } of due) {
        if (!manners.has(id)) manners.set(id, { lane: isFailing ? 'slow' : 'prompt', isAnswering: false })
      }
      const isDue = new Set(due.map(({ id }) => id))
      const inTurn = [...manners].filter(([id]) => isDue.has(id))
      return shareOut(inTurn, underWay)
    },
    take: (subscriptionId) => {
      const manner = manners.get(subscriptionId) ?? { lane: 'slow', isAnswering: false }
      remember(manners, subscriptionId, manner)
      const entry = { subscriptionId, startedAt: clock.now(), lane: manner.lane }
      underWay.add(entry)
      return (ended) => {
        underWay.delete(entry)
        if (ended === null) return
        manner.isAnswering = ended.outcome !== 'timeout' && ended.outcome !== 'unreachable'
        manner.lane = manner.isAnswering && ended.durationMs <= PROMPT_MS ? 'prompt' : 'slow'
      }
    }
  }
}

/** What takes long gives its prompt place free, whoever it is of. */
function slowDown(underWay: ReadonlySet<UnderWay>, manners: ReadonlyMap<string, Manner>, nowMs: number): void {
  for (const entry of underWay) {
    if (entry.lane === 'slow' || nowMs - entry.startedAt <= PROMPT_MS) continue
    entry.lane = 'slow'
    const manner = manners.get(entry.subscriptionId)
    if (manner) manner.lane = 'slow'
  }
}

/** One for each in turn, then a second for each, and so on while there are places. */
function shareOut(
  inTurn: readonly (readonly [id: string, manner: Manner])[],
  underWay: ReadonlySet<UnderWay>
): ReadonlyMap<string, number> {
  const free: Record<Lane, number> = { ...PLACES }
  const counts = new Map<string, number>()
  const countOf = (id: string) => counts.get(id) ?? 0
  for (const { subscriptionId, lane } of underWay) {
    free[lane] -= 1
    counts.set(subscriptionId, countOf(subscriptionId) + 1)
  }
  const shares = new Map<string, number>()
  for (let level = 0; level < PER_SUBSCRIPTION_MAX; level += 1) {
    for (const [id, { lane, isAnswering }] of inTurn) {
      const isFull = level > 0 && !isAnswering
      if (isFull || countOf(id) !== level || free[lane] <= 0) continue
      free[lane] -= 1
      counts.set(id, level + 1)
      shares.set(id, (shares.get(id) ?? 0) + 1)
    }
  }
  return shares
}

/** Puts it last: its turn was now. */
function remember(manners: Map<string, Manner>, id: string, manner: Manner): void {
  manners.delete(id)
  manners.set(id, manner)
  const [first] = manners.keys()
  if (manners.size > REMEMBERED_MAX && first !== undefined) manners.delete(first)
}
