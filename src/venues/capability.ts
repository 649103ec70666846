import { type CallEvidence, EVIDENCE, type Evidence } from './evidence.ts'
import type { Cadence, Call, Fact, VenueAdapter } from './venue.ts'

/** One fact of one venue: which call brings it, what that costs, what its figures count, and how we know. */
export type Capability = {
  readonly fact: Fact
  readonly call: string
  readonly method: string
  readonly reach: Call['reach']
  /** poll, open_interest, depth, flow, liquidation, or every so many seconds. */
  readonly cadence: string
  readonly weightMs: number
} & Evidence

/** Everything that a venue is asked for. Throws where a fact is asked for without evidence: it must not be mapped. */
export function capabilitiesOf({ id, calls }: Pick<VenueAdapter, 'id' | 'calls'>): Capability[] {
  return calls.flatMap((call) =>
    call.facts.map((fact) => {
      const known = evidenceOf(id, call)
      const evidence = known?.facts[fact]
      if (!known || !evidence) {
        throw new Error(`src/venues/evidence.ts has no row for ${id}, "${call.name}", ${fact}`)
      }
      const { name, method, reach, cadence } = call
      return { fact, call: name, method, reach, cadence: wordOf(cadence), weightMs: known.weightMs, ...evidence }
    })
  )
}

/** How long one question keeps a venue's pace busy, milliseconds. */
export function weightOf(venue: string, call: Call): number {
  return evidenceOf(venue, call)?.weightMs ?? 0
}

const evidenceOf = (venue: string, { name }: Call): CallEvidence | undefined => EVIDENCE[venue]?.[name]

const wordOf = (cadence: Cadence) => (typeof cadence === 'string' ? cadence : `${cadence.everyMs / 1_000} s`)
