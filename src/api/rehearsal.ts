import { type Instrument, isGone } from '../domain/instrument.ts'
import { outlookAt } from '../domain/regime-series.ts'
import {
  type Episode,
  type RehearsedEnds,
  type RehearsedRules,
  rehearseBuckets,
  rehearseRegime,
  type SeenValue
} from '../domain/rehearsal.ts'
import type { SignalType } from '../domain/signal.ts'
import { BUCKET_MS, type BucketParameters, type BucketType } from '../domain/signal-types.ts'
import { DAY, floorTo, HOUR } from '../domain/time.ts'
import { listLedgerStarts } from '../store/closed-buckets/others.ts'
import { BUCKET_SOURCES } from '../store/closed-buckets/sources.ts'
import { aboutPair, type BucketSpan, endsOf, type SubjectRef } from '../store/closed-buckets/span.ts'
import type { Database } from '../store/database.ts'
import { listOutlooks, listToldEnds } from '../store/signal-facts.ts'
import { type EvaluatedInput, listInputs } from '../store/signal-inputs.ts'
import { mapInTurns } from './turns.ts'

type Queryable = Pick<Database, 'query'>

/** What is gone over: these instruments or venues, in [from, to), epoch milliseconds. */
export type RehearsalScope = {
  readonly instruments: readonly Instrument[]
  readonly venues: ReadonlySet<string>
  readonly from: number
  readonly to: number
}

/** What would have come of one subject, and the hours that were known of it. */
export type RehearsedSubject = {
  readonly ref: SubjectRef
  readonly episodes: readonly Episode[]
  readonly knownHours: number
}

/** The rules to rehearse, and the parameters in force: what these told the end of is over for the rules as well. */
export type RehearsedRegimes = {
  readonly rules: RehearsedRules
  readonly parameters: string | null
  readonly nowMs: number
}

/**
 * Funding regimes, of the settlements with the ranks that they were evaluated with. What is under quarantine is not evaluated, and so
 * not rehearsed.
 */
export async function rehearseRegimes(
  db: Queryable,
  type: SignalType,
  { rules, parameters, nowMs }: RehearsedRegimes,
  { instruments, from, to }: RehearsalScope
): Promise<RehearsedSubject[]> {
  const evaluated = instruments.filter(({ quarantine }) => quarantine === null)
  const known = evaluated.map(({ id }) => id)
  const outlooks = await listOutlooks(db, known, nowMs)
  const told = await listToldEnds(db, { type, parameters }, known)
  const rehearsed: RehearsedSubject[] = []
  for (let first = 0; first < known.length; first += CONTRACTS_AT_ONCE) {
    const byId = await listInputs(db, type, known.slice(first, first + CONTRACTS_AT_ONCE), { from, to })
    const some = await mapInTurns([...byId], ([instrumentId, inputs]) => {
      const own = (told.get(instrumentId) ?? []).filter(({ at }) => at < to)
      return rehearsedRegime(rules, instrumentId, inputs, {
        outlook: outlookAt(outlooks.get(instrumentId)!, to),
        told: own
      })
    })
    rehearsed.push(...some)
  }
  return rehearsed
}

/** A year of settlements of so many is read at once, up to 8,784 of each. */
const CONTRACTS_AT_ONCE = 5

function rehearsedRegime(
  rules: RehearsedRules,
  instrumentId: number,
  inputs: readonly EvaluatedInput[],
  ends: RehearsedEnds
): RehearsedSubject {
  const settlements = inputs.map(({ at, value, spanHours, percentile, flags }) => {
    // An assumed interval opens nothing, as in the evaluation itself.
    const isUsable = spanHours !== null && !flags.includes('interval_assumed') && !flags.includes('interval_unknown')
    const known = isUsable ? { rate8h: value, percentile, intervalHours: spanHours } : UNKNOWN
    return { at, isAfterGap: flags.includes('after_gap'), ...known }
  })
  // What has no rank yet cannot open anything: it is no history of this rule.
  const ranked = settlements.filter(({ percentile }) => percentile !== null)
  return {
    ref: aboutPair(instrumentId),
    episodes: rehearseRegime(rules, settlements, ends),
    knownHours: ranked.reduce((sum, { intervalHours }) => sum + (intervalHours ?? 0), 0)
  }
}

const UNKNOWN = { rate8h: null, percentile: null, intervalHours: null }

/** Types of buckets, evaluated again from the facts, a day at a time. */
export async function rehearseType(
  db: Queryable,
  type: BucketType,
  parameters: BucketParameters,
  { instruments, venues, ...range }: RehearsalScope
): Promise<RehearsedSubject[]> {
  const span = { from: floorTo(range.from, BUCKET_MS), to: floorTo(range.to, BUCKET_MS), bucketMs: BUCKET_MS }
  const scope = { instruments: new Set(instruments.map(({ id }) => id)), venues }
  const { absent, list } = BUCKET_SOURCES[type]
  type Seen = Map<number, SeenValue>
  const subjects = new Map<string, { readonly ref: SubjectRef; readonly seen: Seen }>()
  const seenOf = (ref: SubjectRef) => {
    const key = JSON.stringify(ref)
    const subject = subjects.get(key) ?? { ref, seen: new Map() as Seen }
    subjects.set(key, subject)
    return subject.seen
  }
  for (let from = span.from; from < span.to; from = floorTo(from, DAY) + DAY) {
    const to = Math.min(span.to, floorTo(from, DAY) + DAY)
    const points = await list(db, { ...span, from, to }, scope)
    await mapInTurns(points, ({ subject, at, value, mayOpen }) => seenOf(subject).set(at, { value, mayOpen }))
  }
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]))
  // Where nothing happened is something that is known, from when on intervals are: everybody who has them is a subject.
  const ledgers = absent === null ? new Map<number, number>() : await listLedgerStarts(db, [...scope.instruments])
  for (const id of ledgers.keys()) seenOf(aboutPair(id))
  const ends = endsOf(span)
  return mapInTurns([...subjects.values()], ({ ref, seen }) => {
    const since = ledgers.get(ref.instrumentId ?? 0) ?? Number.NEGATIVE_INFINITY
    const instrument = ref.instrumentId === null ? undefined : byId.get(ref.instrumentId)
    const goneAt =
      instrument !== undefined && isGone(instrument.status) ? (instrument.delistedAt ?? Number.NEGATIVE_INFINITY) : null
    // Where nothing happened is neutral, which opens nothing: there is nothing to go over.
    if (seen.size === 0 && absent !== null)
      return { ref, episodes: [], knownHours: (endsSince(span, since) * BUCKET_MS) / HOUR }
    const seenAt = (at: number) => (at < since ? UNSEEN : (seen.get(at) ?? { value: absent }))
    return { ref, ...rehearseBuckets(parameters, ends, seenAt, goneAt) }
  })
}

const UNSEEN = { value: null }

/** How many buckets of a span end at a moment or later. */
function endsSince({ from, to, bucketMs }: BucketSpan, sinceMs: number): number {
  const before = Math.max(0, Math.ceil((sinceMs - from) / bucketMs) - 1)
  return Math.max(0, Math.round((to - from) / bucketMs) - before)
}
