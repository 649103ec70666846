import type { ParameterValues } from '../../contract/parameter.ts'
import type { streamParameters } from '../../contract/stream.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { namesOf, quotesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { type StreamQuestion, startOf } from './follow.ts'

type StreamValues = Partial<ParameterValues<typeof streamParameters>> & Pick<StreamQuestion, 'topics'>

/** What a follower asks, its names looked up, and the place at which it begins. */
export async function streamQuestion(
  { catalogue, db }: Pick<ApiContext, 'catalogue' | 'db'>,
  values: StreamValues
): Promise<StreamQuestion> {
  const known = await catalogue.read()
  const { venues, assets } = namesOf(known, values)
  const quotes = quotesOf(known, values.quote)
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  return {
    topics: values.topics,
    filter: {
      venues,
      assets,
      kinds: values.kind,
      quotes,
      instruments: instruments && new Set(instruments.map(({ key }) => key)),
      minGrade: values.minGrade,
      minOpenInterestUsd: undefined,
      minVolume24hUsd: undefined
    },
    instrumentIds: idsOf(instruments ?? (quotes && known.instruments), quotes),
    // Known before the first byte is sent: whoever sees an answer misses nothing that comes after it.
    start: await startOf(db, values.lastEventId)
  }
}

/** The contracts whose events are told; null: all. An event names its contract, not what that is priced in. */
function idsOf(
  instruments: readonly Instrument[] | undefined,
  quotes: readonly string[] | undefined
): ReadonlySet<number> | null {
  const wanted = instruments?.filter(({ quote }) => quotes?.includes(quote) ?? true)
  return wanted === undefined ? null : new Set(wanted.map(({ id }) => id))
}
