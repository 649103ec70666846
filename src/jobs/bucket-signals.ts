import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { BucketSignal } from '../domain/signal.ts'
import type { BucketParameters, BucketType } from '../domain/signal-types.ts'
import { DAY, floorTo, MINUTE, SECOND } from '../domain/time.ts'
import type { Log } from '../log.ts'
import {
  type BucketClaim,
  type BucketMemories,
  claimBuckets,
  renewClaim,
  saveMemories
} from '../store/bucket-progress.ts'
import { type BucketSubject, listBucketSubjects } from '../store/bucket-subjects.ts'
import { BUCKET_SOURCES } from '../store/closed-buckets/sources.ts'
import { aboutPair, type BucketPoint, type BucketSpan, endsOf, type SubjectRef } from '../store/closed-buckets/span.ts'
import type { Database, Transaction } from '../store/database.ts'
import { insertEvents } from '../store/events.ts'
import { writeOutcomes } from '../store/signal-outcomes.ts'
import { finishEvaluation } from '../store/signal-progress.ts'
import { listOpenSignals, listSuperseded, readKnownAt, writeSignals } from '../store/signals.ts'
import { StaleClaimError } from '../store/ticks.ts'
import { returnTo } from './bucket-return.ts'
import { closedBy, isIdle, NOTHING_BEFORE, type ToldSignal, walkBuckets } from './bucket-walk.ts'
import { inOrder, signalEvent } from './signal-events.ts'
import { hashOf } from './signal-ids.ts'

export type BucketDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly bucketParameters: Config['bucketParameters']
}

/** A bucket is closed when what was observed in it has had this long to be stored. */
export const GRACE_MS = 30 * SECOND
/** Nobody who was away for longer goes over all of it. */
const BACK_MS_MAX = 7 * DAY
/** Goes over so much at once. */
const SPAN_MS_MAX = DAY
const LEASE_MS = MINUTE

/** The hash of a type's parameters that is in the ids of its signals. */
export const bucketHashOf = (type: BucketType, { bucketParameters }: Pick<BucketDeps, 'bucketParameters'>) =>
  hashOf([type, bucketParameters[type]])

export const hashedBuckets = (type: BucketType, deps: Pick<BucketDeps, 'bucketParameters'>) => ({
  hash: bucketHashOf(type, deps),
  set: deps.bucketParameters[type]
})

/** Takes a type over the buckets that have closed since it was there last, and stores what that changes. False: none has. */
export async function evaluateBuckets(deps: BucketDeps, type: BucketType): Promise<boolean> {
  const { db, clock, holder, log } = deps
  const parameters = bucketHashOf(type, deps)
  const { bucketMs } = deps.bucketParameters[type]
  const closedTo = floorTo(clock.now() - GRACE_MS, bucketMs)
  const claim = await claimBuckets(db, { type, parameters, closedTo, holder, leaseMs: LEASE_MS })
  if (!claim) return false
  const from = Math.max(claim.evaluatedTo ?? closedTo - bucketMs, closedTo - BACK_MS_MAX)
  const span = { from, to: Math.max(from, Math.min(closedTo, from + SPAN_MS_MAX)), bucketMs }
  const isSame = claim.parameters === parameters
  const superseded = isSame ? [] : await listSuperseded(db, { type, parameters, sinceMs: from - SPAN_MS_MAX })
  const readFrom = Math.min(from, ...superseded.map(({ closedAt }) => closedAt!))
  try {
    // A day of a large universe takes longer than a lease: whoever is at it keeps it.
    const points = await BUCKET_SOURCES[type].list(db, { ...span, from: readFrom }, null, () =>
      renewClaim(db, claim, LEASE_MS)
    )
    const told = await db.transaction((client) =>
      store(client, { type, claim, parameters, set: deps.bucketParameters[type], span, points, superseded })
    )
    log.info({ type, to: new Date(span.to).toISOString(), points: points.length, told }, 'signals.buckets_finished')
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ type }, 'signals.stale')
  }
  return true
}

type Stored = {
  readonly type: BucketType
  readonly claim: BucketClaim
  readonly parameters: string
  readonly set: BucketParameters
  readonly span: BucketSpan
  readonly points: readonly BucketPoint[]
  /** What these parameters, which are in force again, had open when others took their place. */
  readonly superseded: readonly BucketSignal[]
}

/** The end of the evaluation, its signals and their events are one transaction. */
async function store(client: Transaction, task: Stored): Promise<number> {
  const { type, claim, parameters, span } = task
  await finishEvaluation(client, claim, { evaluatedTo: span.to, parameters })
  const isSame = claim.parameters === parameters
  const open = await listOpenSignals(client, type)
  const outdated = open.filter((signal) => signal.parameters !== parameters)
  const current = open.filter((signal) => signal.parameters === parameters)
  const found = await walkAll(client, task, isSame ? claim.memories : {}, current)
  const closed = outdated.map((signal) =>
    closedBy(signal, Math.max(span.from, signal.openedAt), 'parameters_changed', null)
  )
  await saveMemories(client, type, found.memories)
  // Open again first: it may be over again by now.
  await writeSignals(client, [...closed, ...found.returned])
  await writeSignals(client, found.signals)
  await writeOutcomes(client, type, span, () => valuesOf(task))
  const changed = [...closed, ...found.returned, ...found.told.map(({ signal }) => signal)]
  const subjects = await subjectsOf(client, changed.map(refOf))
  const ofParameters = (type: ToldSignal['type'], at: number, signal: BucketSignal) =>
    signalEvent(type, at, signal, subjects.get(keyOf(refOf(signal)))!, claim.activation)
  const events = [
    ...closed.map((signal) => ofParameters('signal.closed', signal.closedAt!, signal)),
    ...found.returned.map((signal) => ofParameters('signal.opened', signal.openedAt, signal)),
    ...found.told.map(({ type: told, at, signal }) =>
      signalEvent(told, at, signal, subjects.get(keyOf(refOf(signal)))!)
    )
  ]
  await insertEvents(client, inOrder(events))
  return events.length
}

/** What each bucket says of whom. */
function valuesOf({ type, points }: Stored) {
  const values = new Map(points.map(({ subject, at, value }) => [`${keyOf(subject)} ${at}`, value]))
  const { absent } = BUCKET_SOURCES[type]
  return (subject: SubjectRef, at: number) => values.get(`${keyOf(subject)} ${at}`) ?? absent
}

async function walkAll(
  client: Transaction,
  { type, parameters: hash, set, span, points, superseded: returning }: Stored,
  memories: BucketMemories,
  open: readonly BucketSignal[]
) {
  const knownAt = await readKnownAt(client)
  const task = { type, parameters: set, hash, knownAt }
  const byKey = Map.groupBy(points, ({ subject }) => keyOf(subject))
  const openByKey = new Map(open.map((signal) => [keyOf(refOf(signal)), signal]))
  const superseded = new Map(returning.map((signal) => [keyOf(refOf(signal)), signal]))
  const refs = new Map(
    [...points.map(({ subject }) => subject), ...[...open, ...returning].map(refOf)].map((ref) => [keyOf(ref), ref])
  )
  for (const key of Object.keys(memories)) if (!refs.has(key)) refs.set(key, refFrom(key))
  const subjects = await subjectsOf(client, [...refs.values()])
  const { absent } = BUCKET_SOURCES[type]
  const returned: BucketSignal[] = []
  const signals: BucketSignal[] = []
  const told: ToldSignal[] = []
  const kept: Record<string, BucketMemories[string]> = {}
  for (const [key, ref] of refs) {
    const subject = subjects.get(key)
    if (subject === undefined) continue
    const seen = new Map(byKey.get(key)?.map((point) => [point.at, point]))
    const bucketsOf = (from: number, to: number) =>
      endsOf({ ...span, from, to }).map((at) => seen.get(at) ?? { at, value: absent, observations: 0 })
    const walked = { ref, subject }
    const closed = superseded.get(key)
    const before = closed
      ? returnTo(task, walked, closed, bucketsOf(closed.closedAt!, span.from))
      : { memory: memories[key] ?? NOTHING_BEFORE.memory, open: openByKey.get(key) }
    if (closed && before.open) returned.push(before.open)
    const outcome = walkBuckets(task, walked, before, bucketsOf(span.from, span.to))
    signals.push(...outcome.signals)
    told.push(...outcome.told)
    if (!isIdle(outcome.memory, span.to)) kept[key] = outcome.memory
  }
  return { returned, signals, told, memories: kept }
}

const refOf = ({ instrumentId, spotId, venue, asset }: BucketSignal): SubjectRef => ({
  instrumentId,
  spotId,
  venue,
  asset
})
/** `12:34` for a pair, `12:0` for an instrument, `:okx:BTC` for a curve, `:okx` for a venue. */
const keyOf = ({ instrumentId, spotId, venue, asset }: SubjectRef) =>
  instrumentId !== null ? `${instrumentId}:${spotId}` : asset === null ? `:${venue}` : `:${venue}:${asset}`

function refFrom(key: string): SubjectRef {
  const [instrument = '', other = '', asset = null] = key.split(':')
  if (instrument === '') return { instrumentId: null, spotId: 0, venue: other, asset }
  return aboutPair(Number(instrument), Number(other))
}

/** Whom these are about, by key; of what is not known, nothing. */
async function subjectsOf(client: Transaction, refs: readonly SubjectRef[]): Promise<Map<string, BucketSubject>> {
  const ids = refs.flatMap(({ instrumentId, spotId }) => (instrumentId === null ? [] : [instrumentId, spotId]))
  const instruments = await listBucketSubjects(client, [...new Set(ids)])
  const found = new Map<string, BucketSubject>()
  for (const ref of refs) {
    const own = ref.instrumentId === null ? withoutInstrument(ref) : instruments.get(ref.instrumentId)
    const spot = instruments.get(ref.spotId)?.instrument ?? null
    if (own !== undefined) found.set(keyOf(ref), { ...own, spot })
  }
  return found
}

/** A venue as a whole, or an asset's curve there: that goes by the asset's name. */
const withoutInstrument = ({ venue, asset }: SubjectRef): BucketSubject => ({
  instrument: null,
  spot: null,
  venue: venue!,
  symbol: asset ?? '',
  asset,
  kind: asset === null ? null : 'future',
  quarantine: null,
  goneAt: null
})
