import { HOUR } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import type { Gap } from '../store/gaps.ts'
import { type Claim, closeLapsedTicks, findLastTick, listUnderivedKept } from '../store/ticks.ts'
import type { Uncovered } from './sweep.ts'
import type { Verdict } from './venue-health.ts'

type Cadences = { readonly storeMs: number; readonly pollMs: number }

/** What a kept tick stores, and what is derived from it. */
const KEPT_FACTS = ['market', 'funding_estimate', 'basis'] as const

/** What is not stored for want of room is missing as much as what was not asked. `spanMs`: until it is tried again. */
export function diskGaps(
  venue: string,
  tickAt: number,
  spanMs: number,
  facts: readonly Gap['fact'][] = KEPT_FACTS
): Gap[] {
  return facts.map((fact) => gapOfVenue(venue, fact, { from: tickAt, to: tickAt + spanMs, reason: 'disk_limit' }))
}

/** Ticks since the last one that nobody ran, or whose holder died: the time they stood for is a gap. */
export async function missedTicks(
  client: Transaction,
  { pollMs }: Pick<Cadences, 'pollMs'>,
  { job, scope, tickAt }: Claim,
  fact: Gap['fact'] = 'market'
): Promise<Gap[]> {
  const gap = (from: number, to: number, reason: string) => gapOfVenue(scope, fact, { from, to, reason })
  const last = await findLastTick(client, { job, scope, before: tickAt })
  const lapsed = await closeLapsedTicks(client, { job, scope, before: tickAt })
  const gaps = lapsed.flatMap(({ tickAt: missed, previousAt }) => [
    ...(previousAt !== undefined && missed - previousAt > pollMs
      ? [gap(previousAt + pollMs, missed, 'not_polled')]
      : []),
    gap(missed, missed + pollMs, 'lease_lapsed')
  ])
  if (last !== undefined && tickAt - last > pollMs) gaps.push(gap(last + pollMs, tickAt, 'not_polled'))
  return gaps
}

/** A collection that ends this late after a later one has been derived is still found; longer than any lease of one. */
const LATE_MS = HOUR

/** Kept ticks that nobody derived before this one, or whose deriver died: their quotes are gone from the newest facts. */
export async function underivedTicks(
  client: Transaction,
  cadences: Cadences,
  { job, scope, tickAt }: Claim
): Promise<Gap[]> {
  const last = await findLastTick(client, { job, scope, before: tickAt })
  await closeLapsedTicks(client, { job, scope, before: tickAt })
  const since = Math.min(last ?? tickAt, tickAt - LATE_MS)
  const gaps: Gap[] = []
  for (const { tickAt: from, isLapsed } of await listUnderivedKept(client, { scope, since, before: tickAt })) {
    const reason = isLapsed ? 'lease_lapsed' : 'not_derived'
    const before = gaps.at(-1)
    const to = from + spanOf(cadences)
    if (before?.to === from && before.reason === reason) gaps[gaps.length - 1] = { ...before, to }
    else gaps.push(gapOfVenue(scope, 'basis', { from, to, reason }))
  }
  return gaps
}

const gapOfVenue = (venue: string, fact: Gap['fact'], span: Pick<Gap, 'from' | 'to' | 'reason'>): Gap => ({
  instrumentId: 0,
  venue,
  fact,
  ...span
})

/** What this tick should have brought and did not: all of the venue, or single instruments. `spanMs`: until it is tried again. */
export function gapsOf(
  venue: string,
  tickAt: number,
  spanMs: number,
  isSuccess: boolean,
  uncovered: readonly Uncovered[],
  { reason }: Verdict
): Gap[] {
  const span = { venue, from: tickAt, to: tickAt + spanMs }
  // Where it answered and nothing of it was of use, each instrument's own reason says more than the venue's.
  const isAnswered = reason === null || reason.startsWith('coverage')
  if (!isSuccess && !(isAnswered && uncovered.length > 0))
    return [{ ...span, instrumentId: 0, fact: 'market', reason: reasonCode(reason) }]
  return uncovered.map(({ instrument, fact, reason }) => ({ ...span, instrumentId: instrument.id, fact, reason }))
}

/** What a round should have brought and did not, by instrument; where all of it is missing for one reason, of the venue. */
export function roundGaps(
  { scope: venue, tickAt }: Claim,
  { fact, everyMs }: { readonly fact: Gap['fact']; readonly everyMs: number },
  missing: ReadonlyMap<number, string>,
  asked: number
): Gap[] {
  const span = { venue, fact, from: tickAt, to: tickAt + everyMs }
  const [reason, ...others] = new Set(missing.values())
  if (missing.size === asked && reason !== undefined && others.length === 0)
    return [{ ...span, instrumentId: 0, reason }]
  return [...missing].map(([instrumentId, reason]) => ({ ...span, instrumentId, reason }))
}

/** How long a kept tick stands for. */
export const spanOf = ({ storeMs, pollMs }: Cadences) => Math.max(storeMs, pollMs)

/** `rate_limited: binance …` is kept as `rate_limited`: equal reasons make one gap. */
const reasonCode = (reason: string | null) =>
  reason === null ? 'empty_answer' : (/^[a-z_]+(?=:)/.exec(reason)?.[0] ?? 'banned')
