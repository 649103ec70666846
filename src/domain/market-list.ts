import type { InstrumentKind, InstrumentStatus } from './instrument.ts'
import { HOUR } from './time.ts'

// What a venue lists is also what it no longer lists. A list that has lost a good part at once is more likely a broken answer.

/** What is compared of an instrument. */
export type ListedName = {
  readonly key: string
  readonly kind: InstrumentKind
  readonly inverse: boolean | null
  readonly status: InstrumentStatus
  readonly expiresAt: number | null
}

/** Why the last lists were not believed; `count` of them in a row have said exactly this. */
export type ListDoubt = { readonly reason: string; readonly since: number; readonly count: number }

export type ListVerdict = {
  /** Keys that are gone, and since when. */
  readonly gone: readonly string[]
  readonly goneSince: number
  readonly doubt: ListDoubt | null
}

/** More than this share of a group is not delisted between two lists; one or two may be all there were. */
const LOSS_SHARE = 0.2
const LOSS_ALWAYS = 1
/** A loss that so many lists in a row have named, over so long, is one. */
const CONFIRMATIONS = 3
const CONFIRMATION_MS = HOUR

const LIVE: ReadonlySet<InstrumentStatus> = new Set(['pre_listing', 'listed', 'delisting'])

/**
 * Which instruments a list says are gone. Spot, linear and inverse contracts come in answers of their own: a group that has shrunk by
 * more than a fifth is not believed until the same is missing from three lists, an hour apart at least. What has expired, or was
 * announced, is expected to go.
 */
export function judgeMarketList(
  known: readonly ListedName[],
  listed: ReadonlySet<string>,
  before: ListDoubt | null,
  nowMs: number
): ListVerdict {
  const live = known.filter(({ status }) => LIVE.has(status))
  const isExpected = ({ expiresAt, status }: ListedName) =>
    status === 'delisting' || (expiresAt !== null && expiresAt <= nowMs)
  const groups = Map.groupBy(live, groupOf)
  const gone: string[] = []
  const held: string[] = []
  const losses: string[] = []
  for (const [group, members] of groups) {
    const missing = members.filter(({ key }) => !listed.has(key))
    const unexpected = missing.filter((member) => !isExpected(member))
    const standing = members.length - (missing.length - unexpected.length)
    const isTooMuch = unexpected.length > LOSS_ALWAYS && unexpected.length > standing * LOSS_SHARE
    const doubted = new Set(isTooMuch ? unexpected : [])
    gone.push(...missing.filter((member) => !doubted.has(member)).map(({ key }) => key))
    held.push(...[...doubted].map(({ key }) => key))
    if (isTooMuch) losses.push(`${unexpected.length} of ${standing} ${group}`)
  }
  if (losses.length === 0) return { gone, goneSince: nowMs, doubt: null }
  const reason = `market_list_shrunk: missing are ${losses.sort().join(', ')}; believed when ${CONFIRMATIONS} lists say so`
  const isSame = before?.reason === reason
  const doubt = { reason, since: isSame ? before.since : nowMs, count: isSame ? before.count + 1 : 1 }
  const isConfirmed = doubt.count >= CONFIRMATIONS && nowMs - doubt.since >= CONFIRMATION_MS
  return isConfirmed
    ? { gone: [...gone, ...held], goneSince: doubt.since, doubt: null }
    : { gone, goneSince: nowMs, doubt }
}

function groupOf({ kind, inverse }: ListedName): string {
  if (inverse === null) return 'spot pairs'
  const what = kind === 'perpetual' ? 'perpetuals' : 'dated contracts'
  return `${inverse ? 'inverse' : 'linear'} ${what}`
}
