import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import {
  gapParameters,
  gapSchema,
  jobParameters,
  jobSchema,
  serviceMeta,
  venueParameters,
  venueSchema
} from '../../contract/reference.ts'
import { isoOf, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { listGaps } from '../../store/gap-list.ts'
import {
  type BackfillProgress,
  type JobStatus,
  listJobs,
  listVenues,
  readBackfillProgress
} from '../../store/status.ts'
import { pageOf } from '../answers.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

/** Venues, jobs and gaps: how the collecting goes. */
export function statusOperations(context: ApiContext): Operation[] {
  const { db, clock, kind, config } = context
  const venues = operation({
    name: 'venues',
    url: '/v1/venues',
    tag: 'reference',
    summary: 'Each venue: its state and why, what we use of it, and how its polls go',
    parameters: venueParameters,
    type: 'Venue',
    row: venueSchema,
    meta: serviceMeta,
    read: async (question) => {
      const views = await venueViews(context, question.values.venue)
      const { page, ...paging } = pageByName(views, ({ venue }) => venue, question)
      return {
        data: page,
        ...paging,
        meta: { kind, pollMs: config.pollMs, openInterestMs: config.openInterestMs },
        asOfMs: clock.now()
      }
    }
  })
  const jobs = operation({
    name: 'jobs',
    url: '/v1/jobs',
    tag: 'service',
    summary: 'Every job: its last and next tick, who held it, how it went, and how far fetching the past has come',
    parameters: jobParameters,
    type: 'Job',
    row: jobSchema,
    read: async (question) => {
      const nowMs = clock.now()
      const [found, progress] = await Promise.all([listJobs(db, nowMs), readBackfillProgress(db)])
      const views = jobViews(found, progress)
      const { page, ...paging } = pageByName(views, ({ job, scope }) => `${job} ${scope ?? ''}`, question)
      return { data: page, ...paging, asOfMs: nowMs }
    }
  })
  const gaps = operation({
    name: 'gaps',
    url: '/v1/gaps',
    tag: 'service',
    summary: 'Time for which something should be known and is not, and why',
    description: 'Ascending by their beginnings. A gap without an instrument befell its whole venue.',
    parameters: gapParameters,
    type: 'Gap',
    row: gapSchema,
    isTable: true,
    read: (question) => readGaps(context, question)
  })
  return [venues, jobs, gaps]
}

const NO_BACKFILL: BackfillProgress = {
  instruments: 0,
  instrumentsDone: 0,
  oldestAt: null,
  rowsPerMinute: 0,
  waiting: 0,
  running: 0,
  done: 0,
  failed: 0
}

const progressView = ({ oldestAt, ...counts }: BackfillProgress) => ({ ...counts, oldestAt: isoOrNull(oldestAt) })

async function venueViews({ db, capabilities, catalogue }: ApiContext, wanted: readonly string[] | undefined) {
  const ids = namesOf(await catalogue.read(), { venue: wanted }).venues
  const [venues, progress] = await Promise.all([listVenues(db), readBackfillProgress(db)])
  return venues
    .filter(({ id }) => ids?.has(id) ?? true)
    .map(({ id, ...venue }) => ({
      venue: id,
      name: venue.name,
      state: venue.state,
      reason: venue.reason,
      since: isoOf(venue.since),
      bannedUntil: isoOrNull(venue.bannedUntil),
      failures: venue.failures,
      capabilities: [...new Set(capabilities?.[id]?.map(({ fact }) => fact))],
      isDisplayOnly: capabilities !== undefined && capabilities[id] === undefined,
      facts: (capabilities?.[id] ?? []).map(({ kinds, ...used }) => ({ ...used, evidence: kinds })),
      lastPollAt: isoOrNull(venue.lastPollAt),
      lastSuccessAt: isoOrNull(venue.lastSuccessAt),
      nextPollAt: isoOrNull(venue.nextPollAt),
      lagMs: venue.lagMs,
      expected: venue.expected,
      received: venue.received,
      coverage: coverageOf(venue.received, venue.expected),
      marketsLoadedAt: isoOrNull(venue.marketsLoadedAt),
      closedAt: isoOrNull(venue.closedAt),
      backfill: progressView(progress.get(id) ?? NO_BACKFILL)
    }))
}

function coverageOf(received: number | null, expected: number | null): number | null {
  return received === null || expected === null || expected === 0 ? null : Math.min(1, received / expected)
}

const viewOf = (progress: BackfillProgress | undefined) => (progress === undefined ? null : progressView(progress))

const BACKFILL_JOB = /^back-?fill/

function jobViews(jobs: readonly JobStatus[], progress: ReadonlyMap<string, BackfillProgress>) {
  const views = jobs.map((job) => ({
    job: job.job,
    scope: job.scope,
    state: job.state,
    holder: job.holder,
    lastTickAt: isoOf(job.lastTickAt),
    nextTickAt: isoOrNull(job.previousTickAt === null ? null : 2 * job.lastTickAt - job.previousTickAt),
    finishedAt: isoOrNull(job.finishedAt),
    lastDoneAt: isoOrNull(job.lastDoneAt),
    lagMs: job.finishedAt === null ? null : job.finishedAt - job.lastTickAt,
    rows: job.rows,
    skipped: job.skipped,
    failure: job.failure,
    failures24h: job.failures24h,
    missed24h: job.missed24h,
    backfill: BACKFILL_JOB.test(job.job) ? viewOf(progress.get(job.scope ?? '')) : null
  }))
  const shown = new Set(views.filter(({ backfill }) => backfill !== null).map(({ scope }) => scope))
  const unshown = [...progress].filter(([venue]) => !shown.has(venue))
  return [...views, ...unshown.map(([venue, backfill]) => untickedBackfill(venue, backfill))]
}

/** Fetching the past keeps no ticks of its own where it is not a job on the clock. */
function untickedBackfill(scope: string, backfill: BackfillProgress) {
  const { waiting, running, failed } = backfill
  const state = running > 0 ? 'claimed' : waiting > 0 ? 'waiting' : failed > 0 ? 'failed' : 'done'
  const unknown = { holder: null, lastTickAt: null, nextTickAt: null, finishedAt: null, lastDoneAt: null, lagMs: null }
  const counts = { rows: null, skipped: null, failure: null, failures24h: 0, missed24h: 0 }
  return { job: 'backfill', scope, state, ...unknown, ...counts, backfill: progressView(backfill) }
}

async function readGaps({ db, catalogue, clock }: ApiContext, question: Question<typeof gapParameters>) {
  const { values, fingerprint } = question
  const { limit = LIMIT_DEFAULT } = values
  const known = await catalogue.read()
  const instrument = values.instrument === undefined ? undefined : await catalogue.getInstrument(values.instrument)
  const venues = namesOf(known, { venue: values.venue }).venues
  if (values.from !== undefined && values.to !== undefined && values.from >= values.to) {
    throw new InvalidInputError([{ path: 'from', message: 'must be before to' }], 'invalid_parameter')
  }
  const keys = cursorKeys(question, ['time', 'integer', 'text', 'text', 'text'])
  const found = await listGaps(db, {
    instrumentId: instrument?.id ?? null,
    venues: instrument === undefined ? (venues === undefined ? null : [...venues]) : [instrument.venue],
    fromMs: values.from ?? null,
    toMs: values.to ?? null,
    after:
      keys === undefined
        ? null
        : {
            from: Number(keys[0]),
            instrumentId: Number(keys[1]),
            venue: String(keys[2]),
            fact: String(keys[3]),
            reason: String(keys[4])
          },
    limit: limit + 1
  })
  const { page, ...paging } = pageOf(found, limit, fingerprint, (gap) => [
    gap.from,
    gap.instrumentId,
    gap.venue,
    gap.fact,
    gap.reason
  ])
  return {
    data: page.map((gap) => ({
      instrument: gap.instrumentId === 0 ? null : (known.byId.get(gap.instrumentId)?.key ?? null),
      venue: gap.venue,
      fact: gap.fact,
      from: isoOf(gap.from),
      to: isoOf(gap.to),
      reason: gap.reason,
      filledAt: isoOrNull(gap.filledAt)
    })),
    ...paging,
    asOfMs: clock.now()
  }
}
