import type { Clock } from '../../clock.ts'
import { uniform } from '../market/noise.ts'
import { type FaultRule, meets } from './rule.ts'

/** A request that a venue's port received. `fault` is the kind of the rule that it met, null when it was answered properly. */
export type LoggedRequest = {
  readonly venue: string
  readonly path: string
  readonly at: number
  readonly fault: string | null
}

/** The faults that are on, and every request so far. */
export type FaultBoard = {
  replace(rules: readonly FaultRule[]): void
  /** The rules with how many requests each has met. */
  list(): readonly { readonly rule: FaultRule; readonly injected: number }[]
  /** Notes a request and answers the first rule that it meets; a rule that is spent, or not drawn, is passed over. */
  take(venue: string, pathAndQuery: string): FaultRule | undefined
  requests(): readonly LoggedRequest[]
  /** What a rule has kept of earlier requests: the first body of a frozen feed. */
  memoryOf(rule: FaultRule): Map<string, unknown>
}

/** Older requests are forgotten. */
const LOG_MAX = 100_000

export function createFaultBoard(clock: Clock, seed = 0): FaultBoard {
  let drawn = 0
  const random = () => uniform(seed, drawn++)
  let entries: { rule: FaultRule; injected: number; memory: Map<string, unknown> }[] = []
  let log: LoggedRequest[] = []
  return {
    replace: (rules) => {
      entries = rules.map((rule) => ({ rule, injected: 0, memory: new Map() }))
    },
    list: () => entries.map(({ rule, injected }) => ({ rule, injected })),
    take: (venue, path) => {
      const entry = entries.find(
        ({ rule, injected }) =>
          rule.venue === venue &&
          meets(rule, path) &&
          injected < (rule.times ?? Number.POSITIVE_INFINITY) &&
          (rule.probability === undefined || random() < rule.probability)
      )
      if (entry) entry.injected += 1
      if (log.length >= LOG_MAX) log = log.slice(LOG_MAX / 2)
      log.push({ venue, path, at: clock.now(), fault: entry?.rule.kind ?? null })
      return entry?.rule
    },
    requests: () => log,
    memoryOf: (rule) => entries.find((entry) => entry.rule === rule)?.memory ?? new Map()
  }
}
