import {
  KINDS_OF,
  type OwnThreshold,
  rehearsalBody,
  rehearsalProblems,
  rehearsalSchema
} from '../../contract/rehearsal.ts'
import { TYPE_WORDS } from '../../contract/signal-type-words.ts'
import { REGIMES } from '../../domain/funding-regime.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Threshold } from '../../domain/lifecycle.ts'
import type { RehearsedRules } from '../../domain/rehearsal.ts'
import type { SignalType } from '../../domain/signal.ts'
import { medianOf } from '../../domain/statistics.ts'
import { DAY, HOUR, isoOf, isoOrNull } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { type RehearsalScope, type RehearsedSubject, rehearseRegimes, rehearseType } from '../rehearsal.ts'
import { newBudget, takeStored } from '../row-budget.ts'
import { type Configured, findInForce } from '../signal-parameters.ts'
import { type Action, action } from './action.ts'

const DAYS_USUAL = 30
const DAYS_MAX = 366
const EPISODES_MAX = 1_000
/** Less than this part of the time known is no history. */
const COVERAGE_MIN = 0.5

export const rehearseWebhook: Action = action({
  tag: 'webhooks',
  scope: 'webhooks',
  name: 'rehearseWebhook',
  method: 'POST',
  url: '/v1/webhooks/rehearse',
  summary: 'How often a rule would have fired over stored history, when, and for how long',
  description:
    'A type of signal with its thresholds, or yours, over what was observed at its time: funding regimes by their evaluated settlements, ' +
    'other types by the facts of each five minutes. It begins as if nothing had been before `from`, and ends as it would have been ' +
    'told: by delisting, or by a silence that somebody looked into. Nothing is stored or sent. Regimes of what is under quarantine ' +
    'are not evaluated, and so not gone over.',
  body: rehearsalBody,
  status: 200,
  row: rehearsalSchema,
  perform: async ({ context, client, values, nowMs }) => {
    const { type, thresholds = [] } = values
    const filter: Filter = values.filter ?? {}
    const { activation, parameters: inForce } = await findInForce(client, type, context.config)
    const problems = rehearsalProblems(type, filter, thresholds, boundsOf(inForce, type))
    if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_body')
    const range = rangeOf(values, nowMs)
    const scope = { ...(await scopeOf(context, type, filter)), ...range }
    await checkSize(context, type, scope)
    const bounds = ownBounds(inForce, type, thresholds)
    const parameters = activation?.parameters ?? null
    const subjects =
      type === 'funding_regime'
        ? await rehearseRegimes(client, type, { rules: regimeRules(inForce, bounds), parameters, nowMs }, scope)
        : await rehearseType(client, type, { ...inForce.bucketParameters[type], thresholds: bounds }, scope)
    const labels = filter.label ?? Object.keys(bounds)
    return rehearsalView({ type, bounds, labels, scope, subjects })
  }
})

function boundsOf(inForce: Configured, type: SignalType): Readonly<Record<string, Threshold>> {
  if (type !== 'funding_regime') return inForce.bucketParameters[type].thresholds
  return Object.fromEntries(
    REGIMES.map((regime) => {
      const { enterRate8h, exitRate8h } = inForce.fundingRegime[regime]
      return [regime, { enter: enterRate8h, exit: exitRate8h, below: regime === 'PANIC' }]
    })
  )
}

function ownBounds(
  inForce: Configured,
  type: SignalType,
  thresholds: readonly OwnThreshold[]
): Readonly<Record<string, Threshold>> {
  const bounds = boundsOf(inForce, type)
  const own = thresholds.map(({ label, enter, exit }) => [label, { enter, exit, below: bounds[label]!.below }] as const)
  return { ...bounds, ...Object.fromEntries(own) }
}

function regimeRules({ fundingRegime }: Configured, bounds: Readonly<Record<string, Threshold>>): RehearsedRules {
  const of = (regime: (typeof REGIMES)[number]) => ({
    ...fundingRegime[regime],
    enterRate8h: bounds[regime]!.enter,
    exitRate8h: bounds[regime]!.exit
  })
  return { ...fundingRegime, OVERHEATED: of('OVERHEATED'), PANIC: of('PANIC') }
}

function rangeOf(given: { readonly from: number | undefined; readonly to: number | undefined }, nowMs: number) {
  const to = Math.min(given.to ?? nowMs, nowMs)
  const from = given.from ?? to - DAYS_USUAL * DAY
  const refuse = (path: string, message: string) => new InvalidInputError([{ path, message }], 'invalid_body')
  if (from >= to) throw refuse('from', 'must be earlier than to, and in the past')
  if (to - from > DAYS_MAX * DAY) throw refuse('from', `at most ${DAYS_MAX} days before to`)
  return { from, to }
}

type Filter = { readonly [word in 'asset' | 'venue' | 'kind' | 'label']?: readonly string[] | undefined }

async function scopeOf({ catalogue }: ApiContext, type: SignalType, filter: Filter) {
  const known = await catalogue.read()
  const { venues, assets } = namesOf(known, filter, (word) => `filter.${word}`)
  const kinds = KINDS_OF[type].filter((kind) => filter.kind?.includes(kind) ?? true)
  const instruments = known.instruments.filter(
    ({ kind, venue, asset, quarantine }) =>
      kinds.includes(kind) &&
      (venues?.has(venue) ?? true) &&
      (assets === undefined || (assets.has(asset) && quarantine === null))
  )
  return { instruments, venues: venues ?? known.venues, byId: known.byId }
}

/** Evaluating again reads what was kept of every contract; settlements and polls are few. */
async function checkSize(context: ApiContext, type: SignalType, { instruments, from, to }: RehearsalScope) {
  if (type === 'funding_regime' || type === 'venue_trouble' || type === 'interval_change') return
  const most = Math.ceil((instruments.length * (to - from)) / context.config.storeMs)
  const narrow = 'name assets or venues in `filter`, or give a shorter range'
  await takeStored(newBudget(context), { most, count: async () => most, path: 'from', narrow })
}

type Rehearsed = {
  readonly type: SignalType
  readonly bounds: Readonly<Record<string, Threshold>>
  readonly labels: readonly string[]
  readonly scope: RehearsalScope & { readonly byId: ReadonlyMap<number, Instrument> }
  readonly subjects: readonly RehearsedSubject[]
}

function rehearsalView({ type, bounds, labels, scope, subjects }: Rehearsed) {
  const { from, to, byId } = scope
  const known = subjects.filter(({ knownHours }) => knownHours > 0)
  const due = (known.length * (to - from)) / HOUR
  const coverage = due === 0 ? 0 : Math.min(1, known.reduce((sum, { knownHours }) => sum + knownHours, 0) / due)
  const isEnough = coverage >= COVERAGE_MIN
  const episodes = subjects
    .flatMap(({ ref, episodes: own }) => own.map((episode) => ({ ref, ...episode })))
    .filter(({ label }) => labels.includes(label))
    .map((one) => ({ ...one, hours: ((one.closedAt ?? to) - one.openedAt) / HOUR }))
    .sort((a, b) => b.openedAt - a.openedAt)
  const lengths = episodes.filter(({ closedAt }) => closedAt !== null).map(({ hours }) => hours)
  return {
    type,
    unit: TYPE_WORDS[type].unit,
    from: isoOf(from),
    to: isoOf(to),
    thresholds: Object.entries(bounds).map(([label, { enter, exit }]) => ({ label, enter, exit })),
    history: isEnough ? 'enough' : 'insufficient',
    subjects: known.length,
    coverage,
    fired: isEnough ? episodes.length : null,
    perDay: isEnough ? episodes.length / (coverage * ((to - from) / DAY)) : null,
    openHours: isEnough ? episodes.reduce((sum, { hours }) => sum + hours, 0) : null,
    medianHours: lengths.length === 0 ? null : medianOf(lengths),
    longestHours: lengths.length === 0 ? null : Math.max(...lengths),
    episodes: episodes.slice(0, EPISODES_MAX).map(({ ref, openedAt, closedAt, ...episode }) => {
      const own = ref.instrumentId === null ? undefined : byId.get(ref.instrumentId)
      return {
        ...episode,
        instrument: own?.key ?? null,
        spot: byId.get(ref.spotId)?.key ?? null,
        venue: own?.venue ?? ref.venue,
        asset: own?.asset ?? ref.asset,
        openedAt: isoOf(openedAt),
        closedAt: isoOrNull(closedAt)
      }
    }),
    episodesLeftOff: Math.max(0, episodes.length - EPISODES_MAX)
  }
}
